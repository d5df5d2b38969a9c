"""Any text at all is typed or refused with a fault in its own place; types follow the tables of the language."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.check.bundles import BASE

from policyengine.check.context import Context
from policyengine.check.declarations import declare
from policyengine.check.symbols import Symbols
from policyengine.check.typist import Scope
from policyengine.diagnostics import Diagnostics
from policyengine.frontend.nodes import Scalar
from policyengine.frontend.yaml_reader import read_document
from policyengine.model import expr as x
from policyengine.source import Position, SourceFile, Span
from policyengine.values.types import BOOLEAN, Kind

ELEMENT = Scope(variables={"claim": "claims"})
_NAMES = """order.qty order.total order.rate order.paid order.note order.currency order.cause order.parts
order.placed_on claims order.lines claims.amount claim.amount claim.cause claim plan.sample plan size washed limit
window fragile washing color USD as_of verdict unknown order.unknown half_up true null 1 0 2.5 2025-03-20 "t\""""
_FUNCTIONS = "min max earliest latest sum count common days roll round known stated not convert nothing"
_SIGNS = "+ - * / = != < > <= >= and or in contains"
LEAVES = st.sampled_from([*_NAMES.split(), "5 USD", "40 days"])


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    one, two, three = st.tuples(inner), st.tuples(inner, inner), st.tuples(inner, inner, inner)
    several = st.lists(inner, max_size=3).map(", ".join)
    variable = st.sampled_from(["c", "claim", "line", "size"])
    return st.one_of(
        st.tuples(inner, st.sampled_from(_SIGNS.split()), inner).map(" ".join),
        st.tuples(st.sampled_from(_FUNCTIONS.split()), several).map(lambda p: f"{p[0]}({p[1]})"),
        three.map(lambda p: f"{p[0]} in [{p[1]}..{p[2]}]"),
        three.map(lambda p: f"(if {p[0]} then {p[1]} else {p[2]})"),
        several.map(lambda p: f"[{p}]"),
        two.map(lambda p: f"{p[0]}[{p[1]}]"),
        st.tuples(variable, inner, inner).map(lambda p: f"(some {p[0]} in {p[1]} satisfies {p[2]})"),
        one.map(lambda p: f"({p[0]})"),
    )


EXPRESSIONS = st.recursive(LEAVES, _grown, max_leaves=8)


@cache
def symbols() -> Symbols:
    sink = Diagnostics()
    documents = [read_document(SourceFile(n, t, n), sink) for n, t in BASE.items()]
    found = declare([d for d in documents if d], sink)
    assert not sink.failed
    return found


def typed(text: str, scope: Scope = ELEMENT) -> tuple[x.Expr | None, Diagnostics]:
    file, sink = SourceFile("f.yaml", text, "f.yaml"), Diagnostics()
    node = Scalar(text, Span(file, Position(1, 1), Position(1, len(text) + 1)), plain=False)
    return Context(symbols(), sink).expression(node, scope, None), sink


@given(EXPRESSIONS)
@settings(deadline=None, max_examples=800, derandomize=True)
def test_any_expression_is_typed_or_refused(text):
    e, sink = typed(text)
    assert (e is None) == sink.failed
    assert len(sink) <= 1
    for d in sink:
        assert 1 <= d.span.start.column <= d.span.end.column <= len(text) + 2
        assert d.render()
    if e is not None:
        assert all(isinstance(n, x.Expr) for n in x.walk(e))
        assert all(a.type == BOOLEAN for n in x.walk(e) if isinstance(n, x.And | x.Or) for a in n.items)


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("order.qty + 1", "integer"),
        ("order.qty / 2", "decimal"),
        ("order.qty * 2.5", "decimal"),
        ("-5", "integer"),
        ("-5.5 USD", "money"),
        ("order.total * 2", "money"),
        ("2 * order.total", "money"),
        ("order.total / limit", "decimal"),
        ("as_of - 40 days", "date"),
        ("order.placed_on + window", "date"),
        ("days_between(as_of, order.placed_on)", "integer"),
        ("if order.paid then 1 else 2.5", "decimal"),
        ("if order.paid then washing else order.cause", "enum cause"),
        ("claims.amount", "list of money"),
        ("order.lines[line.qty > 1].price", "list of money"),
        ("claims[true][true]", None),
        ("sum(order.lines.price)", "money"),
        ("max(order.lines.price)", "money"),
        ("min(1, 2.5)", "decimal"),
        ("[1, 2.5]", "list of decimal"),
        ("count(order.parts)", "integer"),
        ("common(order.parts, fragile)", "set of part"),
        ("convert(order.total, 1, EUR)", "money"),
        ("plan.accept", "integer"),
        ("washed", "boolean"),
        ("some other in claims satisfies other.amount > claim.amount", "boolean"),
        ("every l in order.lines[line.qty > 1] satisfies l.price > 0", "boolean"),
        ("order.total > 0", "boolean"),
        ("washing = order.cause", "boolean"),
        ("order.cause in [washing, misuse]", "boolean"),
        ("color in order.parts", "boolean"),
        ("order.parts contains any fragile", "boolean"),
        ("order.currency = USD", "boolean"),
        ("round(order.total, 0.01, half_up)", "money"),
    ],
)
def test_types(text, type_):
    e, sink = typed(text)
    assert (None if e is None else str(e.type)) == type_, [d.render() for d in sink]


def test_negative_literals_are_literals():
    e, _ = typed("-40 days")
    assert isinstance(e, x.Literal)
    assert e.type.kind is Kind.DURATION
    assert e.value.count == -40


def test_words_are_members_of_what_is_expected():
    e, _ = typed("if order.paid then washing else misuse", Scope())
    assert e is None
    e, _ = typed("order.cause = (if order.paid then washing else misuse)", Scope())
    assert [n.value for n in x.walk(e) if isinstance(n, x.Literal)] == ["washing", "misuse"]


def test_text_is_normalised():
    e, _ = typed('order.note = "e\u0301"')
    assert e.right.value == "\u00e9"
