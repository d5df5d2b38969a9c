"""Limits and dates while they are watched: on which side of them a case lies, in the smallest unit of the type."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from policyengine.coverage.conditions import Hits
from policyengine.evaluation.env import Env
from policyengine.evaluation.evaluator import Evaluation
from policyengine.evaluation.names import Run
from policyengine.evaluation.operators import plain
from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr
from policyengine.values.money import Money
from policyengine.values.types import Kind

_DAY: Final = Fraction(1)


@dataclass(frozen=True, slots=True)
class LimitProbe:
    """A value beside its limit. It is just below or above when it is off by no more than ``unit``, None: by any amount.

    Nothing is noted unless both are exactly known, in one currency.
    """

    value: Run
    limit: Run
    unit: Fraction | None
    below: int
    at: int
    above: int

    def __call__(self, ev: Evaluation, env: Env, hits: Hits) -> None:
        """Note the side."""
        side = side_of(self.value(ev, env), self.limit(ev, env), self.unit)
        if side:
            hits.add({"below": self.below, "at": self.at, "above": self.above}[side])


def side_of(value: object, limit: object, unit: Fraction | None) -> str:
    """``below``, ``at`` or ``above``; empty if farther off than ``unit``, or if that cannot be said."""
    if not isinstance(value, int | Fraction | date | Money) or not isinstance(limit, int | Fraction | date | Money):
        return ""
    if isinstance(value, Money) and isinstance(limit, Money) and _differ(value, limit):
        return ""
    off = Fraction(plain(value) - plain(limit))
    if off and unit is not None and abs(off) > unit:
        return ""
    return "at" if off == 0 else "below" if off < 0 else "above"


def _differ(a: Money, b: Money) -> bool:
    return bool(a.currency and b.currency) and a.currency != b.currency


@dataclass(frozen=True, slots=True)
class DateProbe:
    """A day beside the first day of something: the last day before it, or the day itself."""

    day: Run
    first: date
    before: int
    since: int

    def __call__(self, ev: Evaluation, env: Env, hits: Hits) -> None:
        """Note the side."""
        day = self.day(ev, env)
        if isinstance(day, date):
            off = day.toordinal() - self.first.toordinal()
            if off in (-1, 0):
                hits.add(self.before if off else self.since)


def unit_of(bundle: CheckedBundle, value: Expr, limit: Expr) -> Fraction | None:
    """The smallest step between two values of the type of ``value``; None for decimals, which have none."""
    match value.type.kind:
        case Kind.DATE:
            return _DAY
        case Kind.INTEGER:
            return Fraction(1)
        case Kind.MONEY:
            return Fraction(1, 10 ** max([_decimals(bundle, e) for e in (*x.walk(value), *x.walk(limit))], default=2))
        case _:
            return None


def _decimals(bundle: CheckedBundle, e: Expr) -> int:
    match e:
        case x.FactRef():
            return bundle.facts[e.name].decimals
        case x.ItemField():
            return bundle.lists[e.list].fields[e.field].decimals
        case _:
            return 0
