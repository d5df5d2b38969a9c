"""Representative values of an expression, and whether a value passes literal tests.

A test is literal when it compares its subject with constants only. Of such tests, two values that lie
between the same constants cannot be told apart, so one of them stands for all.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import Any

from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.vocabulary import Fact
from policyengine.values.money import Money
from policyengine.values.types import Kind, Type

OTHER = "\N{HORIZONTAL ELLIPSIS}"
"""Stands for a text, code or open member that no test names."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A value; ``words`` says it where the value itself says too little."""

    value: x.Value
    words: str | None = None


def samples(bundle: CheckedBundle, subject: x.Expr, tests: Iterable[x.Expr]) -> Sequence[Sample]:
    """Values of the subject that stand for all others as far as the tests tell; empty when there are none."""
    constants = [n.value for t in tests for n in x.walk(t) if isinstance(n, x.Literal)]
    match subject.type.kind:
        case Kind.BOOLEAN:
            return [Sample(value) for value in (True, False)]
        case Kind.ENUM:
            members = [Sample(m) for m in subject.type.members]
            return [*members, Sample(OTHER, "any other")] if subject.type.open else members
        case Kind.TEXT | Kind.CURRENCY:
            return [*(Sample(c) for c in dict.fromkeys(constants)), Sample(OTHER, "any other")]
        case Kind.INTEGER | Kind.DECIMAL | Kind.MONEY | Kind.DATE:
            return _ordered(subject.type, constants, _fact(bundle, subject))
        case _:
            return []


def _fact(bundle: CheckedBundle, e: x.Expr) -> Fact | None:
    match e:
        case x.FactRef():
            return bundle.facts[e.name]
        case x.ItemField():
            return bundle.lists[e.list].fields[e.field]
        case _:
            return None


# -- ordered values -----------------------------------------------------------------------------


def _ordered(type_: Type, constants: Sequence[x.Value], fact: Fact | None) -> Sequence[Sample]:
    currencies = {c.currency for c in constants if isinstance(c, Money)}
    if len(currencies) > 1:
        return []
    points = sorted({_point(c) for c in constants})
    whole = type_.kind in (Kind.INTEGER, Kind.DATE)
    least = fact.minimum if fact else None
    most = fact.maximum if fact else None
    limits = [m for m in (least, most) if m is not None]
    tried = _around(sorted({*points, *limits}), whole=whole)
    inside = [p for p in tried if (least is None or p >= least) and (most is None or p <= most)]
    # Values that the tests name make the best examples.
    inside.sort(key=lambda p: p not in points)
    values = [_value(type_, p, next(iter(currencies), "")) for p in inside]
    return [Sample(v) for v in values if v is not None]


def _point(value: x.Value) -> Fraction:
    if isinstance(value, Money):
        return value.amount
    if isinstance(value, date):
        return Fraction(value.toordinal())
    return Fraction(value) if isinstance(value, int | Fraction) else Fraction(0)


def _around(points: Sequence[Fraction], *, whole: bool) -> list[Fraction]:
    """The points, one value between any two, one below all and one above all; of whole numbers their neighbours."""
    if not points:
        return [Fraction(0)]
    if whole:
        return sorted({p + d for p in points for d in (-1, 0, 1)})
    between = [(a + b) / 2 for a, b in pairwise(points)]
    return sorted({points[0] - 1, *points, *between, points[-1] + 1})


def _value(type_: Type, point: Fraction, currency: str) -> x.Value | None:
    match type_.kind:
        case Kind.INTEGER:
            return int(point)
        case Kind.MONEY:
            return Money(point, currency)
        case Kind.DATE:
            inside = date.min.toordinal() <= point <= date.max.toordinal()
            return date.min + timedelta(days=int(point) - 1) if inside else None
        case _:
            return point


# -- tests --------------------------------------------------------------------------------------

_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def passes(test: x.Expr, subject: x.Expr, value: x.Value) -> bool | None:
    """Whether the value of the subject passes a literal test; None when the test is not literal."""
    match test:
        case x.And() | x.Or():
            parts = [passes(i, subject, value) for i in test.items]
            if None in parts:
                return None
            return all(parts) if isinstance(test, x.And) else any(parts)
        case x.Not():
            inner = passes(test.item, subject, value)
            return None if inner is None else not inner
        case x.Compare(left=left, right=x.Literal() as right) if left == subject:
            return _SIGNS[test.op](_plain(value), _plain(right.value))
        case x.Within(subject=inner_subject, low=x.Literal() as low, high=x.Literal() as high):
            return _within(test, low, high, value) if inner_subject == subject else None
        case _:
            return None


def _within(test: x.Within, low: x.Literal, high: x.Literal, value: x.Value) -> bool:
    above = _SIGNS[">" if test.low_open else ">="](_plain(value), _plain(low.value))
    return above and _SIGNS["<" if test.high_open else "<="](_plain(value), _plain(high.value))


def _plain(value: x.Value) -> object:
    """An amount without its currency: literal tests of one subject have one currency, or the number 0."""
    return value.amount if isinstance(value, Money) else value
