"""The planner's answer: minimal, right, and told plainly when there is none."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.planner.orders import LIMIT, check, cut_up, fewest_parts, odd_prices, realistic

from policyengine.planner import Line, Share, plan_split

F = Fraction


@st.composite
def small_orders(draw: st.DrawFn) -> tuple[list[Line], Fraction, bool]:
    limit = F(draw(st.integers(6, 40)), draw(st.sampled_from([1, 3])))
    part = draw(st.sampled_from([1, 2, 7]))
    weights = st.integers(0, int(limit * part) + 1).map(lambda n: F(n, part))
    lines: list[Line] = []
    room = 9
    for i in range(draw(st.integers(0, 6))):
        quantity = draw(st.integers(0, min(4, room)))
        room -= quantity
        lines.append(Line(f"L{i}", quantity, draw(weights), draw(st.booleans())))
    return lines, limit, draw(st.booleans())


@settings(deadline=None, max_examples=600, derandomize=True)
@given(small_orders())
def test_small_orders_get_the_minimum_that_enumeration_finds(order: tuple[list[Line], Fraction, bool]) -> None:
    lines, limit, strict = order
    plan = plan_split(lines, limit, strict)
    assert plan.parts == fewest_parts(lines, limit, strict)
    assert plan.proved
    if plan.parts:
        check(lines, limit, strict, plan)
        assert not plan.too_large
    else:
        assert plan.too_large
        assert not plan.contents


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.data())
def test_dear_units_get_the_minimum_that_enumeration_finds(data: st.DataObject) -> None:
    """Two to four units a part: the orders where counting and sums do not suffice."""
    weights = data.draw(st.lists(st.integers(18, 55), min_size=6, max_size=11))
    lines = [Line(f"L{i}", 1, F(w), False) for i, w in enumerate(weights)]
    plan = plan_split(lines, F(100), False)
    assert plan.proved
    assert plan.parts == fewest_parts(lines, F(100), False)
    check(lines, F(100), False, plan)


@settings(deadline=None, max_examples=100, derandomize=True)
@given(small_orders(), st.randoms(use_true_random=False))
def test_order_of_lines_does_not_matter(order: tuple[list[Line], Fraction, bool], shuffler: random.Random) -> None:
    lines, limit, strict = order
    turned = lines[::-1]
    shuffler.shuffle(turned)
    first, second = plan_split(lines, limit, strict), plan_split(turned, limit, strict)
    assert (first.parts, first.proved, first.lower_bound) == (second.parts, second.proved, second.lower_bound)
    assert [set(part) for part in first.contents] == [set(part) for part in second.contents]


@pytest.mark.parametrize("seed", range(8))
def test_order_of_lines_does_not_matter_to_the_solver(seed: int) -> None:
    lines = odd_prices(seed)
    first, second = plan_split(lines, LIMIT, True), plan_split(lines[::-1], LIMIT, True)
    assert [set(part) for part in first.contents] == [set(part) for part in second.contents]
    assert (first.proved, first.lower_bound) == (second.proved, second.lower_bound)


@pytest.mark.parametrize("seed", range(60))
def test_realistic_orders_are_right_and_proved(seed: int) -> None:
    lines = realistic(seed)
    plan = plan_split(lines, LIMIT, True)
    assert plan.proved
    if plan.parts:
        check(lines, LIMIT, True, plan)


@pytest.mark.parametrize("seed", range(40))
def test_orders_of_odd_prices_are_right(seed: int) -> None:
    lines = odd_prices(seed)
    plan = plan_split(lines, LIMIT, True)
    check(lines, LIMIT, True, plan)
    assert plan.parts - plan.lower_bound <= 1


def test_the_limit_itself_is_too_much_only_if_strict() -> None:
    lines = [Line("a", 2, F(25_000), False)]
    assert plan_split(lines, LIMIT, True).parts == 2
    assert plan_split(lines, LIMIT, False).parts == 1


def test_impossible_names_every_line_in_order() -> None:
    lines = [
        Line("whole-too-dear", 3, F(20_000), True),
        Line("fine", 3, F(20_000), False),
        Line("unit-at-limit", 1, F(50_000), False),
        Line("none-ordered", 0, F(90_000), False),
        Line("unit-above", 2, F(50_001), False),
    ]
    plan = plan_split(lines, LIMIT, True)
    assert (plan.parts, plan.contents) == (0, ())
    assert plan.too_large == ("whole-too-dear", "unit-at-limit", "unit-above")
    assert plan_split(lines, LIMIT, False).too_large == ("whole-too-dear", "unit-above")


def test_all_in_one_part() -> None:
    lines = [Line("b", 2, F(10), False), Line("a", 1, F(1, 3), True)]
    plan = plan_split(lines, LIMIT, True)
    assert plan.contents == ((Share("b", 2), Share("a", 1)),)
    assert (plan.parts, plan.proved, plan.lower_bound) == (1, True, 1)


@pytest.mark.parametrize("lines", [[], [Line("a", 0, F(10), False)], [Line("a", 0, F(99_999), True)]])
@pytest.mark.parametrize("limit", [F(0), LIMIT])
def test_nothing_to_pack_is_one_empty_part(lines: list[Line], limit: Fraction) -> None:
    plan = plan_split(lines, limit, True)
    assert (plan.parts, plan.proved, plan.contents, plan.too_large) == (1, True, ((),), ())


def test_weightless_units_are_in_the_first_part() -> None:
    lines = [Line("gift", 7, F(0), False), Line("dear", 2, F(30_000), False), Line("leaflet", 5, F(0), True)]
    plan = plan_split(lines, LIMIT, True)
    check(lines, LIMIT, True, plan)
    assert plan.parts == 2
    assert plan.contents[0] == (Share("gift", 7), Share("dear", 1), Share("leaflet", 5))
    assert plan_split([Line("gift", 1, F(0), False)], F(0), True).too_large == ("gift",)
    assert plan_split([Line("gift", 1, F(0), False)], F(0), False).parts == 1


def test_exact_where_floats_would_round() -> None:
    third = F(1, 3)
    assert plan_split([Line("a", 3, third, False)], F(1), False).parts == 1
    assert plan_split([Line("a", 3, third, False)], F(1), True).parts == 2
    hair = F(1, 10**40)
    assert plan_split([Line("a", 2, F(1, 2), False)], F(1) + hair, True).parts == 1
    assert plan_split([Line("a", 2, F(1, 2) + hair, False)], F(1) + hair, False).parts == 2


def test_a_linear_bound_that_is_too_low_is_still_settled() -> None:
    """Fractional patterns would allow two parts here; three are needed."""
    lines = [Line("a", 2, F(44), False), Line("b", 3, F(33), False), Line("c", 6, F(12), False)]
    plan = plan_split(lines, F(132), False)
    assert (plan.parts, plan.proved, plan.lower_bound) == (3, True, 3)


def test_weights_beyond_machine_integers_reach_the_solver_unharmed() -> None:
    lines = [Line(line.id, line.quantity, line.weight * F(10**30 + 57, 10**30), False) for line in cut_up(66, 3, 1, 3)]
    plan = plan_split(lines, F("49999.99") * F(10**30 + 57, 10**30), False)
    check(lines, F("49999.99") * F(10**30 + 57, 10**30), False, plan)
    assert plan.lower_bound == 66
