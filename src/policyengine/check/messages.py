"""``because`` texts to messages with typed inserts."""

from __future__ import annotations

import re
from collections.abc import Iterator

from policyengine.check import names
from policyengine.check.context import Context
from policyengine.check.typist import ANYTHING, Rejected, Scope
from policyengine.diagnostics import did_you_mean
from policyengine.frontend.nodes import Mapping, Node, Scalar
from policyengine.language import syntax as s
from policyengine.model import expr as x
from policyengine.model.rules import Insert, Message
from policyengine.values.types import Kind

# What only the answer knows, and where it knows it.
DEADLINE = ("deadline", "from_day", "days_left")
MEASURE = ("measured",)
TOO_LARGE = ("offending",)
STEP = ("amount",)
LIMIT = (*STEP, "limit")
_EVERYWHERE = ("parts",)
_HOMES = {
    **dict.fromkeys(DEADLINE, "rules with `by` or `until`"),
    **dict.fromkeys(MEASURE, "rules with `measure`"),
    **dict.fromkeys(TOO_LARGE, "`too_large` of a split"),
    **dict.fromkeys(STEP, "payout steps"),
    "limit": "limits of a payout",
}

_INSERT = re.compile(r"\{([^{}]*)\}")


def message(ctx: Context, node: Node | None, scope: Scope, answers: tuple[str, ...] = ()) -> Message | None:
    """The message, by language; None when absent or at fault (reported). ``answers`` are what only the answer knows."""
    if isinstance(node, Scalar):
        parts = _parts(ctx, node, scope, answers)
        return None if parts is None else Message({"": parts})
    if not isinstance(node, Mapping):
        return None
    texts = {k.text: _parts(ctx, v, scope, answers) for k, v in node.entries if isinstance(v, Scalar)}
    good = {k: p for k, p in texts.items() if p is not None}
    return Message(good) if good and len(good) == len(texts) else None


def inserted(message_: Message) -> Iterator[x.Expr]:
    """The expressions that a message inserts."""
    for parts in message_.texts.values():
        yield from (p.expr for p in parts if isinstance(p, Insert) and p.expr is not None)


def _parts(ctx: Context, node: Scalar, scope: Scope, answers: tuple[str, ...]) -> tuple[str | Insert, ...] | None:
    parts: list[str | Insert] = []
    at, good = 0, True
    for found in _INSERT.finditer(node.text):
        if found.start() > at:
            parts.append(node.text[at : found.start()])
        at = found.end()
        insert = _insert(ctx, node, found, scope, answers)
        good = good and insert is not None
        if insert is not None:
            parts.append(insert)
    if at < len(node.text):
        parts.append(node.text[at:])
    # Blanks in place of the inserts keep every other character where it is.
    stray = re.search(r"[{}]", _INSERT.sub(lambda m: " " * len(m.group()), node.text))
    if stray:
        span = node.sub(stray.start(), stray.end())
        ctx.sink.error(
            "rules/template", f"`{stray.group()}` stands alone in the message", span, "write `{name}` around a name"
        )
        return None
    return tuple(parts) if good else None


def _insert(ctx: Context, node: Scalar, found: re.Match[str], scope: Scope, answers: tuple[str, ...]) -> Insert | None:
    name = found.group(1).strip()
    if name in answers or name in _EVERYWHERE:
        return Insert(name, None)
    if name in _HOMES:
        span = node.sub(found.start(), found.end())
        ctx.sink.error("rules/template", f"`{found.group()}` is not known here", span, f"it is known in {_HOMES[name]}")
        return None
    start = found.start(1) + found.group(1).find(name)
    if not re.fullmatch(r"[a-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*", name) or not _known(ctx, name, scope):
        near = did_you_mean(name, [*ctx.symbols.all_names(), *answers])
        span = node.sub(found.start(), found.end())
        ctx.sink.error("rules/template", f"`{found.group()}` in the message is not a name known here", span, near)
        return None
    try:
        expr = names.name(ctx.typist(node, scope), s.Name(start, start + len(name), name), ANYTHING)
    except Rejected:
        return None
    if expr.type.kind in (Kind.LIST, Kind.VALUES):
        words = f"`{found.group()}` is a list, which has no words of its own"
        ctx.sink.error("rules/template", words, node.sub(found.start(), found.end()), "insert a count or a sum of it")
        return None
    return Insert(name, expr)


def _known(ctx: Context, name: str, scope: Scope) -> bool:
    """Whether the name is declared, if only to be used elsewhere; one that may be in an unread file counts."""
    if name in scope.specials or name == names.AS_OF or ctx.symbols.incomplete:
        return True
    parts = name.split(".")
    heads = [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
    return any(h in scope.variables or ctx.symbols.kind_of(h) or h in ctx.symbols.broken for h in heads)
