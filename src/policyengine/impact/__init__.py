"""What an edit of a bundle changes: in the words of the policy, and in the decisions that it makes.

* ``structure``: two checked bundles compared part by part
* ``behaviour``: cases and recorded facts decided by both, and what changed
* ``sides``, ``revisions``: the two editions, from folders or from git
* ``report``: all of it as one typed report
* ``text``, ``markdown``, ``github``: the report for people
"""
