"""A walk over all that a decision asks of one document: each comparison, for the elements that it is asked of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from policyengine.evaluation.env import EMPTY_ENV, Env
from policyengine.evaluation.evaluator import Evaluation
from policyengine.evaluation.reads import expressions
from policyengine.model.expr import (
    Compare,
    Contains,
    DefinitionRef,
    Expr,
    FactRef,
    Filter,
    ItemField,
    ListRef,
    ParameterRef,
    Pluck,
    Quantifier,
    SplitIs,
    Within,
    children,
)
from policyengine.model.memory import Element
from policyengine.model.rules import LimitsStep, Payout
from policyengine.probing.reading import Root
from policyengine.probing.slots import MOST_ELEMENTS

#: So many nodes are visited for one document; what lies behind them is not looked at.
MOST_VISITS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Site:
    """A node and the elements in scope: a comparison of any kind, a split, or a parameter whose key day matters.

    For a limit of a payout, ``expr`` is the limit and ``amounts`` are those that it limits together.
    """

    expr: Expr
    env: Env
    amounts: tuple[tuple[Expr, Env], ...] = ()


class Tour:
    """One walk. Definitions and defaults are entered once for each element that they are about."""

    def __init__(self, ev: Evaluation) -> None:
        self._ev = ev
        self._bundle = ev.evaluator.bundle
        self._seen: set[object] = set()
        self._left = MOST_VISITS

    def sites(self, roots: Iterable[Root]) -> Iterator[Site]:
        """The sites below the roots, in the order of writing."""
        for e, each in roots:
            for env in self.places(each):
                yield from self._walk(e, env)

    def limits(self, payout: Payout) -> Iterator[Site]:
        """Each limit of a payout, with the amounts that it limits as they start out."""
        starts = tuple((payout.start, env) for env in self.places(payout.each))
        for step in payout.element_steps:
            for limit in step.limits if isinstance(step, LimitsStep) else ():
                yield from (Site(limit.to, env, ((start, env),)) for start, env in starts)
        for step in payout.total_steps:
            for limit in step.limits if isinstance(step, LimitsStep) else ():
                yield Site(limit.to, EMPTY_ENV, starts)

    def places(self, each: str | None) -> list[Env]:
        """The document, or each element of a list (none while it is unknown)."""
        if each is None:
            return [EMPTY_ENV]
        variable = self._bundle.lists[each].each
        return [Env({variable: e}) for e in self.elements(each)]

    def elements(self, items: str) -> tuple[Element, ...]:
        """The elements of a list that are looked into."""
        return (self._ev.elements(items) or ())[:MOST_ELEMENTS]

    def _walk(self, e: Expr, env: Env) -> Iterator[Site]:
        self._left -= 1
        if self._left < 0:
            return
        match e:
            case Compare() | Within() | Contains():
                yield Site(e, env)
            case SplitIs():
                yield from self._split(e)
                return
            case Quantifier() | Filter():
                yield from self._body(e, env)
                return
            case ParameterRef():
                yield from self._key_day(e, env)
            case FactRef() | ItemField() | Pluck() | DefinitionRef():
                yield from self._named(e, env)
            case _:
                pass
        for child in children(e):
            yield from self._walk(child, env)

    def _body(self, e: Quantifier | Filter, env: Env) -> Iterator[Site]:
        yield from self._walk(e.list, env)
        body = e.body if isinstance(e, Quantifier) else e.predicate
        for element in self.elements(_base(e.list)):
            yield from self._walk(body, env.bind(e.variable, element))

    def _split(self, e: SplitIs) -> Iterator[Site]:
        if not self._first(("split", e.split.id)):
            return
        yield Site(e, EMPTY_ENV)
        yield from self._walk(e.split.limit, EMPTY_ENV)
        for element in self.elements(e.split.list):
            for part in (e.split.quantity, e.split.weight, e.split.whole):
                yield from self._walk(part, Env({e.split.variable: element}))

    def _key_day(self, e: ParameterRef, env: Env) -> Iterator[Site]:
        parameter = self._bundle.parameters[e.name]
        if not parameter.constant and self._first(("parameter", e.name)):
            yield Site(e, env)
            if parameter.keyed_on is not None:
                yield from self._walk(parameter.keyed_on, EMPTY_ENV)

    def _named(self, e: FactRef | ItemField | Pluck | DefinitionRef, env: Env) -> Iterator[Site]:
        match e:
            case FactRef():
                default = self._bundle.facts[e.name].default
                if default is not None and self._first(e.name):
                    yield from self._walk(default, EMPTY_ENV)
            case ItemField():
                yield from self._field(env.elements[e.variable], e.field)
            case Pluck():
                for element in self.elements(_base(e.list)):
                    yield from self._field(element, e.field)
            case DefinitionRef():
                yield from self._definition(e, env)

    def _field(self, element: Element, field: str) -> Iterator[Site]:
        items = self._bundle.lists[element.list]
        default = items.fields[field].default
        if default is not None and self._first((element.list, element.position, field)):
            yield from self._walk(default, Env({items.each: element}))

    def _definition(self, e: DefinitionRef, env: Env) -> Iterator[Site]:
        definition = self._bundle.definitions[e.name]
        inner = scope_of(self._ev, e, env)
        about = tuple(element.position for element in inner.elements.values())
        if self._first(("definition", e.name, about)):
            for part in expressions(definition):
                yield from self._walk(part, inner)

    def _first(self, key: object) -> bool:
        if key in self._seen:
            return False
        self._seen.add(key)
        return True


def scope_of(ev: Evaluation, e: DefinitionRef, env: Env) -> Env:
    """What a definition sees where it is used: the document, or the one element that it is about."""
    bundle = ev.evaluator.bundle
    each = bundle.definitions[e.name].each
    if each is None:
        return env.document()
    variable = bundle.lists[each].each
    return env.only(variable, env.elements[e.variable or variable])


def _base(e: Expr) -> str:
    """The name of the list below all filters."""
    while isinstance(e, Filter):
        e = e.list
    return e.name if isinstance(e, ListRef) else ""
