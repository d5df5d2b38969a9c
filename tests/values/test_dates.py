"""Calendar arithmetic against independent oracles: NumPy's business days, and counting day by day."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.values.dates import (
    Calendar,
    DateOutOfRange,
    Duration,
    Unit,
    add,
    add_days,
    add_months,
    add_working_days,
    end_of_month,
    end_of_year,
    roll,
)

HOLIDAYS = {2025: frozenset({date(2025, 1, 1), date(2025, 4, 18), date(2025, 4, 21), date(2025, 12, 25)})}
BANK = Calendar("bank", frozenset({5, 6}), HOLIDAYS)
DAYS = st.dates(date(1950, 1, 1), date(2100, 1, 1))


def numpy_offset(day: date, count: int, mode: str) -> date:
    holidays = [np.datetime64(d) for days in HOLIDAYS.values() for d in days]
    return np.busday_offset(np.datetime64(day), count, roll=mode, holidays=holidays).astype(object)


@given(DAYS, st.integers(1, 400))
def test_working_days_forward_are_numpys(day, count):
    # NumPy counts from a business day; from another it must first step back to the one before.
    assert add_working_days(day, count, BANK) == numpy_offset(day, count, "backward")


@given(DAYS, st.integers(1, 400))
def test_working_days_backward_are_numpys(day, count):
    assert add_working_days(day, -count, BANK) == numpy_offset(day, -count, "forward")


@given(DAYS)
def test_roll_is_numpys(day):
    assert roll(day, BANK) == numpy_offset(day, 0, "forward")


@given(DAYS)
def test_no_working_days_is_the_day_itself(day):
    assert add_working_days(day, 0, BANK) == day


@given(DAYS, st.integers(-600, 600))
def test_months_keep_the_day_or_take_the_last_one(day, count):
    found = add_months(day, count)
    assert (found.year * 12 + found.month) - (day.year * 12 + day.month) == count
    last = end_of_month(found)
    assert found.day == min(day.day, last.day)


@given(DAYS)
def test_end_of_month_is_the_day_before_the_next_month(day):
    assert (end_of_month(day) + timedelta(days=1)).day == 1
    assert end_of_month(day).month == day.month
    assert (end_of_year(day) + timedelta(days=1)) == date(day.year + 1, 1, 1)


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2025, 1, 31), 1, date(2025, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2025, 3, 31), -1, date(2025, 2, 28)),
        (date(2025, 12, 15), 1, date(2026, 1, 15)),
    ],
)
def test_months_at_their_ends(day, months, expected):
    assert add_months(day, months) == expected


def test_a_month_twice_may_differ_from_two_months():
    assert add_months(add_months(date(2025, 1, 31), 1), 1) != add_months(date(2025, 1, 31), 2)


@pytest.mark.parametrize(
    "move",
    [
        lambda: add_days(date(9999, 12, 31), 1),
        lambda: add_days(date(1, 1, 1), -1),
        lambda: add_months(date(9999, 12, 1), 1),
        lambda: add_months(date(1, 1, 1), -1),
        lambda: add_working_days(date(9999, 12, 31), 1, BANK),
        lambda: add_days(date(2025, 1, 1), 10**12),
        lambda: add_months(date(2025, 1, 1), 10**12),
    ],
)
def test_dates_beyond_the_calendar_are_refused(move):
    with pytest.raises(DateOutOfRange):
        move()


def test_add_takes_every_unit():
    day = date(2025, 4, 17)
    calendars = {"bank": BANK}
    assert add(day, Duration(40, Unit.DAYS), calendars) == date(2025, 5, 27)
    assert add(day, Duration(-2, Unit.MONTHS), calendars) == date(2025, 2, 17)
    assert add(day, Duration(1, Unit.WORKING_DAYS, "bank"), calendars) == date(2025, 4, 22)
    assert -Duration(3, Unit.DAYS) == Duration(-3, Unit.DAYS)


def test_a_year_that_is_not_listed_has_weekends_only():
    assert not BANK.lists(2030)
    assert BANK.is_working(date(2030, 1, 1))
    assert not BANK.is_working(date(2030, 1, 5))
