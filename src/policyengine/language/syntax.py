"""The syntax tree of expressions and unary tests: what was written, before names mean anything.

``start`` and ``end`` are offsets into the text that was parsed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal as OneOf

Op = OneOf["=", "!=", "<", "<=", ">", ">="]
ArithOp = OneOf["+", "-", "*", "/"]
ContainsMode = OneOf["one", "any", "all"]


@dataclass(frozen=True, slots=True)
class Node:
    """Base of all syntax nodes."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Number(Node):
    """A number, or with ``currency`` an amount of money; ``digits`` as written."""

    digits: str
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class DateText(Node):
    """A date as written."""

    text: str


@dataclass(frozen=True, slots=True)
class DurationText(Node):
    """``count unit [by calendar]``; unit in the plural."""

    count: str
    unit: str
    calendar: str | None


@dataclass(frozen=True, slots=True)
class Text(Node):
    """A quoted string, unescaped."""

    value: str


@dataclass(frozen=True, slots=True)
class Boolean(Node):
    """``true`` or ``false``."""

    value: bool


@dataclass(frozen=True, slots=True)
class NullText(Node):
    """``null``."""


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A dotted name or a bare word."""

    text: str


@dataclass(frozen=True, slots=True)
class CallText(Node):
    """``function(args)``."""

    function: str
    args: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class NotText(Node):
    """``not(…)``: the function in an expression, the negation of tests where it is a whole test."""

    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class ListText(Node):
    """``[a, b]``."""

    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class IfText(Node):
    """``if … then … else …``."""

    condition: Node
    then: Node
    otherwise: Node


@dataclass(frozen=True, slots=True)
class QuantifierText(Node):
    """``some|every variable in list satisfies body``."""

    kind: OneOf["some", "every"]
    variable: str
    list: Node
    body: Node


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Arithmetic."""

    op: ArithOp
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class NegateText(Node):
    """``-x``."""

    item: Node


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """``and`` / ``or`` of two or more."""

    op: OneOf["and", "or"]
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class CompareText(Node):
    """``a op b``."""

    op: Op
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class Range(Node):
    """``[low..high]`` with open or closed ends."""

    low: Node
    high: Node
    low_open: bool
    high_open: bool


@dataclass(frozen=True, slots=True)
class OneOfTests(Node):
    """``(test, test)`` after ``in``."""

    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class InText(Node):
    """``subject in target``: a range, a list, tests in brackets, or a name."""

    subject: Node
    target: Node


@dataclass(frozen=True, slots=True)
class ContainsText(Node):
    """``subject contains [any|all] target``; mode ``one`` when neither word stands there."""

    subject: Node
    mode: ContainsMode
    target: Node


@dataclass(frozen=True, slots=True)
class Index(Node):
    """``list[predicate]``."""

    base: Node
    predicate: Node


@dataclass(frozen=True, slots=True)
class Dot(Node):
    """``list.field`` after a bracket."""

    base: Node
    field: str


@dataclass(frozen=True, slots=True)
class Test(Node):
    """Base of unary tests."""


@dataclass(frozen=True, slots=True)
class AnythingTest(Test):
    """``any`` or ``-``."""


@dataclass(frozen=True, slots=True)
class CompareTest(Test):
    """``< x`` and the like, also in words."""

    op: Op
    right: Node


@dataclass(frozen=True, slots=True)
class RangeTest(Test):
    """A range, also as ``from … to …``."""

    range: Range


@dataclass(frozen=True, slots=True)
class GivenTest(Test):
    """``given`` or ``not given``."""

    negated: bool


@dataclass(frozen=True, slots=True)
class InTest(Test):
    """``in target``."""

    target: Node


@dataclass(frozen=True, slots=True)
class ContainsTest(Test):
    """``contains …``."""

    mode: ContainsMode
    target: Node


@dataclass(frozen=True, slots=True)
class EqualsTest(Test):
    """An expression: the subject equals it."""

    right: Node
