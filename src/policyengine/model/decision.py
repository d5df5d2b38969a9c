"""The decision: what a service is answered. Pure data; :meth:`Decision.to_dict` is the wire form.

All of it is made anew for every request, so it is made of named tuples: of the values that cannot be changed they are
made the fastest. They are meant to be read by name.

Ids, times and durations do not belong here: the same bundle, facts and day give the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from policyengine.values.money import Money
from policyengine.values.text import decimal_text

Json = object


def _drop_none(data: dict[str, Json]) -> dict[str, Json]:
    return {k: v for k, v in data.items() if v is not None}


def money_json(money: Money | None) -> Json:
    """``{"amount": "900.00", "currency": "USD"}``; an unknown currency is null."""
    if money is None:
        return None
    return {"amount": decimal_text(money.amount, 2), "currency": money.currency or None}


class Reason(NamedTuple):
    """A rule that gave the verdict (or warns), once.

    ``elements`` names those it holds for, None: the document.

    ``at`` is the bundle-relative ``file:line`` of the rule.
    """

    rule: str
    message: str
    source: str | None
    at: str
    elements: tuple[str, ...] | None = None

    def to_dict(self) -> dict[str, Json]:
        """Wire form; ``elements`` only when the rule is about elements."""
        out: dict[str, Json] = {"rule": self.rule, "message": self.message, "source": self.source, "at": self.at}
        if self.elements is not None:
            out["elements"] = list(self.elements)
        return out


class MissingFact(NamedTuple):
    """A fact that is asked for, by its address.

    ``purpose`` is ``verdict`` or ``amount``; ``rules`` are the ids of the rules waiting for it.
    """

    fact: str
    title: str | None
    type: str
    members: tuple[str, ...] | None
    rules: tuple[str, ...]
    purpose: str

    def to_dict(self) -> dict[str, Json]:
        """Wire form; ``members`` for enums and sets."""
        out: dict[str, Json] = {"fact": self.fact, "for": self.purpose, "title": self.title, "type": self.type}
        if self.members is not None:
            out["members"] = list(self.members)
        return out | {"rules": list(self.rules)}


class ElementDecision(NamedTuple):
    """The verdict of one element. ``element_class`` is the word's class, or ``undetermined``."""

    id: str
    verdict: str
    element_class: str
    reasons: tuple[Reason, ...]

    def to_dict(self) -> dict[str, Json]:
        """Wire form."""
        return {
            "id": self.id,
            "verdict": self.verdict,
            "class": self.element_class,
            "reasons": [r.to_dict() for r in self.reasons],
        }


class DeadlineDate(NamedTuple):
    """A last day. ``days_left`` counts from the evaluation day; ``from_day`` (the next day) for an ``until``."""

    rule: str
    day: date
    days_left: int
    from_day: date | None = None
    element: str | None = None

    def to_dict(self) -> dict[str, Json]:
        """Wire form."""
        return {"rule": self.rule, "date": self.day.isoformat(), "days_left": self.days_left} | _drop_none(
            {"from_day": self.from_day.isoformat() if self.from_day else None, "element": self.element}
        )


class AmountStep(NamedTuple):
    """A payout step that changed the amount. ``rule`` is its id, if it has one."""

    rule: str | None
    amount: Money

    def to_dict(self) -> dict[str, Json]:
        """Wire form."""
        return {"rule": self.rule, "amount": money_json(self.amount)}


class AmountDetail(NamedTuple):
    """How one amount came about. ``scope`` is ``element``, ``group`` or ``total``.

    ``element`` is the element's key; ``group`` the group's keys by name. ``limit`` is the id of the last limit
    that cut.
    """

    scope: str
    element: str | None
    group: Mapping[str, Json] | None
    start: Money
    steps: tuple[AmountStep, ...]
    result: Money
    limit: str | None

    def to_dict(self) -> dict[str, Json]:
        """Wire form; ``element`` or ``group`` only where it applies."""
        which = _drop_none({"element": self.element, "group": dict(self.group) if self.group is not None else None})
        return (
            {"scope": self.scope}
            | which
            | {
                "start": money_json(self.start),
                "steps": [s.to_dict() for s in self.steps],
                "result": money_json(self.result),
                "limit": self.limit,
            }
        )


class Remark(NamedTuple):
    """Something worth knowing that decides nothing: ``facts/order``, ``calendar/no-year``, ``decision/empty-list``."""

    code: str
    message: str
    fact: str | None = None

    def to_dict(self) -> dict[str, Json]:
        """Wire form."""
        return {"code": self.code, "message": self.message} | _drop_none({"fact": self.fact})


class FaultNote(NamedTuple):
    """A fault that an open verdict or amount rests on, and the bundle-relative ``file:line`` it arose at."""

    code: str
    message: str
    at: str

    def to_dict(self) -> dict[str, Json]:
        """Wire form."""
        return {"code": self.code, "message": self.message, "at": self.at}


class PlannedShare(NamedTuple):
    """So many units of one line in one part; ``amount`` is the sum of their weights (money or number, as JSON)."""

    line: str
    quantity: int
    amount: Json


class SplitPlan(NamedTuple):
    """The plan of a split. ``called`` is what the parts are called, and the key under which they are given."""

    called: str
    parts: int
    proved: bool
    lower_bound: int
    contents: tuple[tuple[tuple[PlannedShare, ...], Json], ...]

    def to_dict(self) -> dict[str, Json]:
        """Wire form: each part with its lines and total."""
        parts = [
            {
                "lines": [{"line": s.line, "quantity": s.quantity, "amount": s.amount} for s in shares],
                "total": total,
            }
            for shares, total in self.contents
        ]
        return {"parts": self.parts, "proved": self.proved, "lower_bound": self.lower_bound, self.called: parts}


class Decision(NamedTuple):
    """The whole answer. ``verdict_class`` is refused, pending, partly, granted, undetermined or value.

    ``amount`` is None when it is not known or not applicable; ``values`` holds JSON data (null: unknown).
    ``bundle`` is (id, version, digest).
    """

    decision: str
    verdict: str
    verdict_class: str
    bundle: tuple[str, str, str]
    as_of: date
    values: Mapping[str, Json]
    reasons: tuple[Reason, ...] = ()
    missing: tuple[MissingFact, ...] = ()
    elements: tuple[ElementDecision, ...] = ()
    deadlines: tuple[DeadlineDate, ...] = ()
    amount: Money | None = None
    amounts: tuple[AmountDetail, ...] = ()
    needs: tuple[str, ...] = ()
    warnings: tuple[Reason, ...] = ()
    remarks: tuple[Remark, ...] = ()
    faults: tuple[FaultNote, ...] = ()
    split: SplitPlan | None = None

    def to_short_dict(self) -> dict[str, Json]:
        """The short wire form: the verdict, its class, the ids of the reasons, and by which policies for which day."""
        rules = [reason.rule for reason in self.reasons]
        return {
            "verdict": self.verdict,
            "class": self.verdict_class,
            "rules": rules,
            "bundle": self._bundle_dict(),
            "as_of": self.as_of.isoformat(),
        }

    def to_dict(self) -> dict[str, Json]:
        """The wire form, keys in a fixed order."""
        return {
            "decision": self.decision,
            "verdict": self.verdict,
            "class": self.verdict_class,
            "reasons": [r.to_dict() for r in self.reasons],
            "missing": [m.to_dict() for m in self.missing],
            "elements": [e.to_dict() for e in self.elements],
            "deadlines": [d.to_dict() for d in self.deadlines],
            "amount": money_json(self.amount),
            "amounts": [a.to_dict() for a in self.amounts],
            "needs": list(self.needs),
            "warnings": [w.to_dict() for w in self.warnings],
            "remarks": [r.to_dict() for r in self.remarks],
            "faults": [f.to_dict() for f in self.faults],
            "values": dict(self.values),
            "split": self.split.to_dict() if self.split else None,
            "bundle": self._bundle_dict(),
            "as_of": self.as_of.isoformat(),
        }

    def _bundle_dict(self) -> dict[str, Json]:
        bundle, version, digest = self.bundle
        return {"id": bundle, "version": version, "digest": digest}
