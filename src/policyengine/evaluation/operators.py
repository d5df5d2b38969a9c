"""Operators on exact values, on ends, and on both: arithmetic, comparison, Kleene's connectives.

``ARITHMETIC`` and ``COMPARISONS`` hold one entry for each operator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from math import lcm
from typing import cast

from policyengine.evaluation.values import UNKNOWN, Got, Ordered, Unknown, bounded, fault
from policyengine.model.expr import Value
from policyengine.model.faults import Fault, currency_mismatch, date_out_of_range, division_by_zero
from policyengine.source import Span
from policyengine.values.dates import Calendar, DateOutOfRange, Duration, add
from policyengine.values.money import CurrencyMismatch, Money, Number

Calendars = Mapping[str, Calendar]


#: What operations on values raise where a value cannot exist.
IMPOSSIBLE = (CurrencyMismatch, DateOutOfRange, ZeroDivisionError)


def impossible(span: Span, why: Exception) -> Unknown:
    """What cannot exist, as a fault at ``span``; ``why`` is one of :data:`IMPOSSIBLE`."""
    if isinstance(why, CurrencyMismatch):
        return fault(currency_mismatch(span, why.left, why.right))
    return fault(date_out_of_range(span) if isinstance(why, DateOutOfRange) else division_by_zero(span))


# --- arithmetic on exact values ---


def plus(a: Value, b: Value, calendars: Calendars) -> Value:
    """The sum; a duration is added to a date."""
    if isinstance(a, Money) and isinstance(b, Money):
        return Money(a.amount + b.amount, a.common_currency(b))
    if isinstance(a, date):
        return add(a, cast("Duration", b), calendars)
    return cast("Number", a) + cast("Number", b)


def negative(a: Value) -> Value:
    """The number, money or duration with its sign turned."""
    if isinstance(a, Money):
        return Money(-a.amount, a.currency)
    return -cast("Number | Duration", a)


def minus(a: Value, b: Value, calendars: Calendars) -> Value:
    """The difference; a duration is taken off a date."""
    return plus(a, negative(b), calendars)


def times(a: Value, b: Value, _: Calendars) -> Value:
    """The product; one side may be money."""
    if isinstance(a, Money):
        return Money(a.amount * cast("Number", b), a.currency)
    if isinstance(b, Money):
        return Money(cast("Number", a) * b.amount, b.currency)
    return cast("Number", a) * cast("Number", b)


def divided(a: Value, b: Value, _: Calendars) -> Value:
    """The exact quotient; money by money is a number."""
    if isinstance(a, Money) and isinstance(b, Money):
        a.common_currency(b)
        return Fraction(a.amount) / b.amount
    if isinstance(a, Money):
        return Money(a.amount / cast("Number", b), a.currency)
    return Fraction(cast("Number", a)) / cast("Number", b)


ARITHMETIC: Mapping[str, Callable[[Value, Value, Calendars], Value]] = {
    "+": plus,
    "-": minus,
    "*": times,
    "/": divided,
}


def sum_of_money(amounts: Sequence[Money]) -> Money:
    """The sum of amounts in one currency. It is made over their common denominator, at one go."""
    if len(amounts) == 1:
        return amounts[0]
    bottom = lcm(*[a.amount.denominator for a in amounts])
    top = sum([a.amount.numerator * (bottom // a.amount.denominator) for a in amounts])
    return Money(Fraction(top, bottom), next((a.currency for a in amounts if a.currency), ""))


# --- arithmetic on ends ---


def arithmetic(op: str, a: Got, b: Got, span: Span, calendars: Calendars) -> Got:
    """``a op b``. Bounds survive ``+`` and ``-`` when the other side is known."""
    operation = ARITHMETIC[op]
    if not isinstance(a, Unknown):
        if not isinstance(b, Unknown):
            try:
                return operation(cast("Value", a), cast("Value", b), calendars)
            except IMPOSSIBLE as e:
                return impossible(span, e)
        return _ends_right(op, cast("Value", a), b, span, calendars)
    if op not in "+-" or isinstance(b, Unknown) or a.lo is a.hi is None:
        return UNKNOWN
    known = cast("Value", b)
    if isinstance(known, Duration):
        up = (known.count >= 0) == (op == "+")
        return shifted(a, lambda end: cast("date", operation(end, known, calendars)), up, span)
    return _each_end(a, lambda end: operation(end, known, calendars), span)


def _ends_right(op: str, a: Value, b: Unknown, span: Span, calendars: Calendars) -> Got:
    if op not in "+-" or (b.lo is b.hi is None) or isinstance(a, date):
        return UNKNOWN
    operation = ARITHMETIC[op]
    ends = b if op == "+" else Unknown(b.hi, b.lo)
    return _each_end(ends, lambda end: operation(a, end, calendars), span)


def _each_end(ends: Unknown, move: Callable[[Ordered], Value], span: Span) -> Got:
    try:
        lo = None if ends.lo is None else cast("Ordered", move(ends.lo))
        hi = None if ends.hi is None else cast("Ordered", move(ends.hi))
    except IMPOSSIBLE as e:
        return impossible(span, e)
    return bounded(lo, hi)


def shifted(ends: Unknown, move: Callable[[date], date], up: bool, span: Span) -> Got:  # noqa: FBT001
    """Dates between ends, moved ``up`` or down.

    An end that leaves the calendar opens; when no date between them stays inside, that is a fault.
    """
    lo, lo_left = _moved(ends.lo, move)
    hi, hi_left = _moved(ends.hi, move)
    if lo_left if up else hi_left:
        return fault(date_out_of_range(span))
    return bounded(lo, hi)


def _moved(end: Ordered | None, move: Callable[[date], date]) -> tuple[date | None, bool]:
    """The moved end, and whether it left the calendar."""
    if end is None:
        return None, False
    try:
        return move(cast("date", end)), False
    except DateOutOfRange:
        return None, True


# --- comparison ---


def sign(a: Ordered, b: Ordered) -> int:
    """-1, 0 or 1 as ``a`` is below, at or above ``b``; raises :class:`CurrencyMismatch`."""
    if isinstance(a, Money) and isinstance(b, Money):
        a.common_currency(b)
    x, y = plain(a), plain(b)
    return (x > y) - (x < y)


def plain(v: Ordered) -> Number:
    """The number that a value of an ordered type is ordered by."""
    if isinstance(v, Money):
        return v.amount
    return v.toordinal() if isinstance(v, date) else v


@dataclass(frozen=True, slots=True)
class Comparison:
    """An operator by what it says of the sign of the difference.

    ``holds`` takes an exact sign. ``surely`` takes the least and the greatest sign that are possible (None: open) and
    says true, false or None; it is asked only when the sign is not exact.
    """

    holds: Callable[[int], bool]
    surely: Callable[[int | None, int | None], bool | None]


def _decide(true: bool, false: bool) -> bool | None:  # noqa: FBT001
    return True if true else (False if false else None)


def _apart(least: int | None, most: int | None) -> bool:
    return (least is not None and least > 0) or (most is not None and most < 0)


COMPARISONS: Mapping[str, Comparison] = {
    "=": Comparison(lambda s: s == 0, lambda lo, hi: _decide(False, _apart(lo, hi))),
    "!=": Comparison(lambda s: s != 0, lambda lo, hi: _decide(_apart(lo, hi), False)),
    "<": Comparison(lambda s: s < 0, lambda lo, hi: _decide(hi is not None and hi < 0, lo is not None and lo >= 0)),
    "<=": Comparison(lambda s: s <= 0, lambda lo, hi: _decide(hi is not None and hi <= 0, lo is not None and lo > 0)),
    ">": Comparison(lambda s: s > 0, lambda lo, hi: _decide(lo is not None and lo > 0, hi is not None and hi <= 0)),
    ">=": Comparison(lambda s: s >= 0, lambda lo, hi: _decide(lo is not None and lo >= 0, hi is not None and hi < 0)),
}


def compare(op: str, a: Got, b: Got, span: Span) -> bool | Unknown:
    """``a op b``, also by bounds; money in two currencies is a fault."""
    comparison = COMPARISONS[op]
    try:
        if isinstance(a, Unknown) or isinstance(b, Unknown):
            return _by_bounds(comparison, a, b)
        return comparison.holds(difference(a, b))
    except IMPOSSIBLE as e:
        return impossible(span, e)


def difference(a: Got, b: Got) -> int:
    """The sign of the difference of known values; of those without order 0 for equal and 1 for not."""
    if isinstance(a, (int, Fraction, date, Money)) and isinstance(b, (int, Fraction, date, Money)):
        return sign(a, b)
    return int(a != b)


def _by_bounds(comparison: Comparison, a: Got, b: Got) -> bool | Unknown:
    if a is UNKNOWN or b is UNKNOWN:
        return UNKNOWN
    a_lo, a_hi = ends_of(a)
    b_lo, b_hi = ends_of(b)
    least = None if a_lo is None or b_hi is None else sign(a_lo, b_hi)
    most = None if a_hi is None or b_lo is None else sign(a_hi, b_lo)
    answer = comparison.surely(least, most)
    return UNKNOWN if answer is None else answer


def ends_of(got: Got) -> tuple[Ordered | None, Ordered | None]:
    """The ends of a value; a known one of an ordered type has two equal ends."""
    if isinstance(got, Unknown):
        return got.lo, got.hi
    if isinstance(got, (int, Fraction, date, Money)):
        return got, got
    return None, None


# --- Kleene ---


def both(a: Got, b: Got) -> Got:
    """Kleene's and of two truths, which keeps the faults of either side when it stays unknown."""
    if a is False or b is False:
        return False
    if a is True and b is True:
        return True
    return Unknown(faults=_faults(a) + _faults(b))


def _faults(got: Got) -> tuple[Fault, ...]:
    return got.faults if isinstance(got, Unknown) else ()
