"""Condition mappings to boolean expressions: all entries must hold."""

from __future__ import annotations

import re
from dataclasses import replace

from policyengine.check.context import Context, conjunction
from policyengine.check.reading import scalars
from policyengine.check.typist import Scope
from policyengine.diagnostics import did_you_mean, nearest
from policyengine.frontend.nodes import Mapping, Node, Scalar, Sequence
from policyengine.model import expr as x
from policyengine.source import Span
from policyengine.values.types import BOOLEAN


def condition(ctx: Context, node: Node | None, scope: Scope) -> x.Expr | None:
    """The condition; None when it is absent or at fault (reported)."""
    if not isinstance(node, Mapping):
        return None
    parts = [_entry(ctx, key, value, scope) for key, value in node.entries]
    good = [p for p in parts if p is not None]
    return conjunction(good, node.span) if len(good) == len(parts) else None


def when_unless(ctx: Context, node: Node, scope: Scope, span: Span) -> x.Expr | None:
    """``when`` and not ``unless`` of a frame (a rule, a policy, a step); always true when neither is there."""
    parts: list[x.Expr] = []
    for key in ("when", "unless"):
        written = node.get(key) if isinstance(node, Mapping) else None
        if written is None:
            continue
        part = condition(ctx, written, scope)
        if part is None:
            return None
        parts.append(part if key == "when" else x.Not(item=part, span=written.span))
    return conjunction(parts, span)


def _entry(ctx: Context, key: Scalar, value: Node, scope: Scope) -> x.Expr | None:
    match key.text:
        case "all" | "any":
            return _group(ctx, key.text, value, scope)
        case "not" | "unless":
            inner = condition(ctx, value, scope)
            return inner and x.Not(item=inner, span=value.span)
        case "where":
            parts = [ctx.expression(n, scope, BOOLEAN) for n in scalars(value)]
            good = [p for p in parts if p is not None]
            return conjunction(good, value.span) if good and len(good) == len(parts) else None
        case _:
            return _tested_name(ctx, key, value, scope)


def _group(ctx: Context, word: str, value: Node, scope: Scope) -> x.Expr | None:
    if not isinstance(value, Sequence):
        return None
    parts = [condition(ctx, item, scope) for item in value.items]
    good = tuple(p for p in parts if p is not None)
    if len(good) < len(parts):
        return None
    return x.And(items=good, span=value.span) if word == "all" else x.Or(items=good, span=value.span)


_WORDS = ("all", "any", "not", "unless", "where")
_NAME = re.compile(r"\s*[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*\s*")


def _misspelt_word(ctx: Context, key: Scalar, scope: Scope) -> bool:
    """Whether a key is no name, but nearly a word of conditions."""
    symbols = ctx.symbols
    known = symbols.kind_of(key.text) or key.text in (*symbols.broken, *scope.variables, *scope.specials)
    return not known and nearest(key.text, _WORDS) is not None and nearest(key.text, symbols.all_names()) is None


def _tested_name(ctx: Context, key: Scalar, value: Node, scope: Scope) -> x.Expr | None:
    if not _NAME.fullmatch(key.text):
        instead = "to write an expression here, write `where: …` in place of this entry"
        ctx.sink.error("schema/name", f"`{key.text}` is not a name", key.span, instead)
        return None
    if _misspelt_word(ctx, key, scope):
        help_ = did_you_mean(key.text, _WORDS)
        ctx.sink.error("names/unknown", f"unknown name `{key.text}`", key.span, help_)
        return None
    subject = ctx.expression(key, scope, None)
    if subject is None:
        ctx.read_tests(value)
        return None
    tested = ctx.tests(value, subject, scope, value.span)
    if value.span.end < key.span.start:  # an alias: the test is written elsewhere
        return tested
    # Shown in explanations as it was written: the name with its test.
    return tested and replace(tested, span=Span(key.span.file, key.span.start, value.span.end))
