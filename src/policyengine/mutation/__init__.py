"""Mutation testing of policies: whether the cases of a bundle would notice a mistake in its rules.

The checked model is changed in one place at a time, as a slip of its author would change it, and the cases are decided
by the changed model. A mutant that no case notices names a test that is missing.

* ``paths``, ``sites``: where a model can be changed, and how
* ``operators``: the slips that are tried, one small function each
* ``mutants``: all mutants of a bundle, in order; ``reach``: the decisions that can see them
* ``suite``, ``matching``: cases decided by a changed model
* ``fates``, ``workers``: killed or survived, on one or several processes
* ``boundary``: survivors that no case could notice, and the test that would notice the others
* ``report``, ``formats``: the score, for people and for other tools
"""
