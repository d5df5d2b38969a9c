"""Arithmetic on values, unknown and known in part.

What cannot exist (a fault) is unknown here: whose fault it is, and where, is told by the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from typing import cast

from policyengine.backends.compiled.runtime.values import Bounds, Ordered, between
from policyengine.values.dates import Calendar, DateOutOfRange, Duration, add
from policyengine.values.money import CurrencyMismatch, Money, Number

Calendars = Mapping[str, Calendar]
Operation = Callable[[object, object, Calendars], object]

#: What arithmetic raises where the language has a fault.
FAULTS = (CurrencyMismatch, DateOutOfRange, ZeroDivisionError)


def _plus(a: object, b: object, calendars: Calendars) -> object:
    if isinstance(a, Money):
        other = cast("Money", b)
        return Money(a.amount + other.amount, a.common_currency(other))
    if isinstance(a, date):
        return add(a, cast("Duration", b), calendars)
    return cast("Number", a) + cast("Number", b)


def _minus(a: object, b: object, calendars: Calendars) -> object:
    if isinstance(a, Money):
        other = cast("Money", b)
        return Money(a.amount - other.amount, a.common_currency(other))
    if isinstance(a, date):
        return add(a, -cast("Duration", b), calendars)
    return cast("Number", a) - cast("Number", b)


def _times(a: object, b: object, _: Calendars) -> object:
    if isinstance(b, Money):
        a, b = b, a
    if isinstance(a, Money):
        return Money(a.amount * cast("Number", b), a.currency)
    return cast("Number", a) * cast("Number", b)


def _divided(a: object, b: object, _: Calendars) -> object:
    if isinstance(a, Money):
        if isinstance(b, Money):
            a.common_currency(b)
            return a.amount / b.amount
        return Money(a.amount / cast("Number", b), a.currency)
    return Fraction(cast("Number", a)) / cast("Number", b)


_OPERATIONS: Mapping[str, Operation] = {"+": _plus, "-": _minus, "*": _times, "/": _divided}


def arithmetic(op: str, calendars: Calendars) -> Callable[[object, object], object]:
    """The function for ``a op b``. Bounds survive adding and taking off what is known, and nothing else."""
    operation = _OPERATIONS[op]

    def calculated(a: object, b: object) -> object:
        if a is None or b is None:
            return None
        try:
            if isinstance(a, Bounds) or isinstance(b, Bounds):
                return _of_bounds(op, a, b, calendars)
            return operation(a, b, calendars)
        except FAULTS:
            return None

    return calculated


def _of_bounds(op: str, a: object, b: object, calendars: Calendars) -> object:
    operation = _OPERATIONS[op]
    if op not in ("+", "-") or (isinstance(a, Bounds) and isinstance(b, Bounds)):
        return None
    if isinstance(a, Bounds):
        if isinstance(b, Duration):
            forward = (b.count >= 0) is (op == "+")
            return moved(a, lambda end: cast("date", operation(end, b, calendars)), forward=forward)
        return _ends(a.lo, a.hi, lambda end: operation(end, b, calendars))
    known = cast("Bounds", b)
    lo, hi = (known.lo, known.hi) if op == "+" else (known.hi, known.lo)
    return _ends(lo, hi, lambda end: operation(a, end, calendars))


def _ends(lo: Ordered | None, hi: Ordered | None, move: Callable[[Ordered], object]) -> object:
    return between(
        None if lo is None else cast("Ordered", move(lo)),
        None if hi is None else cast("Ordered", move(hi)),
    )


def moved(bounds: Bounds, move: Callable[[date], date], *, forward: bool) -> object:
    """Dates between ends, all moved ``forward`` or back.

    The end that runs ahead opens when it leaves the calendar; when the other one leaves it, no date is left.
    """
    ahead, behind = (bounds.hi, bounds.lo) if forward else (bounds.lo, bounds.hi)
    left = None if behind is None else move(cast("date", behind))
    try:
        far = None if ahead is None else move(cast("date", ahead))
    except DateOutOfRange:
        far = None
    return between(left, far) if forward else between(far, left)


def negated(a: object) -> object:
    """``-a`` of an exact value; bounds are lost."""
    if a is None or isinstance(a, Bounds):
        return None
    if isinstance(a, Money):
        return Money(-a.amount, a.currency)
    return -cast("Number", a)
