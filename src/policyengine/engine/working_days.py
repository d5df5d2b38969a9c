"""Working days through years whose holidays are not listed: worth a remark.

Which expressions lead to steps through working days is found once; each case then asks which days its steps lead
from and to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date

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
    Known,
    ListRef,
    Literal,
    ParameterRef,
    Pluck,
    Quantifier,
    SplitIs,
    children,
)
from policyengine.model.memory import Element
from policyengine.model.rules import DecisionSpec, LimitsStep, Payout, PayoutStep, Rule, SetStep
from policyengine.model.vocabulary import Definition
from policyengine.values.dates import Duration, Unit
from policyengine.values.types import Kind

#: Calendars and years.
Passed = Iterator[tuple[str, int]]


class WorkingDays:
    """The working-day expressions of one decision.

    Which expressions lead to such steps is found once. A case then follows only those, through the definitions,
    defaults and key days that it reads: a default only where nothing was given.
    """

    def __init__(self, bundle: CheckedBundle, spec: DecisionSpec) -> None:
        self._bundle = bundle
        self._leading: dict[object, bool] = {}
        roots = _roots(spec) if bundle.calendars else ()
        self._roots = [(e, each) for e, each in roots if self._leads(e)]

    def remarks(self, evaluation: Evaluation, specials: Mapping[str, Got]) -> tuple[Remark, ...]:
        """A remark for each calendar and unlisted year that the decision reckoned through, sorted."""
        return tuple(self._remarks(evaluation, specials)) if self._roots else ()

    def __bool__(self) -> bool:
        """Whether the decision reckons in working days at all."""
        return bool(self._roots)

    def _remarks(self, evaluation: Evaluation, specials: Mapping[str, Got]) -> Iterator[Remark]:
        tour = _Tour(self._bundle, evaluation, specials, self._leads)
        found = {p for e, each in self._roots for env in tour.places(each) for p in tour.passed(e, env)}
        for calendar, year in sorted((c, y) for c, y in found if not self._bundle.calendars[c].lists(y)):
            message = f"calendar `{calendar}` does not list the holidays of {year}, so only weekends were skipped"
            yield Remark(code="calendar/no-year", message=message)

    def _leads(self, e: Expr) -> bool:
        """Whether the value of an expression may come of a step through working days."""
        if id(e) not in self._leading:
            self._leading[id(e)] = _steps_through_days(e) or any(self._leads(part) for part in self._parts(e))
        return self._leading[id(e)]

    def _parts(self, e: Expr) -> Iterator[Expr]:
        """What an expression reads directly, and what the names in it stand for."""
        match e:
            case Known():
                return
            case FactRef():
                yield from _some(self._bundle.facts[e.name].default)
            case ItemField():
                yield from _some(self._bundle.lists[e.list].fields[e.field].default)
            case Pluck():
                yield from _some(self._bundle.lists[_list_of(e.list)].fields[e.field].default)
            case ParameterRef():
                yield from _some(self._bundle.parameters[e.name].keyed_on)
            case DefinitionRef():
                yield from _body_parts(self._bundle.definitions[e.name])
        yield from children(e)


class _Tour:
    """One case's way through the expressions. What a name stands for is followed once for each element."""

    def __init__(
        self, bundle: CheckedBundle, evaluation: Evaluation, specials: Mapping[str, Got], leads: Callable[[Expr], bool]
    ) -> None:
        self._bundle, self._evaluation, self._specials, self._leads = bundle, evaluation, specials, leads
        self._seen: set[tuple[str, str, int]] = set()

    def places(self, each: str | None) -> Iterator[Env]:
        """The names in scope for each element of a list; None: for the document."""
        if each is None:
            yield Env(specials=self._specials)
        else:
            yield from (self._of(element) for element in self._evaluation.elements(each) or ())

    def _of(self, element: Element | None) -> Env:
        variables = {self._bundle.lists[element.list].each: element} if element else {}
        return Env(variables, self._specials)

    def passed(self, e: Expr, env: Env) -> Passed:
        """The calendar and each year from one end to the other of every step that the expression takes."""
        if not self._leads(e):
            return
        if _steps_through_days(e):
            yield from _ends(e, self._evaluation, env)
        match e:
            case FactRef() if e.name not in self._evaluation.memory.facts:
                yield from self._once("fact", e.name, _some(self._bundle.facts[e.name].default), None)
            case ItemField():
                yield from self._field(env.elements[e.variable], e.field)
            case Pluck():
                for element in self._evaluation.elements(_list_of(e.list)) or ():
                    yield from self._field(element, e.field)
            case ParameterRef():
                yield from self._once("parameter", e.name, _some(self._bundle.parameters[e.name].keyed_on), None)
            case DefinitionRef():
                about = env.elements[e.variable] if e.variable else None
                yield from self._once("definition", e.name, _body_parts(self._bundle.definitions[e.name]), about)
        yield from self._below(e, env)

    def _below(self, e: Expr, env: Env) -> Passed:
        """The parts of an expression; what stands under a variable, for each element of its list."""
        match e:
            case Known():
                return
            case Quantifier() | Filter():
                yield from self.passed(e.list, env)
                body = e.body if isinstance(e, Quantifier) else e.predicate
                for element in self._evaluation.elements(_list_of(e.list)) or ():
                    yield from self.passed(body, env.bind(e.variable, element))
            case SplitIs():
                yield from self.passed(e.split.limit, env)
                for element in self._evaluation.elements(e.split.list) or ():
                    for part in (e.split.quantity, e.split.weight, e.split.whole):
                        yield from self.passed(part, env.bind(e.split.variable, element))
            case _:
                for child in children(e):
                    yield from self.passed(child, env)

    def _field(self, element: Element, field: str) -> Passed:
        if field not in element.fields:
            default = self._bundle.lists[element.list].fields[field].default
            yield from self._once("field", f"{element.list}.{field}", _some(default), element)

    def _once(self, kind: str, name: str, parts: Iterable[Expr], element: Element | None) -> Passed:
        key = (kind, name, element.position if element else 0)
        if key not in self._seen:
            self._seen.add(key)
            for part in parts:
                yield from self.passed(part, self._of(element))


def _some(e: Expr | None) -> Iterator[Expr]:
    if e is not None:
        yield e


def _steps_through_days(e: Expr) -> bool:
    if isinstance(e, Call):
        return e.function == "roll"
    if not isinstance(e, Arith) or e.type.kind is not Kind.DATE:
        return False
    return not isinstance(e.right, Literal) or _working(e.right.value) is not None


def _working(value: object) -> str | None:
    """The calendar of a duration in working days; None for anything else."""
    return value.calendar if isinstance(value, Duration) and value.unit is Unit.WORKING_DAYS else None


def _ends(e: Expr, evaluation: Evaluation, env: Env) -> Passed:
    """The calendar and each year between the days that a step leads from and to, if all of it is known."""
    start, by = (e.left, e.right) if isinstance(e, Arith) else children(e)
    amount = evaluation.value(by, env)
    calendar = str(amount) if isinstance(e, Call) and isinstance(amount, str) else _working(amount)
    if calendar is None:
        return
    first, last = evaluation.value(start, env), evaluation.value(e, env)
    if isinstance(first, date) and isinstance(last, date):
        yield from ((calendar, year) for year in range(min(first, last).year, max(first, last).year + 1))


def _list_of(e: Expr) -> str:
    """The list that a ListRef or a chain of filters is about."""
    while isinstance(e, Filter):
        e = e.list
    return e.name if isinstance(e, ListRef) else ""


# --- what a decision reads ---


def _roots(spec: DecisionSpec) -> Iterator[tuple[Expr, str | None]]:
    """Every expression of a decision with the list whose elements it is about, None: the document."""
    for rule in spec.rules:
        yield from ((e, rule.each) for e in _rule_parts(rule))
    if spec.payout:
        yield from ((e, spec.payout.each) for e in _element_parts(spec.payout))
        yield from ((e, None) for e in _document_parts(spec.payout))
    yield from ((r.expr, None) for r in spec.report)
    if spec.value is not None:
        yield spec.value, None


def _rule_parts(rule: Rule) -> Iterator[Expr]:
    yield from rule.parts
    if rule.deadline:
        yield from (rule.deadline.date, rule.deadline.act)
    if rule.measure is not None:
        yield rule.measure


def _element_parts(payout: Payout) -> Iterator[Expr]:
    yield from (payout.start, *(e for _, e in payout.by))
    yield from (e for step in payout.element_steps for e in _step_parts(step))


def _document_parts(payout: Payout) -> Iterator[Expr]:
    yield payout.currency
    yield from (e for step in (*payout.group_steps, *payout.total_steps) for e in _step_parts(step))


def _step_parts(step: PayoutStep) -> Iterator[Expr]:
    yield step.when
    if isinstance(step, SetStep):
        yield step.to
    elif isinstance(step, LimitsStep):
        yield from (e for limit in step.limits for e in (limit.when, limit.to))


def _body_parts(definition: Definition) -> Iterator[Expr]:
    body = definition.body
    if isinstance(body, Expr):
        yield body
        return
    for row in body.rows:
        yield from (*row.tests, *row.outputs)
    yield from body.otherwise or ()
