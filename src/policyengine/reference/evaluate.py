"""Expressions: one function from a node and its surroundings to a result."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import product
from math import prod
from typing import cast

from policyengine.model import expr as x
from policyengine.model import faults as fault
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr, Value
from policyengine.model.memory import EMPTY_DATE, Element, Given, WorkingMemory
from policyengine.model.rules import Split
from policyengine.model.vocabulary import Fact, Parameter, Table
from policyengine.planner import Plan
from policyengine.reference import functions, splits, tables
from policyengine.reference.results import (
    Address,
    Member,
    Result,
    all_of,
    any_of,
    compare,
    exact,
    negation,
    unique,
    unknown,
)
from policyengine.values.types import Type

#: A comparison that reads more combinations of dated values than this stays unknown.
MOST_COMBINATIONS = 4096
#: Nodes that try dated values out.
COMPARING = (x.Compare, x.Within, x.MemberOf, x.Contains)


@dataclass(frozen=True, slots=True)
class Env:
    """What an expression sees: facts, the elements its variables stand for, and what only an answer knows.

    ``chosen`` holds values of parameters that are being tried because their key day is unknown. ``found`` remembers
    what definitions, defaults and key days came to: they see no variable but their own, so they come to it anywhere.
    """

    bundle: CheckedBundle
    memory: WorkingMemory
    elements: Mapping[str, Element] = field(default_factory=dict)
    specials: Mapping[str, Result] = field(default_factory=dict)
    chosen: Mapping[str, Value] = field(default_factory=dict)
    found: dict[tuple[str | int | None, ...], Result] = field(default_factory=dict)

    def within(self, variable: str, element: Element) -> Env:
        """The same, with one more variable."""
        elements = {**self.elements, variable: element}
        return Env(self.bundle, self.memory, elements, self.specials, self.chosen, self.found)

    def only(self, element: Element | None) -> Env:
        """The surroundings of a definition, default or rule: at most one element, under its list's singular."""
        elements = {} if element is None else {self.bundle.lists[element.list].each: element}
        return Env(self.bundle, self.memory, elements, self.specials, self.chosen, self.found)

    def telling(self, specials: Mapping[str, Result]) -> Env:
        """The same, with more of what only an answer knows."""
        return Env(self.bundle, self.memory, self.elements, {**self.specials, **specials}, self.chosen)

    def choosing(self, values: Mapping[str, Value]) -> Env:
        """The same, trying out values of parameters."""
        return Env(self.bundle, self.memory, self.elements, self.specials, {**self.chosen, **values})

    def once(self, element: Element | None, *key: str | None, compute: Callable[[Env], Result]) -> Result:
        """What ``key`` comes to in the surroundings of this element alone: computed once, then remembered."""
        place = (*key, None, None) if element is None else (*key, element.list, element.position)
        if place not in self.found:
            self.found[place] = compute(self.only(element))
        return self.found[place]

    def records(self, name: str) -> tuple[Element, ...] | None:
        """The elements of a list, None if it is unknown."""
        return self.memory.lists.get(name, () if self.bundle.lists[name].default_empty else None)


def evaluate(e: Expr, env: Env) -> Result:
    """What a node comes to. Comparisons and memberships try out dated parameters whose key day is unknown."""
    result = _evaluate(e, env)
    if result.known or not isinstance(e, COMPARING) or not _any_dated(env):
        return result
    names = unique(_undated(e, env))
    choices = [[v.value for v in env.bundle.parameters[n].values] for n in names]
    if not names or prod(len(c) for c in choices) > MOST_COMBINATIONS:
        return result
    tried = [_evaluate(e, env.choosing(dict(zip(names, c, strict=True)))) for c in product(*choices)]
    truths = {t.value for t in tried}
    return tried[0] if len(truths) == 1 and tried[0].known else result


def _any_dated(env: Env) -> bool:
    return any(not p.constant for p in env.bundle.parameters.values())


def _undated(e: Expr, env: Env) -> Iterator[str]:
    """The parameters with an unknown key day that a node reads, also through definitions and defaults."""
    for node in x.walk(e):
        match node:
            case x.ParameterRef():
                parameter = env.bundle.parameters[node.name]
                if not parameter.constant and node.name not in env.chosen and not _key_day(parameter, env).known:
                    yield node.name
            case x.DefinitionRef():
                for part in parts_of(env.bundle.definitions[node.name].body):
                    yield from _undated(part, env)
            case x.FactRef() | x.ItemField() if (default := declaration(node, env).default) is not None:
                # A default that is not needed adds combinations that change nothing.
                yield from _undated(default, env)
            case x.Pluck() if (default := _plucked(node, env).default) is not None:
                yield from _undated(default, env)
            case _:
                pass


def _plucked(e: x.Pluck, env: Env) -> Fact:
    """How the field of a column is declared."""
    return env.bundle.lists[str(e.list.type.name)].fields[e.field]


def parts_of(body: Expr | Table) -> Iterator[Expr]:
    """The expressions that a definition is made of."""
    if isinstance(body, Table):
        for row in body.rows:
            yield from (*row.tests, *row.outputs)
        yield from body.otherwise or ()
    else:
        yield body


def _evaluate(e: Expr, env: Env) -> Result:  # noqa: C901, PLR0912 - one case for each kind of node
    match e:
        case x.Literal():
            return exact(e.value)
        case x.AsOf():
            return exact(env.memory.as_of)
        case x.FactRef() | x.ItemField():
            return _fact(e, env)
        case x.ListRef():
            return _list(e, env)
        case x.ParameterRef():
            return _parameter(e, env)
        case x.DefinitionRef():
            return _definition(e, env)
        case x.Special():
            return env.specials.get(e.name, Result())
        case x.Compare():
            return compare(e.op, evaluate(e.left, env), evaluate(e.right, env), e.span)
        case x.Within():
            return _within(e, env)
        case x.MemberOf() | x.Contains():
            return _membership(e, env)
        case x.And():
            return all_of(evaluate(i, env) for i in e.items)
        case x.Or():
            return any_of(evaluate(i, env) for i in e.items)
        case x.Not():
            return negation(evaluate(e.item, env))
        case x.If():
            return _if(e, env)
        case x.Arith():
            left, right = evaluate(e.left, env), evaluate(e.right, env)
            return functions.arithmetic(e.op, left, right, e.span, env.bundle.calendars)
        case x.Negate():
            return functions.negative(evaluate(e.item, env))
        case x.Call():
            return functions.call(e, [evaluate(a, env) for a in e.args], env.bundle.calendars)
        case x.Known():
            return exact(_given(e.target, env) is not None)
        case x.Stated():
            return _stated(e, env)
        case x.Quantifier():
            return _quantifier(e, env)
        case x.Filter():
            return _filter(e, env)
        case x.Pluck():
            return _pluck(e, env)
        case x.ListOf():
            return exact(tuple(Member(evaluate(i, env), exact(value=True)) for i in e.items))
        case x.SplitIs():
            return _split_is(e, env)
        case _:  # Null: still unknown, with nobody to blame
            return Result()


# --- names ---------------------------------------------------------------------------------------


def declaration(e: x.FactRef | x.ItemField, env: Env) -> Fact:
    """How a fact is declared."""
    return env.bundle.facts[e.name] if isinstance(e, x.FactRef) else env.bundle.lists[e.list].fields[e.field]


def _given(e: x.FactRef | x.ItemField | x.ListRef, env: Env) -> Given | tuple[Element, ...] | None:
    """What the caller gave, None if nothing."""
    match e:
        case x.FactRef():
            return env.memory.facts.get(e.name)
        case x.ItemField():
            return env.elements[e.variable].fields.get(e.field)
        case _:
            return env.memory.lists.get(e.name)


def _fact(e: x.FactRef | x.ItemField, env: Env) -> Result:
    """What was given; else the default; else unknown, and the fact is to blame (and what its default lacks)."""
    element = env.elements[e.variable] if isinstance(e, x.ItemField) else None
    address = Address(e.name) if isinstance(e, x.FactRef) else Address(e.list, cast("Element", element).key, e.field)
    given = _given(e, env)
    if given is EMPTY_DATE:
        return unknown(faults=(fault.empty_date(e.span, str(address)),))
    if given is not None:
        return exact(given)
    default = declaration(e, env).default
    found = Result() if default is None else _default(default, address, element, env)
    return found if found.known else found._replace(blame=unique((address, *found.blame)))


def _default(default: Expr, of: Address, element: Element | None, env: Env) -> Result:
    return env.once(element, "default", of.name, of.field, compute=lambda inner: evaluate(default, inner))


def _stated(e: x.Stated, env: Env) -> Result:
    if _given(e.target, env) is EMPTY_DATE:
        return exact(value=False)
    found = evaluate(e.target, env)
    if not found.known:
        return unknown(found)
    return exact(not isinstance(found.value, str | frozenset | tuple) or len(found.value) > 0)


def _list(e: x.ListRef, env: Env) -> Result:
    records = env.records(e.name)
    if records is None:
        return Result(blame=(Address(e.name),))
    return exact(tuple(Member(r, exact(value=True)) for r in records))


def _key_day(parameter: Parameter, env: Env) -> Result:
    day = cast("Expr", parameter.keyed_on)
    return env.once(None, "key day", parameter.name, compute=lambda inner: evaluate(day, inner))


def _parameter(e: x.ParameterRef, env: Env) -> Result:
    parameter = env.bundle.parameters[e.name]
    if parameter.constant:
        return exact(parameter.values[0].value)
    if e.name in env.chosen:
        return exact(env.chosen[e.name])
    day = _key_day(parameter, env)
    if not day.known:
        return unknown(day)
    held = [v for v in parameter.values if v.start is None or v.start <= cast("date", day.value)]
    return exact(held[-1].value) if held else unknown(faults=(fault.not_in_force(e.span, e.name),))


def _definition(e: x.DefinitionRef, env: Env) -> Result:
    element = None if e.variable is None else env.elements[e.variable]
    return env.once(element, "definition", e.name, e.output, compute=lambda inner: _defined(e, inner))


def _defined(e: x.DefinitionRef, inner: Env) -> Result:
    """The value of a definition in its own surroundings."""
    body = inner.bundle.definitions[e.name].body
    if isinstance(body, Expr):
        return evaluate(body, inner)
    column = 0 if e.output is None else [name for name, _ in body.outputs].index(e.output)
    tests = [all_of(evaluate(t, inner) for t in row.tests) for row in body.rows]
    outputs = [evaluate(row.outputs[column], inner) for row in body.rows]
    otherwise = None if body.otherwise is None else evaluate(body.otherwise[column], inner)
    return tables.choose(e.name, body, tests, outputs, otherwise)


# --- conditions ----------------------------------------------------------------------------------


def _within(e: x.Within, env: Env) -> Result:
    subject, low, high = (evaluate(p, env) for p in (e.subject, e.low, e.high))
    above = compare(">" if e.low_open else ">=", subject, low, e.span)
    below = compare("<" if e.high_open else "<=", subject, high, e.span)
    both = all_of((above, below))
    return both if both.known else unknown(subject, low, high, faults=both.faults)


def _membership(e: x.MemberOf | x.Contains, env: Env) -> Result:
    """Strict: every side must be known. A set on the right of ``contains`` stands for its members."""
    sides = [evaluate(p, env) for p in x.children(e)]
    if not all(s.known for s in sides):
        return unknown(*sides)
    if isinstance(e, x.MemberOf):
        return exact(sides[0].value in cast("frozenset[str]", sides[1].value))
    container, *members = (s.value if isinstance(s.value, frozenset) else frozenset([s.value]) for s in sides)
    wanted = frozenset().union(*members)
    return exact(wanted <= container if e.mode == "all" else bool(wanted & container))


def _if(e: x.If, env: Env) -> Result:
    """The branch taken. An unknown condition promises nothing, unless both branches are known and equal."""
    condition = evaluate(e.condition, env)
    if condition.known:
        return evaluate(e.then if condition.value else e.otherwise, env)
    one, other = evaluate(e.then, env), evaluate(e.otherwise, env)
    return one if one.known and other.known and one.value == other.value else unknown(condition)


# --- lists ---------------------------------------------------------------------------------------


def members_of(found: Result) -> tuple[tuple[Element, Result], ...]:
    """The candidates of a list that is known, each with the truth of its being in it."""
    return tuple((cast("Element", m.content), m.truth) for m in cast("tuple[Member, ...]", found.value))


def _quantifier(e: x.Quantifier, env: Env) -> Result:
    """``some`` is Kleene's or, ``every`` his and, over the elements that are in the list."""
    found = evaluate(e.list, env)
    if not found.known:
        return unknown(found)
    bodies = ((inside, evaluate(e.body, env.within(e.variable, element))) for element, inside in members_of(found))
    if e.kind == "some":
        return any_of(all_of((inside, body)) for inside, body in bodies)
    return all_of(any_of((negation(inside), body)) for inside, body in bodies)


def _filter(e: x.Filter, env: Env) -> Result:
    """The list without those candidates that are certainly out."""
    found = evaluate(e.list, env)
    if not found.known:
        return unknown(found)
    tested = (
        Member(element, all_of((inside, evaluate(e.predicate, env.within(e.variable, element)))))
        for element, inside in members_of(found)
    )
    return exact(tuple(m for m in tested if m.truth.value is not False))


def _pluck(e: x.Pluck, env: Env) -> Result:
    found = evaluate(e.list, env)
    if not found.known:
        return unknown(found)
    members = members_of(found)
    item = cast("Type", e.type.item)
    column = (
        Member(
            _fact(x.ItemField(variable="", list=r.list, field=e.field, type=item, span=e.span), env.within("", r)),
            inside,
        )
        for r, inside in members
    )
    return exact(tuple(column))


# --- splits --------------------------------------------------------------------------------------


def split_rows(split: Split, env: Env) -> tuple[splits.Row, ...] | None:
    """What the planner needs of each element, None if the list is unknown."""
    records = env.records(split.list)
    if records is None:
        return None
    each = ((r.key, env.within(split.variable, r)) for r in records)
    return tuple((k, evaluate(split.quantity, v), evaluate(split.weight, v), evaluate(split.whole, v)) for k, v in each)


def plan(split: Split, env: Env) -> Result:
    """The plan of a split, or unknown."""
    rows = split_rows(split, env)
    limit = evaluate(split.limit, env)
    return splits.plan(split, rows, limit) if rows is not None else unknown(Result(blame=(Address(split.list),)), limit)


def _split_is(e: x.SplitIs, env: Env) -> Result:
    found = plan(e.split, env)
    if not found.known:
        return found
    parts = cast("Plan", found.value).parts
    return exact({"none": parts == 0, "one": parts == 1, "several": parts > 1}[e.outcome])
