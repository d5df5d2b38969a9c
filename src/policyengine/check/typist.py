"""The typist: turns the text of one scalar into a typed :class:`~policyengine.model.expr.Expr` tree.

Here are the entry points, the scope, and how faults are reported. What each syntax node means is told by
:data:`Forms`, one entry a kind of node, put together in :mod:`policyengine.check.forms`.

Types flow both ways. A bare word that is no declared name is a member of the enum (or a currency) that
its place expects, so the expected type is handed down into branches, lists, arguments and the other
side of a comparison.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import NoReturn, TypeVar, cast

from policyengine.check.symbols import Symbols
from policyengine.diagnostics import Diagnostics
from policyengine.frontend.nodes import Scalar
from policyengine.language import syntax as s
from policyengine.language.faults import ExpressionSyntaxError
from policyengine.language.parser import parse_expression, parse_tests
from policyengine.model import expr as x
from policyengine.source import Span
from policyengine.values.types import Kind, Type, assignable

T = TypeVar("T")


class Rejected(Exception):  # noqa: N818 - control flow inside the checker
    """The expression is at fault, and that has been reported."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean here beyond the declared ones.

    ``variables`` maps a variable to its list, ``specials`` the names that only an answer gives to their
    types; ``null`` says whether ``null`` may stand here. ``told`` collects the lists of whose elements something was
    read that is not known here: a policy without its ``each`` is one fault, not one for each of its conditions.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    specials: Mapping[str, Type] = field(default_factory=dict)
    null: bool = False
    told: set[str] | None = field(default=None, compare=False)

    def with_variable(self, variable: str, list_name: str) -> Scope:
        """The scope inside a filter or quantifier."""
        return replace(self, variables={**self.variables, variable: list_name})

    def with_specials(self, specials: Mapping[str, Type]) -> Scope:
        """The scope with more names that only an answer gives."""
        return replace(self, specials={**self.specials, **specials})


DOCUMENT = Scope()


@dataclass(frozen=True, slots=True)
class Hint:
    """What a place expects: a type (None: any), and the text of what expects it, for messages.

    A hint gives bare words their meaning; it is not enforced.
    """

    type: Type | None = None
    of: str = ""


ANYTHING = Hint()

Form = Callable[["Typist", s.Node, Hint], x.Expr]
TestForm = Callable[["Typist", s.Node, x.Expr], x.Expr]


N = TypeVar("N", bound=s.Node)


def form(kind: type[N], typing: Callable[[Typist, N, Hint], x.Expr]) -> tuple[type[s.Node], Form]:
    """An entry of :class:`Forms` for a kind of value node."""
    return kind, cast("Form", typing)


def test_form(kind: type[N], typing: Callable[[Typist, N, x.Expr], x.Expr]) -> tuple[type[s.Node], TestForm]:
    """An entry of :class:`Forms` for a kind of unary test."""
    return kind, cast("TestForm", typing)


@dataclass(frozen=True, slots=True)
class Forms:
    """What each kind of syntax node means: of values, and of unary tests on a subject."""

    values: Mapping[type[s.Node], Form]
    tests: Mapping[type[s.Node], TestForm]


@dataclass(frozen=True, slots=True)
class Typist:
    """Types the text of one scalar. Faults are reported to ``sink`` and raised as :class:`Rejected`."""

    forms: Forms
    symbols: Symbols
    sink: Diagnostics
    scalar: Scalar
    scope: Scope

    # -- entry points ------------------------------------------------------------------------

    def expression(self, expected: Type | None) -> x.Expr:
        """The scalar as an expression of the expected type (any type when None)."""
        node = self._parsed(parse_expression)
        return self.check(node, expected) if expected else self.infer(node)

    def hinted(self, expected: Type) -> x.Expr:
        """The scalar as an expression whose bare words are read as ``expected``, of whatever type it is."""
        return self.infer(self._parsed(parse_expression), Hint(expected))

    def readable(self) -> None:
        """Report text that is no unary test, whatever its subject."""
        self._parsed(parse_tests)

    def test(self, subject: x.Expr) -> x.Expr:
        """The scalar as unary tests on ``subject``: a boolean expression."""
        return self.any_test(self._parsed(parse_tests), subject)

    def _parsed(self, parse: Callable[[str], T]) -> T:
        try:
            return parse(self.scalar.text)
        except ExpressionSyntaxError as e:
            span = self.scalar.sub(e.start, e.end)
            self.sink.error("expr/syntax", f"cannot read this expression: expected {e.expected}", span, e.help)
            raise Rejected from None

    # -- nodes -------------------------------------------------------------------------------

    def check(self, node: s.Node, expected: Type, of: str = "") -> x.Expr:
        """The node as a value of ``expected``; ``of`` names what expects it, for messages."""
        e = self.infer(node, Hint(expected, of))
        if not assignable(e.type, expected):
            self.mismatch(node, e.type, str(expected), _mismatch_help(e.type, expected))
        return e

    def infer(self, node: s.Node, hint: Hint = ANYTHING) -> x.Expr:
        """The typed node, of whatever type."""
        return self.forms.values[type(node)](self, node, hint)

    def any_test(self, tests: tuple[s.Test, ...], subject: x.Expr) -> x.Expr:
        """The subject passes one of the tests."""
        parts = tuple(self.forms.tests[type(t)](self, t, subject) for t in tests)
        return parts[0] if len(parts) == 1 else x.Or(items=parts, span=self.scalar.sub(tests[0].start, tests[-1].end))

    def inside(self, variable: str, list_name: str) -> Typist:
        """The typist inside a filter or quantifier, where ``variable`` is an element of the list."""
        return replace(self, scope=self.scope.with_variable(variable, list_name))

    def hush(self) -> None:
        """Give up without a word when declarations could not be read: the name may be among them."""
        if self.symbols.incomplete:
            raise Rejected

    # -- places and faults -------------------------------------------------------------------

    def span(self, node: s.Node) -> Span:
        """Where a syntax node was written."""
        return self.scalar.sub(node.start, node.end)

    def source(self, node: s.Node) -> str:
        """The text of a syntax node."""
        return self.scalar.text[node.start : node.end]

    def fail(self, code: str, message: str, node: s.Node, help: str | None = None) -> NoReturn:  # noqa: A002 - as in diagnostics
        """Report a fault at ``node`` and give the expression up."""
        self.sink.error(code, message, self.span(node), help)
        raise Rejected

    def mismatch(self, node: s.Node, found: Type, needed: str, help: str | None = None) -> NoReturn:  # noqa: A002 - as in diagnostics
        """Report a type that does not fit."""
        self.fail("type/mismatch", f"`{self.source(node)}` is {found}, but {needed} is needed here", node, help)


def _mismatch_help(found: Type, needed: Type) -> str | None:
    match found.kind, needed.kind:
        case Kind.MONEY, Kind.INTEGER | Kind.DECIMAL:
            return "write the number without a currency"
        case Kind.INTEGER | Kind.DECIMAL, Kind.MONEY:
            return "write an amount with its currency, such as `500 USD`"
        case Kind.DECIMAL, Kind.INTEGER:
            return "write a whole number"
        case Kind.DURATION, Kind.DATE:
            return "add it to a date, such as `as_of + 5 days`"
        case Kind.INTEGER | Kind.DECIMAL, Kind.DURATION:
            return "say of what, such as `5 days`"
        case Kind.LIST | Kind.VALUES | Kind.SET, Kind.BOOLEAN:
            return "ask about it, such as `count(…) > 0`"
        case _, Kind.BOOLEAN:
            return "compare it with something"
        case Kind.TEXT, _:
            return "write only text between quotes"
        case _:
            return None
