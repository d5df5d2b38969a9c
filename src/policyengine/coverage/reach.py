"""What a decision reads, directly or through names: definitions, dated parameters and defaults."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from policyengine.evaluation.reads import expressions
from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr
from policyengine.model.rules import (
    DecisionSpec,
    Insert,
    LimitsStep,
    Message,
    NoteStep,
    Payout,
    PayoutStep,
    Rule,
    SetStep,
)


@dataclass(slots=True)
class Reach:
    """Names, each once, in the order in which they are met; ``fields`` are (list, field)."""

    bundle: CheckedBundle
    definitions: dict[str, None] = field(default_factory=dict)
    parameters: dict[str, None] = field(default_factory=dict)
    facts: dict[str, None] = field(default_factory=dict)
    fields: dict[tuple[str, str], None] = field(default_factory=dict)

    def read(self, e: Expr) -> None:
        """Take in what an expression reads."""
        for node in x.walk(e):
            match node:
                case x.DefinitionRef() if node.name not in self.definitions:
                    self.definitions[node.name] = None
                    self._all(expressions(self.bundle.definitions[node.name]))
                case x.ParameterRef() if node.name not in self.parameters:
                    self.parameters[node.name] = None
                    keyed_on = self.bundle.parameters[node.name].keyed_on
                    self._all(() if keyed_on is None else (keyed_on,))
                case x.FactRef() if node.name not in self.facts:
                    self.facts[node.name] = None
                    self._default(self.bundle.facts[node.name].default)
                case x.ItemField():
                    self._field(node.list, node.field)
                case x.Pluck():
                    self._field(str(node.list.type.name), node.field)
                case _:
                    pass

    def _field(self, list_name: str, name: str) -> None:
        if (list_name, name) not in self.fields:
            self.fields[list_name, name] = None
            self._default(self.bundle.lists[list_name].fields[name].default)

    def _default(self, default: Expr | None) -> None:
        self._all(() if default is None else (default,))

    def _all(self, parts: Iterable[Expr]) -> None:
        for part in parts:
            self.read(part)


def reach_of(bundle: CheckedBundle, spec: DecisionSpec) -> Reach:
    """What a decision reads for its answer."""
    found = Reach(bundle)
    for e in _of_decision(spec):
        found.read(e)
    return found


def _of_decision(spec: DecisionSpec) -> Iterator[Expr]:
    for rule in spec.rules:
        yield from _of_rule(rule)
    if spec.otherwise and spec.otherwise.because:
        yield from _of_message(spec.otherwise.because)
    yield from (r.expr for r in spec.report)
    if spec.payout:
        yield from _of_payout(spec.payout)
    if spec.value:
        yield spec.value


def _of_rule(rule: Rule) -> Iterator[Expr]:
    yield from rule.parts
    yield from _of_message(rule.because)
    if rule.deadline:
        yield from (rule.deadline.date, rule.deadline.act)
    if rule.measure:
        yield rule.measure


def _of_message(message: Message) -> Iterator[Expr]:
    for parts in message.texts.values():
        yield from (p.expr for p in parts if isinstance(p, Insert) and p.expr)


def _of_payout(payout: Payout) -> Iterator[Expr]:
    yield payout.currency
    yield payout.start
    yield from (e for _, e in payout.by)
    for step in steps_of(payout):
        yield from _of_step(step)


def steps_of(payout: Payout) -> tuple[PayoutStep, ...]:
    """All steps of a payout."""
    return (*payout.element_steps, *payout.group_steps, *payout.total_steps)


def _of_step(step: PayoutStep) -> Iterator[Expr]:
    yield step.when
    match step:
        case SetStep():
            yield step.to
            yield from _of_message(step.because) if step.because else ()
        case NoteStep():
            yield from _of_message(step.because)
        case LimitsStep():
            for limit in step.limits:
                yield from (limit.when, limit.to)
                yield from _of_message(limit.because)
        case _:
            pass
