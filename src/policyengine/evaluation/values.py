"""What an expression can come out as: a value, a value known in part, or nothing at all.

A *known* value is a plain value of the language. An :class:`Unknown` may have ends (the value lies between them)
and may be the place where faults arose. Lists come out as :class:`Candidates`, columns of lists as :class:`Values`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Final

from policyengine.model.expr import Value
from policyengine.model.faults import Fault
from policyengine.model.memory import Element
from policyengine.values.money import Money

Ordered = int | Fraction | date | Money


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that is not exactly known: at least ``lo``, at most ``hi`` (None: open).

    ``faults`` are those that arose in the very expression that this is the value of, not in its parts.
    """

    lo: Ordered | None = None
    hi: Ordered | None = None
    faults: tuple[Fault, ...] = ()


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True)
class Candidates:
    """The elements of a list that passed a filter, in order; False beside one that only may have passed."""

    items: tuple[tuple[Element, bool], ...]


@dataclass(frozen=True, slots=True)
class Values:
    """Values side by side, in order. ``undecided`` counts members that may or may not be among them."""

    items: tuple[Got, ...]
    undecided: int = 0


Got = Value | Unknown | Candidates | Values
_IN_PART = (Unknown, Candidates, Values)


def is_known(got: Got) -> bool:
    """Whether the value is exactly known: for lists and columns, each member too."""
    if not isinstance(got, _IN_PART):
        return True
    if isinstance(got, Unknown):
        return False
    if isinstance(got, Values):
        return not got.undecided and all(is_known(v) for v in got.items)
    return all(sure for _, sure in got.items)


def bounded(lo: Ordered | None, hi: Ordered | None) -> Ordered | Unknown:
    """The value between two ends: itself when they meet."""
    if lo is None and hi is None:
        return UNKNOWN
    return lo if lo is not None and lo == hi else Unknown(lo, hi)


def fault(one: Fault) -> Unknown:
    """An unknown with nobody to blame."""
    return Unknown(faults=(one,))
