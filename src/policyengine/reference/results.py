"""What an expression comes to: an exact value, bounds, or unknown; with whom to blame, and the faults met."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import NamedTuple, TypeVar

from policyengine.model import faults as fault
from policyengine.model.faults import Fault
from policyengine.model.memory import Element
from policyengine.source import Span
from policyengine.values.dates import DateOutOfRange
from policyengine.values.money import CurrencyMismatch, Money

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a missing fact belongs: a fact of the document, a field of an element, or a whole list (no ``field``)."""

    name: str
    element: str | None = None
    field: str | None = None

    def __str__(self) -> str:
        return f"{self.name}[{self.element}].{self.field}" if self.field else self.name


#: Stands in blame for "the amount so far", whatever that in turn rests on. No fact has a name without a dot.
AMOUNT = Address("amount")


class Result(NamedTuple):
    """``value`` is None unless exactly known; ``lo`` and ``hi`` are the known ends (of a known value: the value).

    ``blame`` is in order of writing and empty for a known value. A list's value is a tuple of :class:`Member`.
    """

    value: object = None
    lo: object = None
    hi: object = None
    blame: tuple[Address, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def known(self) -> bool:
        """Whether the value is exactly known."""
        return self.value is not None


@dataclass(frozen=True, slots=True)
class Member:
    """A candidate of a filtered list, or a value of a column; ``truth`` says whether it is in: true or unknown."""

    content: Element | Result
    truth: Result


def exact(value: object) -> Result:
    """A known value."""
    return Result(value, value, value)


def unknown(*parts: Result, faults: tuple[Fault, ...] = ()) -> Result:
    """Unknown because of those parts that are not exactly known."""
    inexact = [p for p in parts if not p.known]
    blame = unique(a for p in inexact for a in p.blame)
    return Result(blame=blame, faults=unique([*(f for p in inexact for f in p.faults), *faults]))


def bounded(lo: object, hi: object, *parts: Result) -> Result:
    """Known to lie between two ends (None: open) that come from these parts; exact if the ends meet."""
    if lo is not None and hi is not None and plain(lo) == plain(hi):
        return exact(lo)
    because = unknown(*parts)
    return Result(None, lo, hi, because.blame, because.faults)


def unique(items: Iterable[T]) -> tuple[T, ...]:
    """Each item once, where it came first."""
    return tuple(dict.fromkeys(items))


def plain(value: object) -> int | Fraction:
    """An ordered value as a number: a date's day number, money's amount."""
    match value:
        case date():
            return value.toordinal()
        case Money():
            return value.amount
        case int() | Fraction():
            return value
        case _:
            raise TypeError(f"{value!r} has no order")


def all_of(parts: Iterable[Result]) -> Result:
    """Kleene's and: false wins, then unknown. What comes after a false part is not asked for."""
    items: list[Result] = []
    for part in parts:
        if part.value is False:
            return part
        items.append(part)
    return exact(value=True) if all(p.known for p in items) else unknown(*items)


def negation(part: Result) -> Result:
    """Kleene's not."""
    return exact(not part.value) if part.known else part


def any_of(parts: Iterable[Result]) -> Result:
    """Kleene's or: true wins, then unknown."""
    return negation(all_of(negation(p) for p in parts))


def compare(op: str, left: Result, right: Result, span: Span) -> Result:
    """A comparison, decided by bounds if they suffice. Two currencies are a fault."""

    def compute() -> Result:
        for one in (left.lo, left.hi):
            for other in (right.lo, right.hi):
                check_currency(one, other)
        truth = _truth(op, left, right)
        return unknown(left, right) if truth is None else exact(truth)

    return faulting(span, (left, right), compute)


def _truth(op: str, x: Result, y: Result) -> bool | None:
    match op:
        case "<=":
            return True if _order(x.hi, y.lo, "<=") else False if _order(y.hi, x.lo, "<") else None
        case "<":
            return True if _order(x.hi, y.lo, "<") else False if _order(y.hi, x.lo, "<=") else None
        case ">=":
            return _truth("<=", y, x)
        case ">":
            return _truth("<", y, x)
        case "=":
            if x.known and y.known:
                return same(x.value, y.value)
            return False if _order(x.hi, y.lo, "<") or _order(y.hi, x.lo, "<") else None
        case _:
            equal = _truth("=", x, y)
            return None if equal is None else not equal


def _order(a: object, b: object, op: str) -> bool:
    """Whether both ends are known and stand in that order."""
    if a is None or b is None:
        return False
    return plain(a) < plain(b) if op == "<" else plain(a) <= plain(b)


def same(a: object, b: object) -> bool:
    """Equality of two known values; money (and the number 0) by amount, currencies having been checked."""
    return plain(a) == plain(b) if isinstance(a, Money) or isinstance(b, Money) else a == b


def check_currency(a: object, b: object) -> None:
    """Raise :class:`CurrencyMismatch` if both are money, in two currencies."""
    if isinstance(a, Money) and isinstance(b, Money):
        a.common_currency(b)


def faulting(span: Span, parts: Iterable[Result], compute: Callable[[], Result]) -> Result:
    """What ``compute`` gives; if it cannot exist, unknown with a fault at ``span``."""
    try:
        return compute()
    except CurrencyMismatch as e:
        met = fault.currency_mismatch(span, e.left, e.right)
    except DateOutOfRange:
        met = fault.date_out_of_range(span)
    except ZeroDivisionError:
        met = fault.division_by_zero(span)
    return unknown(*parts, faults=(met,))
