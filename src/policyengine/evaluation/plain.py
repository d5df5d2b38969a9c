"""Operators on values that are exactly known, chosen by their static types: what most expressions come to."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from policyengine.evaluation.operators import ARITHMETIC, Calendars
from policyengine.model.expr import Arith, Compare, CompareOp, Expr, Literal, Value
from policyengine.values.dates import DateOutOfRange, Duration, Unit
from policyengine.values.money import Money
from policyengine.values.types import Kind, Type

#: Two known values to a truth, or to a value; raises what cannot exist. Callers know that the types fit.
Test = Callable[..., bool]
Operation = Callable[..., Value]

_OPERATORS: Mapping[CompareOp, Test] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_CALCULATIONS: Mapping[str, Operation] = {"+": operator.add, "-": operator.sub, "*": operator.mul}
_WITHOUT_ORDER = frozenset({Kind.BOOLEAN, Kind.TEXT, Kind.ENUM, Kind.SET, Kind.CURRENCY, Kind.DURATION})


def comparison(e: Compare) -> Test | None:
    """The test of a comparison; None for types that only the general way compares."""
    return _test(e.op, e.left.type, e.right.type)


def _test(op: CompareOp, left: Type, right: Type) -> Test | None:
    compares = _OPERATORS[op]
    if left.numeric and right.numeric:
        return compares
    if left.kind is not right.kind:
        return None
    if left.kind is Kind.MONEY:
        return _of_money(compares)
    return compares if left.kind is Kind.DATE or left.kind in _WITHOUT_ORDER else None


def _of_money(compares: Test) -> Test:
    def test(a: Money, b: Money) -> bool:
        if a.currency != b.currency:
            a.common_currency(b)
        x, y = a.amount, b.amount
        # Whole fractions of one denominator, the usual case, need no fractions.
        if x.denominator == y.denominator:
            return compares(x.numerator, y.numerator)
        return compares(x, y)

    return test


def calculation(e: Arith, calendars: Calendars) -> Operation:
    """What an arithmetic expression does with two known values."""
    if e.left.type.numeric and e.right.type.numeric and e.op in _CALCULATIONS:
        return _CALCULATIONS[e.op]
    days = _days(e.right) if e.left.type.kind is Kind.DATE else None
    if days is not None and e.op in "+-":
        return _shift(days if e.op == "+" else -days)
    general = ARITHMETIC[e.op]
    return lambda a, b: general(a, b, calendars)


def _days(e: Expr) -> timedelta | None:
    """A written number of calendar days."""
    value = e.value if isinstance(e, Literal) else None
    if not isinstance(value, Duration) or value.unit is not Unit.DAYS:
        return None
    try:
        return timedelta(days=value.count)
    except OverflowError:
        return None


def _shift(days: timedelta) -> Operation:
    def shifted(day: date, _by: Duration) -> date:
        try:
            return day + days
        except OverflowError as e:
            raise DateOutOfRange(f"{day} and {days}") from e

    return shifted
