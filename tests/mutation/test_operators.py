"""Every operator: a slip that cases notice is killed, the same slip where no case looks survives."""

from __future__ import annotations

import pytest
from tests.mutation.twins import run_of
from tests.mutation.twins_by_operator import TWINS

from policyengine.mutation.operators import OPERATORS
from policyengine.mutation.report import Status
from policyengine.mutation.run import Selection


def test_every_operator_has_a_twin():
    assert set(TWINS) == set(OPERATORS)


@pytest.mark.parametrize("operator", OPERATORS)
def test_a_slip_is_killed_where_a_case_looks_and_survives_where_none_does(operator, tmp_path):
    twin = TWINS[operator]
    report = run_of(twin.written(tmp_path)).report(Selection(operator=operator))
    assert {r.mutant.operator for r in report.results} == {operator}
    ends = {r.mutant.sentence: r.status for r in report.results}
    assert ends.get(twin.told("a")) is Status.KILLED, ends
    assert ends.get(twin.told("b")) is Status.SURVIVED, ends


@pytest.mark.parametrize("operator", OPERATORS)
def test_what_an_operator_tells_is_complete(operator):
    one = OPERATORS[operator]
    assert one.id == operator
    assert one.title
    assert not one.title.endswith(".")
    assert not one.sentence.endswith(".")
