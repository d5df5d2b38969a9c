"""The types of the policy language.

A value of each kind is, at run time:

=========  =====================================================================
boolean    ``bool``
integer    ``int`` within 64 bits when it comes from a request
decimal    ``int`` or ``fractions.Fraction`` (exact; division is never rounded)
money      :class:`policyengine.values.money.Money`
currency   ``str``, an ISO 4217 code
date       ``datetime.date``
duration   :class:`policyengine.values.dates.Duration`
text       ``str`` in NFC
enum       ``str``, the member (an open enum may hold any other text)
set        ``frozenset[str]`` of members
list       records; only lists of the vocabulary have this type
values     ``tuple`` of values of one type: a column of a list, or a list written out
=========  =====================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Kind(StrEnum):
    """The kinds of type, by the words used in policies (``values`` and ``list`` are for the inside)."""

    BOOLEAN = "boolean"
    INTEGER = "integer"
    DECIMAL = "decimal"
    MONEY = "money"
    CURRENCY = "currency"
    DATE = "date"
    DURATION = "duration"
    TEXT = "text"
    ENUM = "enum"
    SET = "set"
    LIST = "list"
    VALUES = "values"


@dataclass(frozen=True, slots=True)
class Type:
    """A type. ``members`` for enum and set; ``item`` for values; ``name`` of a shared enum or of a list."""

    kind: Kind
    members: tuple[str, ...] = ()
    open: bool = False
    name: str | None = field(default=None)
    item: Type | None = None
    labels: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def __str__(self) -> str:
        if self.kind is Kind.ENUM:
            return f"enum {self.name}" if self.name else "enum"
        if self.kind is Kind.SET:
            return f"set of {self.name}" if self.name else "set"
        if self.kind is Kind.LIST:
            return f"list {self.name}"
        if self.kind is Kind.VALUES:
            return f"list of {self.item}"
        return str(self.kind)

    @property
    def numeric(self) -> bool:
        """Whether this is integer or decimal."""
        return self.kind in (Kind.INTEGER, Kind.DECIMAL)

    @property
    def ordered(self) -> bool:
        """Whether ``<`` can compare two values of this type."""
        return self.numeric or self.kind in (Kind.MONEY, Kind.DATE)


BOOLEAN = Type(Kind.BOOLEAN)
INTEGER = Type(Kind.INTEGER)
DECIMAL = Type(Kind.DECIMAL)
MONEY = Type(Kind.MONEY)
CURRENCY = Type(Kind.CURRENCY)
DATE = Type(Kind.DATE)
DURATION = Type(Kind.DURATION)
TEXT = Type(Kind.TEXT)

SIMPLE_TYPES: Mapping[str, Type] = {
    t.kind.value: t for t in (BOOLEAN, INTEGER, DECIMAL, MONEY, CURRENCY, DATE, DURATION, TEXT)
}


def enum_type(
    members: tuple[str, ...],
    name: str | None = None,
    *,
    open_: bool = False,
    labels: Mapping[str, str] | None = None,
) -> Type:
    """An enum of these members; ``labels`` are their words for messages."""
    return Type(Kind.ENUM, members, open_, name, labels=labels or {})


def set_of(enum: Type) -> Type:
    """The set type over an enum."""
    return Type(Kind.SET, enum.members, enum.open, enum.name, labels=enum.labels)


def element_of(set_type: Type) -> Type:
    """The enum that a set is over."""
    return Type(Kind.ENUM, set_type.members, set_type.open, set_type.name, labels=set_type.labels)


def values_of(item: Type) -> Type:
    """A list of plain values of one type."""
    return Type(Kind.VALUES, item=item)


def comparable(a: Type, b: Type) -> bool:
    """Whether ``=`` may compare the two: one kind (numbers are one), and for enums and sets the same members."""
    if a.numeric and b.numeric:
        return True
    if a.kind is not b.kind:
        return False
    if a.kind in (Kind.ENUM, Kind.SET):
        # Mostly they are the very same enum, which may have thousands of members.
        return a.members == b.members or set(a.members) == set(b.members)
    if a.kind is Kind.VALUES and a.item and b.item:
        return comparable(a.item, b.item)
    return a.name == b.name if a.kind is Kind.LIST else True


def assignable(value: Type, target: Type) -> bool:
    """Whether a value of one type may stand where the other is declared.

    Like :func:`comparable`, but no decimal for an integer, and no enum with more members.
    """
    if target.kind is Kind.INTEGER:
        return value.kind is Kind.INTEGER
    if value.kind is Kind.ENUM and target.kind is Kind.ENUM:
        return set(value.members) <= set(target.members) and (target.open or not value.open)
    return comparable(value, target)
