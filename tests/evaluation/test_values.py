"""Operators and functions on known values, on bounds and on nothing, and the faults they make."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.backends import build as b
from tests.backends.build import arith, call, lit, usd

from policyengine.evaluation.evaluator import Evaluator
from policyengine.evaluation.operators import COMPARISONS, compare
from policyengine.evaluation.rounding import round_to
from policyengine.evaluation.values import UNKNOWN, Got, Unknown, bounded, is_known
from policyengine.model.expr import Expr, If, ListOf, Negate, Stated, Within
from policyengine.model.memory import EMPTY_DATE
from policyengine.values.dates import Duration, Unit
from policyengine.values.money import Money
from policyengine.values.types import (
    BOOLEAN,
    CURRENCY,
    DATE,
    DECIMAL,
    DURATION,
    INTEGER,
    MONEY,
    TEXT,
    enum_type,
    set_of,
    values_of,
)

COLOUR = enum_type(("red", "green"), "colour")
TYPES = {"day": DATE, "n": INTEGER, "rate": DECIMAL, "price": MONEY, "flag": BOOLEAN, "set": set_of(COLOUR), "t": TEXT}
BUNDLE = b.bundle([b.fact(f"u.{n}", t, may_be_empty=t is DATE) for n, t in TYPES.items()])
WORDS = b.Words(BUNDLE)
DAY, N, RATE, PRICE, FLAG, SET, TEXT_FACT = (WORDS.fact(f"u.{n}") for n in TYPES)
MAY = date(2025, 5, 1)


def value(e: Expr, **facts) -> Got:
    return Evaluator(BUNDLE).start(b.memory({f"u.{k}": v for k, v in facts.items()})).value(e)


def fault_codes(e: Expr, **facts) -> list[str]:
    evaluation = Evaluator(BUNDLE).start(b.memory({f"u.{k}": v for k, v in facts.items()}))
    assert not is_known(evaluation.value(e))
    return [f.code for f in evaluation.faults(e)]


def days(n: int) -> Expr:
    return lit(Duration(n, Unit.DAYS), DURATION)


def latest(*args: Expr) -> Expr:
    return call("latest", DATE, *args)


def earliest(*args: Expr) -> Expr:
    return call("earliest", DATE, *args)


# --- arithmetic ---


def test_numbers_are_exact():
    assert value(arith("/", lit(1), lit(3), DECIMAL)) == Fraction(1, 3)
    assert value(arith("*", lit(Fraction("0.1")), lit(3))) == Fraction("0.3")
    assert value(arith("+", lit(2**62), lit(2**62))) == 2**63
    assert value(Negate(item=lit(3), type=INTEGER, span=b.HERE)) == -3


def test_money():
    assert value(arith("*", lit(usd(3)), lit(Fraction(1, 2)))) == usd("1.5")
    assert value(arith("/", lit(usd(3)), lit(usd(2)), DECIMAL)) == Fraction(3, 2)
    assert value(arith("-", lit(usd(3)), lit(usd(5)))) == usd(-2)
    assert value(arith("+", lit(Money.of(0, "")), lit(usd(5)))) == usd(5)


def test_faults_of_arithmetic():
    assert fault_codes(arith("+", lit(usd(1)), lit(Money.of(1, "EUR")))) == ["fault/currency"]
    assert fault_codes(arith("/", lit(usd(1)), N), n=0) == ["fault/division-by-zero"]
    assert fault_codes(arith("+", lit(date(9999, 12, 31)), days(1))) == ["fault/date-range"]
    assert fault_codes(arith("-", lit(date(1, 1, 1)), days(1))) == ["fault/date-range"]
    assert fault_codes(arith("+", lit(MAY), call("days", DURATION, N)), n=2**62) == ["fault/date-range"]


def test_a_fault_is_a_value():
    fault = b.cmp("<", arith("/", lit(1), N, DECIMAL), lit(2))
    assert value(b.both(lit(False), fault), n=0) is False
    assert value(b.either(fault, lit(True)), n=0) is True
    assert fault_codes(b.both(fault, FLAG), n=0) == ["fault/division-by-zero"]


def test_unknown_in_unknown_out():
    assert value(arith("+", N, lit(1))) == UNKNOWN
    assert value(b.cmp("=", N, N)) == UNKNOWN
    assert value(b.cmp("=", TEXT_FACT, lit(""))) == UNKNOWN


# --- comparisons ---


def test_money_compares_with_its_own_kind_and_zero():
    assert value(b.cmp("<", lit(usd(1)), lit(usd(2)))) is True
    assert value(b.cmp(">", lit(usd(1)), lit(0))) is True
    assert value(b.cmp("<=", lit(0), lit(usd(-1)))) is False
    assert value(b.cmp("=", lit(Money.of(0, "")), lit(usd(0)))) is True
    assert fault_codes(b.cmp("=", lit(usd(1)), lit(Money.of(1, "EUR")))) == ["fault/currency"]


@pytest.mark.parametrize(
    ("low_open", "high_open", "inside"), [(False, False, "123"), (True, False, "23"), (False, True, "12")]
)
def test_ranges(low_open, high_open, inside):
    within = Within(subject=N, low=lit(1), high=lit(3), low_open=low_open, high_open=high_open, span=b.HERE)
    assert "".join(str(n) for n in range(5) if value(within, n=n)) == inside


def test_a_range_with_an_unknown_end_excludes_what_the_other_end_excludes():
    within = Within(subject=lit(0), low=lit(1), high=N, low_open=False, high_open=False, span=b.HERE)
    assert value(within) is False


ENDS = st.one_of(st.none(), st.integers(-3, 3))


@given(st.sampled_from(sorted(COMPARISONS)), ENDS, ENDS, ENDS, ENDS)
@settings(deadline=None, max_examples=500, derandomize=True)
def test_bounds_decide_exactly_when_every_value_between_them_agrees(op, a_lo, a_hi, b_lo, b_hi):
    def between(lo, hi):
        return [n for n in range(-8, 9) if (lo is None or lo <= n) and (hi is None or n <= hi)]

    left, right = between(a_lo, a_hi), between(b_lo, b_hi)
    if not left or not right:
        return
    answers = {compare(op, x, y, b.HERE) for x in left for y in right}
    got = compare(op, bounded(a_lo, a_hi), bounded(b_lo, b_hi), b.HERE)
    assert got == (answers.pop() if len(answers) == 1 else UNKNOWN)


# --- bounds ---


def test_a_latest_date_is_at_least_each_known_one():
    bound = latest(lit(MAY), DAY)
    assert value(bound) == Unknown(lo=MAY)
    assert value(b.cmp("<=", lit(MAY), bound)) is True
    assert value(b.cmp("<=", lit(MAY + timedelta(1)), bound)) == UNKNOWN
    assert value(bound, day=date(2024, 1, 1)) == MAY


def test_an_earliest_date_is_at_most_each_known_one():
    bound = earliest(lit(MAY), DAY)
    assert value(bound) == Unknown(hi=MAY)
    assert value(b.cmp(">", lit(MAY + timedelta(1)), bound)) is True
    assert value(b.cmp("=", lit(MAY + timedelta(1)), bound)) is False


def test_what_bounds_survive():
    bound = latest(lit(date(2025, 1, 31)), DAY)
    assert value(arith("+", bound, lit(Duration(1, Unit.MONTHS), DURATION))) == Unknown(lo=date(2025, 2, 28))
    assert value(call("roll", DATE, latest(lit(date(2025, 5, 3)), DAY), lit("bank"))) == Unknown(lo=date(2025, 5, 5))
    assert value(call("end_of_month", DATE, bound)) == Unknown(lo=date(2025, 1, 31))
    assert value(call("end_of_year", DATE, bound)) == Unknown(lo=date(2025, 12, 31))
    assert value(arith("-", lit(10), call("max", INTEGER, N, lit(3)))) == Unknown(hi=7)
    assert value(arith("+", call("max", INTEGER, N, lit(3)), lit(1))) == Unknown(lo=4)
    assert value(arith("-", call("min", MONEY, PRICE, lit(usd(3))), lit(usd(1)))) == Unknown(hi=usd(2))


def test_what_bounds_do_not_survive():
    bound = call("max", INTEGER, N, lit(3))
    assert value(arith("*", bound, lit(2))) == UNKNOWN
    assert value(arith("+", bound, bound)) == UNKNOWN
    assert value(Negate(item=bound, type=INTEGER, span=b.HERE)) == UNKNOWN
    assert value(call("days_between", INTEGER, latest(lit(MAY), DAY), lit(MAY))) == UNKNOWN
    assert value(call("round", INTEGER, bound, lit(1), lit("up"))) == UNKNOWN


def test_ends_that_meet_are_a_value():
    at_least_3 = call("max", INTEGER, N, lit(3))
    assert value(call("min", INTEGER, at_least_3, lit(3))) == 3


def test_bounds_at_the_ends_of_the_calendar():
    assert value(arith("+", earliest(lit(date(9999, 12, 31)), DAY), days(1))) == UNKNOWN
    assert fault_codes(arith("+", latest(lit(date(9999, 12, 31)), DAY), days(1))) == ["fault/date-range"]
    assert value(arith("-", latest(lit(date(1, 1, 1)), DAY), days(1))) == UNKNOWN
    assert fault_codes(arith("-", earliest(lit(date(1, 1, 1)), DAY), days(1))) == ["fault/date-range"]


def test_currencies_meet_in_bounds_too():
    least = call("min", MONEY, PRICE, lit(usd(3)), lit(Money.of(1, "EUR")))
    assert fault_codes(least) == ["fault/currency"]
    for op in COMPARISONS:
        for function in ("min", "max"):
            bound = call(function, MONEY, PRICE, lit(usd(3)))
            assert fault_codes(b.cmp(op, bound, lit(Money.of(9, "EUR")))) == ["fault/currency"]


# --- conditions ---


def test_if_promises_nothing_while_its_condition_is_open():
    def branch(then: Expr, otherwise: Expr) -> Expr:
        return If(condition=FLAG, then=then, otherwise=otherwise, type=INTEGER, span=b.HERE)

    assert value(branch(lit(1), lit(2)), flag=True) == 1
    assert value(branch(lit(1), lit(2))) == UNKNOWN
    assert value(branch(lit(1), lit(1))) == 1
    assert value(branch(N, N)) == UNKNOWN
    assert value(branch(call("max", INTEGER, N, lit(3)), lit(2)), flag=True) == Unknown(lo=3)


def test_stated_and_known_of_an_empty_date():
    assert value(Stated(target=DAY, span=b.HERE), day=EMPTY_DATE) is False
    assert value(Stated(target=DAY, span=b.HERE), day=MAY) is True
    assert value(Stated(target=DAY, span=b.HERE)) == UNKNOWN
    assert fault_codes(b.cmp("<", DAY, lit(MAY)), day=EMPTY_DATE) == ["fault/empty-date"]


@pytest.mark.parametrize(("given_", "stated"), [("", False), ("x", True)])
def test_stated_of_text(given_, stated):
    assert value(Stated(target=TEXT_FACT, span=b.HERE), t=given_) is stated


def test_stated_of_sets_and_zeroes():
    assert value(Stated(target=SET, span=b.HERE), set=frozenset()) is False
    assert value(Stated(target=N, span=b.HERE), n=0) is True
    assert value(Stated(target=FLAG, span=b.HERE), flag=False) is True


# --- functions ---


def test_convert_does_not_look_at_the_rate_when_there_is_nothing_to_convert():
    to_usd = call("convert", MONEY, PRICE, RATE, lit("USD", CURRENCY))
    assert value(to_usd, price=usd(3)) == usd(3)
    assert value(to_usd, price=Money.of(3, "EUR")) == UNKNOWN
    assert value(to_usd, price=Money.of(3, "EUR"), rate=Fraction("1.1")) == usd("3.3")
    assert value(to_usd, rate=Fraction("1.1")) == UNKNOWN


def test_sums_counts_and_extremes_of_nothing():
    nothing = call("common", set_of(COLOUR), lit(frozenset({"red"}), set_of(COLOUR)), SET)
    assert value(call("count", INTEGER, nothing), set=frozenset({"green"})) == 0
    assert value(call("count", INTEGER, nothing)) == UNKNOWN
    empty = ListOf(items=(), type=values_of(MONEY), span=b.HERE)
    assert value(call("sum", MONEY, empty)) == Money.of(0, "")
    assert fault_codes(call("max", MONEY, empty)) == ["fault/empty-list"]


def test_dates():
    between = call("days_between", INTEGER, lit(MAY), lit(MAY - timedelta(3)))
    assert value(between) == -3
    assert value(call("weeks", DURATION, lit(2))) == Duration(14, Unit.DAYS)
    assert value(call("years", DURATION, lit(2))) == Duration(24, Unit.MONTHS)
    working = call("working_days", DURATION, lit(2), lit("bank"))
    assert value(arith("+", lit(date(2025, 4, 17)), working)) == date(2025, 4, 22)


@given(st.fractions(max_denominator=500), st.sampled_from([1, 5, Fraction("0.01"), Fraction("0.25")]))
@settings(deadline=None, max_examples=300, derandomize=True)
def test_rounding(number, step):
    down, up = (round_to(number, step, mode) for mode in ("down", "up"))
    assert abs(down) <= abs(number) <= abs(up)
    assert abs(up) - abs(down) in (0, step)
    halves = {mode: round_to(number, step, mode) for mode in ("half_up", "half_down", "half_even")}
    for mode, rounded in halves.items():
        assert (Fraction(rounded) / step).denominator == 1
        assert abs(rounded - number) <= Fraction(step) / 2
        assert round_to(-number, step, mode) == -rounded
    assert halves["half_even"] in (halves["half_up"], halves["half_down"])
    assert abs(halves["half_up"]) >= abs(halves["half_down"])


@pytest.mark.parametrize(
    ("mode", "rounded"), [("half_up", 3), ("half_down", 2), ("half_even", 2), ("up", 3), ("down", 2)]
)
def test_halves(mode, rounded):
    assert round_to(Fraction("2.5"), 1, mode) == rounded
    assert round_to(Fraction("-2.5"), 1, mode) == -rounded
