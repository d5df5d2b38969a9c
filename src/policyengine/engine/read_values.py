"""Reading one value of a request: from JSON data to a value of the declared type.

Every reader returns the value or raises :class:`~policyengine.engine.bad_values.BadValue`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

from policyengine.diagnostics import did_you_mean
from policyengine.engine.bad_values import BadValue, bad, both, gather, wrong_type
from policyengine.engine.pointers import kind_of, shown, step_into
from policyengine.engine.read_dates import read_date
from policyengine.model.memory import EMPTY_DATE, Given
from policyengine.model.vocabulary import Fact
from policyengine.values.currencies import currency_codes
from policyengine.values.money import Money
from policyengine.values.text import decimal_text
from policyengine.values.types import Kind, Type

#: The longest text, in characters.
LONGEST_TEXT: Final = 10_000
#: Digits of a number, and powers of ten it may span.
MOST_DIGITS: Final = 100
LARGEST_INTEGER: Final = 2**63 - 1
_TOO_LARGE: Final[int] = 10**100

_NUMBER = re.compile(r"(-?(?:0|[1-9][0-9]*))(?:\.([0-9]+))?", re.ASCII)
_MONEY = re.compile(r"(\S+) (\S+)", re.ASCII)
_MONEY_HELP: Final = 'write "12.50 USD" or {"amount": "12.50", "currency": "USD"}'
_NUMBER_HELP: Final = "write it like 12.50: no spaces, no grouping, no exponent"


def read_value(raw: object, fact: Fact, pointer: str, zone: ZoneInfo) -> Given:
    """The value of a fact that was given (``raw`` is not None), within the limits of its declaration."""
    match fact.type.kind:
        case Kind.DATE:
            return EMPTY_DATE if raw == "" and fact.may_be_empty else read_date(raw, pointer, zone)
        case Kind.MONEY:
            return read_money(raw, fact, pointer)
        case Kind.INTEGER:
            number = read_integer(raw, pointer)
            _check_range(number, fact, pointer)
            return number
        case Kind.DECIMAL:
            exact = read_decimal(raw, pointer)
            _check_range(exact, fact, pointer)
            return exact
        case kind:
            return _READERS[kind](raw, fact.type, pointer)


def read_text(raw: object, pointer: str) -> str:
    """Text, NFC-normalised and of bounded length."""
    if not isinstance(raw, str):
        raise wrong_type(pointer, raw, "text", 'put it in quotes: "…"')
    if len(raw) > LONGEST_TEXT:
        raise bad(pointer, "request/range", f"this text is longer than {LONGEST_TEXT} characters")
    if any("\ud800" <= c <= "\udfff" for c in raw):
        raise bad(pointer, "request/type", "this text has half of a surrogate pair, which is no character")
    return unicodedata.normalize("NFC", raw)


def read_id(raw: object, pointer: str) -> str:
    """The id of an element, as text."""
    if isinstance(raw, str):
        return read_text(raw, pointer)
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(read_integer(raw, pointer))
    raise bad(pointer, "request/type", f"an id is text or a whole number, but this is {kind_of(raw)}")


def read_integer(raw: object, pointer: str) -> int:
    """A whole number of 64 bits (and not their least number, which has no positive)."""
    if isinstance(raw, bool) or not isinstance(raw, int):
        raise wrong_type(pointer, raw, "a whole number", _as_integer(raw))
    if abs(raw) > LARGEST_INTEGER:
        raise bad(pointer, "request/range", f"whole numbers reach from -{LARGEST_INTEGER} to {LARGEST_INTEGER}")
    return raw


def _as_integer(raw: object) -> str | None:
    """How a whole number in another dress should be written, or None if it is not one."""
    try:
        number = read_decimal(raw, "")
    except BadValue:
        return None
    return f"write {number}, without quotes or a decimal point" if number.denominator == 1 else None


def read_decimal(raw: object, pointer: str) -> Fraction:
    """An exact number, from a number or from text."""
    if isinstance(raw, str):
        return _decimal_of(raw, pointer)
    if isinstance(raw, bool) or not isinstance(raw, int | Decimal):
        raise wrong_type(pointer, raw, "a number")
    if isinstance(raw, Decimal) and not raw.is_finite():
        raise bad(pointer, "request/type", f"{shown(str(raw))} is not a number")
    if not _is_moderate(raw):
        raise _too_long(pointer)
    return Fraction(raw)


def _decimal_of(text: str, pointer: str) -> Fraction:
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise bad(pointer, "request/type", f"{shown(text)} is not a number", _NUMBER_HELP)
    if len(text) > MOST_DIGITS:
        raise _too_long(pointer)
    whole, places = found.groups()
    # A fraction of two whole numbers is made several times faster than one that is read from text.
    return Fraction(int(whole + places), 10 ** len(places)) if places else Fraction(int(whole))


def _too_long(pointer: str) -> BadValue:
    return bad(pointer, "request/range", f"this number has more than {MOST_DIGITS} digits")


def _is_moderate(number: int | Decimal) -> bool:
    """Whether the number is of a size that can be reckoned with."""
    if isinstance(number, int):
        return abs(number) < _TOO_LARGE
    _, digits, exponent = number.as_tuple()
    return isinstance(exponent, int) and abs(exponent) <= MOST_DIGITS and len(digits) <= MOST_DIGITS


def _check_range(number: int | Fraction, fact: Fact, pointer: str) -> None:
    if fact.minimum is not None and number < fact.minimum:
        least = decimal_text(fact.minimum)
        raise bad(pointer, "request/range", f"{decimal_text(number)} is less than {least}, the least allowed")
    if fact.maximum is not None and number > fact.maximum:
        most = decimal_text(fact.maximum)
        raise bad(pointer, "request/range", f"{decimal_text(number)} is more than {most}, the most allowed")


def read_money(raw: object, fact: Fact, pointer: str) -> Money:
    """``{"amount": "12.50", "currency": "USD"}`` or ``"12.50 USD"``, within the declared places and limits."""
    amount_at, currency_at = pointer, pointer
    if isinstance(raw, str) and (parts := _MONEY.fullmatch(raw)):
        amount_raw, currency_raw = parts.groups()
    elif isinstance(raw, Mapping) and set(raw) == {"amount", "currency"}:
        amount_raw, currency_raw = raw["amount"], raw["currency"]
        amount_at, currency_at = step_into(pointer, "amount"), step_into(pointer, "currency")
    else:
        raise wrong_type(pointer, raw, "money", _MONEY_HELP)
    return read_money_pair(amount_raw, currency_raw, fact, amount_at, currency_at)


def read_money_pair(amount: object, currency: object, fact: Fact, amount_at: str, currency_at: str) -> Money:
    """An amount and a currency that were given one by one, each with its pointer."""
    return Money(*both(partial(_amount, amount, fact, amount_at), partial(read_currency, currency, currency_at)))


def _amount(raw: object, fact: Fact, pointer: str) -> Fraction:
    amount = read_decimal(raw, pointer)
    if 10**fact.decimals % amount.denominator:
        raise bad(pointer, "request/range", f"this amount has more than {fact.decimals} decimal places")
    _check_range(amount, fact, pointer)
    return amount


def read_currency(raw: object, pointer: str) -> str:
    """An ISO 4217 code in capitals."""
    if not isinstance(raw, str):
        raise wrong_type(pointer, raw, "a currency code", 'write it like "USD"')
    if raw in currency_codes():
        return raw
    near = f"did you mean `{raw.upper()}`?" if raw.upper() in currency_codes() else "use a code of ISO 4217, like USD"
    raise bad(pointer, "request/currency", f"{shown(raw)} is not a currency code", near)


def read_member(raw: object, type_: Type, pointer: str) -> str:
    """A member of an enum; an open one lets other texts through."""
    if not isinstance(raw, str):
        raise wrong_type(pointer, raw, "a member", _members(type_))
    text = read_text(raw, pointer)
    if type_.open or text in type_.members:
        return text
    near = did_you_mean(text, type_.members) if len(text) <= MOST_DIGITS else None
    help_ = f"{near} {_members(type_)}" if near else _members(type_)
    raise bad(pointer, "request/member", f"{shown(text)} is not a member", help_)


def _members(type_: Type) -> str:
    return "members: " + ", ".join(type_.members)


def read_set(raw: object, type_: Type, pointer: str) -> frozenset[str]:
    """A list of members; one that is given twice counts once."""
    if not isinstance(raw, list | tuple):
        raise wrong_type(pointer, raw, "a list of members", _members(type_))
    return frozenset(gather(partial(read_member, item, type_, step_into(pointer, i)) for i, item in enumerate(raw)))


def _boolean(raw: object, _type: Type, pointer: str) -> bool:
    if not isinstance(raw, bool):
        raise wrong_type(pointer, raw, "true or false", "write true or false, without quotes")
    return raw


_READERS: Mapping[Kind, Callable[[object, Type, str], Given]] = {
    Kind.BOOLEAN: _boolean,
    Kind.CURRENCY: lambda raw, _, pointer: read_currency(raw, pointer),
    Kind.TEXT: lambda raw, _, pointer: read_text(raw, pointer),
    Kind.ENUM: read_member,
    Kind.SET: read_set,
}
