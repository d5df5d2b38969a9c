"""The functions of the language. ``FUNCTIONS`` holds one entry for each: its name and what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import reduce
from typing import cast

from policyengine.evaluation.operators import IMPOSSIBLE, Calendars, impossible, plain, shifted, sign, sum_of_money
from policyengine.evaluation.rounding import round_to
from policyengine.evaluation.values import (
    UNKNOWN,
    Candidates,
    Got,
    Ordered,
    Unknown,
    Values,
    bounded,
    fault,
    is_known,
)
from policyengine.model.expr import Value
from policyengine.model.faults import currency_mismatch, empty_list
from policyengine.source import Span
from policyengine.values.dates import Duration, Unit, end_of_month, end_of_year, roll
from policyengine.values.money import Money, Number
from policyengine.values.types import Kind, Type


@dataclass(frozen=True, slots=True)
class Site:
    """Where a function is called: its name and place, the type it gives, the bundle's calendars."""

    name: str
    span: Span
    type: Type
    calendars: Calendars


Function = Callable[[tuple[Got, ...], Site], Got]


def strict(exact: Callable[[tuple[Value, ...], Site], Value]) -> Function:
    """A function of known values only: unknown or bounded in, unknown out."""

    def function(args: tuple[Got, ...], site: Site) -> Got:
        for a in args:
            if not is_known(a):
                return UNKNOWN
        try:
            return exact(cast("tuple[Value, ...]", args), site)
        except IMPOSSIBLE as e:
            return impossible(site.span, e)

    return function


# --- the least and the greatest ---


def _members(args: tuple[Got, ...]) -> tuple[Got, ...]:
    """The values, given one by one or as a column; a member that may not be there is an unknown value."""
    if len(args) == 1 and isinstance(args[0], Values):
        return args[0].items + (UNKNOWN,) * args[0].undecided
    return args


def _pick(ends: Sequence[Ordered], want: int) -> Ordered:
    """The greatest (``want`` 1) or least (-1) of some ends, the first among equals."""
    return reduce(lambda best, end: end if sign(end, best) == want else best, ends)


def _extreme(want: int) -> Function:
    """``max`` and ``latest`` (``want`` 1), ``min`` and ``earliest`` (-1).

    The greatest is at least every known low end, and has a high end when all members have one.
    """
    best = max if want > 0 else min

    def function(args: tuple[Got, ...], site: Site) -> Got:
        members = _members(args)
        if not members:
            return fault(empty_list(site.span, site.name))
        mixed = _mixed_currencies(members, site.span)
        if mixed is not None:
            return mixed
        if any(isinstance(m, Unknown) for m in members):
            return _extreme_of(members, want)
        return best(cast("tuple[Ordered, ...]", members), key=plain)

    return function


def _extreme_of(members: tuple[Got, ...], want: int) -> Got:
    lows = [lo for lo, _ in map(_ends, members) if lo is not None]
    highs = [hi for _, hi in map(_ends, members) if hi is not None]
    all_low, all_high = len(lows) == len(members), len(highs) == len(members)
    lo = _pick(lows, want) if lows and (want > 0 or all_low) else None
    hi = _pick(highs, want) if highs and (want < 0 or all_high) else None
    return bounded(lo, hi)


def _ends(got: Got) -> tuple[Ordered | None, Ordered | None]:
    if isinstance(got, Unknown):
        return got.lo, got.hi
    known = cast("Ordered", got)
    return known, known


def _mixed_currencies(members: tuple[Got, ...], span: Span) -> Unknown | None:
    """The fault of amounts in several currencies; the same whatever the order of the members."""
    found = {m.currency for m in members if isinstance(m, Money)}
    found |= {end.currency for m in members if isinstance(m, Unknown) for end in (m.lo, m.hi) if isinstance(end, Money)}
    found.discard("")
    return fault(currency_mismatch(span, *sorted(found)[:2])) if len(found) > 1 else None


# --- sums and counts ---


def _sum(args: tuple[Got, ...], site: Site) -> Got:
    members = args[0].items if len(args) == 1 and isinstance(args[0], Values) else args
    money = site.type.kind is Kind.MONEY
    mixed = _mixed_currencies(members, site.span) if money else None
    if mixed or not all(is_known(a) for a in args):
        return mixed or UNKNOWN
    return sum_of_money(cast("tuple[Money, ...]", members)) if money else sum(cast("tuple[Number, ...]", members))


def _count(args: tuple[Got, ...], _: Site) -> Got:
    counted = args[0]
    if isinstance(counted, Candidates):
        sure = sum(sure for _, sure in counted.items)
        return bounded(sure, len(counted.items))
    if isinstance(counted, Values):
        return bounded(len(counted.items), len(counted.items) + counted.undecided)
    return len(counted) if isinstance(counted, frozenset) else UNKNOWN


def _common(args: tuple[Value, ...], _: Site) -> Value:
    first, second = cast("tuple[frozenset[str], frozenset[str]]", args)
    return first & second


# --- dates and durations ---


def _duration(unit: Unit, factor: int = 1) -> Function:
    return strict(lambda args, _: Duration(cast("int", args[0]) * factor, unit))


def _working_days(args: tuple[Value, ...], _: Site) -> Value:
    return Duration(cast("int", args[0]), Unit.WORKING_DAYS, cast("str", args[1]))


def _days_between(args: tuple[Value, ...], _: Site) -> Value:
    first, second = cast("tuple[date, date]", args)
    return (second - first).days


def _moving(move: Callable[[date, tuple[Got, ...], Site], date]) -> Function:
    """A function that moves a date forward, if at all: bounds survive it."""

    def function(args: tuple[Got, ...], site: Site) -> Got:
        day = args[0]
        if isinstance(day, Unknown):
            return shifted(day, lambda end: move(end, args, site), True, site.span)
        try:
            return move(cast("date", day), args, site)
        except IMPOSSIBLE as e:
            return impossible(site.span, e)

    return function


def _roll(day: date, args: tuple[Got, ...], site: Site) -> date:
    return roll(day, site.calendars[cast("str", args[1])])


# --- money and rounding ---


def _convert(args: tuple[Got, ...], _: Site) -> Got:
    money, rate, currency = args
    if not isinstance(money, Money) or not isinstance(currency, str):
        return UNKNOWN
    if money.currency in (currency, ""):
        return Money(money.amount, currency)
    return UNKNOWN if isinstance(rate, Unknown) else Money(money.amount * cast("Number", rate), currency)


def _round(args: tuple[Value, ...], _: Site) -> Value:
    value, step, mode = args
    if isinstance(value, Money):
        return Money(Fraction(round_to(value.amount, cast("Number", step), cast("str", mode))), value.currency)
    return round_to(cast("Number", value), cast("Number", step), cast("str", mode))


FUNCTIONS: Mapping[str, Function] = {
    "min": _extreme(-1),
    "max": _extreme(1),
    "earliest": _extreme(-1),
    "latest": _extreme(1),
    "sum": _sum,
    "count": _count,
    "common": strict(_common),
    "days": _duration(Unit.DAYS),
    "weeks": _duration(Unit.DAYS, 7),
    "months": _duration(Unit.MONTHS),
    "years": _duration(Unit.MONTHS, 12),
    "working_days": strict(_working_days),
    "days_between": strict(_days_between),
    "roll": _moving(_roll),
    "end_of_month": _moving(lambda day, _args, _site: end_of_month(day)),
    "end_of_year": _moving(lambda day, _args, _site: end_of_year(day)),
    "convert": _convert,
    "round": strict(_round),
}

# What may give a value that is known in part.
BOUNDING = frozenset({"min", "max", "earliest", "latest", "count"})
