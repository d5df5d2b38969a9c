"""What a decision can read, whatever the facts are: through definitions, defaults and the key days of parameters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from policyengine.evaluation.reads import expressions
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import (
    AsOf,
    DefinitionRef,
    Expr,
    FactRef,
    ItemField,
    ListRef,
    ParameterRef,
    Pluck,
    SplitIs,
    children,
)
from policyengine.model.rules import DecisionSpec, LimitsStep, Payout, PayoutStep, Rule, SetStep

#: An expression and the list whose element it is asked of (None: the document).
Root = tuple[Expr, str | None]


class Use(StrEnum):
    """What a decision may read a fact for.

    ``ANSWER``: for anything but the verdict, such as the amount or a warning. ``NONE``: for nothing.
    """

    VERDICT = "verdict"
    ANSWER = "answer"
    NONE = "none"


def verdict_roots(spec: DecisionSpec) -> Iterator[Root]:
    """The expressions that the verdict comes of, in the order of writing."""
    if spec.value is not None:
        yield spec.value, None
    for step in spec.steps:
        for rule in step.rules:
            yield from _of_rule(rule)


def answer_roots(spec: DecisionSpec) -> Iterator[Root]:
    """The expressions that anything else in the answer comes of."""
    for rule in spec.warnings:
        yield from _of_rule(rule)
    for report in spec.report:
        yield report.expr, None
    if spec.payout:
        yield from _of_payout(spec.payout)


def _of_rule(rule: Rule) -> Iterator[Root]:
    for part in rule.parts:
        yield part, rule.each


def _of_payout(payout: Payout) -> Iterator[Root]:
    yield payout.currency, None
    yield payout.start, payout.each
    for each, steps in ((payout.each, payout.element_steps), (None, payout.group_steps), (None, payout.total_steps)):
        for step in steps:
            for e in step_expressions(step):
                yield e, each
    for _, key in payout.by:
        yield key, payout.each


def step_expressions(step: PayoutStep) -> Iterator[Expr]:
    """The expressions of one payout step."""
    yield step.when
    if isinstance(step, SetStep):
        yield step.to
    elif isinstance(step, LimitsStep):
        for limit in step.limits:
            yield limit.when
            yield limit.to


class Readable:
    """The facts, lists and fields that a decision can read; fields as ``list.field``, the day as ``as_of``."""

    def __init__(self, bundle: CheckedBundle, spec: DecisionSpec) -> None:
        self._bundle = bundle
        self._verdict = self._reach(e for e, _ in verdict_roots(spec))
        self._answer = self._reach(e for e, _ in answer_roots(spec))
        if spec.each is not None:
            self._verdict |= {spec.each}
        if spec.payout is not None and spec.payout.each is not None:
            self._answer |= {spec.payout.each}

    def use(self, name: str, field: str | None = None) -> Use:
        """What the decision may read a fact, a list, a list's field or ``as_of`` for."""
        name = name if field is None else f"{name}[].{field}"
        if name in self._verdict:
            return Use.VERDICT
        return Use.ANSWER if name in self._answer else Use.NONE

    def _reach(self, roots: Iterable[Expr]) -> set[str]:
        """Names reached from the roots. Kept as a list of work, for chains of definitions may be long."""
        found: set[str] = set()
        seen: set[str] = set()
        work = list(roots)
        while work:
            e = work.pop()
            work += children(e)
            for key, name, more in self._named(e):
                if key not in seen:
                    seen.add(key)
                    found |= {name} if name else set()
                    work += more
        return found

    def _named(self, e: Expr) -> Iterator[tuple[str, str | None, list[Expr]]]:
        """What a node names: a key for it, the readable name if it is one, and the expressions behind it."""
        bundle = self._bundle
        match e:
            case AsOf():
                yield "as_of", "as_of", []
            case FactRef():
                default = bundle.facts[e.name].default
                yield e.name, e.name, [default] if default else []
            case ListRef():
                yield e.name, e.name, []
            case ItemField():
                yield self._field(e.list, e.field)
            case Pluck():
                yield self._field(e.list.type.name or "", e.field)
            case ParameterRef():
                yield from self._parameter(e.name)
            case DefinitionRef():
                definition = bundle.definitions[e.name]
                # A table's inputs are read by its rows' tests.
                yield f"definition {e.name}", None, list(expressions(definition))
            case SplitIs():
                yield e.split.list, e.split.list, []
            case _:
                pass

    def _field(self, items: str, field: str) -> tuple[str, str, list[Expr]]:
        default = self._bundle.lists[items].fields[field].default
        name = f"{items}[].{field}"
        return name, name, [default] if default else []

    def _parameter(self, name: str) -> Iterator[tuple[str, str | None, list[Expr]]]:
        parameter = self._bundle.parameters[name]
        if parameter.constant:
            return
        if parameter.keyed_on is None:
            yield f"parameter {name}", "as_of", []
        else:
            yield f"parameter {name}", None, [parameter.keyed_on]
