"""Slips in conditions: signs, negations, connectives, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import (
    And,
    Compare,
    CompareOp,
    Contains,
    DefinitionRef,
    Expr,
    FactRef,
    ItemField,
    Known,
    ListRef,
    MemberOf,
    Not,
    Or,
    Quantifier,
    Special,
    SplitIs,
    Stated,
    Within,
    children,
    is_true,
)
from policyengine.model.rules import Rule, Split
from policyengine.model.vocabulary import Row, Table
from policyengine.mutation.operators.base import Change, Changes, Operator
from policyengine.mutation.sites import Site
from policyengine.mutation.wording import quoted
from policyengine.values.types import Kind

_NEIGHBOUR: Mapping[str, CompareOp] = {"<": "<=", "<=": "<", ">": ">=", ">=": ">"}
#: Tests whose truth comes of facts, and not of other tests.
_ATOMS = (Compare, Within, MemberOf, Contains, Stated, Quantifier, FactRef, ItemField, DefinitionRef)


def _boundary(site: Site, _: CheckedBundle) -> Changes:
    node = site.node
    if isinstance(node, Compare) and node.op in _NEIGHBOUR:
        yield Change(replace(node, op=_NEIGHBOUR[node.op]), {"what": _limit(site)})
    if isinstance(node, Within):
        yield Change(replace(node, low_open=not node.low_open), {"what": f"the lower limit of {around_node(site)}"})
        yield Change(replace(node, high_open=not node.high_open), {"what": f"the upper limit of {around_node(site)}"})
    if isinstance(node, Split):
        called = f"the limit {quoted(node.limit.span, node.limit)} of a part of {node.called}"
        yield Change(replace(node, op="<=" if node.op == "<" else "<"), {"what": f"{called} in {site.owner}"})


def _limit(site: Site) -> str:
    if isinstance(site.parent, Rule) and site.parent.deadline is not None and site.part == "own":
        return f"the last day {quoted(site.span, site.node)} in {site.owner}"
    return f"the limit of {around_node(site)}"


def around_node(site: Site) -> str:
    """The site's own words, and whose they are."""
    return f"{quoted(site.span, site.node)} in {site.owner}"


def _negation(site: Site, _: CheckedBundle) -> Changes:
    node = site.node
    if not isinstance(node, Expr) or not _is_condition(site):
        return
    whole = isinstance(node, And | Or) and len(node.items) > 1 and not _is_put_together(site)
    if whole or isinstance(node, (*_ATOMS, Known)):
        yield Change(Not(item=node, span=node.span), {"what": around_node(site)})


def _is_condition(site: Site) -> bool:
    """Whether the node is a truth that is asked for, and no value that another test compares."""
    node = site.node
    if not isinstance(node, Expr) or node.type.kind is not Kind.BOOLEAN:
        return False
    if isinstance(site.parent, Known | Stated | Compare) or (site.part == "items" and not _is_junction(site.parent)):
        return False
    return not isinstance(site.parent, Contains | MemberOf | Within)


def _is_junction(node: object) -> bool:
    return isinstance(node, And | Or)


def _is_put_together(site: Site) -> bool:
    """Whether a junction joins what stands under keys of its own, such as `when` and `unless`, and not in one place."""
    spans = [item.span for item in children(site.node)] if isinstance(site.node, Expr) else []
    return not all(site.span.start <= s.start and s.end <= site.span.end for s in spans)


def _any_all(site: Site, bundle: CheckedBundle) -> Changes:
    match site.node:
        case And(items=items) as node if len(items) > 1 and not _is_put_together(site):
            yield Change(Or(items=items, span=node.span), {"old": "all", "new": "any one", "what": around_node(site)})
        case Or(items=items) as node if len(items) > 1:
            yield Change(And(items=items, span=node.span), {"old": "any one", "new": "all", "what": around_node(site)})
        case Contains(mode=mode, members=members) as node if len(members) > 1 or members[0].type.kind is Kind.SET:
            new = replace(node, mode="any" if mode == "all" else "all")
            yield Change(new, {"old": mode, "new": new.mode, "what": around_node(site)})
        case Quantifier(kind=kind) as node:
            other = replace(node, kind="every" if kind == "some" else "some")
            yield Change(other, {"old": kind, "new": other.kind, "what": around_node(site)})
    del bundle


def _dropped(site: Site, _: CheckedBundle) -> Changes:
    """A test that stands beside others is taken out."""
    node, parent = site.node, site.parent
    if not isinstance(node, Expr) or not isinstance(parent, And | Or) or len(parent.items) < 2:  # noqa: PLR2004 - beside
        return
    empty = And(items=(), span=node.span) if isinstance(parent, And) else Or(items=(), span=node.span)
    yield Change(empty, {"what": around_node(site)})


def _unknown_as_false(site: Site, bundle: CheckedBundle) -> Changes:
    """A test is false while a fact that it reads is not known.

    Where all tests of an `any` or `all` read the fact, they are guarded together: any one of them that is still
    unknown would hide the slip. For the same reason the cells of a table are guarded column by column.
    """
    node = site.node
    if isinstance(node, Table):
        yield from _column_unknown(node, bundle)
    elif isinstance(node, (*_ATOMS, And, Or)) and _is_condition(site) and not isinstance(site.parent, Row):
        beside = {**_shared(site.parent, bundle), **_asked_beside(site.parent), **_asked_beside(node)}
        for name, fact in _shared(node, bundle).items():
            if name not in beside:
                guarded = And(items=(Known(target=fact, span=node.span), node), span=node.span)
                yield Change(guarded, {"what": around_node(site), "fact": name})


def _asked_beside(node: object) -> dict[str, object]:
    """The facts of which a junction of `all` asks expressly whether they are known."""
    items = node.items if isinstance(node, And) else ()
    return {_name(k.target): k for k in items if isinstance(k, Known) and not isinstance(k.target, ListRef)}


def _column_unknown(table: Table, bundle: CheckedBundle) -> Changes:
    for i, tested in enumerate(table.inputs):
        for name, fact in _shared(tested, bundle).items():
            rows = tuple(_guarded(row, i, fact) for row in table.rows)
            what = f"the column {quoted(tested.span, tested)} in the table"
            yield Change(replace(table, rows=rows), {"what": what, "fact": name}, tested.span)


def _guarded(row: Row, column: int, fact: FactRef | ItemField) -> Row:
    cell = row.tests[column]
    if is_true(cell):
        return row
    new = And(items=(Known(target=fact, span=cell.span), cell), span=cell.span)
    return replace(row, tests=(*row.tests[:column], new, *row.tests[column + 1 :]))


def _shared(node: object, bundle: CheckedBundle) -> dict[str, FactRef | ItemField]:
    """The facts without a default that a test reads itself; of a junction those that each of its tests reads."""
    if isinstance(node, Not):
        return _shared(node.item, bundle)
    if isinstance(node, And | Or):
        each = [_shared(item, bundle) for item in node.items]
        first, *rest = each or [{}]
        return {name: fact for name, fact in first.items() if all(name in r for r in rest)}
    return {_name(fact): fact for fact in _gaps(node, bundle)} if isinstance(node, Expr) else {}


def _gaps(e: Expr, bundle: CheckedBundle) -> Iterator[FactRef | ItemField]:
    """The same of a single test, each once."""
    found: dict[str, FactRef | ItemField] = {}
    stack = [e]
    while stack:
        node = stack.pop(0)
        match node:
            case FactRef() if bundle.facts[node.name].default is None:
                found.setdefault(node.name, node)
            case ItemField() if bundle.lists[node.list].fields[node.field].default is None:
                found.setdefault(_name(node), node)
            # What a quantifier asks of its elements is a site of its own, and only there its variable has a meaning.
            case Quantifier() | SplitIs() | Special():
                continue
            case _:
                pass
        stack[:0] = children(node)
    yield from found.values()


def _name(fact: FactRef | ItemField) -> str:
    return fact.name if isinstance(fact, FactRef) else f"{fact.variable}.{fact.field}"


def _stated_as_known(site: Site, _: CheckedBundle) -> Changes:
    match site.node:
        case Stated(target=target) as node:
            yield Change(Known(target=target, span=node.span), {"what": around_node(site)})


OPERATORS = (
    Operator(
        id="boundary",
        title="a limit itself counts as the other side (`<` against `<=`)",
        sentence="{what} falls on the other side",
        on=(Compare, Within, Split),
        changes=_boundary,
    ),
    Operator(
        id="negation",
        title="a test is turned round",
        sentence="{what} is turned into its opposite",
        on=(Expr,),
        changes=_negation,
    ),
    Operator(
        id="any-all",
        title="`any` and `all`, `some` and `every` are mixed up",
        sentence="{new} instead of {old} is enough for {what}",
        on=(And, Or, Contains, Quantifier),
        changes=_any_all,
    ),
    Operator(
        id="condition-dropped",
        title="one of several tests is left out",
        sentence="{what} is left out",
        on=(Expr,),
        changes=_dropped,
    ),
    Operator(
        id="unknown-as-false",
        title="a test of a fact that is not known counts as false",
        sentence="{what} counts as false while `{fact}` is not known",
        on=(*_ATOMS, And, Or, Table),
        changes=_unknown_as_false,
    ),
    Operator(
        id="empty-as-stated",
        title="an empty text, date or list counts as stated",
        sentence="{what} also holds for an empty value, and no longer waits for an unknown one",
        on=(Stated,),
        changes=_stated_as_known,
    ),
)
