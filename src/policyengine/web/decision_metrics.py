"""Decisions, for Prometheus: by verdict, by the rules that gave it, and by the facts that were not known.

Labels are words, rules and facts of bundles, never what callers send: their number is bounded. The elements of a list
count as one: ``claims[].amount`` is the amount of any claim.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from prometheus_client import CollectorRegistry, Counter

from policyengine.model.decision import Decision

#: Label values that are kept at hand, for finding a counter by its labels takes longer than counting.
_AT_HAND: Final = 10_000


class DecisionMetrics:
    """Creates the metrics."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._verdicts = _counter(
            registry, "policyengine_decisions", "Decisions made, by verdict and its class", "verdict", "class"
        )
        self._rules = _counter(
            registry, "policyengine_rules", "Rules that were reasons for the verdict or the amount, or warned", "rule"
        )
        self._facts = _counter(
            registry, "policyengine_unknown_facts", "Facts that were asked for because they were not known", "fact"
        )
        self._found = lru_cache(_AT_HAND)(_labelled)

    def decided(self, bundle: str, decision: str, made: Iterable[Decision]) -> None:
        """These were made, alone or in a batch."""
        for counter, told in ((self._verdicts, _verdicts), (self._rules, _rules), (self._facts, _facts)):
            for labels, count in Tally(label for one in made for label in told(one)).items():
                self._found(counter, bundle, decision, labels).inc(count)


def _counter(registry: CollectorRegistry, name: str, text: str, *labels: str) -> Counter:
    return Counter(name, text, ("bundle", "decision", *labels), registry=registry)


def _labelled(counter: Counter, bundle: str, decision: str, labels: tuple[str, ...]) -> Counter:
    return counter.labels(bundle, decision, *labels)


def _verdicts(made: Decision) -> tuple[tuple[str, ...]]:
    return ((made.verdict, made.verdict_class),)


def _rules(made: Decision) -> Iterable[tuple[str]]:
    return {(r.rule,) for r in (*made.reasons, *made.warnings)}


def _facts(made: Decision) -> Iterable[tuple[str]]:
    return {(_of_any_element(asked.fact),) for asked in made.missing}


def _of_any_element(address: str) -> str:
    """``claims[a].amount`` as ``claims[].amount``: an id may hold any character, a field's name none of these."""
    head, bracket, rest = address.partition("[")
    return f"{head}[].{rest.rpartition('].')[2]}" if bracket else address
