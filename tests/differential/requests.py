"""Random requests for a checked bundle: facts present and absent, on limits and beside them, and a day.

Values lie on the constants that the bundle speaks of, one step below or one step above, so that every
comparison is asked on its edge.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from tests.differential.world import CURRENCIES, FIRST_DAY, LAST_DAY, TEXTS

from policyengine.model.bundle import CheckedBundle
from policyengine.model.vocabulary import Fact, FactList
from policyengine.values.types import Kind, Type

Json = object
Constants = Mapping[str, Sequence[object]]

FAR_DAYS = (date(1, 1, 2), date(9999, 12, 30))
ABSENT = (0.0, 0.08, 0.2, 0.4, 0.7)


@dataclass(frozen=True)
class Request:
    """Nested facts and the evaluation day."""

    facts: dict[str, Json]
    as_of: date


class Requests:
    """Requests for one bundle; the same seed gives the same requests in the same order."""

    def __init__(self, bundle: CheckedBundle, constants: Constants, seed: int) -> None:
        self._bundle = bundle
        self._constants = constants
        self._rng = random.Random(seed)
        self._absent = 0.0
        self._currency = "USD"

    def next(self) -> Request:
        """The next request."""
        rng = self._rng
        self._absent = ABSENT[int(rng.random() * len(ABSENT))]
        # One currency for all amounts as a rule: where two meet, only faults come of it.
        self._currency = CURRENCIES[0] if rng.random() < 0.9 else CURRENCIES[1]
        facts: dict[str, Json] = {}
        for name, fact in self._bundle.facts.items():
            if not self._left_out():
                _put(facts, name, self.value(fact))
            elif rng.random() < 0.05:
                _put(facts, name, None)
        for name, items in self._bundle.lists.items():
            if not self._left_out():
                _put(facts, name, self._records(items))
        return Request(facts, self._day())

    def _left_out(self) -> bool:
        return self._rng.random() < self._absent

    def _records(self, items: FactList) -> list[Json]:
        count = int(self._rng.random() ** 1.3 * 5)
        return [self._record(items, n) for n in range(1, count + 1)]

    def _record(self, items: FactList, number: int) -> dict[str, Json]:
        record: dict[str, Json] = {}
        for name, fact in items.fields.items():
            if name == items.id_field:
                record[name] = f"{items.each}-{number}"
            elif not self._left_out():
                record[name] = self.value(fact, small=name == "units")
        return record

    # --- values ---

    def value(self, fact: Fact, *, small: bool = False) -> Json:
        """A value of the fact, as JSON gives it; within the limits of its declaration."""
        rng = self._rng
        match fact.type.kind:
            case Kind.BOOLEAN:
                return rng.random() < 0.5
            case Kind.INTEGER:
                number = int(rng.random() * 6) if small else int(self._near("integer", 1))
                return number if fact.minimum is None else max(number, int(fact.minimum))
            case Kind.DECIMAL:
                return self._decimal(
                    self._least(self._near("decimal", Decimal(["0.01", "0.0001"][rng.random() < 0.4])), fact)
                )
            case Kind.MONEY:
                return self._money(
                    self._least(self._near("money", Decimal("0.01")).quantize(Decimal("0.01")), fact), fact
                )
            case Kind.DATE:
                return self._date(fact)
            case Kind.CURRENCY:
                return self._currency if rng.random() < 0.95 else CURRENCIES[int(rng.random() * 2)]
            case Kind.TEXT:
                return self._text()
            case Kind.SET:
                return [m for m in fact.type.members if rng.random() < 0.5]
            case _:
                return self._member(fact.type)

    def _text(self) -> str:
        told = self._constants["text"]
        texts = told if told and self._rng.random() < 0.7 else ("", *TEXTS, "cafe\u0301", "other")
        return str(texts[int(self._rng.random() * len(texts))])

    def _member(self, type_: Type) -> str:
        others = ("Enormous",) if type_.open else ()
        members = (*type_.members, *others)
        return members[int(self._rng.random() * len(members))]

    def _near(self, kind: str, step: int | Decimal) -> Decimal:
        """A constant of the bundle, or its neighbour, or any number; seldom below zero."""
        rng = self._rng
        constants = self._constants[kind] or (1,)
        number = Decimal(str(constants[int(rng.random() * len(constants))]))
        shape = rng.random()
        if shape < 0.55:
            number += (int(rng.random() * 3) - 1) * Decimal(step)
        elif shape < 0.9:
            number = Decimal(int(rng.random() * 1200)) / (1 if kind == "integer" else 4)
        if kind == "integer" and shape > 0.7:
            number = number % 45
        return -number if rng.random() < 0.06 else number

    def _least(self, number: Decimal, fact: Fact) -> Decimal:
        least = fact.minimum
        return max(number, Decimal(least.numerator)) if least is not None else number

    def _decimal(self, number: Decimal) -> Json:
        shape = self._rng.random()
        if number == int(number) and shape < 0.3:
            return int(number)
        return f"{number:f}" if shape < 0.6 else number

    def _money(self, amount: Decimal, fact: Fact) -> Json:
        rng = self._rng
        other = rng.random() < (0.004 if fact.currency else 0.03)
        currency = self._currency if not other else CURRENCIES[self._currency == CURRENCIES[0]]
        if rng.random() < 0.5:
            return f"{amount:f} {currency}"
        return {"amount": f"{amount:f}", "currency": currency}

    def _date(self, fact: Fact) -> str:
        rng = self._rng
        if fact.may_be_empty and rng.random() < 0.12:
            return ""
        if rng.random() < 0.02:
            return FAR_DAYS[int(rng.random() * 2)].isoformat()
        day = self._day()
        if rng.random() < 0.1:
            hour = int(rng.random() * 24)
            return f"{day.isoformat()}T{hour:02d}:30:00{('Z', '+08:00', '-05:00')[int(rng.random() * 3)]}"
        return day.isoformat()

    def _day(self) -> date:
        rng = self._rng
        known = self._constants["date"]
        if known and rng.random() < 0.5:
            day = known[int(rng.random() * len(known))]
            assert isinstance(day, date)
            return day + timedelta(days=int(rng.random() * 3) - 1)
        return FIRST_DAY + timedelta(days=int(rng.random() * (LAST_DAY - FIRST_DAY).days))


def _put(facts: dict[str, Json], name: str, value: Json) -> None:
    """Put a value under a dotted name, nested."""
    *folders, last = name.split(".")
    node = facts
    for folder in folders:
        inner = node.setdefault(folder, {})
        assert isinstance(inner, dict)
        node = inner
    node[last] = value
