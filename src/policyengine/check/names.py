"""Typing of names: declared ones, variables, what only an answer gives, and bare words that are members."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from policyengine.check.symbols import DefinitionSymbol
from policyengine.check.typist import ANYTHING, Form, Hint, Rejected, Typist, form
from policyengine.diagnostics import advice, did_you_mean
from policyengine.language import syntax as s
from policyengine.model import expr as x
from policyengine.values.currencies import currency_codes
from policyengine.values.types import CURRENCY, Kind, Type, element_of, values_of

AS_OF = "as_of"
ANSWER_ONLY = ("verdict", "parts", "amount")


def name(t: Typist, node: s.Name, hint: Hint) -> x.Expr:
    """A name: a special, a declared one, or a member of what is expected."""
    text = node.text
    if text == AS_OF:
        return x.AsOf(span=t.span(node))
    if text in t.scope.specials:
        return x.Special(name=text, type=t.scope.specials[text], span=t.span(node))
    if declared(t, text):
        return _resolve(t, node)
    if text in ANSWER_ONLY:
        t.fail(
            "names/out-of-scope",
            f"`{text}` is known only once a decision is made",
            node,
            "use it in warnings, in `report`, in payout steps, or in definitions used only there",
        )
    return _member(t, node, hint)


def declared(t: Typist, text: str) -> bool:
    """Whether a dotted text begins with a declared name or a variable. Gives up if that was declared with faults."""
    parts = text.split(".")
    for n in range(len(parts), 0, -1):
        head = ".".join(parts[:n])
        if head in t.scope.variables or (t.symbols.kind_of(head) and head not in t.symbols.broken):
            return True
        if head in t.symbols.broken:
            raise Rejected
    return False


def needs_type(t: Typist, node: s.Node) -> bool:
    """Whether the node means nothing without an expected type: a bare word, or made of such."""
    match node:
        case s.Name():
            return node.text not in (AS_OF, *t.scope.specials) and not declared(t, node.text)
        case s.NullText():
            return True
        case s.IfText():
            return needs_type(t, node.then) and needs_type(t, node.otherwise)
        case s.ListText():
            return all(needs_type(t, i) for i in node.items)
        case _:
            return False


def pair(t: Typist, left: s.Node, right: s.Node, hint: Hint = ANYTHING) -> tuple[x.Expr, x.Expr]:
    """Two nodes that should have one type; a bare word on one side takes its meaning from the other."""
    if hint.type is None and needs_type(t, left) and not needs_type(t, right):
        b = t.infer(right)
        return t.infer(left, Hint(b.type, t.source(right))), b
    a = t.infer(left, hint)
    return a, t.infer(right, hint if hint.type else Hint(a.type, t.source(left)))


# -- declared names -----------------------------------------------------------------------------


def _resolve(t: Typist, node: s.Name) -> x.Expr:
    text, span, symbols = node.text, t.span(node), t.symbols
    head, _, rest = text.partition(".")
    if head in t.scope.variables:
        return _field(t, node, head, rest)
    if text in symbols.facts:
        return x.FactRef(name=text, type=symbols.facts[text], span=span)
    if text in symbols.lists:
        return _list(t, node, text)
    if text in symbols.parameters:
        return x.ParameterRef(name=text, type=symbols.parameters[text], span=span)
    if head in symbols.definitions:
        return _definition(t, node, symbols.definitions[head], rest)
    if head in symbols.singulars:
        _out_of_scope(t, node, text, symbols.singulars[head])
    base, _, last = text.rpartition(".")
    if base in symbols.lists:
        return pluck(t, node, _list(t, node, base), last)
    return _unknown(t, node)


def _list(t: Typist, node: s.Name, name_: str) -> x.ListRef:
    return x.ListRef(name=name_, type=Type(Kind.LIST, name=name_), span=t.span(node))


def _field(t: Typist, node: s.Name, variable: str, rest: str) -> x.Expr:
    list_name = t.scope.variables[variable]
    if not rest:
        fields = ", ".join(f"`{variable}.{f}`" for f in t.symbols.lists[list_name].fields)
        t.fail("type/mismatch", f"`{variable}` is a whole element, not a value", node, f"name a field: {fields}")
    type_ = _field_type(t, node, list_name, rest)
    return x.ItemField(variable=variable, list=list_name, field=rest, type=type_, span=t.span(node))


def _field_type(t: Typist, node: s.Node, list_name: str, field: str) -> Type:
    item = t.symbols.lists[list_name]
    if field in item.fields:
        return item.fields[field]
    if t.symbols.field_is_broken(list_name, field):
        raise Rejected
    help_ = advice(did_you_mean(field, item.fields), "fields: " + ", ".join(item.fields))
    return t.fail("names/unknown", f"`{list_name}` has no field `{field}`", node, help_)


def pluck(t: Typist, node: s.Node, base: x.Expr, field: str) -> x.Expr:
    """The values of one field of a list."""
    type_ = values_of(_field_type(t, node, str(base.type.name), field))
    return x.Pluck(list=base, field=field, type=type_, span=t.span(node))


def _definition(t: Typist, node: s.Name, d: DefinitionSymbol, rest: str) -> x.Expr:
    output, type_ = None, d.type
    if d.outputs:
        if rest not in d.outputs:
            outputs = "outputs: " + ", ".join(f"`{d.name}.{o}`" for o in d.outputs)
            t.fail("names/unknown", f"`{node.text}` is not an output of table `{d.name}`", node, outputs)
        output, type_ = rest, d.outputs[rest]
    elif rest:
        words = f"`{d.name}` is one value, so it has no `{rest}`"
        t.fail("names/unknown", words, node, f"write `{d.name}`")
    variable = None
    if d.each is not None:
        variable = t.symbols.lists[d.each].each
        if t.scope.variables.get(variable) != d.each:
            _out_of_scope(t, node, d.name, d.each)
    return x.DefinitionRef(name=d.name, output=output, variable=variable, type=type_, span=t.span(node))


def _out_of_scope(t: Typist, node: s.Node, what: str, list_name: str) -> NoReturn:
    each = t.symbols.lists[list_name].each
    if t.scope.told is not None:
        if list_name in t.scope.told:
            raise Rejected
        t.scope.told.add(list_name)
    help_ = f"add `each: {each}` to the policy, or use `some {each} in {list_name} satisfies …`"
    t.fail("names/out-of-scope", f"`{what}` can be used only for each {each}", node, help_)


def _unknown(t: Typist, node: s.Name, help_: str | None = None) -> NoReturn:
    t.hush()
    kind = "fact" if "." in node.text else "name"
    known = [f"{v}.{f}" for v, list_ in t.scope.variables.items() for f in t.symbols.lists[list_].fields]
    near = t.symbols.suggest(node.text, [*t.scope.specials, *known])
    t.fail("names/unknown", f"unknown {kind} `{node.text}`", node, help_ or near)


# -- bare words ---------------------------------------------------------------------------------


def _member(t: Typist, node: s.Name, hint: Hint) -> x.Expr:
    type_ = hint.type
    if type_ is None or "." in node.text:
        _unknown(t, node)
    if type_.kind in (Kind.ENUM, Kind.SET):
        return _enum_member(t, node, element_of(type_), hint.of or str(type_))
    if type_.kind is Kind.CURRENCY:
        if node.text in currency_codes():
            return x.Literal(value=node.text, type=CURRENCY, span=t.span(node))
        near = did_you_mean(node.text, [*currency_codes(), *t.symbols.all_names()])
        t.fail(
            "type/member", f"`{node.text}` is not a currency of ISO 4217", node, near or "write a code such as `USD`"
        )
    return _unknown(t, node, _how_to_write(type_.kind, node.text))


_TRUTHS = ("yes", "no", "on", "off", "y", "n", "true", "false")


def _how_to_write(kind: Kind, word: str) -> str | None:
    """What to write in place of a word where a text or a truth is expected; None: better guess a name."""
    if kind is Kind.TEXT:
        return f'put text between double quotes: `"{word}"`'
    return "write `true` or `false`" if kind is Kind.BOOLEAN and word.lower() in _TRUTHS else None


def _enum_member(t: Typist, node: s.Name, enum: Type, of: str) -> x.Expr:
    if node.text in enum.members:
        return x.Literal(value=node.text, type=enum, span=t.span(node))
    near = did_you_mean(node.text, [*enum.members, *t.symbols.all_names()])
    if t.symbols.incomplete and near is None:
        raise Rejected
    help_ = advice(near, "members: " + ", ".join(enum.members))
    return t.fail("type/member", f"`{node.text}` is not a member of `{of}`", node, help_)


FORMS: Mapping[type[s.Node], Form] = dict((form(s.Name, name),))
