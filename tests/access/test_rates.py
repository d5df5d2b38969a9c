"""Rates: how they are written, and that no order of requests gets more through than a rate allows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.access.rates import PERIODS, BadRate, Rate, read_rate, take

SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("written", "burst", "rate", "shown"),
    [
        ("10/s", None, Rate(10, "s", 10), "10/s"),
        ("600/min", 5, Rate(600, "min", 5), "600/min, 5 at once"),
        ("1000/h", 1000, Rate(1000, "h", 1000), "1000/h"),
    ],
)
def test_how_it_is_written(written, burst, rate, shown):
    assert read_rate(written, burst) == rate
    assert str(rate) == shown


@pytest.mark.parametrize(
    "written", ["", "10", "10/d", "0/s", "-1/s", "1.5/s", "10 /s", "1000001/s", "٣/s", "9" * 99 + "/s"]
)
def test_what_is_no_rate(written):
    with pytest.raises(BadRate, match="write it as 10/s, 600/min or 1000/h"):
        read_rate(written)


@pytest.mark.parametrize("burst", [0, -1, 1_000_001])
def test_what_is_no_burst(burst):
    with pytest.raises(BadRate, match="at least 1 and at most 1,000,000"):
        read_rate("1/s", burst)


RATES = st.builds(Rate, st.integers(1, 1000), st.sampled_from(sorted(PERIODS)), st.integers(1, 50))


@given(RATES, st.lists(st.integers(0, 20 * SECOND), max_size=200), st.integers(-(2**62), 2**62))
def test_never_more_than_the_burst_and_what_is_earned(rate, pauses, left_behind):
    """In any stretch of time: at most the burst, and one for each interval of it."""
    now, full_at = SECOND, left_behind
    let_in: list[int] = []
    for pause in pauses:
        now += pause
        taken = take(full_at, now, rate)
        full_at = taken.full_at
        if taken.allowed:
            let_in.append(now)
    for first in range(len(let_in)):
        for last in range(first, len(let_in)):
            earned = (let_in[last] - let_in[first]) // rate.interval
            assert last - first + 1 <= rate.burst + earned


@given(RATES, st.integers(0, 100))
def test_it_is_as_it_says(rate, asked_before):
    """What is left can follow at once; the next one is refused, and let in after the wait that it was told."""
    now = 5 * SECOND
    taken = take(0, now, rate)
    for _ in range(asked_before):
        taken = take(taken.full_at, now, rate)
    for _ in range(taken.left):
        taken = take(taken.full_at, now, rate)
        assert taken.allowed
    refused = take(taken.full_at, now, rate)
    assert (refused.allowed, refused.left) == (False, 0)
    assert refused.wait > 0
    assert not take(refused.full_at, now + refused.wait - 1, rate).allowed
    assert take(refused.full_at, now + refused.wait, rate).allowed


@given(RATES)
def test_a_full_bucket_gives_the_whole_burst_and_no_more(rate):
    full_at, allowed = 0, 0
    for _ in range(rate.burst + 10):
        taken = take(full_at, SECOND, rate)
        full_at, allowed = taken.full_at, allowed + taken.allowed
    assert allowed == rate.burst


def test_a_rate_that_does_not_divide_a_second_is_not_exceeded():
    assert Rate(3, "s", 3).interval * 3 >= SECOND


def test_what_another_key_left_behind_holds_one_bucket_at_most():
    rate = Rate(1, "s", 5)
    assert take(10**18, SECOND, rate).wait <= rate.interval
