"""Working days through years whose holidays are not listed: worth a remark.

Which expressions of a decision step through working days is found once; each case then asks which
days they lead from and to.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import product

from policyengine.evaluation.env import Env
from policyengine.evaluation.evaluator import Evaluation
from policyengine.evaluation.values import Got
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Remark
from policyengine.model.expr import (
    Arith,
    Call,
    DefinitionRef,
    Expr,
    FactRef,
    Filter,
    ItemField,
    ListRef,
    Literal,
    ParameterRef,
    Quantifier,
    SplitIs,
    children,
    walk,
)
from policyengine.model.rules import DecisionSpec, LimitsStep, Payout, PayoutStep, Rule, SetStep
from policyengine.model.vocabulary import Table
from policyengine.values.dates import Duration, Unit
from policyengine.values.types import Kind

#: Variables in scope, by name, with the list that each ranges over.
Scope = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Walk:
    """An expression that steps from one day to another, and the elements it is asked for."""

    expr: Expr
    scope: tuple[tuple[str, str], ...]


class WorkingDays:
    """The working-day expressions of one decision."""

    def __init__(self, bundle: CheckedBundle, spec: DecisionSpec) -> None:
        self._bundle = bundle
        self._seen: set[tuple[str, str]] = set()
        self._walks: dict[Walk, None] = {}
        if bundle.calendars:
            for e, scope in _roots(bundle, spec):
                self._collect(e, scope)

    def remarks(self, evaluation: Evaluation, specials: Mapping[str, Got]) -> Iterator[Remark]:
        """A remark for each calendar and unlisted year that the decision reckoned through, sorted."""
        passed = {p for w in self._walks for p in self._passed(w, evaluation, specials)}
        for calendar, year in sorted(passed):
            message = f"calendar `{calendar}` does not list the holidays of {year}, so only weekends were skipped"
            yield Remark(code="calendar/no-year", message=message)

    # --- finding them ---

    def _collect(self, e: Expr, scope: Scope) -> None:
        if _steps_through_days(e):
            self._walks[Walk(e, _needed(e, scope))] = None
        match e:
            case FactRef():
                self._once(("fact", e.name), self._bundle.facts[e.name].default, {})
            case ItemField():
                declared = self._bundle.lists[e.list]
                default = declared.fields[e.field].default
                self._once(("field", f"{e.list}.{e.field}"), default, {declared.each: e.list})
            case ParameterRef():
                self._once(("parameter", e.name), self._bundle.parameters[e.name].keyed_on, {})
            case DefinitionRef():
                self._definition(e.name)
            case Quantifier() | Filter():
                inner = {**scope, e.variable: _list_of(e.list)}
                self._collect(e.list, scope)
                self._collect(e.body if isinstance(e, Quantifier) else e.predicate, inner)
                return
            case SplitIs():
                scope = {**scope, e.split.variable: e.split.list}
        for child in children(e):
            self._collect(child, scope)

    def _once(self, key: tuple[str, str], e: Expr | None, scope: Scope) -> None:
        if e is not None and key not in self._seen:
            self._seen.add(key)
            self._collect(e, scope)

    def _definition(self, name: str) -> None:
        if ("definition", name) in self._seen:
            return
        self._seen.add(("definition", name))
        definition = self._bundle.definitions[name]
        scope = {self._bundle.lists[definition.each].each: definition.each} if definition.each else {}
        body = definition.body
        for e in _table_parts(body) if isinstance(body, Table) else (body,):
            self._collect(e, scope)

    # --- walking them ---

    def _passed(self, walk_: Walk, evaluation: Evaluation, specials: Mapping[str, Got]) -> Iterator[tuple[str, int]]:
        names = [name for name, _ in walk_.scope]
        ranges = [evaluation.elements(items) or () for _, items in walk_.scope]
        for elements in product(*ranges):
            env = Env(dict(zip(names, elements, strict=True)), specials)
            found = _ends(walk_.expr, evaluation, env)
            if found:
                calendar, first, last = found
                years = range(min(first, last).year, max(first, last).year + 1)
                yield from ((calendar, y) for y in years if not self._bundle.calendars[calendar].lists(y))


def _steps_through_days(e: Expr) -> bool:
    if isinstance(e, Call):
        return e.function == "roll"
    if not isinstance(e, Arith) or e.type.kind is not Kind.DATE:
        return False
    return not isinstance(e.right, Literal) or _working(e.right.value) is not None


def _working(value: object) -> str | None:
    """The calendar of a duration in working days; None for anything else."""
    return value.calendar if isinstance(value, Duration) and value.unit is Unit.WORKING_DAYS else None


def _ends(e: Expr, evaluation: Evaluation, env: Env) -> tuple[str, date, date] | None:
    """The calendar, and the days that the expression leads from and to, if all of them are known."""
    start, by = (e.left, e.right) if isinstance(e, Arith) else children(e)
    amount = evaluation.value(by, env)
    calendar = str(amount) if isinstance(e, Call) and isinstance(amount, str) else _working(amount)
    if calendar is None:
        return None
    first, last = evaluation.value(start, env), evaluation.value(e, env)
    return (calendar, first, last) if isinstance(first, date) and isinstance(last, date) else None


def _needed(e: Expr, scope: Scope) -> tuple[tuple[str, str], ...]:
    """The variables of the scope that the expression reads."""
    read = {n.variable for n in walk(e) if isinstance(n, ItemField | DefinitionRef)}
    return tuple((name, items) for name, items in scope.items() if name in read)


def _list_of(e: Expr) -> str:
    """The list that a ListRef or a chain of filters is about."""
    while isinstance(e, Filter):
        e = e.list
    return e.name if isinstance(e, ListRef) else ""


# --- what a decision reads ---


def _roots(bundle: CheckedBundle, spec: DecisionSpec) -> Iterator[tuple[Expr, Scope]]:
    for rule in spec.rules:
        scope = {bundle.lists[rule.each].each: rule.each} if rule.each else {}
        yield from ((e, scope) for e in _rule_parts(rule))
    if spec.payout:
        scope = {bundle.lists[spec.payout.each].each: spec.payout.each} if spec.payout.each else {}
        yield from ((e, scope) for e in _payout_parts(spec.payout))
    yield from ((r.expr, {}) for r in spec.report)
    if spec.value is not None:
        yield spec.value, {}


def _rule_parts(rule: Rule) -> Iterator[Expr]:
    yield from rule.parts
    if rule.deadline:
        yield from (rule.deadline.date, rule.deadline.act)
    if rule.measure is not None:
        yield rule.measure


def _payout_parts(payout: Payout) -> Iterator[Expr]:
    yield from (payout.currency, payout.start, *(e for _, e in payout.by))
    for step in (*payout.element_steps, *payout.group_steps, *payout.total_steps):
        yield from _step_parts(step)


def _step_parts(step: PayoutStep) -> Iterator[Expr]:
    yield step.when
    if isinstance(step, SetStep):
        yield step.to
    elif isinstance(step, LimitsStep):
        yield from (e for limit in step.limits for e in (limit.when, limit.to))


def _table_parts(table: Table) -> Iterable[Expr]:
    yield from table.inputs
    for row in table.rows:
        yield from (*row.tests, *row.outputs)
    yield from table.otherwise or ()
