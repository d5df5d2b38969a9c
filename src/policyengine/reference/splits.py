"""Splits: the plan that an order's lines come to."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from policyengine.model import faults as fault
from policyengine.model.decision import PlannedShare, SplitPlan
from policyengine.model.rules import Split
from policyengine.planner import Line, Plan, plan_split
from policyengine.reference.functions import one_currency
from policyengine.reference.results import Result, exact, faulting, plain, unknown
from policyengine.values.money import Money
from policyengine.values.text import value_json

#: Of one element: its key, and quantity, weight and whole.
Row = tuple[str, Result, Result, Result]


def plan(split: Split, rows: Sequence[Row], limit: Result) -> Result:
    """The planner's answer as a known value; unknown if anything it needs is."""
    parts = (*(p for row in rows for p in row[1:]), limit)

    def compute() -> Result:
        if not all(p.known for p in parts):
            return unknown(*parts)
        for key, quantity, weight, _ in rows:
            for number, e in ((quantity, split.quantity), (weight, split.weight)):
                if plain(number.value) < 0:
                    return unknown(faults=(fault.bad_split(e.span, key),))
        one_currency([*(weight for _, _, weight, _ in rows), limit])
        return exact(plan_split([_line(r) for r in rows], Fraction(plain(limit.value)), split.op == "<"))

    return faulting(split.weight.span, parts, compute)


def _line(row: Row) -> Line:
    key, quantity, weight, whole = row
    return Line(key, int(plain(quantity.value)), Fraction(plain(weight.value)), bool(whole.value))


def as_answered(split: Split, found: Plan, rows: Sequence[Row], limit: Result) -> SplitPlan:
    """The plan as the answer gives it: each share with its weight, each part with its total."""
    weights = {key: Fraction(plain(weight.value)) for key, _, weight, _ in rows}

    def json(number: Fraction) -> object:
        return value_json(
            Money(number, limit.value.currency) if isinstance(limit.value, Money) else number, split.weight.type
        )

    contents = []
    for shares in found.contents:
        amounts = [weights[s.line] * s.quantity for s in shares]
        planned = (
            PlannedShare(line=s.line, quantity=s.quantity, amount=json(a)) for s, a in zip(shares, amounts, strict=True)
        )
        contents.append((tuple(planned), json(sum(amounts, Fraction(0)))))
    return SplitPlan(
        called=split.called,
        parts=found.parts,
        proved=found.proved,
        lower_bound=found.lower_bound,
        contents=tuple(contents),
    )
