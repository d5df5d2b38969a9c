"""Operators and functions on results. Unknown in, unknown out, but where bounds say more."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from math import floor
from typing import cast

from policyengine.model import faults as fault
from policyengine.model.expr import Call
from policyengine.reference.results import Member, Result, bounded, check_currency, exact, faulting, plain, unknown
from policyengine.source import Span
from policyengine.values import dates
from policyengine.values.dates import Calendar, DateOutOfRange, Duration, Unit
from policyengine.values.money import Money
from policyengine.values.types import Kind

Calendars = Mapping[str, Calendar]
Number = int | Fraction


def arithmetic(op: str, left: Result, right: Result, span: Span, calendars: Calendars) -> Result:
    """``left op right``. Bounds survive adding or subtracting a known value, and nothing else."""

    def end(a: object, b: object) -> object:
        return None if a is None or b is None else _operate(op, a, b, calendars)

    def compute() -> Result:
        if left.known and right.known:
            return exact(end(left.value, right.value))
        if isinstance(right.value, Duration):
            amount = right.value if op == "+" else -right.value
            return _shift(left, lambda day: dates.add(day, amount, calendars), forward=amount.count >= 0)
        if op == "+" and (left.known or right.known):
            return bounded(end(left.lo, right.lo), end(left.hi, right.hi), left, right)
        if op == "-" and (left.known or right.known):
            return bounded(end(left.lo, right.hi), end(left.hi, right.lo), left, right)
        return unknown(left, right)

    return faulting(span, (left, right), compute)


def _operate(op: str, a: object, b: object, calendars: Calendars) -> object:
    match a, b:
        case date(), Duration():
            return dates.add(a, b if op == "+" else -b, calendars)
        case Money(), Money():
            currency = a.common_currency(b)
            number = _calculate(op, a.amount, b.amount)
            return number if op == "/" else Money(Fraction(number), currency)
        case Money(), _:
            return Money(Fraction(_calculate(op, a.amount, cast("Number", b))), a.currency)
        case _, Money():
            return Money(Fraction(_calculate(op, cast("Number", a), b.amount)), b.currency)
        case _:
            return _calculate(op, cast("Number", a), cast("Number", b))


def _calculate(op: str, a: Number, b: Number) -> Number:
    match op:
        case "+":
            return a + b
        case "-":
            return a - b
        case "*":
            return a * b
        case _:
            return Fraction(a) / Fraction(b)


def negative(item: Result) -> Result:
    """``-item``."""
    match item.value:
        case None:
            return unknown(item)
        case Money() as money:
            return exact(Money(-money.amount, money.currency))
        case Duration() as duration:
            return exact(-duration)
        case number:
            return exact(-cast("Number", number))


def call(e: Call, args: Sequence[Result], calendars: Calendars) -> Result:
    """The value of a function call."""
    # A column is known while its values are not: they are what a fault of the whole leaves to blame.
    parts = [p for a in args for p in (_entries(a) if _is_column(a) else (a,))]
    return faulting(e.span, parts, lambda: _call(e, args, calendars))


def _is_column(arg: Result) -> bool:
    return isinstance(arg.value, tuple) and all(isinstance(m.content, Result) for m in _members(arg))


def _call(e: Call, args: Sequence[Result], calendars: Calendars) -> Result:
    match e.function:
        case "count":
            return _count(args[0])
        case "min" | "max" | "earliest" | "latest" | "sum":
            if e.args[0].type.kind is not Kind.VALUES:
                return _gather(e, args)
            return _gather(e, _entries(args[0])) if args[0].known else unknown(args[0])
        case "convert":
            return _convert(*args)
        case "roll":
            return _shift(args[0], lambda day: dates.roll(day, calendars[str(args[1].value)]))
        case "end_of_month":
            return _shift(args[0], dates.end_of_month)
        case "end_of_year":
            return _shift(args[0], dates.end_of_year)
        case _:
            return exact(_strict(e, [a.value for a in args])) if all(a.known for a in args) else unknown(*args)


def _strict(e: Call, args: Sequence[object]) -> object:
    """The functions that need every argument exactly."""
    match e.function, args:
        case "common", [frozenset() as s, frozenset() as t]:
            return s & t
        case "days", [int(n)]:
            return Duration(n, Unit.DAYS)
        case "weeks", [int(n)]:
            return Duration(7 * n, Unit.DAYS)
        case "months", [int(n)]:
            return Duration(n, Unit.MONTHS)
        case "years", [int(n)]:
            return Duration(12 * n, Unit.MONTHS)
        case "working_days", [int(n), str(calendar)]:
            return Duration(n, Unit.WORKING_DAYS, calendar)
        case "days_between", [date() as a, date() as b]:
            return (b - a).days
        case "round", [Money() as m, (int() | Fraction()) as step, str(mode)]:
            return Money(rounded(m.amount, step, mode), m.currency)
        case "round", [(int() | Fraction()) as x, (int() | Fraction()) as step, str(mode)]:
            return rounded(x, step, mode)
        case _:
            raise TypeError(f"{e.function} of {args}")


def _shift(day: Result, move: Callable[[date], date], *, forward: bool = True) -> Result:
    """A function of a date that keeps the order of dates, so it keeps bounds. It moves them all in one direction.

    The end that runs ahead may leave the calendar: then it is open. When the other end leaves it, every date does.
    """
    ahead, behind = (day.hi, day.lo) if forward else (day.lo, day.hi)
    left = move(behind) if isinstance(behind, date) else None
    try:
        far = move(ahead) if isinstance(ahead, date) else None
    except DateOutOfRange:
        far = None
    return bounded(left, far, day) if forward else bounded(far, left, day)


def _members(values: Result) -> tuple[Member, ...]:
    return cast("tuple[Member, ...]", values.value)


def _entries(values: Result) -> list[Result]:
    """The values of a column; one that is perhaps not in it is an unknown."""
    members = ((m.truth, cast("Result", m.content)) for m in _members(values))
    return [content if truth.known else unknown(truth, content) for truth, content in members]


def _count(of: Result) -> Result:
    if not of.known or isinstance(of.value, frozenset):
        return exact(len(cast("frozenset[str]", of.value))) if of.known else unknown(of)
    members = _members(of)
    sure = sum(m.truth.known for m in members)
    return bounded(sure, len(members), *(m.truth for m in members))


def _gather(e: Call, items: Sequence[Result]) -> Result:
    """``sum``, or the extremes with their bounds, of values."""
    one_currency(items)
    if e.function == "sum":
        return _sum(e, items)
    if not items:
        return unknown(faults=(fault.empty_list(e.span, e.function),))
    lows, highs = [i.lo for i in items if i.lo is not None], [i.hi for i in items if i.hi is not None]
    if e.function in ("min", "earliest"):
        lo = min(lows, key=plain) if len(lows) == len(items) else None
        return bounded(lo, min(highs, key=plain, default=None), *items)
    hi = max(highs, key=plain) if len(highs) == len(items) else None
    return bounded(max(lows, key=plain, default=None), hi, *items)


def one_currency(items: Sequence[Result]) -> None:
    """Raise if money in two currencies is among the values; which two does not depend on their order."""
    money = {c: m for i in items for m in (i.lo, i.hi) if isinstance(m, Money) and (c := m.currency)}
    for first, second in zip(sorted(money), sorted(money)[1:], strict=False):
        check_currency(money[first], money[second])


def _sum(e: Call, items: Sequence[Result]) -> Result:
    if not all(i.known for i in items):
        return unknown(*items)
    total = exact(Money(Fraction(0), "") if e.type.kind is Kind.MONEY else 0)
    for item in items:
        total = arithmetic("+", total, item, e.span, {})
    return total


def _convert(money: Result, rate: Result, currency: Result) -> Result:
    match money.value, rate.value, currency.value:
        case Money() as m, _, str(code) if m.currency in (code, ""):
            return exact(Money(m.amount, code))
        case Money() as m, (int() | Fraction()) as factor, str(code):
            return exact(Money(m.amount * factor, code))
        case _:
            return unknown(money, rate, currency)


def rounded(x: Number, step: Number, mode: str) -> Fraction:
    """``x`` as a multiple of ``step``; halves, up and down are seen from zero."""
    steps = abs(Fraction(x)) / Fraction(step)
    whole = floor(steps)
    rest = steps - whole
    half = Fraction(1, 2)
    up = {
        "half_up": rest >= half,
        "half_down": rest > half,
        "half_even": rest > half or (rest == half and whole % 2 == 1),
        "up": rest > 0,
        "down": False,
    }[mode]
    return (whole + up) * Fraction(step) * (-1 if x < 0 else 1)
