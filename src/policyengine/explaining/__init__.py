"""Explaining a decision in words that can be sent on, and as plain data.

* ``wording``: expressions in words
* ``pairs``: expressions side by side with what the reference's trace says they came to
* ``phrases``: facts, values and verdicts in words
* ``nearness``: how far a change of one fact is from what is given
* ``changes``: the nearest changes that lead to another verdict, each of them decided
* ``why_not``: what kept one rule from holding
* ``summary``: the decision in a few sentences
* ``explainer``: all of it for one bundle
"""
