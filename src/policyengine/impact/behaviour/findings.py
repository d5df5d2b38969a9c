"""What came out when both bundles were asked: frozen, ordered for reading, and ready to be printed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from policyengine.impact.behaviour.document import Unreadable
from policyengine.impact.behaviour.tally import Example, Group, GroupKey, Refusal, RefusalKey, Stakes, Tally
from policyengine.impact.behaviour.what_differs import differences
from policyengine.model.decision import Decision
from policyengine.values.money import Money
from policyengine.values.text import decimal_text, money_text

Json = object


@dataclass(frozen=True, slots=True)
class Broken:
    """A case whose expectations the new answer does not meet; ``before``: the old answer did not meet them either."""

    id: str
    place: str
    differences: tuple[tuple[str, Json, Json], ...]
    before: bool

    def to_dict(self) -> dict[str, Json]:
        """As plain data."""
        found = [{"key": key, "expected": want, "actual": got} for key, want, got in self.differences]
        return {"id": self.id, "place": self.place, "failed_before": self.before, "differences": found}


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the two bundles answered. ``cases`` and ``lines`` say how many questions there were of each kind.

    ``tally`` counts; its groups, the largest first, are in :meth:`groups`. ``unread_tests`` are test files that could
    not be read. ``engine`` decided.
    """

    engine: str
    cases: int
    lines: int
    tally: Tally
    broken: tuple[Broken, ...] = ()
    unread_tests: tuple[Unreadable, ...] = ()

    @property
    def groups(self) -> tuple[tuple[GroupKey, Group], ...]:
        """The groups: changed verdicts first, the largest before others, then by order of appearance."""
        return tuple(sorted(self.tally.groups.items(), key=lambda g: (g[0].old == g[0].new, -g[1].count)))

    def refused(self, side: str) -> tuple[tuple[RefusalKey, Refusal], ...]:
        """What this side (``old``, ``new``, ``both``) refuses, the most frequent first."""
        found = ((key, r) for key, r in self.tally.refusals.items() if key.side == side)
        return tuple(sorted(found, key=lambda item: -item[1].count))

    def refused_count(self, *sides: str) -> int:
        """How many questions these sides refuse."""
        return sum(r.count for key, r in self.tally.refusals.items() if key.side in sides)

    @property
    def verdicts(self) -> int:
        """How many of the changed decisions have another verdict."""
        return sum(group.count for key, group in self.tally.groups.items() if key.old != key.new)

    @property
    def has_changes(self) -> bool:
        """Whether an answer changed, or there is one on one side only."""
        return bool(self.tally.changed or self.refused_count("old", "new"))

    @property
    def is_whole(self) -> bool:
        """Whether every question could be read, and asked of at least one."""
        return not (self.tally.unreadable or self.unread_tests or self.refused_count("both"))

    @property
    def stakes(self) -> Stakes:
        """What is at stake in all changed decisions together."""
        total = Stakes()
        for group in self.tally.groups.values():
            total.add(group.stakes)
        return total

    def to_dict(self) -> dict[str, Json]:
        """As plain data."""
        tally = self.tally
        return {
            "engine": self.engine,
            "cases": self.cases,
            "lines": self.lines,
            "compared": tally.asked,
            "changed": tally.changed,
            "changed_in_verdict": self.verdicts,
            "wording_only": tally.reworded,
            "asked_of_old_without": {"count": tally.narrowed, "facts": dict(sorted(tally.without.items()))},
            "by_decision": {d: {"compared": a, "changed": c} for d, (a, c) in sorted(tally.by_decision.items())},
            "at_stake": stakes_dict(self.stakes),
            "groups": [_group_dict(key, group) for key, group in self.groups],
            "cannot_be_asked": {side: _refusals(self.refused(side)) for side in ("old", "new", "both")},
            "cases_that_fail": [b.to_dict() for b in self.broken],
            "unreadable": {"count": tally.unreadable, "first": [u.to_dict() for u in tally.unreadable_lines]},
            "unreadable_tests": [u.to_dict() for u in self.unread_tests],
            "of_other_bundles": tally.others,
        }


def stakes_dict(stakes: Stakes) -> dict[str, Json]:
    """Amounts by currency as plain data; exact decimals as text."""
    amounts: Mapping[str, Json] = {
        currency: {
            "old": decimal_text(s.old, 2),
            "new": decimal_text(s.new, 2),
            "difference": decimal_text(s.difference, 2),
        }
        for currency, s in sorted(stakes.by_currency.items())
    }
    return {"amounts": amounts, "unknown_before": stakes.unknown_old, "unknown_now": stakes.unknown_new}


def _group_dict(key: GroupKey, group: Group) -> dict[str, Json]:
    return {
        "decision": key.decision,
        "old": {"verdict": key.old[0], "class": key.old[1]},
        "new": {"verdict": key.new[0], "class": key.new[1]},
        "differs": list(key.aspects),
        "rules_told": key.rules_told,
        "rules_gone": list(key.gone),
        "rules_new": list(key.came),
        "rules_behind": list(key.about),
        "count": group.count,
        "at_stake": stakes_dict(group.stakes),
        "example": example_dict(group.example),
    }


def example_dict(example: Example) -> dict[str, Json]:
    """An example as plain data."""
    return {
        "id": example.id,
        "place": example.place,
        "as_of": example.as_of,
        "old": _answer_dict(example.old),
        "new": _answer_dict(example.new),
        "differences": [d.to_dict() for d in differences(example.old, example.new)],
        "asked_of_old_without": list(example.without),
        "facts": dict(example.facts),
    }


def _answer_dict(answer: Decision) -> dict[str, Json]:
    return {
        "verdict": answer.verdict,
        "class": answer.verdict_class,
        "rules": [reason.rule for reason in answer.reasons],
        "amount": amount_text(answer.amount),
        "deadlines": [f"{d.rule} {d.day.isoformat()}" for d in answer.deadlines],
        "missing": [m.fact for m in answer.missing],
    }


def amount_text(amount: Money | None) -> str | None:
    """An amount, or None if it is not known."""
    return None if amount is None else money_text(amount)


def _refusals(found: Iterable[tuple[RefusalKey, Refusal]]) -> list[Json]:
    return [
        {
            "decision": key.decision,
            "code": key.code,
            "pointer": key.pointer,
            "detail": r.detail,
            "count": r.count,
            "example": {"id": r.id, "place": r.place},
        }
        for key, r in found
    ]
