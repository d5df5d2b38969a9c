"""Typed expressions, the one tree that conditions, dates, amounts and messages are made of.

Every name is resolved and every bare word is typed before a node is built, so a reader of these
nodes never looks a name up. Two nodes are equal when they say the same; where they were written
(``span``) does not count. Unary tests are gone: ``claim.amount: at least 3 USD`` is a
:class:`Compare` of the fact and the literal; a condition mapping is an :class:`And` of its entries.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import TYPE_CHECKING
from typing import Literal as OneOf

from policyengine.source import Span
from policyengine.values.dates import Duration
from policyengine.values.money import Money
from policyengine.values.types import BOOLEAN, DATE, Type

if TYPE_CHECKING:
    from policyengine.model.rules import Split

Value = bool | int | Fraction | str | date | Money | Duration | frozenset[str]
CompareOp = OneOf["=", "!=", "<", "<=", ">", ">="]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expr:
    """Base of all nodes: the static type, and the text that it was read from."""

    type: Type
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal(Expr):
    """A constant."""

    value: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Null(Expr):
    """``null`` in a default: still unknown, and nobody to blame but the fact itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf(Expr):
    """The evaluation day."""

    type: Type = DATE


@dataclass(frozen=True, slots=True, kw_only=True)
class FactRef(Expr):
    """A fact of the document."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRef(Expr):
    """A whole list of the vocabulary."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemField(Expr):
    """A field of the element that ``variable`` stands for, an element of ``list``."""

    variable: str
    list: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterRef(Expr):
    """A parameter; which of its values holds depends on its key day."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DefinitionRef(Expr):
    """The value of a definition; ``output`` picks a column of a table with several.

    ``variable`` is the variable in scope that stands for the element of a definition with ``each``
    (always the singular of its list), None for a definition of the document.
    """

    name: str
    output: str | None = None
    variable: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Special(Expr):
    """A name that only an answer gives.

    ``verdict`` (enum), ``parts`` (integer), ``amount`` (money), or the key of a payout's group.
    """

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Compare(Expr):
    """``left op right``. ``=`` and ``!=`` take any type, the others ordered ones."""

    op: CompareOp
    left: Expr
    right: Expr
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True, kw_only=True)
class Within(Expr):
    """``subject in [low..high]``; an open end leaves its limit out."""

    subject: Expr
    low: Expr
    high: Expr
    low_open: bool
    high_open: bool
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberOf(Expr):
    """``subject in container``, the container being a set."""

    subject: Expr
    container: Expr
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True, kw_only=True)
class Contains(Expr):
    """``container contains any|all members``; a member is an enum value, or a set standing for all of its members.

    ``contains m`` is ``all`` with the one member.
    """

    container: Expr
    mode: OneOf["any", "all"]
    members: tuple[Expr, ...]
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True, kw_only=True)
class And(Expr):
    """Kleene's and; empty: true."""

    items: tuple[Expr, ...]
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True, kw_only=True)
class Or(Expr):
    """Kleene's or; empty: false."""

    items: tuple[Expr, ...]
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True, kw_only=True)
class Not(Expr):
    """Kleene's not."""

    item: Expr
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True, kw_only=True)
class If(Expr):
    """``if condition then then else otherwise``."""

    condition: Expr
    then: Expr
    otherwise: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Arith(Expr):
    """``left op right`` on numbers, money, and dates with durations."""

    op: OneOf["+", "-", "*", "/"]
    left: Expr
    right: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Negate(Expr):
    """``-item``: a number, money or a duration."""

    item: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Expr):
    """A function by name.

    ``round`` has (value, step literal, mode literal), ``roll`` (date, calendar literal) and ``working_days``
    (count, calendar literal). ``min max earliest latest`` take values one by one or one argument of kind
    ``values``, ``sum`` one such argument; ``count`` takes a list, a set or values.
    """

    function: str
    args: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known(Expr):
    """``known(target)``: whether the caller gave the fact. Never unknown."""

    target: FactRef | ItemField | ListRef
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated(Expr):
    """``stated(target)``: unknown while the fact is; false for an empty text, date, set or list; else true."""

    target: FactRef | ItemField | ListRef
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantifier(Expr):
    """``some|every variable in list satisfies body``; ``list`` is a ListRef or a Filter."""

    kind: OneOf["some", "every"]
    variable: str
    list: Expr
    body: Expr
    type: Type = BOOLEAN


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter(Expr):
    """``list[predicate]``; ``variable`` is the list's singular and names the candidate."""

    list: Expr
    variable: str
    predicate: Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class Pluck(Expr):
    """``list.field``: the values of one field, type ``values``."""

    list: Expr
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListOf(Expr):
    """Values written out: ``[a, b]``, type ``values``."""

    items: tuple[Expr, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitIs(Expr):
    """Whether the split comes out as ``one`` part, ``several``, or ``none`` is possible."""

    split: Split
    outcome: OneOf["one", "several", "none"]
    type: Type = BOOLEAN


_PARTS: Mapping[type[Expr], tuple[str, ...]] = {
    Compare: ("left", "right"),
    Arith: ("left", "right"),
    Within: ("subject", "low", "high"),
    MemberOf: ("subject", "container"),
    Contains: ("container", "members"),
    And: ("items",),
    Or: ("items",),
    ListOf: ("items",),
    Not: ("item",),
    Negate: ("item",),
    If: ("condition", "then", "otherwise"),
    Call: ("args",),
    Known: ("target",),
    Stated: ("target",),
    Quantifier: ("list", "body"),
    Filter: ("list", "predicate"),
    Pluck: ("list",),
}


def children(e: Expr) -> tuple[Expr, ...]:
    """The direct parts of a node, in the order of writing."""
    if isinstance(e, SplitIs):
        return (e.split.quantity, e.split.weight, e.split.whole, e.split.limit)
    found: list[Expr] = []
    for name in _PARTS.get(type(e), ()):
        part = getattr(e, name)
        found.extend(part if isinstance(part, tuple) else (part,))
    return tuple(found)


def walk(e: Expr) -> Iterator[Expr]:
    """The node and everything below it, in the order of writing."""
    yield e
    for child in children(e):
        yield from walk(child)


def is_true(e: Expr) -> bool:
    """Whether the node is the constant true (an empty condition)."""
    return (isinstance(e, And) and not e.items) or (isinstance(e, Literal) and e.value is True)
