"""Typing of expressions: syntax trees to typed :class:`~policyengine.model.expr.Expr` trees.

Types flow both ways. A bare word that is no declared name is a member of the enum (or a currency)
that its place expects, so the expected type is handed down into branches, lists, arguments and the
other side of a comparison.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from typing import NoReturn

from policyengine.check.symbols import DefinitionSymbol, Symbols
from policyengine.diagnostics import Diagnostics, did_you_mean
from policyengine.frontend.nodes import Scalar
from policyengine.language import syntax as s
from policyengine.language.parser import ExpressionSyntaxError, parse_expression, parse_tests
from policyengine.model import expr as x
from policyengine.source import Span
from policyengine.values.currencies import currency_codes
from policyengine.values.dates import Duration, Unit
from policyengine.values.money import Money
from policyengine.values.types import (
    BOOLEAN,
    CURRENCY,
    DATE,
    DECIMAL,
    DURATION,
    INTEGER,
    MONEY,
    TEXT,
    Kind,
    Type,
    assignable,
    comparable,
    element_of,
    values_of,
)


class Rejected(Exception):  # noqa: N818 - control flow inside the checker
    """The expression is at fault, and that has been reported."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What names mean here beyond the declared ones.

    ``variables`` maps a variable to its list, ``specials`` the names that only an answer gives to their
    types; ``null`` says whether ``null`` may stand here.
    """

    variables: Mapping[str, str] = field(default_factory=dict)
    specials: Mapping[str, Type] = field(default_factory=dict)
    null: bool = False

    def with_variable(self, variable: str, list_name: str) -> Scope:
        """The scope inside a filter or quantifier."""
        return replace(self, variables={**self.variables, variable: list_name})


DOCUMENT = Scope()


@dataclass(slots=True)
class Typist:
    """Types the text of one scalar. Faults are reported to ``sink`` and raised as :class:`Rejected`."""

    symbols: Symbols
    sink: Diagnostics
    scalar: Scalar
    scope: Scope

    # -- entry points ------------------------------------------------------------------------

    def expression(self, expected: Type | None) -> x.Expr:
        """The scalar as an expression of the expected type (any type when None)."""
        try:
            node = parse_expression(self.scalar.text)
        except ExpressionSyntaxError as e:
            self.syntax_error(e)
        return self.check(node, expected) if expected else self.infer(node)

    def test(self, subject: x.Expr) -> x.Expr:
        """The scalar as unary tests on ``subject``: a boolean expression."""
        try:
            tests = parse_tests(self.scalar.text)
        except ExpressionSyntaxError as e:
            self.syntax_error(e)
        return self.any_test(tests, subject)

    # -- faults ------------------------------------------------------------------------------

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

    def syntax_error(self, e: ExpressionSyntaxError) -> NoReturn:
        """Report text that is not in the language."""
        span = self.scalar.sub(e.start, e.end)
        self.sink.error("expr/syntax", f"cannot read this expression: expected {e.expected}", span, e.help)
        raise Rejected

    def mismatch(self, node: s.Node, found: Type, needed: str, help: str | None = None) -> NoReturn:  # noqa: A002 - as in diagnostics
        """Report a type that does not fit."""
        self.fail("type/mismatch", f"`{self.source(node)}` is {found}, but {needed} is needed here", node, help)

    # -- inference ---------------------------------------------------------------------------

    def check(self, node: s.Node, expected: Type, of: str = "") -> x.Expr:
        """The node as a value of ``expected``; ``of`` names what expects it, for messages."""
        e = self.infer(node, expected, of)
        if not assignable(e.type, expected):
            self.mismatch(node, e.type, str(expected))
        return e

    def infer(self, node: s.Node, expected: Type | None = None, of: str = "") -> x.Expr:
        """The typed node. ``expected`` gives bare words their meaning; it is not enforced here."""
        from policyengine.check import operators  # noqa: PLC0415 - the two modules are one recursion

        match node:
            case s.Number():
                return self._number(node)
            case s.DateText():
                return x.Literal(value=self._date(node), type=DATE, span=self.span(node))
            case s.DurationText():
                return x.Literal(value=self._duration(node), type=DURATION, span=self.span(node))
            case s.Text():
                return x.Literal(value=node.value, type=TEXT, span=self.span(node))
            case s.Boolean():
                return x.Literal(value=node.value, type=BOOLEAN, span=self.span(node))
            case s.NullText():
                return self._null(node, expected)
            case s.Name():
                return self.name(node, expected, of)
            case s.IfText():
                return self._if(node, expected, of)
            case s.Logic():
                parts = tuple(self.check(i, BOOLEAN) for i in node.items)
                kind = x.And if node.op == "and" else x.Or
                return kind(items=parts, span=self.span(node))
            case _:
                return operators.infer(self, node, expected)

    def any_test(self, tests: tuple[s.Test, ...], subject: x.Expr) -> x.Expr:
        """The subject passes one of the tests."""
        from policyengine.check import operators  # noqa: PLC0415 - the two modules are one recursion

        parts = tuple(operators.unary(self, t, subject) for t in tests)
        return parts[0] if len(parts) == 1 else x.Or(items=parts, span=self.span_of(tests))

    def span_of(self, nodes: tuple[s.Node, ...]) -> Span:
        """From the first node to the last."""
        return self.scalar.sub(nodes[0].start, nodes[-1].end)

    # -- literals ----------------------------------------------------------------------------

    def _number(self, node: s.Number) -> x.Literal:
        if not re.fullmatch(r"(0|[1-9][0-9]*)(\.[0-9]+)?", node.digits):
            plain = re.sub(r"^0+(?=\d)", "", node.digits.replace("_", ""))
            good = re.fullmatch(r"(0|[1-9][0-9]*)(\.[0-9]+)?", plain)
            self.fail("literal/number", f"`{node.digits}` is not a number", node, f"write `{plain}`" if good else None)
        value = Fraction(node.digits)
        if node.currency is not None:
            if node.currency not in currency_codes():
                near = did_you_mean(node.currency, currency_codes())
                self.fail("literal/money", f"`{node.currency}` is not a currency of ISO 4217", node, near)
            return x.Literal(value=Money(value, node.currency), type=MONEY, span=self.span(node))
        if "." in node.digits:
            return x.Literal(value=value, type=DECIMAL, span=self.span(node))
        return x.Literal(value=int(node.digits), type=INTEGER, span=self.span(node))

    def _date(self, node: s.DateText) -> date:
        try:
            return date.fromisoformat(node.text)
        except ValueError:
            self.fail("literal/date", f"there is no day `{node.text}`", node, "dates are written year-month-day")

    def _duration(self, node: s.DurationText) -> Duration:
        count = int(node.count) if len(node.count) <= 6 else self.fail(  # noqa: PLR2004 - ten thousand years of days
            "literal/number", f"`{node.count}` {node.unit} is too long", node
        )
        match node.unit:
            case "days" | "weeks":
                return Duration(count * (7 if node.unit == "weeks" else 1), Unit.DAYS)
            case "months" | "years":
                return Duration(count * (12 if node.unit == "years" else 1), Unit.MONTHS)
            case _:
                return Duration(count, Unit.WORKING_DAYS, self.calendar(node, node.calendar))

    def calendar(self, node: s.Node, name: str | None) -> str:
        """The calendar of that name, or the bundle's when None; a fault when there is none."""
        if name is None:
            if self.symbols.default_calendar is None:
                self.fail(
                    "calendar/none",
                    "working days are used, but the bundle names no calendar",
                    node,
                    "add `calendar:` to the bundle file or write `by <calendar>`",
                )
            return self.symbols.default_calendar
        if name not in self.symbols.calendars:
            self.fail("names/unknown", f"unknown calendar `{name}`", node, did_you_mean(name, self.symbols.calendars))
        return name

    def _null(self, node: s.Node, expected: Type | None) -> x.Expr:
        if not self.scope.null:
            self.fail(
                "type/mismatch",
                "`null` may stand only in a default",
                node,
                "an unknown value is said by leaving the fact out; ask `known(…)` where that matters",
            )
        if expected is None:
            self.fail("type/mismatch", "`null` needs a place whose type is known", node)
        return x.Null(type=expected, span=self.span(node))

    # -- if ----------------------------------------------------------------------------------

    def _if(self, node: s.IfText, expected: Type | None, of: str) -> x.Expr:
        condition = self.check(node.condition, BOOLEAN)
        then, otherwise = self.pair(node.then, node.otherwise, expected, of)
        if not comparable(then.type, otherwise.type):
            self.mismatch(node.otherwise, otherwise.type, str(then.type), "both branches of an `if` have one type")
        type_ = DECIMAL if DECIMAL in (then.type, otherwise.type) else then.type
        return x.If(condition=condition, then=then, otherwise=otherwise, type=type_, span=self.span(node))

    def pair(
        self, left: s.Node, right: s.Node, expected: Type | None = None, of: str = ""
    ) -> tuple[x.Expr, x.Expr]:
        """Two nodes that should have one type; a bare word on one side takes its meaning from the other."""
        if expected is None and self.needs_type(left) and not self.needs_type(right):
            b = self.infer(right)
            return self.infer(left, b.type, self.source(right)), b
        a = self.infer(left, expected, of)
        return a, self.infer(right, expected or a.type, of or self.source(left))

    def needs_type(self, node: s.Node) -> bool:
        """Whether the node means nothing without an expected type: a bare word, or made of such."""
        match node:
            case s.Name():
                return self._declared(node.text) is None and node.text not in self.scope.specials
            case s.NullText():
                return True
            case s.IfText():
                return self.needs_type(node.then) and self.needs_type(node.otherwise)
            case s.ListText():
                return all(self.needs_type(i) for i in node.items)
            case _:
                return False

    # -- names -------------------------------------------------------------------------------

    def name(self, node: s.Name, expected: Type | None, of: str) -> x.Expr:
        """A name: a special, a declared one, or a member of what is expected."""
        text = node.text
        if text == "as_of":
            return x.AsOf(span=self.span(node))
        if text in self.scope.specials:
            return x.Special(name=text, type=self.scope.specials[text], span=self.span(node))
        head = self._declared(text)
        if head is not None:
            if head in self.symbols.broken:
                raise Rejected
            return self._resolve(node)
        if text in ("verdict", "parts", "amount"):
            self.fail(
                "names/out-of-scope",
                f"`{text}` is known only once a decision is made",
                node,
                "use it in warnings, in `report`, in payout steps, or in definitions used only there",
            )
        return self._member(node, expected, of)

    def _declared(self, text: str) -> str | None:
        """The declared name (or variable) that a dotted text begins with, the longest one; None if there is none."""
        if text == "as_of":
            return text
        parts = text.split(".")
        for n in range(len(parts), 0, -1):
            head = ".".join(parts[:n])
            if head in self.scope.variables or self.symbols.kind_of(head) or head in self.symbols.broken:
                return head
        return None

    def _resolve(self, node: s.Name) -> x.Expr:
        text, span, sym = node.text, self.span(node), self.symbols
        head, _, rest = text.partition(".")
        if head in self.scope.variables:
            return self._field(node, head, rest)
        if text in sym.facts:
            return x.FactRef(name=text, type=sym.facts[text], span=span)
        if text in sym.lists:
            return x.ListRef(name=text, type=Type(Kind.LIST, name=text), span=span)
        if text in sym.parameters:
            return x.ParameterRef(name=text, type=sym.parameters[text], span=span)
        if head in sym.definitions:
            return self._definition(node, sym.definitions[head], rest)
        if head in sym.singulars:
            self._out_of_scope(node, text, sym.singulars[head])
        base, _, last = text.rpartition(".")
        if base in sym.lists:
            return self.pluck(node, x.ListRef(name=base, type=Type(Kind.LIST, name=base), span=span), last)
        self._unknown(node)

    def _field(self, node: s.Name, variable: str, rest: str) -> x.Expr:
        item = self.symbols.lists[self.scope.variables[variable]]
        if rest in item.fields:
            return x.ItemField(
                variable=variable, list=item.name, field=rest, type=item.fields[rest], span=self.span(node)
            )
        if f"{item.name}[].{rest}" in self.symbols.broken:
            raise Rejected
        if not rest:
            fields = ", ".join(f"`{variable}.{f}`" for f in item.fields)
            self.fail("type/mismatch", f"`{variable}` is a whole element, not a value", node, f"name a field: {fields}")
        near = did_you_mean(rest, item.fields)
        fields = ", ".join(item.fields)
        self.fail(
            "names/unknown", f"`{item.name}` has no field `{rest}`", node, " ".join(filter(None, (near, f"fields: {fields}")))
        )

    def _definition(self, node: s.Name, d: DefinitionSymbol, rest: str) -> x.Expr:
        output, type_ = None, d.type
        if d.outputs:
            if rest not in d.outputs:
                outputs = ", ".join(f"`{d.name}.{o}`" for o in d.outputs)
                self.fail("names/unknown", f"`{node.text}` is not an output of table `{d.name}`", node, f"outputs: {outputs}")
            output, type_ = rest, d.outputs[rest]
        elif rest:
            self._unknown(node)
        variable = None
        if d.each is not None:
            variable = self.symbols.lists[d.each].each
            if self.scope.variables.get(variable) != d.each:
                self._out_of_scope(node, d.name, d.each)
        return x.DefinitionRef(name=d.name, output=output, variable=variable, type=type_, span=self.span(node))

    def _out_of_scope(self, node: s.Node, what: str, list_name: str) -> NoReturn:
        each = self.symbols.lists[list_name].each
        self.fail(
            "names/out-of-scope",
            f"`{what}` can be used only for each {each}",
            node,
            f"add `each: {each}` to the policy, or use `some {each} in {list_name} satisfies …`",
        )

    def _unknown(self, node: s.Name) -> NoReturn:
        kind = "fact" if "." in node.text else "name"
        self.fail("names/unknown", f"unknown {kind} `{node.text}`", node, self.symbols.suggest(node.text))

    def _member(self, node: s.Name, expected: Type | None, of: str) -> x.Expr:
        text, span = node.text, self.span(node)
        if expected is not None and expected.kind is Kind.SET:
            expected = element_of(expected)
        if expected is not None and expected.kind is Kind.ENUM:
            if text in expected.members:
                return x.Literal(value=text, type=expected, span=span)
            near = did_you_mean(text, [*expected.members, *self.symbols.all_names()])
            members = "members: " + ", ".join(expected.members)
            what = f"`{of}`" if of else str(expected)
            self.fail("type/member", f"`{text}` is not a member of {what}", node, " ".join(filter(None, (near, members))))
        if expected is not None and expected.kind is Kind.CURRENCY:
            if text in currency_codes():
                return x.Literal(value=text, type=CURRENCY, span=span)
            self.fail(
                "type/member", f"`{text}` is not a currency of ISO 4217", node, did_you_mean(text, currency_codes())
            )
        self._unknown(node)

    def pluck(self, node: s.Node, base: x.Expr, name: str) -> x.Expr:
        """The values of one field of a list."""
        item = self.symbols.lists[str(base.type.name)]
        if name not in item.fields:
            if f"{item.name}[].{name}" in self.symbols.broken:
                raise Rejected
            fields = ", ".join(item.fields)
            near = did_you_mean(name, item.fields)
            self.fail(
                "names/unknown",
                f"`{item.name}` has no field `{name}`",
                node,
                " ".join(filter(None, (near, f"fields: {fields}"))),
            )
        return x.Pluck(list=base, field=name, type=values_of(item.fields[name]), span=self.span(node))
