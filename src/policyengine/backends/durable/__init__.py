"""The back end on durable-rules, a Rete-like engine in C.

A rule's condition and its negation are brought into disjunctive form (``lowering``); each conjunction is one network
rule that compares small integers with constants (``network``). What a case's facts are as integers is found by
``slots``; ``session`` keeps the C module to the calls that are known to be safe; ``program`` puts it all together.
"""

from __future__ import annotations

from policyengine.backends.durable.program import DurableBackend

__all__ = ["DurableBackend"]
