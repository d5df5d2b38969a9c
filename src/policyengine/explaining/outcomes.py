"""What it means that a rule of its kind holds or not: a requirement that is met, a deadline that was missed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policyengine.explaining.pairs import TRUTHS
from policyengine.model.rules import Rule
from policyengine.reference.trace import RuleTrace

#: By kind, what it means that the own part of a rule is true, and that it is false.
_MEANS: Final[Mapping[str, tuple[str, str]]] = {
    "requirement": ("the requirement is not met", "the requirement is met"),
    "threshold": ("it is outside of what is allowed", "it is within what is allowed"),
    "deadline": ("the last day is past", "the last day is not past"),
    "time": ("the time still runs", "the time is over"),
}
_KINDS: Final[Mapping[str, str]] = {"requirements": "requirement", "thresholds": "threshold", "deadlines": "deadline"}


def called(rule: Rule) -> str:
    """The title of a rule. One that says what ought to be is told as such: ``requirement: Paid by escrow``."""
    kind = _kind(rule)
    return f"{kind}: {rule.title}" if kind and rule.title else rule.title or ""


def meaning(rule: Rule, found: RuleTrace) -> str:
    """What it means that the rule holds, or does not; empty where that says all, and while it is not known."""
    kind = "time" if rule.deadline is not None and rule.deadline.kind == "until" else _kind(rule)
    if kind is None or found.truth is None:
        return ""
    if found.truth:
        return _MEANS[kind][0]
    if any(TRUTHS.get(part.value) is False for part in (found.guard, found.applies)):
        return "it does not apply here"
    return _MEANS[kind][1]


def _kind(rule: Rule) -> str | None:
    """Of a split no outcome is what ought to be, though it is written as a threshold."""
    return None if rule.split is not None else _KINDS.get(rule.kind)
