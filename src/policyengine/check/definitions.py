"""Second pass over definitions and decision tables."""

from __future__ import annotations

from typing import Literal as OneOf

from policyengine.check.conditions import when_unless
from policyengine.check.context import Context, always
from policyengine.check.literals import literal
from policyengine.check.reading import entries, items, mapping, scalars, text
from policyengine.check.typist import Scope
from policyengine.frontend.nodes import Mapping, Node, Scalar, Sequence
from policyengine.model import expr as x
from policyengine.model.vocabulary import Definition, Row, Table
from policyengine.values.types import BOOLEAN, Kind, Type


def definitions(ctx: Context, doc: Mapping, specials: dict[str, Type]) -> dict[str, Definition]:
    """The definitions that a document holds. Where those may be used that read ``specials`` is checked later."""
    found: dict[str, Definition] = {}
    for key, body in entries(doc, "definitions"):
        sym = ctx.symbols.definitions.get(key.text)
        # Of two declarations of one name only the first counts; the second was reported.
        if sym is None or ctx.symbols.place_of(key.text) != key.span or not isinstance(body, Mapping):
            continue
        variables = {ctx.symbols.lists[sym.each].each: sym.each} if sym.each else {}
        scope = Scope(variables=variables, specials=specials)
        content = _body(ctx, key, body, scope, sym.type)
        if content is not None:
            found[key.text] = Definition(
                name=key.text, type=sym.type, each=sym.each, body=content, title=text(body, "title"), span=key.span
            )
    return found


def _body(ctx: Context, key: Scalar, body: Mapping, scope: Scope, type_: Type) -> x.Expr | Table | None:
    if "is" in body:
        return ctx.expression(body.get("is"), scope, type_)
    table = mapping(body, "table")
    if table is not None:
        return _table(ctx, key, table, scope, type_)
    if "when" not in body:
        return None
    if type_ != BOOLEAN:
        words = f"`{key.text}` is {type_}, but `when` gives true or false"
        ctx.sink.error("type/mismatch", words, key.span, "use `is:` with an expression, or `type: boolean`")
        return None
    return when_unless(ctx, body, scope, key.span)


_HITS: dict[str, OneOf["unique", "any", "first"]] = {"unique": "unique", "any": "any", "first": "first"}

# -- tables -------------------------------------------------------------------------------------


def _table(ctx: Context, key: Scalar, node: Mapping, scope: Scope, type_: Type) -> Table | None:
    inputs = [_input(ctx, i, scope) for i in items(node, "inputs")]
    outputs = _outputs(ctx, key, node, type_)
    good = tuple(i for i in inputs if i is not None)
    if len(good) < len(inputs) or not good:
        return None
    rows = [_row(ctx, r, good, outputs, scope) for r in items(node, "rows")]
    otherwise = _otherwise(ctx, node, outputs, scope)
    if any(r is None for r in rows) or (otherwise is None and node.get("otherwise") is not None):
        return None
    return Table(
        hit=_HITS.get(text(node, "hit") or "unique", "unique"),
        inputs=good,
        outputs=outputs,
        rows=tuple(r for r in rows if r is not None),
        otherwise=otherwise,
        span=node.span,
    )


def _input(ctx: Context, node: Node, scope: Scope) -> x.Expr | None:
    e = ctx.expression(node, scope, None)
    if e is None or e.type.kind not in (Kind.LIST, Kind.VALUES, Kind.DURATION):
        return e
    words = f"an input is one value, but `{e.span.underlined}` is {e.type}"
    ctx.sink.error("type/mismatch", words, e.span, "test a count, a sum or a condition of it")
    return None


def _outputs(ctx: Context, key: Scalar, node: Mapping, type_: Type) -> tuple[tuple[str, Type], ...]:
    sym = ctx.symbols.definitions[key.text]
    if sym.outputs:
        return tuple(sym.outputs.items())
    named = [k.text for k, _ in entries(node, "outputs")]
    return ((named[0] if named else key.text, type_),)


def _row(
    ctx: Context, node: Node, inputs: tuple[x.Expr, ...], outputs: tuple[tuple[str, Type], ...], scope: Scope
) -> Row | None:
    cells = node.items if isinstance(node, Sequence) else ()
    width = len(inputs) + len(outputs)
    if len(cells) != width:
        columns = "column" if width == 1 else "columns"
        message = (
            f"this row has {len(cells)} {'cell' if len(cells) == 1 else 'cells'}, but the table has {width} {columns}"
        )
        ctx.sink.error("table/width", message, node.span, "write one cell for each input, then one for each output")
        return None
    tests = [_cell(ctx, c, i, scope) for c, i in zip(cells, inputs, strict=False)]
    values = _values(ctx, cells[len(inputs) :], outputs, scope)
    good = tuple(t for t in tests if t is not None)
    if len(good) < len(tests) or values is None:
        return None
    return Row(tests=good, outputs=values, span=node.span)


def _cell(ctx: Context, node: Node, subject: x.Expr, scope: Scope) -> x.Expr | None:
    found = scalars(node)
    if not found:
        ctx.sink.error("schema/type", "a cell is a test or a list of tests", node.span, "write `any` for anything")
        return None
    if len(found) == 1 and found[0].text in ("any", "-"):
        return always(found[0].span)
    return ctx.tests(node, subject, scope, node.span)


def _values(
    ctx: Context, cells: tuple[Node, ...], outputs: tuple[tuple[str, Type], ...], scope: Scope
) -> tuple[x.Expr, ...] | None:
    found = [_output(ctx, c, t, scope) for c, (_, t) in zip(cells, outputs, strict=True)]
    good = tuple(e for e in found if e is not None)
    return good if len(good) == len(outputs) else None


def _output(ctx: Context, node: Node, type_: Type, scope: Scope) -> x.Expr | None:
    """An output cell; one of a set may be written as a YAML list."""
    if type_.kind is not Kind.SET or isinstance(node, Scalar):
        return ctx.expression(node, scope, type_)
    members = literal(ctx, node, type_)
    return None if members is None else x.Literal(value=members, type=type_, span=node.span)


def _otherwise(
    ctx: Context, node: Mapping, outputs: tuple[tuple[str, Type], ...], scope: Scope
) -> tuple[x.Expr, ...] | None:
    written = node.get("otherwise")
    if written is None:
        return None
    cells: tuple[Node, ...] = written.items if isinstance(written, Sequence) else (written,)
    if len(cells) != len(outputs):
        outputs_ = "output" if len(outputs) == 1 else "outputs"
        message = f"`otherwise` has {len(cells)} values, but the table has {len(outputs)} {outputs_}"
        ctx.sink.error("table/width", message, written.span, "write one value for each output")
        return None
    return _values(ctx, cells, outputs, scope)
