"""The functions of the language, made for a bundle's calendars. They take and give values, None for unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from fractions import Fraction
from math import floor
from typing import cast

from policyengine.backends.compiled.runtime.arithmetic import FAULTS, Calendars, moved
from policyengine.backends.compiled.runtime.values import (
    Bounds,
    Candidates,
    Column,
    Ordered,
    between,
    ends,
    is_exact,
    plain,
)
from policyengine.values.dates import Duration, Unit, end_of_month, end_of_year, roll
from policyengine.values.money import Money, Number

Function = Callable[..., object]


def _strict(exact: Function) -> Function:
    """Exact arguments or none."""

    def function(*args: object) -> object:
        for a in args:
            if not is_exact(a):
                return None
        return exact(*args)

    return function


# --- the least and the greatest, sums and counts ---


def _members(args: tuple[object, ...]) -> tuple[object, ...]:
    """Values given one by one, or as one column; one that is perhaps not there is an unknown value."""
    if len(args) == 1 and isinstance(args[0], Column):
        return args[0].items + (None,) * args[0].undecided
    return args


def _one_currency(members: Iterable[object]) -> bool:
    found = {end.currency for m in members for end in ends(m) if isinstance(end, Money)}
    return len(found - {""}) <= 1


def _extreme(best: Callable[..., Ordered], *, most: bool) -> Function:
    """``max`` and ``latest`` (``most``): at least each low end, and ended when all members are; the others likewise."""

    def function(*args: object) -> object:
        members = _members(args)
        if not members or not _one_currency(members):
            return None
        lows = [lo for lo, _ in map(ends, members) if lo is not None]
        highs = [hi for _, hi in map(ends, members) if hi is not None]
        has_lo = bool(lows) if most else len(lows) == len(members)
        has_hi = len(highs) == len(members) if most else bool(highs)
        return between(best(lows, key=plain) if has_lo else None, best(highs, key=plain) if has_hi else None)

    return function


def _sum(*args: object) -> object:
    members = _members(args)
    if not all(is_exact(m) for m in members) or not _one_currency(members):
        return None
    if not any(isinstance(m, Money) for m in members):
        return sum(cast("tuple[Number, ...]", members))
    amounts = cast("tuple[Money, ...]", members)
    return Money(Fraction(sum(m.amount for m in amounts)), max(m.currency for m in amounts))


def _money_sum(*args: object) -> object:
    found = _sum(*args)
    return Money(Fraction(0), "") if found == 0 else found


def _count(counted: object) -> object:
    if isinstance(counted, Candidates):
        return between(sum(sure for _, sure in counted.items), len(counted.items))
    if isinstance(counted, Column):
        return between(len(counted.items), len(counted.items) + counted.undecided)
    return len(counted) if isinstance(counted, frozenset) else None


# --- dates and durations ---


def _duration(unit: Unit, factor: int) -> Function:
    return _strict(lambda count: Duration(cast("int", count) * factor, unit))


def _moving(move: Callable[..., date]) -> Function:
    """A date moved forward, if at all; bounds survive."""

    def function(day: object, *args: object) -> object:
        try:
            if isinstance(day, Bounds):
                return moved(day, lambda end: move(end, *args), forward=True)
            return None if day is None else move(day, *args)
        except FAULTS:
            return None

    return function


# --- money ---


def _convert(money: object, rate: object, currency: object) -> object:
    if not isinstance(money, Money) or not isinstance(currency, str):
        return None
    if money.currency in (currency, ""):
        return Money(money.amount, currency)
    return Money(money.amount * cast("Number", rate), currency) if is_exact(rate) else None


_HALF = Fraction(1, 2)


def _is_up(mode: str, whole: int, rest: Fraction) -> bool:
    """Whether a size of ``whole`` and a ``rest`` below one goes to the next whole."""
    match mode:
        case "half_up":
            return rest >= _HALF
        case "half_down":
            return rest > _HALF
        case "half_even":
            return rest > _HALF or (rest == _HALF and whole % 2 == 1)
        case "up":
            return rest > 0
        case "down":
            return False
    raise ValueError(f"no such way of rounding: {mode}")


def _rounded(value: Number, step: Number, mode: str) -> Number:
    size = abs(Fraction(value)) / Fraction(step)
    whole = floor(size)
    steps = whole + _is_up(mode, whole, size - whole)
    return (-steps if value < 0 else steps) * step


def _round(value: object, step: object, mode: object) -> object:
    if isinstance(value, Money):
        amount = _rounded(value.amount, cast("Number", step), cast("str", mode))
        return Money(Fraction(amount), value.currency)
    return _rounded(cast("Number", value), cast("Number", step), cast("str", mode))


def functions(calendars: Calendars) -> Mapping[str, Function]:
    """Every function by name; ``sum`` of money is ``money_sum``, since the sum of nothing has a type too."""
    return {
        "min": _extreme(min, most=False),
        "max": _extreme(max, most=True),
        "earliest": _extreme(min, most=False),
        "latest": _extreme(max, most=True),
        "sum": _sum,
        "money_sum": _money_sum,
        "count": _count,
        "common": _strict(lambda a, b: cast("frozenset[str]", a) & cast("frozenset[str]", b)),
        "days": _duration(Unit.DAYS, 1),
        "weeks": _duration(Unit.DAYS, 7),
        "months": _duration(Unit.MONTHS, 1),
        "years": _duration(Unit.MONTHS, 12),
        "working_days": _strict(
            lambda count, name: Duration(cast("int", count), Unit.WORKING_DAYS, cast("str", name)),
        ),
        "days_between": _strict(lambda a, b: (cast("date", b) - cast("date", a)).days),
        "roll": _moving(lambda day, name: roll(day, calendars[name])),
        "end_of_month": _moving(end_of_month),
        "end_of_year": _moving(end_of_year),
        "convert": _convert,
        "round": _strict(_round),
    }
