"""What a generated bundle has declared so far, and the constants that it speaks of.

Everything random comes from one ``random.Random``, and everything is kept in lists or in mappings
that remember their order, so a seed gives the same bundle on every machine.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

from tests.differential.sizes import LARGE, Size

#: Types by word; enums and sets with their shared enum after a colon: ``enum:color``.
KINDS = (
    "boolean",
    "integer",
    "decimal",
    "money",
    "currency",
    "date",
    "text",
    "enum:color",
    "enum:size",
    "set:color",
)
ORDERED = ("integer", "decimal", "money", "date")
MEMBERS: Mapping[str, tuple[str, ...]] = {
    "color": ("red", "green", "blue", "black"),
    "size": ("Small", "Large", "Huge"),
    "outcome": ("go", "wait", "stop"),
}
CURRENCIES = ("USD", "EUR")
# The last one holds what the code that writes code is most likely to trip over.
TEXTS = ("SGS", "bureau", "caf\u00e9", "a {} :%s {0} b # c")
FIRST_DAY, LAST_DAY = date(2023, 11, 1), date(2025, 7, 1)


@dataclass(frozen=True)
class Named:
    """A declared name. ``variable`` is set for the fields of elements; ``fact`` for what a caller can give."""

    text: str
    type: str
    fact: bool = False
    parameter: bool = False


@dataclass(frozen=True)
class ListDecl:
    """A list with its singular and fields; ``id`` names the field that names an element."""

    name: str
    each: str
    id: str | None
    fields: tuple[Named, ...] = ()


@dataclass(frozen=True)
class Scope:
    """What an expression may speak of besides the document: variables, and what only an answer knows."""

    variables: tuple[tuple[str, ListDecl], ...] = ()
    specials: tuple[Named, ...] = ()

    def binding(self, variable: str, of: ListDecl) -> Scope:
        return replace(self, variables=(*self.variables, (variable, of)))

    def telling(self, *names: Named) -> Scope:
        return replace(self, specials=(*self.specials, *names))

    @property
    def bound(self) -> set[str]:
        return {v for v, _ in self.variables}


DOCUMENT = Scope()


@dataclass
class World:
    """Everything declared so far. ``late`` are definitions that speak of ``verdict`` or ``parts``."""

    rng: random.Random
    names: list[Named] = field(default_factory=list)
    lists: list[ListDecl] = field(default_factory=list)
    of_elements: list[tuple[str, Named]] = field(default_factory=list)
    late: list[Named] = field(default_factory=list)
    constants: dict[str, list[object]] = field(
        default_factory=lambda: {k: [] for k in ("integer", "decimal", "money", "date", "text")}
    )
    fresh: int = 0
    #: The day that parameters and editions go by unless they say otherwise.
    in_force_on: str = "as_of"
    #: Whether dates may leave the calendar and numbers may be zero below a slash: one bundle in a few.
    faulty: bool = False
    #: Whether there are calendars, and so working days.
    calendars: bool = True
    size: Size = LARGE

    # --- choosing ---

    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    def pick(self, items: Sequence[object]) -> object:
        return items[int(self.rng.random() * len(items))]

    def one(self, *items: str) -> str:
        return items[int(self.rng.random() * len(items))]

    def new(self, prefix: str) -> str:
        self.fresh += 1
        return f"{prefix}{self.fresh}"

    # --- what may be named ---

    def visible(self, type_: str, scope: Scope) -> list[Named]:
        """Every name of the type that an expression in this scope may use."""
        found = [n for n in self.names if n.type == type_]
        for variable, of in scope.variables:
            found += [replace(f, text=f"{variable}.{f.text}") for f in of.fields if f.type == type_]
            if variable == of.each:
                found += [n for name, n in self.of_elements if name == of.name and n.type == type_]
        return found + [n for n in scope.specials if n.type == type_]

    # --- constants ---

    def integer(self) -> int:
        return self._constant("integer", self.one("0", "1", "2", "3", "5", "8", "12", "40"), int)

    def decimal(self) -> str:
        return str(self._constant("decimal", self.one("0.5", "1.25", "2", "0.1", "3.75", "10"), Decimal))

    def money(self, currency: str = "USD") -> str:
        amount = self.one("10", "25.50", "100", "99.99", "500", "1000", "0.01", "12.345")
        return f"{self._constant('money', amount, Decimal)} {currency}"

    def day(self) -> date:
        days = int(self.rng.random() * (LAST_DAY - FIRST_DAY).days)
        if self.chance(0.3):
            fixed = self.one("2024-02-29", "2024-01-31", "2024-12-31", "2025-03-31", "2023-12-29", "2024-03-01")
            return self._note_day(date.fromisoformat(fixed))
        return self._note_day(FIRST_DAY + timedelta(days=days))

    def _note_day(self, day: date) -> date:
        self.constants["date"].append(day)
        return day

    def _constant(self, kind: str, text: str, make: type) -> object:
        value = make(text)
        self.constants[kind].append(value)
        return value
