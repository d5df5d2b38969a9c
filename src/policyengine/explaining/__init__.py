"""Explaining a decision in words that can be sent on, and as plain data.

* ``wording``: expressions in words
* ``pairs``: expressions side by side with what the reference's trace says they came to
* ``phrases``: facts, values and verdicts in words
* ``nearness``: how far a change of one fact is from what is given
* ``changes``: the nearest changes that lead to another verdict, each of them decided
* ``outcomes``: what it means that a rule of its kind holds or not
* ``why_not``: what kept one rule from holding
* ``payouts``: what each step and limit of the payout did
* ``assumed``: defaults that a reason rests on
* ``summary``: the decision in the few sentences of a reply
* ``explainer``: all of it for one bundle
"""
