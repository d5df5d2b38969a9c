"""How the quick reader reads one value: a test in place where one will do, else a function, remembered where it pays.

What passes no test is read by :mod:`~policyengine.engine.read_values`, which is the definition.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from math import ceil, floor
from typing import Final
from unicodedata import is_normalized
from zoneinfo import ZoneInfo

from policyengine.engine.read_dates import read_date
from policyengine.engine.read_values import LARGEST_INTEGER, LONGEST_TEXT, read_id, read_money_pair, read_value
from policyengine.model.memory import Given
from policyengine.model.vocabulary import Fact
from policyengine.values.currencies import currency_codes
from policyengine.values.text import value_json
from policyengine.values.types import Kind, Type

#: How many days of a bundle, and how many numbers of facts with the same limits, are remembered.
MOST_DAYS: Final = 4096
MOST_NUMBERS: Final = 2048
#: No longer text is remembered, so that callers cannot fill the memory.
LONGEST_REMEMBERED: Final = 40

_DAY_TEST: Final = f"type(v) is str and len(v) == {len('2025-03-20')}"
_SHORT_TEST: Final = f"type(v) is str and len(v) <= {LONGEST_REMEMBERED}"
_TEXT_TEST: Final = f"type(v) is str and len(v) <= {LONGEST_TEXT} and v.isascii()"
Read = Callable[[object], Given]


class QuickValues:
    """Writes the code that reads values; ``scope`` holds the objects that the code names."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._names: dict[tuple[str, object], str] = {}
        self.scope: dict[str, object] = {"read_id": _id}

    def named(self, word: str, key: object, make: Callable[[], object]) -> str:
        """A name in the scope that starts with ``word``; what it names is made once for each ``key``."""
        if (word, key) not in self._names:
            name = self._names[word, key] = f"{word}{len(self._names)}"
            self.scope[name] = make()
        return self._names[word, key]

    def keys(self, names: frozenset[str]) -> str:
        """The name of these keys."""
        return self.named("keys", names, lambda: names)

    def as_text(self, type_: Type) -> str:
        """The name of the function that writes a value of this type as the id of an element."""
        return self.named("as_text", type_, lambda: lambda value: str(value_json(value, type_)))

    def how_to_read(self, fact: Fact) -> tuple[str | None, str]:
        """A test of ``v`` that lets it pass as it is, and code for the value of any ``v`` but None.

        Without a test the code is for every value. It may raise BadValue.
        """
        careful = f"{self.named('careful', id(fact), lambda: self._careful(fact))}(v)"
        match fact.type.kind:
            case Kind.BOOLEAN:
                return "v is True or v is False", careful
            case Kind.INTEGER:
                return _integer_test(fact), careful
            case Kind.CURRENCY:
                return f"type(v) is str and v in {self.named('currencies', '', currency_codes)}", careful
            case Kind.ENUM if not fact.type.open:
                members = self.named("members", fact.type.members, lambda: _members(fact.type))
                return f"type(v) is str and v in {members}", careful
            case Kind.TEXT | Kind.ENUM:
                return _TEXT_TEST, careful
            case kind:
                return None, self._remembered(kind, fact) or careful

    def _remembered(self, kind: Kind, fact: Fact) -> str | None:
        """Code that reads a value by a function which remembers what it has read."""
        limits = (fact.minimum, fact.maximum, fact.decimals)
        careful = self._careful(fact)
        other = self.named("careful", id(fact), lambda: careful)
        match kind:
            case Kind.DATE:
                read_day = partial(read_date, pointer="", zone=self._zone)
                day = self.named("day", "", lambda: lru_cache(MOST_DAYS)(read_day))
                return f"{day}(v) if {_DAY_TEST} else {other}(v)"
            case Kind.DECIMAL:
                number = self.named("number", limits, lambda: lru_cache(MOST_NUMBERS)(careful))
                return f"{number}(v) if type(v) is int or {_SHORT_TEST} else {other}(v)"
            case Kind.MONEY:
                money = self.named("money", limits, lambda: lru_cache(MOST_NUMBERS)(careful))
                pair = self.named("pair", limits, lambda: _pairs(fact, careful))
                return f"{money}(v) if {_SHORT_TEST} else {pair}(v)"
            case Kind.SET:
                return f"{self.named('chosen', fact.type, lambda: _sets(fact.type, careful))}(v)"
            case _:
                return None

    def _careful(self, fact: Fact) -> Read:
        """The definition."""
        return lambda raw: read_value(raw, fact, "", self._zone)


def _integer_test(fact: Fact) -> str:
    least = -LARGEST_INTEGER if fact.minimum is None else max(-LARGEST_INTEGER, ceil(fact.minimum))
    most = LARGEST_INTEGER if fact.maximum is None else min(LARGEST_INTEGER, floor(fact.maximum))
    return f"type(v) is int and {least} <= v <= {most}"


def _members(type_: Type) -> frozenset[str]:
    """The members that are read as they are given."""
    return frozenset(m for m in type_.members if len(m) <= LONGEST_TEXT and is_normalized("NFC", m))


def _sets(type_: Type, careful: Read) -> Read:
    members = _members(type_)

    def chosen(raw: object) -> Given:
        if type(raw) is not list:
            return careful(raw)
        for member in raw:
            if type(member) is not str or member not in members:
                return careful(raw)
        return frozenset(raw)

    return chosen


def _pairs(fact: Fact, careful: Read) -> Read:
    """Reads money given as an object; what is short and plain is remembered."""

    @lru_cache(MOST_NUMBERS)
    def remembered(amount: str, currency: str) -> Given:
        return read_money_pair(amount, currency, fact, "", "")

    def pair(raw: object) -> Given:
        if type(raw) is not dict or len(raw) != 2:  # noqa: PLR2004 - a pair
            return careful(raw)
        amount, currency = raw.get("amount"), raw.get("currency")
        if type(amount) is not str or type(currency) is not str:
            return careful(raw)
        short = len(amount) <= LONGEST_REMEMBERED and len(currency) <= LONGEST_REMEMBERED
        return remembered(amount, currency) if short else careful(raw)

    return pair


def _id(raw: object) -> str:
    """An id that is not declared as a field."""
    if type(raw) is str and len(raw) <= LONGEST_TEXT and raw.isascii():
        return raw
    return read_id(raw, "")
