"""Which declared names anything in a bundle reads."""

from __future__ import annotations

from collections.abc import Iterator

from policyengine.check.graph import body_expressions
from policyengine.check.messages import inserted
from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.rules import DecisionSpec, LimitsStep, Message, NoteStep, Payout, PayoutStep, Rule, SetStep
from policyengine.model.vocabulary import Fact


class Uses:
    """``names``: facts, parameters and definitions that are read somewhere; fields as ``list.field``."""

    def __init__(self, bundle: CheckedBundle) -> None:
        self.names: set[str] = set()
        for e in expressions(bundle):
            self.names.update(n for node in x.walk(e) for n in _read(node))
        for name, fact in _declared(bundle):
            self.names.update(_named_before(bundle, name, fact))


def _read(node: x.Expr) -> Iterator[str]:
    match node:
        case x.FactRef() | x.ParameterRef() | x.DefinitionRef():
            yield node.name
        case x.ItemField():
            yield f"{node.list}.{node.field}"
        case x.Pluck():
            yield f"{node.list.type.name}.{node.field}"


def _named_before(bundle: CheckedBundle, name: str, fact: Fact) -> Iterator[str]:
    """The fact that ``not_before`` names; both are then read, for the remark."""
    if fact.not_before is None:
        return
    yield name
    list_name = name.rpartition(".")[0]
    fields = bundle.lists[list_name].fields if list_name in bundle.lists else {}
    yield f"{list_name}.{fact.not_before}" if fact.not_before in fields else fact.not_before


def _declared(bundle: CheckedBundle) -> Iterator[tuple[str, Fact]]:
    yield from bundle.facts.items()
    for item in bundle.lists.values():
        yield from ((f"{item.name}.{f.name}", f) for f in item.fields.values())


def expressions(bundle: CheckedBundle) -> Iterator[x.Expr]:
    """Every expression of a bundle, those in messages included; limits of splits are part of their rules."""
    for _, fact in _declared(bundle):
        yield from (e for e in (fact.default, fact.currency) if e is not None)
    yield from (p.keyed_on for p in bundle.parameters.values() if p.keyed_on is not None)
    yield from (e for d in bundle.definitions.values() for e in body_expressions(d))
    for decision in bundle.decisions.values():
        yield from _of_decision(decision)


def _of_decision(d: DecisionSpec) -> Iterator[x.Expr]:
    yield from (r.expr for r in d.report)
    if d.value is not None:
        yield d.value
    for rule in d.rules:
        yield from _of_rule(rule)
    if d.otherwise is not None:
        yield from _said(d.otherwise.because)
    if d.payout is not None:
        yield from _of_payout(d.payout)


def _of_rule(r: Rule) -> Iterator[x.Expr]:
    yield from r.parts
    yield from inserted(r.because)
    if r.deadline is not None:
        yield from (r.deadline.date, r.deadline.act)
    if r.measure is not None:
        yield r.measure


def _of_payout(p: Payout) -> Iterator[x.Expr]:
    yield from (p.currency, p.start)
    yield from (e for _, e in p.by)
    for step in (*p.element_steps, *p.group_steps, *p.total_steps):
        yield step.when
        yield from _of_step(step)


def _of_step(step: PayoutStep) -> Iterator[x.Expr]:
    match step:
        case SetStep():
            yield step.to
            yield from _said(step.because)
        case NoteStep():
            yield from inserted(step.because)
        case LimitsStep():
            for limit in step.limits:
                yield from (limit.to, limit.when, *inserted(limit.because))


def _said(message: Message | None) -> Iterator[x.Expr]:
    return inserted(message) if message is not None else iter(())
