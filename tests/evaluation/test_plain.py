"""The short ways for known values give what the general operators give, faults included."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from functools import reduce
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.backends import build as b
from tests.backends.build import arith, cmp, lit

from policyengine.evaluation.evaluator import Evaluator
from policyengine.evaluation.functions import FUNCTIONS, Site
from policyengine.evaluation.operators import arithmetic, compare, plus, sum_of_money
from policyengine.evaluation.plain import calculation, comparison
from policyengine.evaluation.values import Unknown
from policyengine.values.dates import Duration, Unit
from policyengine.values.money import Money
from policyengine.values.types import DATE, DECIMAL, DURATION, INTEGER, MONEY, Type, enum_type, set_of

COLOUR = enum_type(("red", "green"), "colour")
BUNDLE = b.bundle([])
NUMBERS = st.integers(-3, 3) | st.fractions(-2, 2, max_denominator=4)
AMOUNTS = st.fractions(-2, 2, max_denominator=4)
VALUES = {
    "integer": (INTEGER, st.integers(-3, 3)),
    "decimal": (DECIMAL, NUMBERS),
    "money": (MONEY, st.builds(Money, AMOUNTS, st.sampled_from(["USD", "EUR", ""]))),
    "date": (DATE, st.dates(date(2024, 12, 30), date(2025, 1, 3))),
    "duration": (DURATION, st.builds(Duration, st.integers(0, 2), st.sampled_from([Unit.DAYS, Unit.MONTHS]))),
    "enum": (COLOUR, st.sampled_from(["red", "green"])),
    "set": (set_of(COLOUR), st.frozensets(st.sampled_from(["red", "green"]))),
}
ORDERED = ("integer", "decimal", "money", "date")


def computed(e):
    return Evaluator(BUNDLE).start(b.memory({})).value(e)


def same(one, other) -> bool:
    if isinstance(one, Unknown) or isinstance(other, Unknown):
        return one == other
    return one == other and type(one) is type(other)


def pairs() -> list[tuple[str, str]]:
    alike = [(name, name) for name in VALUES]
    return [*alike, ("integer", "decimal"), ("decimal", "integer"), ("money", "integer")]


@pytest.mark.parametrize(("left", "right"), pairs())
@settings(deadline=None, max_examples=30, derandomize=True)
@given(data=st.data())
def test_a_comparison_of_known_values_is_the_general_one(left, right, data):
    (left_type, lefts), (right_type, rights) = VALUES[left], VALUES[right]
    a = data.draw(lefts)
    z = 0 if (left, right) == ("money", "integer") else data.draw(rights)
    operators = ("=", "!=", "<", "<=", ">", ">=") if left in ORDERED else ("=", "!=")
    for op in operators:
        e = cmp(op, lit(a, left_type), lit(z, right_type))
        assert computed(e) == compare(op, a, z, e.span)


def test_money_against_a_number_is_left_to_the_general_comparison():
    assert comparison(cmp(">", lit(b.usd(1)), lit(0))) is None
    assert computed(cmp(">", lit(b.usd(1)), lit(0))) is True


CALCULATIONS = [
    *product("+-*/", ("integer", "decimal"), ("integer", "decimal")),
    *product("+-/", ("money",), ("money",)),
    *product("*/", ("money",), ("integer", "decimal")),
    *product("*", ("integer", "decimal"), ("money",)),
    *product("+-", ("date",), ("duration",)),
]


@pytest.mark.parametrize(("op", "left", "right"), CALCULATIONS)
@settings(deadline=None, max_examples=30, derandomize=True)
@given(data=st.data())
def test_a_calculation_with_known_values_is_the_general_one(op, left, right, data):
    (left_type, lefts), (right_type, rights) = VALUES[left], VALUES[right]
    a, z = data.draw(lefts), data.draw(rights)
    e = arith(op, lit(a, left_type), lit(z, right_type), left_type)
    assert same(computed(e), arithmetic(op, a, z, e.span, {}))


@pytest.mark.parametrize("op", "+-")
@pytest.mark.parametrize("day", [date.min, date(2025, 1, 31), date.max])
@pytest.mark.parametrize("count", [0, 1, -1, 40, 10**7, -(10**7), 10**12])
@pytest.mark.parametrize("unit", [Unit.DAYS, Unit.MONTHS, Unit.WORKING_DAYS])
def test_a_written_duration_is_added_like_any_other(op, day, count, unit):
    if unit is Unit.WORKING_DAYS and abs(count) > 40:
        return
    by = Duration(count, unit, "bank" if unit is Unit.WORKING_DAYS else None)
    e = arith(op, lit(day), lit(by, DURATION), DATE)
    assert same(computed(e), arithmetic(op, day, by, e.span, BUNDLE.calendars))


def test_a_literal_of_days_needs_no_calendar_to_be_added():
    e = arith("+", lit(date(2025, 1, 31)), lit(Duration(40, Unit.DAYS), DURATION), DATE)
    assert calculation(e, {})(date(2025, 1, 31), Duration(40, Unit.DAYS)) == date(2025, 1, 31) + timedelta(days=40)


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.lists(st.builds(Money, AMOUNTS, st.sampled_from(["USD", ""])), max_size=5))
def test_a_sum_of_money_is_one_amount_after_the_other(amounts):
    got = sum_of_money(amounts)
    assert got == reduce(lambda total, one: plus(total, one, {}), amounts, Money(Fraction(0), ""))
    assert type(got.amount) is Fraction


@pytest.mark.parametrize("name", ORDERED)
@settings(deadline=None, max_examples=40, derandomize=True)
@given(data=st.data())
def test_the_extremes_of_known_values_are_those_of_values_known_in_part(name, data):
    type_: Type
    type_, values = VALUES[name]
    members = tuple(data.draw(st.lists(values, min_size=1, max_size=4)))
    currencies = {m.currency for m in members if isinstance(m, Money) and m.currency}
    for function, best in (("min", min), ("max", max)):
        got = FUNCTIONS[function](members, Site(function, b.HERE, type_, {}))
        if len(currencies) > 1:
            assert [f.code for f in got.faults] == ["fault/currency"]
        else:
            wanted = best(m.amount if isinstance(m, Money) else m for m in members)
            found = next(m for m in members if (m.amount if isinstance(m, Money) else m) == wanted)
            assert same(got, found)
