"""Typing of lists: written out, filtered, quantified over, and one field of each element."""

from __future__ import annotations

from collections.abc import Mapping

from policyengine.check.names import pluck
from policyengine.check.spelling import SNAKE
from policyengine.check.symbols import ListSymbol
from policyengine.check.typist import Form, Hint, Typist, form
from policyengine.language import syntax as s
from policyengine.model import expr as x
from policyengine.values.types import BOOLEAN, DECIMAL, Kind, Type, comparable, element_of, values_of


def _list(t: Typist, node: s.ListText, hint: Hint) -> x.Expr:
    if hint.type is not None and hint.type.kind is Kind.SET:
        return _set(t, node, hint.type)
    # A list may stand where one value is expected, by mistake; its words are still understood.
    item = hint.type.item if hint.type and hint.type.kind is Kind.VALUES else None
    parts: list[x.Expr] = []
    for n in node.items:
        part = t.infer(n, Hint(item or hint.type, hint.of))
        if item is not None and not comparable(part.type, item):
            t.mismatch(n, part.type, str(item), "the values of a list have one type")
        item = part.type if item is None or part.type == DECIMAL else item
        parts.append(part)
    if item is None:
        t.fail("type/mismatch", "an empty list has no type here", node, "leave it out")
    return x.ListOf(items=tuple(parts), type=values_of(item), span=t.span(node))


def _set(t: Typist, node: s.ListText, type_: Type) -> x.Expr:
    members = set()
    for n in node.items:
        part = t.infer(n, Hint(element_of(type_)))
        if not isinstance(part, x.Literal) or not isinstance(part.value, str) or part.type.kind is not Kind.ENUM:
            t.mismatch(n, part.type, f"a member of {type_}")
        members.add(part.value)
    return x.Literal(value=frozenset(members), type=type_, span=t.span(node))


def _records(t: Typist, node: s.Node) -> tuple[x.Expr, ListSymbol]:
    """The list of records that a node stands for."""
    base = t.infer(node)
    if base.type.kind is not Kind.LIST:
        help_ = "take the field away: filter first, then name a field" if base.type.kind is Kind.VALUES else None
        t.mismatch(node, base.type, "a list of records", help_)
    return base, t.symbols.lists[str(base.type.name)]


def _filter(t: Typist, node: s.Index, _hint: Hint) -> x.Expr:
    base, item = _records(t, node.base)
    if item.each in t.scope.variables:
        _shadowed(t, node, item.each, item.name)
    predicate = t.inside(item.each, item.name).check(node.predicate, BOOLEAN)
    return x.Filter(list=base, variable=item.each, predicate=predicate, type=base.type, span=t.span(node))


def _shadowed(t: Typist, node: s.Node, variable: str, list_name: str) -> None:
    words = f"`{variable}` here hides the {variable} being decided"
    t.fail("names/shadowed", words, node, f"use `some other in {list_name} satisfies …`")


def _quantifier(t: Typist, node: s.QuantifierText, _hint: Hint) -> x.Expr:
    base, item = _records(t, node.list)
    _check_variable(t, node, item)
    body = t.inside(node.variable, item.name).check(node.body, BOOLEAN)
    return x.Quantifier(kind=node.kind, variable=node.variable, list=base, body=body, span=t.span(node))


def _check_variable(t: Typist, node: s.QuantifierText, item: ListSymbol) -> None:
    variable = node.variable
    at = t.scalar.text.index(variable, node.start + len(node.kind))
    place = s.Node(at, at + len(variable))
    if variable in t.scope.variables:
        _shadowed(t, place, variable, item.name)
    if not SNAKE.fullmatch(variable):
        help_ = "names are small letters, digits and `_`"
        t.fail("names/spelling", f"`{variable}` cannot be the name of a variable", place, help_)
    if t.symbols.reserved(variable):
        t.fail("names/reserved", f"`{variable}` is a word of the language", place, "choose another name")
    kind = "member" if variable in t.symbols.members else t.symbols.kind_of(variable)
    if kind and variable != item.each:
        t.fail("names/taken", f"`{variable}` is already the name of a {kind}", place, "choose another name")


def _dot(t: Typist, node: s.Dot, _hint: Hint) -> x.Expr:
    base, _ = _records(t, node.base)
    return pluck(t, node, base, node.field)


FORMS: Mapping[type[s.Node], Form] = dict(
    (form(s.ListText, _list), form(s.Index, _filter), form(s.QuantifierText, _quantifier), form(s.Dot, _dot))
)
