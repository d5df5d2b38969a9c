"""Values as text and JSON: exact, in declared order, the same for equal values."""

from __future__ import annotations

from datetime import date
from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policyengine.values.dates import Duration, Unit
from policyengine.values.money import CurrencyMismatch, Money
from policyengine.values.text import decimal_text, duration_text, money_text, value_json, value_text
from policyengine.values.types import (
    BOOLEAN,
    DATE,
    DECIMAL,
    INTEGER,
    MONEY,
    TEXT,
    assignable,
    comparable,
    element_of,
    enum_type,
    set_of,
    values_of,
)

COLOUR = enum_type(("red", "green", "blue"), "colour", labels={"red": "bright red"})


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12))
def test_decimals_print_exactly(number):
    with localcontext() as context:
        context.prec = 60
        assert Decimal(decimal_text(Fraction(number))) == number


@given(st.fractions(), st.integers(0, 4))
def test_at_least_so_many_places(number, places):
    text = decimal_text(number, places)
    assert len(text.partition(".")[2]) >= places
    assert abs(Fraction(text) - number) <= Fraction(1, 2 * 10**12)


@pytest.mark.parametrize(
    ("number", "least", "text"),
    [
        (5, 2, "5.00"),
        (Fraction(1, 8), 2, "0.125"),
        (Fraction(-1, 8), 0, "-0.125"),
        (Fraction(1, 3), 2, "0.333333333333"),
        (Fraction(2, 3), 2, "0.666666666667"),
        (0, 0, "0"),
    ],
)
def test_decimal_text(number, least, text):
    assert decimal_text(number, least) == text


def test_values_in_words():
    assert value_text(True, BOOLEAN) == "yes"
    assert value_text(Money.of("1250.5", "USD"), MONEY) == "1250.50 USD"
    assert value_text(date(2025, 4, 1), DATE) == "2025-04-01"
    assert value_text("red", COLOUR) == "bright red"
    assert value_text("mauve", COLOUR) == "mauve"
    assert value_text(frozenset({"blue", "red"}), set_of(COLOUR)) == "bright red, blue"
    assert value_text(Duration(1, Unit.DAYS), DATE) == "1 day"


def test_values_as_json():
    assert value_json(Money.of(3, "EUR"), MONEY) == {"amount": "3.00", "currency": "EUR"}
    assert value_json(Money.of(0, ""), MONEY) == {"amount": "0.00", "currency": None}
    assert value_json(Fraction(1, 4), DECIMAL) == "0.25"
    assert value_json(7, INTEGER) == 7
    assert value_json(None, TEXT) is None
    assert value_json(frozenset({"zebra", "blue", "red", "ape"}), set_of(COLOUR)) == ["red", "blue", "ape", "zebra"]


def test_durations():
    assert duration_text(Duration(7, Unit.WORKING_DAYS, "bank")) == "7 working days by bank"
    assert duration_text(Duration(1, Unit.MONTHS)) == "1 month"


def test_money_never_mixes_currencies():
    assert Money.of(0, "").common_currency(Money.of(1, "USD")) == "USD"
    assert Money.of(1, "USD").common_currency(Money.of(0, "")) == "USD"
    with pytest.raises(CurrencyMismatch):
        Money.of(1, "USD").common_currency(Money.of(1, "EUR"))
    assert money_text(Money.of(0, "")) == "0.00"


def test_types_that_fit():
    assert comparable(INTEGER, DECIMAL)
    assert comparable(COLOUR, enum_type(("blue", "green", "red")))
    assert not comparable(COLOUR, enum_type(("red",)))
    assert assignable(INTEGER, DECIMAL)
    assert not assignable(DECIMAL, INTEGER)
    assert assignable(enum_type(("red",)), COLOUR)
    assert not assignable(enum_type(("red",), open_=True), COLOUR)
    assert comparable(values_of(INTEGER), values_of(DECIMAL))
    assert element_of(set_of(COLOUR)) == COLOUR
    assert str(set_of(COLOUR)) == "set of colour"
