"""What an edit changes in decisions: documents decided by two bundles, compared, and the changes grouped.

* ``document``: one question that is put to both
* ``lines``, ``records``: files of recorded questions, line by line, and what a line says
* ``cases``: the cases of both folders as questions
* ``answers``: what of two answers is not the same
* ``matter``: which given facts rules read
* ``tally``: counts and groups, which can be added up
* ``asking``: one document decided by both, and entered
* ``streaming``: many of them, in one process or several
* ``findings``: what came out, as a typed result
* ``comparing``: all of it, which is the way in
"""
