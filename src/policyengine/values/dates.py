"""Calendar dates: durations, months that end, working days. Proleptic Gregorian, years 0001 to 9999."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import MAXYEAR, MINYEAR, date, timedelta
from enum import StrEnum

from policyengine.source import Span


class Unit(StrEnum):
    """What a duration counts. Weeks are seven days, years twelve months."""

    DAYS = "days"
    MONTHS = "months"
    WORKING_DAYS = "working days"


@dataclass(frozen=True, slots=True)
class Duration:
    """``count`` units. ``calendar`` names the calendar of working days; None for the other units."""

    count: int
    unit: Unit
    calendar: str | None = None

    def __neg__(self) -> Duration:
        return Duration(-self.count, self.unit, self.calendar)


@dataclass(frozen=True)
class Calendar:
    """Which days are worked. ``weekend`` holds weekday numbers (Monday 0); ``holidays`` dates by listed year.

    ``span`` is where the calendar was written, ``years`` where each listed year was.
    """

    name: str
    weekend: frozenset[int]
    holidays: Mapping[int, frozenset[date]] = field(default_factory=dict)
    span: Span | None = field(default=None, compare=False, repr=False)
    years: Mapping[int, Span] = field(default_factory=dict, compare=False, repr=False)

    def is_working(self, day: date) -> bool:
        """Neither weekend nor holiday. A year that is not listed has weekends only."""
        return day.weekday() not in self.weekend and day not in self.holidays.get(day.year, ())

    def lists(self, year: int) -> bool:
        """Whether the holidays of this year are known."""
        return year in self.holidays


class DateOutOfRange(Exception):  # noqa: N818 - becomes a fault of the decision, not an error of the program
    """A date before the year 0001 or after 9999."""


def add_days(day: date, count: int) -> date:
    """``count`` calendar days on (back, when negative)."""
    try:
        return day + timedelta(days=count)
    except OverflowError as e:
        raise DateOutOfRange(f"{day} and {count} days") from e


def add_months(day: date, count: int) -> date:
    """The same day number ``count`` months on; the last day of that month if it has no such day."""
    months = day.year * 12 + day.month - 1 + count
    year, month = divmod(months, 12)
    if not MINYEAR <= year <= MAXYEAR:
        raise DateOutOfRange(f"{day} and {count} months")
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def add_working_days(day: date, count: int, cal: Calendar) -> date:
    """``count`` working days on; ``day`` itself is never counted, and 0 gives ``day``."""
    step = 1 if count >= 0 else -1
    left = abs(count)
    while left:
        day = add_days(day, step)
        left -= cal.is_working(day)
    return day


def roll(day: date, cal: Calendar) -> date:
    """``day`` if it is worked, else the next working day."""
    while not cal.is_working(day):
        day = add_days(day, 1)
    return day


def end_of_month(day: date) -> date:
    """The last day of the month."""
    return day.replace(day=calendar.monthrange(day.year, day.month)[1])


def end_of_year(day: date) -> date:
    """31 December of the year."""
    return day.replace(month=12, day=31)


def add(day: date, span: Duration, calendars: Mapping[str, Calendar]) -> date:
    """``day`` plus a duration; raises :class:`DateOutOfRange`."""
    if span.unit is Unit.DAYS:
        return add_days(day, span.count)
    if span.unit is Unit.MONTHS:
        return add_months(day, span.count)
    return add_working_days(day, span.count, calendars[span.calendar or ""])
