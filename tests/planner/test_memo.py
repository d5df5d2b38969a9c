"""A plan is made once for whoever asks."""

from __future__ import annotations

from fractions import Fraction

from policyengine.planner import Line, memo, plan_split, remembered_plan


def test_the_same_question_gets_the_same_plan() -> None:
    lines = [Line("a", 3, Fraction(5), whole=False), Line("b", 1, Fraction(7), whole=True)]
    first = remembered_plan(lines, Fraction(10), True)
    assert first == plan_split(lines, Fraction(10), True)
    before = memo._plan.cache_info().hits
    assert remembered_plan([*lines], Fraction(10), True) is first
    assert memo._plan.cache_info().hits == before + 1
    assert remembered_plan(lines, Fraction(10), False) == plan_split(lines, Fraction(10), False)
