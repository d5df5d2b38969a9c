"""The back end on durable-rules, a Rete-like engine in C.

A rule's condition and its negation are brought into disjunctive form (``lowering``, ``forms``); each conjunction is one
network rule that compares small integers with constants (``network``), and networks are made so that a case asks few
of them (``packing``). What a case's facts are as integers is said by ``slots`` and ``codecs``, and read by Python that
is written for the bundle (``binding``). ``scope`` asks whether rules are true, and asks those that stay open whether
they are false (``opening`` finds them); ``session`` keeps the C module to the calls that are known to be safe;
``program`` holds all scopes of a bundle.
"""

from __future__ import annotations

from policyengine.backends.durable.program import DurableBackend

__all__ = ["DurableBackend"]
