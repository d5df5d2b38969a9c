"""Values as people and services read them: text for messages, plain JSON data for answers."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from policyengine.values.dates import Duration
from policyengine.values.money import Money
from policyengine.values.types import Kind, Type

# Enough for any price; a number that does not end (1/3) has to be cut somewhere to be shown.
MOST_PLACES = 12


def decimal_text(number: int | Fraction, least_places: int = 0) -> str:
    """The exact decimal with at least so many places; one that does not end is cut half up at 12 places."""
    sign = "-" if number < 0 else ""
    top, bottom = abs(number.numerator), number.denominator
    places = least_places
    while places < MOST_PLACES and top * 10**places % bottom:
        places += 1
    # Half up, in whole numbers: the floor of the doubled value plus one, halved.
    digits = (2 * top * 10**places + bottom) // (2 * bottom)
    whole, part = divmod(digits, 10**places)
    return f"{sign}{whole}.{part:0{places}d}" if places else f"{sign}{whole}"


def money_text(money: Money, decimals: int = 2) -> str:
    """``1250.00 USD``: at least ``decimals`` places; only the currency-less zero is printed bare."""
    return f"{decimal_text(money.amount, decimals)} {money.currency}".rstrip()


def value_text(value: object, type_: Type) -> str:
    """A value in the words of a message: members by their label, sets in declared order."""
    match value:
        case bool():
            return "yes" if value else "no"
        case Money():
            return money_text(value)
        case int() | Fraction():
            return decimal_text(value)
        case date():
            return value.isoformat()
        case Duration():
            return duration_text(value)
        case frozenset():
            return ", ".join(type_.labels.get(m, m) for m in in_order(value, type_))
        case str():
            return type_.labels.get(value, value)
        case _:
            return str(value)


def duration_text(value: Duration) -> str:
    """``40 days``, ``1 month``, ``7 working days by bank``."""
    unit = value.unit.value.removesuffix("s") if abs(value.count) == 1 else value.unit.value
    return f"{value.count} {unit}" + (f" by {value.calendar}" if value.calendar else "")


def in_order(members: frozenset[str], type_: Type) -> list[str]:
    """The members of a set as declared, those of an open set that are not declared last, by name."""
    declared = [m for m in type_.members if m in members]
    return declared + sorted(members.difference(declared))


def value_json(value: object, type_: Type) -> object:
    """A value as JSON data: money as amount and currency, decimals as text, sets as lists in declared order."""
    match value:
        case bool() | None:
            return value
        case Money():
            return {"amount": decimal_text(value.amount, 2), "currency": value.currency or None}
        case int() if type_.kind is not Kind.DECIMAL:
            return value
        case int() | Fraction():
            return decimal_text(value)
        case date():
            return value.isoformat()
        case Duration():
            return duration_text(value)
        case frozenset():
            return in_order(value, type_)
        case _:
            return str(value)
