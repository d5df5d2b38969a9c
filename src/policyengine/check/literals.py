"""Literal values where no expression may stand: parameter values, limits, dates of periods."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from policyengine.check.context import Context
from policyengine.check.typist import DOCUMENT
from policyengine.frontend.nodes import Node, Scalar, Sequence
from policyengine.model import expr as x
from policyengine.model.expr import Value
from policyengine.values.dates import Duration
from policyengine.values.money import Money
from policyengine.values.types import DATE, DECIMAL, Kind, Type, element_of


def literal(ctx: Context, node: Node | None, type_: Type) -> Value | None:
    """The literal of the type; None when absent or at fault (reported)."""
    if type_.kind is Kind.SET:
        return _set(ctx, node, type_)
    if isinstance(node, Scalar) and type_.kind is Kind.TEXT and not node.text.startswith('"'):
        return node.text
    e = ctx.expression(node, DOCUMENT, type_)
    return None if e is None or node is None else _constant(ctx, e, node)


def _constant(ctx: Context, e: x.Expr, node: Node) -> Value | None:
    if isinstance(e, x.Literal):
        return e.value
    if isinstance(e, x.Negate):
        value = _constant(ctx, e.item, node)
        if isinstance(value, Duration):
            return -value
        if isinstance(value, Money):
            return Money(-value.amount, value.currency)
        return -value if isinstance(value, int | Fraction) else None
    ctx.sink.error("type/mismatch", "a plain value is needed here, not an expression", node.span)
    return None


def _set(ctx: Context, node: Node | None, type_: Type) -> frozenset[str] | None:
    if not isinstance(node, Sequence):
        if node is not None:
            ctx.sink.error("type/mismatch", "a list of members is needed here", node.span, "write `[one, other]`")
        return None
    members = [literal(ctx, item, element_of(type_)) for item in node.items]
    return None if None in members else frozenset(str(m) for m in members)


def day(ctx: Context, node: Node | None) -> date | None:
    """A date literal."""
    value = literal(ctx, node, DATE)
    return value if isinstance(value, date) else None


def number(ctx: Context, node: Node | None) -> Fraction | None:
    """A number literal, exactly."""
    value = literal(ctx, node, DECIMAL)
    return Fraction(value) if isinstance(value, int | Fraction) else None
