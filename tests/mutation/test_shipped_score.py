"""The cases of the shipped programmes notice nearly every slip that an author could make."""

from __future__ import annotations

from fractions import Fraction

import pytest
from tests.mutation.twins import run_of

from policyengine.mutation.formats import as_text
from policyengine.mutation.report import MOST_LEFT_OUT, Report, Status
from policyengine.mutation.run import Selection
from policyengine.shipped import shipped_policies

LEAST = 95


@pytest.fixture(scope="module")
def trade_assurance() -> Report:
    return run_of(shipped_policies() / "trade_assurance").report()


def test_the_score(trade_assurance):
    assert trade_assurance.score >= LEAST, as_text(trade_assurance)


def test_what_is_left_out_is_little_and_has_its_reason(trade_assurance):
    out = trade_assurance.with_status(Status.LEFT_OUT)
    unproved = [r for r in out if not r.is_proved]
    assert Fraction(100 * len(unproved), len(trade_assurance.results)) <= MOST_LEFT_OUT
    assert trade_assurance.too_many == 0
    assert all(r.why for r in out)


def test_no_slip_in_an_exclusion_survives(trade_assurance):
    survived = [r for r in trade_assurance.with_status(Status.SURVIVED) if r.mutant.owner.name.startswith("TA-X-")]
    assert [r.mutant.sentence for r in survived if r.why is None] == []


def test_slips_of_the_second_programme_are_noticed_where_days_and_limits_are_concerned():
    run = run_of(shipped_policies() / "alibaba_terms")
    for operator in ("parameter-shifted", "boundary", "later-earlier", "edition-shifted"):
        report = run.report(Selection(operator=operator))
        assert report.score >= LEAST, as_text(report)
