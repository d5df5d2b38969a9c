"""Names of rules inside their decision: the id, and for several rules of one id a number that layout cannot move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from policyengine.coverage.wording import written
from policyengine.model.expr import walk
from policyengine.model.rules import DecisionSpec, Rule


def labels(spec: DecisionSpec) -> Mapping[int, str]:
    """By rule index: the id, with ``@1``, ``@2`` … where editions or the outcomes of a split share it."""
    by_id: dict[str, list[Rule]] = {}
    for rule in spec.rules:
        by_id.setdefault(rule.id, []).append(rule)
    return {index: label for same in by_id.values() for index, label in _numbered(same)}


def _numbered(same: Sequence[Rule]) -> list[tuple[int, str]]:
    if len(same) == 1:
        return [(same[0].index, same[0].id)]
    ordered = sorted(same, key=lambda r: (*map(written, r.parts), r.word or ""))
    return [(rule.index, f"{rule.id}@{n}") for n, rule in enumerate(ordered, 1)]


def sharers(spec: DecisionSpec) -> Mapping[int, tuple[Rule, ...]]:
    """The rules that each node belongs to, by the node's identity, of those nodes that belong to several."""
    found: dict[int, list[Rule]] = {}
    for rule in spec.rules:
        for node in {id(n): n for part in rule.parts for n in walk(part)}:
            found.setdefault(node, []).append(rule)
    return {node: tuple(rules) for node, rules in found.items() if len(rules) > 1}
