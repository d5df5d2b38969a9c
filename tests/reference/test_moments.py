"""A moment is the day that it falls on, in whatever form it may be written: by the reference as by the engines."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.engine.read_dates import read_date
from policyengine.reference.facts import value
from policyengine.values.types import DATE

ZONES = [ZoneInfo(name) for name in ("UTC", "Asia/Shanghai", "America/Los_Angeles")]
NO_YEAR_BEYOND = st.dates(date(2, 1, 1), date(9998, 12, 31))


@given(
    NO_YEAR_BEYOND,
    st.sampled_from("Tt"),
    st.times(),
    st.sampled_from(["", ".5", ".604994323", "." + "1" * 20]),
    st.sampled_from(["Z", "z", "+00:00", "-11:30", "+14:00", "+21:55"]),
    st.sampled_from(ZONES),
)
def test_the_reference_reads_every_form_that_the_engines_read(day, between, clock, fraction, offset, zone):  # noqa: PLR0913, PLR0917
    raw = f"{day.isoformat()}{between}{clock:%H:%M:%S}{fraction}{offset}"
    assert value(DATE, raw, zone) == read_date(raw, "", zone)


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("raw", ["2016-12-31T23:59:60Z", "2016-12-31t23:59:60.5z", "2016-12-31T18:29:60-05:30"])
def test_a_leap_second_is_of_the_day_that_it_ends(raw, zone):
    assert value(DATE, raw, zone) == read_date(raw, "", zone)
