"""Second pass over the vocabulary: limits, defaults, dated values."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from fractions import Fraction

from policyengine.check.context import Context
from policyengine.check.literals import day, literal, number
from policyengine.check.reading import entries, flag, items, scalar, text
from policyengine.check.typist import DOCUMENT, Scope
from policyengine.diagnostics import did_you_mean
from policyengine.frontend.nodes import Mapping, Node, Scalar
from policyengine.model import expr as x
from policyengine.model.vocabulary import DatedValue, Fact, FactList, Parameter
from policyengine.values.types import CURRENCY, DATE, Kind, Type, assignable

DEFAULT_SCOPE = Scope(null=True)


# -- facts --------------------------------------------------------------------------------------


def facts(ctx: Context, doc: Mapping) -> tuple[dict[str, Fact], dict[str, FactList]]:
    """The facts and lists that a document declares."""
    plain: dict[str, Fact] = {}
    lists: dict[str, FactList] = {}
    if text(doc, "kind") != "facts":
        return plain, lists
    for key, body in entries(doc, "facts"):
        # Of two declarations of one name only the first counts; the second was reported.
        if ctx.symbols.place_of(key.text) != key.span:
            continue
        if key.text in ctx.symbols.facts:
            plain[key.text] = _fact(ctx, key, body, ctx.symbols.facts[key.text], DEFAULT_SCOPE)
        elif key.text in ctx.symbols.lists:
            lists[key.text] = _list(ctx, key, body)
    return plain, lists


def _fact(ctx: Context, key: Scalar, body: Node, type_: Type, scope: Scope) -> Fact:
    least, most = _limits(ctx, body)
    return Fact(
        name=key.text,
        type=type_,
        title=text(body, "title"),
        description=text(body, "description"),
        example=text(body, "example"),
        unit=text(body, "unit"),
        minimum=least,
        maximum=most,
        decimals=_decimals(body),
        currency=ctx.expression(scalar(body, "currency"), replace(scope, null=False), CURRENCY),
        not_before=_not_before(ctx, body, scope),
        may_be_empty=flag(body, "may_be_empty"),
        default=_default(ctx, key, body, type_, scope),
        span=key.span,
    )


def _decimals(body: Node) -> int:
    word = text(body, "decimals")
    return int(word) if word and re.fullmatch(r"[0-9]{1,2}", word) else 2


def _limits(ctx: Context, body: Node) -> tuple[Fraction | None, Fraction | None]:
    """``min`` and ``max``; of money they are plain numbers."""
    least, most = number(ctx, scalar(body, "min")), number(ctx, scalar(body, "max"))
    written = scalar(body, "max")
    if least is not None and most is not None and written and most < least:
        ctx.sink.error("facts/limits", "`max` is less than `min`", written.span, "no value would be accepted")
    return least, most


def _not_before(ctx: Context, body: Node, scope: Scope) -> str | None:
    word = scalar(body, "not_before")
    if word is None:
        return None
    # A field of the same element may be named alone or with the singular.
    head, _, rest = word.text.partition(".")
    name = rest if head in scope.variables else word.text
    neighbours = {f: t for i in scope.variables.values() for f, t in ctx.symbols.lists[i].fields.items()}
    other = neighbours.get(name) or ctx.symbols.facts.get(name)
    if other is None:
        list_name = scope.variables.get(head) or next(iter(scope.variables.values()), "")
        broken = name in ctx.symbols.broken or ctx.symbols.field_is_broken(list_name, name)
        if not broken and not ctx.symbols.incomplete:
            near = did_you_mean(word.text, [*neighbours, *ctx.symbols.facts])
            ctx.sink.error("names/unknown", f"unknown fact `{word.text}`", word.span, near or "name a date fact")
    elif other != DATE:
        ctx.sink.error("type/mismatch", f"`{word.text}` is {other}, but a date is needed here", word.span)
    else:
        return name
    return None


def _default(ctx: Context, key: Scalar, body: Node, type_: Type, scope: Scope) -> x.Expr | None:
    node = body.get("default") if isinstance(body, Mapping) else None
    if node is None:
        return None
    if type_.kind is Kind.SET and not isinstance(node, Scalar):
        members = literal(ctx, node, type_)
        return None if members is None else x.Literal(value=members, type=type_, span=node.span)
    e = ctx.hinted(node, scope, type_)
    if e is None or assignable(e.type, type_):
        return e
    message = f"the default of `{key.text}` is {e.type}, but the fact is {type_}"
    help_ = (
        "write an amount with its currency, such as `0 USD`" if type_.kind is Kind.MONEY and e.type.numeric else None
    )
    ctx.sink.error("facts/default-type", message, node.span, help_)
    return None


def _list(ctx: Context, key: Scalar, body: Node) -> FactList:
    sym = ctx.symbols.lists[key.text]
    scope = DEFAULT_SCOPE.with_variable(sym.each, key.text)
    fields: dict[str, Fact] = {}
    for name, declared in entries(body, "fields"):
        if name.text in sym.fields:
            fields[name.text] = _fact(ctx, name, declared, sym.fields[name.text], scope)
    id_field = text(body, "id")
    if id_field is not None and id_field not in fields and id_field in sym.fields:
        fields[id_field] = Fact(name=id_field, type=sym.fields[id_field], span=key.span)
    return FactList(
        name=key.text,
        each=sym.each,
        id_field=id_field,
        fields=fields,
        title=text(body, "title"),
        description=text(body, "description"),
        default_empty=_default_empty(ctx, body),
        span=key.span,
    )


def _default_empty(ctx: Context, body: Node) -> bool:
    default = body.get("default") if isinstance(body, Mapping) else None
    if default is None:
        return False
    # Quoted or not, the empty list is the empty list.
    empty = "".join(default.text.split()) == "[]" if isinstance(default, Scalar) else not items(body, "default")
    if not empty:
        message = "the default of a list can only be the empty list"
        ctx.sink.error("facts/default-type", message, default.span, "write `default: []`")
    return True


# -- parameters ---------------------------------------------------------------------------------


def parameters(ctx: Context, doc: Mapping, in_force_on: x.Expr | None) -> dict[str, Parameter]:
    """The parameters that a document declares; ``in_force_on`` keys those that name no day of their own."""
    found: dict[str, Parameter] = {}
    for key, body in entries(doc, "parameters"):
        type_ = ctx.symbols.parameters.get(key.text)
        if type_ is None or ctx.symbols.place_of(key.text) != key.span:
            continue
        values = _values(ctx, key, body, type_)
        if not values:
            continue
        found[key.text] = Parameter(
            name=key.text,
            type=type_,
            values=values,
            keyed_on=_keyed_on(ctx, key, body, values, in_force_on),
            title=text(body, "title"),
            source=text(body, "source"),
            span=key.span,
        )
    return found


def _keyed_on(
    ctx: Context, key: Scalar, body: Node, values: tuple[DatedValue, ...], in_force_on: x.Expr | None
) -> x.Expr | None:
    if len(values) == 1 and values[0].start is None:
        return None
    written = scalar(body, "keyed_on")
    e = ctx.expression(written, DOCUMENT, DATE) if written else in_force_on
    if e is None and written is None and ctx.day_is_unsaid:
        ctx.sink.error(
            "parameters/no-day",
            f"`{key.text}` has dated values, but it is not said which day they go by",
            key.span,
            "add `keyed_on:` here, or `in_force_on:` to the bundle file",
        )
    return e


def _values(ctx: Context, key: Scalar, body: Node, type_: Type) -> tuple[DatedValue, ...]:
    if not isinstance(body, Mapping):
        return ()
    single = body.get("value")
    if single is not None:
        value = literal(ctx, single, type_)
        if value is None:
            return ()
        return (DatedValue(start=None, value=value, source=text(body, "source"), span=single.span),)
    rows = items(body, "values")
    if not rows:
        help_ = "add `value:`, or `values:` with one value for each day of change"
        ctx.sink.error("parameters/none", f"`{key.text}` has neither `value` nor `values`", key.span, help_)
        return ()
    return _dated(ctx, key, rows, type_, text(body, "source"))


def _dated(
    ctx: Context, key: Scalar, rows: tuple[Node, ...], type_: Type, source: str | None
) -> tuple[DatedValue, ...]:
    """The values by date; ``source`` is the paper of those that name none of their own."""
    found: list[DatedValue] = []
    last: date | None = None
    for i, row in enumerate(rows):
        start_node = scalar(row, "from")
        start = day(ctx, start_node) if start_node else None
        value = literal(ctx, row.get("value") if isinstance(row, Mapping) else None, type_)
        if value is None or (start_node and start is None):
            return ()
        if (i and start is None) or (start and last and start <= last):
            ctx.sink.error(
                "parameters/order",
                f"the values of `{key.text}` are not in rising order of date",
                start_node.span if start_node else row.span,
                "each `from` must be later than the one above it; only the first may leave it out",
            )
            return ()
        last = start
        found.append(DatedValue(start=start, value=value, source=text(row, "source") or source, span=row.span))
    return tuple(found)
