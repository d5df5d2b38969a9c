"""The values worth trying for one slot: where something turns, their neighbours, and what else its type has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Final

from policyengine.model.expr import Value
from policyengine.model.memory import EMPTY_DATE, Given
from policyengine.model.vocabulary import Fact, FactList
from policyengine.values.money import Money
from policyengine.values.text import decimal_text, in_order
from policyengine.values.types import Kind

Json = object

#: So many values are tried for one slot.
MOST_VALUES: Final = 60
#: A text, or the foreign member of an open enum, when nothing is known of what texts mean here.
SOME_TEXT: Final = "something else"
#: Numbers with more places than this are met from both sides with only a few.
MOST_PLACES: Final = 6
FEW_PLACES: Final = 2
#: Lists are lengthened by copies up to so many elements.
LONGEST_LIST: Final = 20


def values_for(fact: Fact, targets: Sequence[Value], given: Given | None, seeds: Seeds) -> list[Given]:
    """Typed values other than ``given``, within the declared limits, in a fixed order and of a bounded number."""
    makers = {
        Kind.BOOLEAN: _booleans,
        Kind.INTEGER: _integers,
        Kind.DECIMAL: _decimals,
        Kind.MONEY: _amounts,
        Kind.DATE: _days,
        Kind.CURRENCY: _currencies,
        Kind.ENUM: _members,
        Kind.SET: _sets,
        Kind.TEXT: _texts,
    }
    found = dict.fromkeys(makers[fact.type.kind](fact, targets, given, seeds))
    kept = [v for v in found if v != given and _allowed(v, fact)][:MOST_VALUES]
    return sorted(kept, key=_order) if fact.type.ordered else kept


class Seeds:
    """What is tried where nothing else is known: the evaluation day, and currencies that occur."""

    def __init__(self, as_of: date, currencies: Sequence[str]) -> None:
        self.as_of = as_of
        self.currencies = tuple(dict.fromkeys(currencies))


def _order(value: Given) -> tuple[int, Fraction, str]:
    match value:
        case Money():
            return (1, Fraction(value.amount), value.currency)
        case date():
            return (1, Fraction(value.toordinal()), "")
        case int() | Fraction():
            return (1, Fraction(value), "")
        case _:
            return (0, Fraction(0), "")  # the date that was given as empty


def _allowed(value: Given, fact: Fact) -> bool:
    number = value.amount if isinstance(value, Money) else value
    if not isinstance(number, int | Fraction):
        return True
    low, high = fact.minimum, fact.maximum
    return (low is None or number >= low) and (high is None or number <= high)


# --- kinds ---


def _booleans(_fact: Fact, _targets: Sequence[Value], _given: Given | None, _seeds: Seeds) -> Iterator[Given]:
    yield True
    yield False


def _integers(fact: Fact, targets: Sequence[Value], given: Given | None, _seeds: Seeds) -> Iterator[Given]:
    for number in _numbers(fact, targets, given):
        for whole in dict.fromkeys((floor(number), ceil(number))):
            yield from (whole, whole - 1, whole + 1)


def _decimals(fact: Fact, targets: Sequence[Value], given: Given | None, _seeds: Seeds) -> Iterator[Given]:
    written = max([_places(Fraction(n)) for n in (given,) if isinstance(n, int | Fraction)], default=0)
    for number in _numbers(fact, targets, given):
        yield from _near(number, max(_places(number), written))


def _amounts(fact: Fact, targets: Sequence[Value], given: Given | None, seeds: Seeds) -> Iterator[Given]:
    """In the currency of the target, else the one given, else those that occur."""
    for target in (*targets, *_given_first(given), *_limits(fact)):
        amount = target.amount if isinstance(target, Money) else target
        named = target.currency if isinstance(target, Money) else ""
        held = [given.currency] if isinstance(given, Money) else list(seeds.currencies)
        if isinstance(amount, int | Fraction):
            for currency in [named] if named else held:
                yield from (Money(near, currency) for near in _near(Fraction(amount), fact.decimals))


def _days(fact: Fact, targets: Sequence[Value], given: Given | None, seeds: Seeds) -> Iterator[Given]:
    days = [t for t in (*targets, *_given_first(given), seeds.as_of) if isinstance(t, date)]
    for day in days:
        yield day
        yield from (day + timedelta(days=n) for n in (-1, 1) if 1 <= day.toordinal() + n <= date.max.toordinal())
    if fact.may_be_empty:
        yield EMPTY_DATE


def _currencies(_fact: Fact, targets: Sequence[Value], _given: Given | None, seeds: Seeds) -> Iterator[Given]:
    yield from (t for t in targets if isinstance(t, str))
    yield from seeds.currencies


def _members(fact: Fact, targets: Sequence[Value], _given: Given | None, _seeds: Seeds) -> Iterator[Given]:
    yield from fact.type.members
    if fact.type.open:
        yield from (t for t in targets if isinstance(t, str))
        yield SOME_TEXT


def _texts(_fact: Fact, targets: Sequence[Value], _given: Given | None, _seeds: Seeds) -> Iterator[Given]:
    yield from (t for t in targets if isinstance(t, str))
    yield ""
    yield SOME_TEXT


def _sets(fact: Fact, targets: Sequence[Value], given: Given | None, _seeds: Seeds) -> Iterator[Given]:
    """With and without each member; none, and all of those that are asked about together."""
    held = given if isinstance(given, frozenset) else frozenset()
    yield from (held ^ {member} for member in fact.type.members)
    yield from (held - {foreign} for foreign in sorted(held.difference(fact.type.members)))
    yield from (t for t in targets if isinstance(t, frozenset) and (fact.type.open or t <= set(fact.type.members)))
    yield frozenset()
    yield frozenset(fact.type.members)


# --- lists ---


def lists_for(items: FactList, targets: Sequence[Value], given: Json) -> Iterator[list[Json]]:
    """Lists of records: none, without each element in turn, with one more, and as long as is asked about."""
    held = list(given) if isinstance(given, Sequence) else []
    yield []
    for i in range(min(len(held), LONGEST_LIST)):
        yield [*held[:i], *held[i + 1 :]]
    yield longer(items, held, len(held) + 1)
    for target in targets:
        if isinstance(target, int | Fraction):
            yield from (
                longer(items, held, n)
                for n in range(floor(target) - 1, floor(target) + 2)
                if 0 < n <= LONGEST_LIST and n != len(held)
            )


def longer(items: FactList, held: Sequence[Json], length: int) -> list[Json]:
    """The list cut, or filled up with copies of its last element (bare elements if it has none) under new ids."""
    out = list(held[:length])
    taken = {str(r.get(items.id_field)) for r in held if isinstance(r, Mapping)} if items.id_field else set()
    while len(out) < length:
        last = held[-1] if held else {}
        record = dict(last) if isinstance(last, Mapping) else {}
        if items.id_field:
            record[items.id_field] = _new_id(items, taken)
        out.append(record)
    return out


def _new_id(items: FactList, taken: set[str]) -> Json:
    declared = items.fields.get(items.id_field or "")
    number = 1
    while (name := str(number) if declared and declared.type.numeric else f"new {number}") in taken:
        number += 1
    taken.add(name)
    return number if declared and declared.type.kind is Kind.INTEGER else name


# --- numbers ---


def _numbers(fact: Fact, targets: Sequence[Value], given: Given | None) -> Iterator[Fraction]:
    for value in (*targets, *_given_first(given), *_limits(fact)):
        if isinstance(value, int | Fraction) and not isinstance(value, bool):
            yield Fraction(value)


def _given_first(given: Given | None) -> Iterable[Given]:
    return () if given is None else (given,)


def _limits(fact: Fact) -> Iterator[Fraction]:
    yield Fraction(0)
    yield from (end for end in (fact.minimum, fact.maximum) if end is not None)


def _places(number: Fraction) -> int:
    """Decimal places that the number is written with; few for one that does not end, or only far out."""
    return next((n for n in range(MOST_PLACES + 1) if 10**n % number.denominator == 0), FEW_PLACES)


def _near(number: Fraction, places: int) -> Iterator[Fraction]:
    """The number, or those on either side of it if it has more places, and one step further each way."""
    step = Fraction(1, 10**places)
    low, high = floor(number / step) * step, ceil(number / step) * step
    yield from dict.fromkeys((low, high, low - step, high + step))


# --- as a request gives them ---


def json_of(value: Given, fact: Fact) -> Json:
    """The value in the form of a request."""
    match value:
        case bool() | str():
            return value
        case Money():
            return f"{decimal_text(value.amount, fact.decimals)} {value.currency}"
        case int() if fact.type.kind is Kind.INTEGER:
            return value
        case int() | Fraction():
            return decimal_text(value)
        case date():
            return value.isoformat()
        case frozenset():
            return in_order(value, fact.type)
        case _:
            return ""  # a date that is stated to be none
