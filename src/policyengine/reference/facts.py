"""A request's facts, typed as the vocabulary declares them. The request has been checked before."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import cast
from zoneinfo import ZoneInfo

from policyengine.model.bundle import CheckedBundle
from policyengine.model.memory import EMPTY_DATE, Element, Given, WorkingMemory
from policyengine.model.vocabulary import Fact, FactList
from policyengine.values.money import Money
from policyengine.values.types import Kind, Type

JSON_DATE_LENGTH = len("2025-03-20")
_LEAP = re.compile(r"(?<=:[0-9]{2}):60")


def read(bundle: CheckedBundle, facts: Mapping[str, object], as_of: date) -> WorkingMemory:
    """Working memory from nested JSON: absent and null facts are left out, timestamps become days of the zone."""
    zone = ZoneInfo(bundle.time_zone)
    single = _fields(bundle.facts, facts, zone)
    lists = {
        name: _records(one, found, zone)
        for name, one in bundle.lists.items()
        if (found := _at(facts, name)) is not None
    }
    return WorkingMemory(single, lists, as_of)


def _at(facts: object, name: str) -> object:
    """What stands under a dotted name, or None."""
    for part in name.split("."):
        facts = facts.get(part) if isinstance(facts, Mapping) else None
    return facts


def _fields(declared: Mapping[str, Fact], given: Mapping[str, object], zone: ZoneInfo) -> dict[str, Given]:
    return {n: value(f.type, raw, zone) for n, f in declared.items() if (raw := _at(given, n)) is not None}


def _records(declared: FactList, given: object, zone: ZoneInfo) -> tuple[Element, ...]:
    records = cast("Iterable[Mapping[str, object]]", given)
    return tuple(
        Element(
            declared.name,
            None if declared.id_field is None else _text(record[declared.id_field]),
            position,
            _fields(declared.fields, record, zone),
        )
        for position, record in enumerate(records, start=1)
    )


def value(type_: Type, raw: object, zone: ZoneInfo) -> Given:
    """One fact's value from its JSON form."""
    match type_.kind:
        case Kind.BOOLEAN:
            return bool(raw)
        case Kind.INTEGER:
            return int(str(raw))
        case Kind.DECIMAL:
            return _number(raw)
        case Kind.MONEY:
            return _money(raw)
        case Kind.DATE:
            return _day(str(raw), zone)
        case Kind.SET:
            return frozenset(_text(m) for m in cast("Iterable[object]", raw))
        case _:
            return _text(raw)


def _text(raw: object) -> str:
    return unicodedata.normalize("NFC", str(raw))


def _number(raw: object) -> Fraction:
    return Fraction(Decimal(str(raw)))


def _money(raw: object) -> Money:
    if isinstance(raw, Mapping):
        return Money(_number(raw["amount"]), str(raw["currency"]))
    amount, currency = str(raw).split()
    return Money(_number(amount), currency)


def _day(raw: str, zone: ZoneInfo) -> Given:
    if not raw:
        return EMPTY_DATE
    if len(raw) == JSON_DATE_LENGTH:
        return date.fromisoformat(raw)
    # Letters may be of either case, and a leap second counts as the second before it.
    return datetime.fromisoformat(_LEAP.sub(":59", raw.upper())).astimezone(zone).date()
