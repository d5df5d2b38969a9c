"""The record behind an explanation: every rule's evaluation, node by node."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial

from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision, FaultNote
from policyengine.model.expr import Expr
from policyengine.model.memory import Element
from policyengine.model.vocabulary import Table
from policyengine.reference.evaluate import Env, declaration, evaluate, members_of
from policyengine.reference.facts import read
from policyengine.reference.results import Result, all_of, exact
from policyengine.values.text import value_text
from policyengine.values.types import Kind, Type

Json = object


@dataclass(frozen=True, slots=True)
class Node:
    """One expression: its text and place, what it came to in words, and the addresses of the facts it lacks.

    ``element`` is set where the node is about an element other than the rule's: inside quantifiers and filters.
    ``faults`` are values that cannot exist, met in it or below, because of which it is not known. ``negated``: the
    value is that of the opposite of the text, as of a requirement, which holds as a rule where it is not met.
    """

    text: str
    place: str
    value: str
    blame: tuple[str, ...]
    children: tuple[Node, ...] = ()
    element: str | None = None
    faults: tuple[FaultNote, ...] = ()
    negated: bool = False

    def to_dict(self) -> dict[str, Json]:
        """As plain data."""
        out: dict[str, Json] = {"text": self.text, "at": self.place, "value": self.value, "blame": list(self.blame)}
        if self.element is not None:
            out["element"] = self.element
        if self.negated:
            out["negated"] = True
        if self.faults:
            out["faults"] = [f.to_dict() for f in self.faults]
        return out | {"children": [c.to_dict() for c in self.children]}


@dataclass(frozen=True, slots=True)
class RuleTrace:
    """One rule, asked of the document or of an element; ``truth`` is None while unknown."""

    index: int
    rule: str
    element: str | None
    truth: bool | None
    guard: Node
    applies: Node
    own: Node

    def to_dict(self) -> dict[str, Json]:
        """As plain data."""
        parts = {"guard": self.guard, "applies": self.applies, "own": self.own}
        head: dict[str, Json] = {"rule": self.rule, "element": self.element, "truth": self.truth}
        return head | {name: node.to_dict() for name, node in parts.items()}


@dataclass(frozen=True, slots=True)
class Trace:
    """All rules of a decision, warnings last; a value decision has ``value`` instead."""

    decision: str
    as_of: date
    rules: tuple[RuleTrace, ...]
    value: Node | None = None

    def to_dict(self) -> dict[str, Json]:
        """As plain data."""
        value = self.value.to_dict() if self.value else None
        rules = [r.to_dict() for r in self.rules]
        return {"decision": self.decision, "as_of": self.as_of.isoformat(), "rules": rules, "value": value}


def answered(made: Decision) -> Mapping[str, Result]:
    """What only an answer knows, and warnings and payouts may read."""
    verdict = None if made.verdict_class == "undetermined" else made.verdict
    return {"verdict": exact(verdict), "parts": exact(made.split.parts if made.split else None)}


def trace(  # noqa: PLR0913 - a decision, and how much of it
    bundle: CheckedBundle,
    decision: str,
    facts: Mapping[str, object],
    as_of: date,
    most_elements: int | None = None,
    *,
    specials: Mapping[str, Result] | None = None,
) -> Trace:
    """How every rule came out, and why. ``facts`` as for a decision.

    Of each list the first ``most_elements`` are laid out, None: all. Warnings are weighed with ``specials``, which
    :func:`answered` makes of a decision; without them they do not know the verdict.
    """
    spec = bundle.decisions[decision]
    env = Env(bundle, read(bundle, facts, as_of))
    after = env.telling(specials) if specials else env
    node = partial(_node, most=most_elements)
    rules = []
    for rule in spec.rules:
        for element in (None,) if rule.each is None else (env.records(rule.each) or ())[:most_elements]:
            inner = (after if rule.warning else env).only(element)
            truth = all_of(evaluate(p, inner) for p in rule.parts).value
            key = element.key if element else None
            guard, applies, own = (node(p, inner) for p in rule.parts)
            known = truth if isinstance(truth, bool) else None
            rules.append(RuleTrace(rule.index, rule.id, key, known, guard, applies, own))
    value = None if spec.value is None else node(spec.value, env)
    return Trace(decision, as_of, tuple(rules), value)


#: Lays out one expression; the last argument is the element that it is about, where that is not the rule's.
Lay = Callable[..., Node]


def _node(e: Expr, env: Env, element: Element | None = None, *, most: int | None) -> Node:
    found = evaluate(e, env)
    below = tuple(_below(e, env, partial(_node, most=most), most))
    key = element.key if element else None
    negated = isinstance(e, x.Not) and e.item.span == e.span
    blame = tuple(str(a) for a in found.blame)
    return Node(
        e.span.underlined, e.span.at, in_words(found, e.type), blame, below, key, faults=_notes(found), negated=negated
    )


def _notes(found: Result) -> tuple[FaultNote, ...]:
    return () if found.known else tuple(dict.fromkeys(f.note() for f in found.faults))


def _below(e: Expr, env: Env, node: Lay, most: int | None) -> Iterator[Node]:
    """What a node was made of; definitions and defaults are opened, and bodies asked of every candidate."""
    match e:
        case x.Quantifier() | x.Filter():
            yield node(e.list, env)
            found = evaluate(e.list, env)
            body = e.body if isinstance(e, x.Quantifier) else e.predicate
            for record, _ in members_of(found)[:most] if found.known else ():
                yield node(body, env.within(e.variable, record), record)
        case x.SplitIs():
            yield node(e.split.limit, env)
            for record in (env.records(e.split.list) or ())[:most]:
                inner = env.within(e.split.variable, record)
                yield from (node(p, inner, record) for p in (e.split.quantity, e.split.weight, e.split.whole))
        case x.DefinitionRef():
            yield from _of_definition(e, env, node)
        case x.FactRef() | x.ItemField():
            yield from _of_default(e, env, node)
        case _:
            yield from (node(c, env) for c in x.children(e))


def _of_definition(e: x.DefinitionRef, env: Env, node: Lay) -> Iterator[Node]:
    inner = env.only(None if e.variable is None else env.elements[e.variable])
    body = env.bundle.definitions[e.name].body
    if not isinstance(body, Table):
        yield node(body, inner)
        return
    for row in body.rows:
        fits = all_of(evaluate(t, inner) for t in row.tests)
        tests = tuple(node(t, inner) for t in row.tests)
        blame = tuple(str(a) for a in fits.blame)
        value = in_words(fits, Type(Kind.BOOLEAN))
        yield Node(row.span.underlined, row.span.at, value, blame, tests, faults=_notes(fits))


def _of_default(e: x.FactRef | x.ItemField, env: Env, node: Lay) -> Iterator[Node]:
    element = env.elements[e.variable] if isinstance(e, x.ItemField) else None
    given = (
        element.fields.get(e.field)
        if element and isinstance(e, x.ItemField)
        else env.memory.facts.get(getattr(e, "name", ""))
    )
    default = declaration(e, env).default
    if given is None and default is not None:
        yield node(default, env.only(element))


def in_words(found: Result, type_: Type) -> str:
    """A value, its bounds, or ``unknown``; lists by how many they are."""
    if found.known and type_.kind in (Kind.LIST, Kind.VALUES):
        count = len(found.value) if isinstance(found.value, tuple) else 0
        return "1 item" if count == 1 else f"{count} items"
    if found.known:
        return str(found.value).lower() if isinstance(found.value, bool) else value_text(found.value, type_)
    low, high = (None if end is None else value_text(end, type_) for end in (found.lo, found.hi))
    if low is None and high is None:
        return "a fault" if found.faults and not found.blame else "unknown"
    return f"between {low} and {high}" if low and high else f"at least {low}" if low else f"at most {high}"
