"""Literal values where no expression may stand: parameter values, limits, dates of periods."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from fractions import Fraction

from policyengine.check.context import Context
from policyengine.check.typist import DOCUMENT
from policyengine.frontend.nodes import Node, Scalar, Sequence
from policyengine.model import expr as x
from policyengine.model.expr import Value
from policyengine.values.types import DATE, DECIMAL, Kind, Type, element_of


def literal(ctx: Context, node: Node | None, type_: Type) -> Value | None:
    """The literal of the type; None when absent or at fault (reported)."""
    if type_.kind is Kind.SET:
        return _set(ctx, node, type_)
    if isinstance(node, Scalar) and type_.kind is Kind.TEXT and not node.text.startswith('"'):
        return unicodedata.normalize("NFC", node.text)
    e = ctx.expression(node, DOCUMENT, type_)
    if e is None or isinstance(e, x.Literal):
        return e.value if e else None
    what = f"`{e.span.underlined}` is an expression, but a plain value is needed here"
    ctx.sink.error("type/mismatch", what, e.span, "use a definition for what is computed")
    return None


_JOINED = re.compile(r"\s*,\s*(?:and\s+|or\s+)?|\s+(?:and|or)\s+|\s*;\s*")
# Several members as people list them, without the brackets.
_WORDS = re.compile(rf"\w+(?:(?:{_JOINED.pattern})\w+)+")


def _set(ctx: Context, node: Node | None, type_: Type) -> frozenset[str] | None:
    if isinstance(node, Scalar) and _WORDS.fullmatch(node.text):
        words = ", ".join(_JOINED.split(node.text))
        message = f"`{node.text}` is one text, but a list of members is needed here"
        ctx.sink.error("type/mismatch", message, node.span, f"write `[{words}]`")
        return None
    if isinstance(node, Scalar):
        e = ctx.hinted(node, DOCUMENT, type_)
        if isinstance(e, x.Literal) and isinstance(e.value, frozenset):
            return e.value
        if e is not None:
            message = f"`{node.text}` is {e.type}, but a list of members is needed here"
            ctx.sink.error("type/mismatch", message, node.span, "write `[one, other]`")
        return None
    if not isinstance(node, Sequence):
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
