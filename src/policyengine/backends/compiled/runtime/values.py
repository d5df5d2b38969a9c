"""What generated code computes with: plain values, None for unknown, and :class:`Bounds` for values known in part.

A truth is True, False or None. A list comes as :class:`Candidates`, a column of a list as :class:`Column`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import TypeVar

from policyengine.model.memory import Element
from policyengine.values.money import Money, Number

#: A value with an order.
Ordered = int | Fraction | date | Money


class Inexact(Exception):  # noqa: N818 - no error: the three-valued variant of the code answers instead
    """A value that the two-valued variant of the code needs is not exactly known."""


class _Unset:
    """Not computed yet."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNSET"


UNSET = _Unset()


@dataclass(frozen=True, slots=True)
class Bounds:
    """A value that lies between two ends; None: open. At least one end is there, and they differ."""

    lo: Ordered | None
    hi: Ordered | None


@dataclass(frozen=True, slots=True)
class Candidates:
    """The elements of a list that may have passed a filter, in order; True beside one that certainly has."""

    items: tuple[tuple[Element, bool], ...]


@dataclass(frozen=True, slots=True)
class Column:
    """Values side by side. ``undecided`` counts those that may or may not be among them."""

    items: tuple[object, ...]
    undecided: int = 0


T = TypeVar("T")


def need(value: T | None) -> T:
    """The value, if it is exactly known; raises :class:`Inexact`."""
    if value is None or value.__class__ is Bounds:
        raise Inexact
    return value


def is_exact(value: object) -> bool:
    """Whether the value is exactly known: of lists and columns, each member too."""
    if isinstance(value, Column):
        return not value.undecided and all(is_exact(v) for v in value.items)
    if isinstance(value, Candidates):
        return all(sure for _, sure in value.items)
    return value is not None and not isinstance(value, Bounds)


def between(lo: Ordered | None, hi: Ordered | None) -> object:
    """What is known of a value between two ends: the value itself when they meet."""
    if lo is None or hi is None:
        return None if lo is hi else Bounds(lo, hi)
    return lo if lo == hi else Bounds(lo, hi)


def ends(value: object) -> tuple[Ordered | None, Ordered | None]:
    """The ends that are known of a value; two equal ones of an exact value."""
    if isinstance(value, Bounds):
        return value.lo, value.hi
    return (value, value) if isinstance(value, (int, Fraction, date, Money)) else (None, None)


def plain(value: Ordered) -> Number:
    """A value with an order as a number: money's amount, the number of a day."""
    if isinstance(value, Money):
        return value.amount
    return value.toordinal() if isinstance(value, date) else value


def gap(a: Ordered, b: Ordered) -> int:
    """-1, 0 or 1 as ``a`` is below, at or above ``b``; raises CurrencyMismatch."""
    if isinstance(a, Money) and isinstance(b, Money):
        a.common_currency(b)
    left, right = plain(a), plain(b)
    return (left > right) - (left < right)
