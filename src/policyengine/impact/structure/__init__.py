"""What an edit changes in the words of a policy: two checked bundles compared part by part.

* ``meaning``: the same text for whatever means the same, however it is laid out
* ``showing``: values, types, conditions and messages as a sentence shows them
* ``differing``: the smallest parts in which two conditions differ
* ``change``: one change, and alike changes told together
* ``aspects``: which fields of the model are compared, and which have no meaning
* ``vocabulary``, ``definitions``, ``rules``, ``steps``, ``decisions``, ``payouts``: the parts of a bundle
* ``bundles``: all of it, which is the way in
"""
