"""Faults: values that cannot exist. A fault is an unknown with no fact to blame.

They are values, not exceptions: ``false and a fault`` is false. The codes and sentences live here, so that
every engine says the same.
"""

from __future__ import annotations

from dataclasses import dataclass

from policyengine.model.decision import FaultNote
from policyengine.source import Span


@dataclass(frozen=True, slots=True)
class Fault:
    """What went wrong and the expression (innermost) that it went wrong in."""

    code: str
    message: str
    span: Span

    def note(self) -> FaultNote:
        """The fault as put into an answer."""
        return FaultNote(code=self.code, message=self.message, at=self.span.at)


def currency_mismatch(span: Span, left: str, right: str) -> Fault:
    """Two currencies were added, compared or limited against each other. Sorted, so that order does not matter."""
    a, b = sorted((left, right))
    return Fault("fault/currency", f"amounts in {a} and {b} meet here without a stated rate", span)


def division_by_zero(span: Span) -> Fault:
    """A number or money was divided by zero."""
    return Fault("fault/division-by-zero", "this divides by zero", span)


def date_out_of_range(span: Span) -> Fault:
    """A date left the years 0001 to 9999."""
    return Fault("fault/date-range", "this date is before the year 1 or after the year 9999", span)


def empty_list(span: Span, function: str) -> Fault:
    """``min``, ``max``, ``earliest`` or ``latest`` of nothing."""
    return Fault("fault/empty-list", f"`{function}` of an empty list has no value", span)


def empty_date(span: Span, fact: str) -> Fault:
    """A date that was stated to be empty is used as a day."""
    return Fault("fault/empty-date", f"`{fact}` was given as empty, so it is no day to reckon with", span)


def not_in_force(span: Span, parameter: str) -> Fault:
    """A parameter's key day is before its first value."""
    return Fault("fault/not-in-force", f"`{parameter}` has no value on that day: its first one holds later", span)


def table_overlap(span: Span, first: int, second: int) -> Fault:
    """Two rows of a table are true (row numbers from 1) and may not be."""
    return Fault("table/overlap", f"rows {first} and {second} both fit", span)


def table_no_row(span: Span, name: str) -> Fault:
    """No row of a table fits and it does not say what holds otherwise."""
    return Fault("table/no-row", f"table `{name}` has no row for this", span)


def bad_split(span: Span, element: str) -> Fault:
    """A quantity or weight below zero cannot be put into parts."""
    return Fault("fault/split", f"`{element}` has a quantity or weight below zero", span)
