"""The vocabulary and the named values of a bundle: facts, lists, parameters, definitions, tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal as OneOf

from policyengine.model.expr import Expr, Value
from policyengine.source import Span
from policyengine.values.types import Type


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """A declared fact: of the document (dotted ``name``) or a field of a list (plain ``name``).

    ``minimum`` and ``maximum`` are inclusive and, for money, plain amounts. ``decimals`` limits the
    places of money in requests and answers. ``default`` is typed like the fact.
    """

    name: str
    type: Type
    title: str | None = None
    description: str | None = None
    example: str | None = None
    unit: str | None = None
    minimum: Fraction | None = None
    maximum: Fraction | None = None
    decimals: int = 2
    currency: Expr | None = None
    not_before: str | None = None
    may_be_empty: bool = False
    default: Expr | None = None
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactList:
    """A list of records. ``each`` is the singular; ``id_field`` names elements, None: by position.

    ``default_empty``: an absent list is the empty one. ``not_before`` of a field names a field of
    the same element or a fact of the document.
    """

    name: str
    each: str
    id_field: str | None
    fields: Mapping[str, Fact]
    title: str | None = None
    description: str | None = None
    default_empty: bool = False
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedValue:
    """A value that holds from a day on, until the next one's day; ``start`` None: from the beginning."""

    start: date | None
    value: Value
    source: str | None = None
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A named value by date. ``keyed_on`` is None for a parameter with one value that always holds."""

    name: str
    type: Type
    values: tuple[DatedValue, ...]
    keyed_on: Expr | None
    title: str | None = None
    source: str | None = None
    span: Span = field(compare=False, repr=False)

    @property
    def constant(self) -> bool:
        """Whether the value never depends on a day."""
        return len(self.values) == 1 and self.values[0].start is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A table row: one boolean expression per input, one value expression per output."""

    tests: tuple[Expr, ...]
    outputs: tuple[Expr, ...]
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A decision table. ``outputs`` are (name, type); one output is the definition's own value."""

    hit: OneOf["unique", "any", "first"]
    inputs: tuple[Expr, ...]
    outputs: tuple[tuple[str, Type], ...]
    rows: tuple[Row, ...]
    otherwise: tuple[Expr, ...] | None
    span: Span = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """A named expression or table. ``each`` is the list whose element it is about, None: the document.

    ``type`` is the type of the value, or of the first output of a table with several.
    """

    name: str
    type: Type
    each: str | None
    body: Expr | Table
    title: str | None = None
    span: Span = field(compare=False, repr=False)
