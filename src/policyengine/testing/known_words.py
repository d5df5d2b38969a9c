"""What an expectation about a decision may name, and the complaint when it names something else."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from policyengine.diagnostics import Diagnostics, did_you_mean
from policyengine.model.bundle import CheckedBundle
from policyengine.model.rules import DecisionSpec, Limit, LimitsStep, NoteStep, Payout, SetStep
from policyengine.source import Span
from policyengine.values.types import Type

UNDETERMINED = "undetermined"
REMARKS = ("facts/order", "calendar/no-year", "decision/empty-list")
FAULTS = (
    "fault/currency",
    "fault/division-by-zero",
    "fault/date-range",
    "fault/empty-list",
    "fault/empty-date",
    "fault/not-in-force",
    "fault/split",
    "table/overlap",
    "table/no-row",
)

_PARTS = re.compile(r"[-_.]")
# More would not be read.
_MOST_LISTED = 16


@dataclass(frozen=True)
class KnownWords:
    """The words and ids of one decision."""

    bundle: CheckedBundle
    spec: DecisionSpec

    @cached_property
    def verdicts(self) -> tuple[str, ...]:
        """Every verdict that the decision can give."""
        words = self.spec.value.type.members if self.spec.value is not None else tuple(self.spec.verdicts)
        return (*words, UNDETERMINED)

    @cached_property
    def element_verdicts(self) -> tuple[str, ...]:
        """Every verdict that an element can be given; empty when the decision has no elements."""
        return (*self.spec.element_verdicts, UNDETERMINED) if self.spec.each else ()

    @cached_property
    def reasons(self) -> tuple[str, ...]:
        """Every id that can be a reason."""
        return reason_ids(self.spec)

    @cached_property
    def warnings(self) -> tuple[str, ...]:
        """Every id that can be a warning."""
        return tuple(dict.fromkeys(r.id for r in self.spec.warnings))

    @cached_property
    def deadlines(self) -> tuple[str, ...]:
        """Every id that can have a deadline in the answer."""
        return tuple(dict.fromkeys(r.id for s in self.spec.steps for r in s.rules if r.deadline))

    @cached_property
    def needs(self) -> tuple[str, ...]:
        """Everything that a rule says can still be supplied."""
        return tuple(dict.fromkeys(n for r in self.spec.rules for n in r.needs))

    @cached_property
    def reports(self) -> dict[str, Type]:
        """The reported values with their types."""
        return {r.name: r.expr.type for r in self.spec.report}

    def owner(self, rule: str) -> str | None:
        """Another decision that has a rule of this id."""
        others = (s for s in self.bundle.decisions.values() if s.name != self.spec.name)
        return next((s.name for s in others if rule in {*reason_ids(s), *(r.id for r in s.warnings)}), None)


def reason_ids(spec: DecisionSpec) -> tuple[str, ...]:
    """Every id that can be among a decision's reasons: rules, what holds otherwise, payout steps; each once."""
    rules = [r.id for s in spec.steps for r in s.rules if not r.silent]
    otherwise = [spec.otherwise.id] if spec.otherwise and spec.otherwise.id else []
    return tuple(dict.fromkeys([*rules, *otherwise, *(payout_ids(spec.payout) if spec.payout else ())]))


def payout_ids(payout: Payout) -> tuple[str, ...]:
    """The ids of a payout's steps and limits, in order."""
    steps = (*payout.element_steps, *payout.group_steps, *payout.total_steps)
    named: list[SetStep | NoteStep | Limit] = []
    for step in steps:
        named += step.limits if isinstance(step, LimitsStep) else [step] if isinstance(step, SetStep | NoteStep) else []
    return tuple(n.id for n in named if n.id)


def _shared(word: str, other: str) -> int:
    """How many of its parts a word has in common with another: a rule given a new name often keeps some."""
    return len({*_PARTS.split(word.lower())} & {*_PARTS.split(other.lower())})


def unknown(sink: Diagnostics, what: str, word: str, span: Span, known: Collection[str]) -> None:
    """Complain that ``word`` is no such thing, and name the nearest known word or all of them."""
    help_ = did_you_mean(word, known)
    if help_ is None and known:
        listed = sorted(known, key=lambda k: -_shared(word, k))[:_MOST_LISTED] if len(known) > _MOST_LISTED else known
        help_ = f"known here: {', '.join(listed)}{', …' if len(known) > _MOST_LISTED else ''}"
    sink.error("names/unknown", f"unknown {what} `{word}`", span, help_)
