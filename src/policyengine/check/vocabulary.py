"""Second pass over the vocabulary: limits, defaults, dated values, calendars."""

from __future__ import annotations

import re
from datetime import date

from policyengine.check.context import Context
from policyengine.check.literals import day, literal, number
from policyengine.check.reading import entries, flag, items, scalar, scalars, text
from policyengine.check.typist import DOCUMENT, Scope
from policyengine.diagnostics import did_you_mean
from policyengine.frontend.nodes import Mapping, Node, Scalar
from policyengine.model import expr as x
from policyengine.model.vocabulary import DatedValue, Fact, FactList, Parameter
from policyengine.values.dates import Calendar
from policyengine.values.types import CURRENCY, DATE, Kind, Type, assignable

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DEFAULT_SCOPE = Scope(null=True)


# -- facts --------------------------------------------------------------------------------------


def facts(ctx: Context, doc: Mapping) -> tuple[dict[str, Fact], dict[str, FactList]]:
    """The facts and lists that a document declares."""
    plain: dict[str, Fact] = {}
    lists: dict[str, FactList] = {}
    if text(doc, "kind") != "facts":
        return plain, lists
    for key, body in entries(doc, "facts"):
        if key.text in ctx.symbols.facts and key.text not in plain:
            plain[key.text] = _fact(ctx, key, body, ctx.symbols.facts[key.text], DEFAULT_SCOPE, ctx.symbols.facts)
        elif key.text in ctx.symbols.lists and key.text not in lists:
            lists[key.text] = _list(ctx, key, body)
    return plain, lists


def _fact(
    ctx: Context, key: Scalar, body: Node, type_: Type, scope: Scope, neighbours: dict[str, Type]
) -> Fact:
    return Fact(
        name=key.text,
        type=type_,
        title=text(body, "title"),
        description=text(body, "description"),
        example=text(body, "example"),
        unit=text(body, "unit"),
        minimum=number(ctx, scalar(body, "min")),
        maximum=number(ctx, scalar(body, "max")),
        decimals=_decimals(body),
        currency=ctx.expression(scalar(body, "currency"), scope, CURRENCY),
        not_before=_not_before(ctx, body, type_, neighbours, scope),
        may_be_empty=flag(body, "may_be_empty"),
        default=_default(ctx, key, body, type_, scope),
        span=key.span,
    )


def _decimals(body: Node) -> int:
    word = text(body, "decimals")
    return int(word) if word and re.fullmatch(r"[0-9]", word) else 2


def _not_before(ctx: Context, body: Node, type_: Type, neighbours: dict[str, Type], scope: Scope) -> str | None:
    word = scalar(body, "not_before")
    if word is None:
        return None
    # A field of the same element may be named alone or with the singular.
    head, _, rest = word.text.partition(".")
    name = rest if head in scope.variables else word.text
    other = neighbours.get(name) or ctx.symbols.facts.get(name)
    if other is None:
        near = did_you_mean(word.text, [*neighbours, *ctx.symbols.facts])
        ctx.sink.error("names/unknown", f"unknown fact `{word.text}`", word.span, near)
    elif DATE not in (type_, other) or type_ != other:
        ctx.sink.error("type/mismatch", f"`{word.text}` is {other}, but a date is needed here", word.span)
    else:
        return name
    return None


def _default(ctx: Context, key: Scalar, body: Node, type_: Type, scope: Scope) -> x.Expr | None:
    node = scalar(body, "default")
    if node is None:
        value = body.get("default") if isinstance(body, Mapping) else None
        return None if value is None else _set_default(ctx, value, type_)
    before = len(ctx.sink)
    e = ctx.expression(node, scope, None if type_.kind not in (Kind.ENUM, Kind.SET, Kind.CURRENCY) else type_)
    if e is None and len(ctx.sink) == before:
        return None
    return _of_type(ctx, key, node, e, type_)


def _set_default(ctx: Context, value: Node, type_: Type) -> x.Expr | None:
    members = literal(ctx, value, type_) if type_.kind is Kind.SET else None
    if not isinstance(members, frozenset):
        return None
    return x.Literal(value=members, type=type_, span=value.span)


def _of_type(ctx: Context, key: Scalar, node: Scalar, e: x.Expr | None, type_: Type) -> x.Expr | None:
    if e is None or assignable(e.type, type_):
        return e
    message = f"the default of `{key.text}` is {e.type}, but the fact is {type_}"
    ctx.sink.error("facts/default-type", message, node.span)
    return None


def _list(ctx: Context, key: Scalar, body: Node) -> FactList:
    sym = ctx.symbols.lists[key.text]
    scope = DEFAULT_SCOPE.with_variable(sym.each, key.text)
    fields: dict[str, Fact] = {}
    for name, declared in entries(body, "fields"):
        if name.text in sym.fields:
            fields[name.text] = _fact(ctx, name, declared, sym.fields[name.text], scope, dict(sym.fields))
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
    if isinstance(default, Scalar) or items(body, "default"):
        ctx.sink.error("facts/default-type", "the default of a list can only be the empty list", default.span, "write `default: []`")
    return True


# -- parameters ---------------------------------------------------------------------------------


def parameters(ctx: Context, doc: Mapping, in_force_on: x.Expr | None) -> dict[str, Parameter]:
    """The parameters that a document declares; ``in_force_on`` keys those that name no day of their own."""
    found: dict[str, Parameter] = {}
    for key, body in entries(doc, "parameters"):
        type_ = ctx.symbols.parameters.get(key.text)
        if type_ is None or key.text in found:
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
    if e is None and written is None:
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
        return () if value is None else (DatedValue(start=None, value=value, source=text(body, "source"), span=single.span),)
    rows = items(body, "values")
    if not rows:
        ctx.sink.error("parameters/none", f"`{key.text}` has neither `value` nor `values`", key.span)
        return ()
    return _dated(ctx, key, rows, type_)


def _dated(ctx: Context, key: Scalar, rows: tuple[Node, ...], type_: Type) -> tuple[DatedValue, ...]:
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
        found.append(DatedValue(start=start, value=value, source=text(row, "source"), span=row.span))
    return tuple(found)


# -- calendars ----------------------------------------------------------------------------------


def calendars(ctx: Context, doc: Mapping) -> dict[str, Calendar]:
    """The calendars that a document declares."""
    return {key.text: _calendar(ctx, key, body) for key, body in entries(doc, "calendars")}


def _calendar(ctx: Context, key: Scalar, body: Node) -> Calendar:
    weekend = set()
    for word in scalars(body.get("weekend") if isinstance(body, Mapping) else None):
        if word.text in WEEKDAYS:
            weekend.add(WEEKDAYS.index(word.text))
        else:
            near = did_you_mean(word.text, WEEKDAYS)
            ctx.sink.error("literal/weekday", f"`{word.text}` is not a day of the week", word.span, near)
    if len(weekend) == len(WEEKDAYS):
        ctx.sink.error("calendar/no-working-day", f"calendar `{key.text}` has no working day", key.span)
        weekend = set()
    holidays: dict[int, frozenset[date]] = {}
    for year, days in entries(body, "holidays"):
        number_ = int(year.text) if re.fullmatch(r"[0-9]{4}", year.text) and year.text != "0000" else None
        if number_ is None:
            ctx.sink.error("literal/date", f"`{year.text}` is not a year", year.span, "write four digits, such as `2026:`")
            continue
        found = [_holiday(ctx, number_, d) for d in scalars(days)]
        holidays[number_] = frozenset(d for d in found if d is not None)
    return Calendar(key.text, frozenset(weekend), holidays)


def _holiday(ctx: Context, year: int, node: Scalar) -> date | None:
    written = node.text if re.match(r"[0-9]{4}-", node.text) else f"{year:04d}-{node.text}"
    try:
        found = date.fromisoformat(written) if len(written) == len("2026-01-01") else None
    except ValueError:
        found = None
    if found is None or found.year != year:
        ctx.sink.error("literal/date", f"there is no day `{node.text}` in {year}", node.span, "write month-day, such as `12-25`")
        return None
    return found
