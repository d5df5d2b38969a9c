"""Which of the given facts matter to an example: those that its rules read, through definitions and defaults."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final

from policyengine.evaluation.reads import expressions
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import DefinitionRef, Expr, FactRef, ItemField, ListRef, ParameterRef, Pluck, walk
from policyengine.model.rules import DecisionSpec, LimitsStep, Payout, PayoutStep, SetStep

#: More facts of an example, or longer ones, would not be read.
MOST_FACTS: Final = 12
_LONGEST: Final = 120
_REMEMBERED: Final = 512


class Matter:
    """Finds the facts that rules of one bundle read; remembers it."""

    def __init__(self, bundle: CheckedBundle) -> None:
        self._bundle = bundle
        self.read_by = lru_cache(_REMEMBERED)(self._read_by)

    def _read_by(self, decision: str, rules: tuple[str, ...], paid: bool) -> frozenset[str]:  # noqa: FBT001 - a key
        """The facts, and fields as ``list.field``, that the rules read, and with ``paid`` what is paid."""
        spec = self._bundle.decisions.get(decision)
        if spec is None:
            return frozenset()
        return frozenset(_Walk(self._bundle).names(_of_decision(spec, rules, paid=paid)))


def given(facts: Mapping[str, object], names: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """(address, value as JSON) of the given facts that have these names; the first of all if none has."""
    flat = list(_flat(facts, ""))
    found = [(address, value) for address, name, value in flat if name in names]
    found = found or [(address, value) for address, _, value in flat]
    return tuple(found[:MOST_FACTS])


def _flat(facts: Mapping[str, object], place: str) -> Iterator[tuple[str, str, str]]:
    """(address, name, value) of every given fact; fields of elements by their list and field."""
    for key, value in facts.items():
        name = f"{place}.{key}" if place else str(key)
        if isinstance(value, Mapping) and set(value) != {"amount", "currency"}:
            yield from _flat(value, name)
        elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
            for number, item in enumerate(value, 1):
                address = f"{name}[{item.get('id', f'#{number}')}]"
                yield from ((f"{address}.{field}", f"{name}.{field}", _text(v)) for field, v in item.items())
        elif value is not None:
            yield name, name, _text(value)


def _text(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _of_decision(spec: DecisionSpec, rules: Iterable[str], *, paid: bool) -> Iterator[Expr]:
    wanted = set(rules)
    if spec.value is not None:
        yield spec.value
    for rule in spec.rules:
        if rule.id in wanted:
            yield from rule.parts
    if spec.payout is not None and (paid or wanted - {r.id for r in spec.rules}):
        yield from _of_payout(spec.payout)


def _of_payout(payout: Payout) -> Iterator[Expr]:
    yield payout.start
    for step in (*payout.element_steps, *payout.group_steps, *payout.total_steps):
        yield from _of_step(step)


def _of_step(step: PayoutStep) -> Iterator[Expr]:
    yield step.when
    if isinstance(step, SetStep):
        yield step.to
    if isinstance(step, LimitsStep):
        for limit in step.limits:
            yield from (limit.to, limit.when)


class _Walk:
    """One walk over expressions that meets every name once."""

    def __init__(self, bundle: CheckedBundle) -> None:
        self._bundle = bundle
        self._met: set[str] = set()

    def names(self, told: Iterable[Expr]) -> Iterator[str]:
        """The names of facts below these expressions, ``list.field`` for fields."""
        for e in told:
            for node in walk(e):
                yield from self._name(node)

    def _name(self, node: Expr) -> Iterator[str]:
        bundle = self._bundle
        match node:
            case FactRef():
                yield from self._fact(node.name, bundle.facts[node.name].default)
            case ItemField():
                yield from self._fact(f"{node.list}.{node.field}", bundle.lists[node.list].fields[node.field].default)
            case Pluck():
                list_ = node.list.type.name or ""
                yield from self._fact(f"{list_}.{node.field}", bundle.lists[list_].fields[node.field].default)
            case ListRef():
                yield node.name
            case ParameterRef():
                keyed_on = bundle.parameters[node.name].keyed_on
                yield from self._once(f"parameter {node.name}", () if keyed_on is None else (keyed_on,))
            case DefinitionRef():
                yield from self._once(f"definition {node.name}", expressions(bundle.definitions[node.name]))

    def _fact(self, name: str, default: Expr | None) -> Iterator[str]:
        yield name
        yield from self._once(f"fact {name}", () if default is None else (default,))

    def _once(self, key: str, told: Iterable[Expr]) -> Iterator[str]:
        if key not in self._met:
            self._met.add(key)
            yield from self.names(told)
