"""Reasons in words: a rule's sentence with the facts of the case, each rule once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from policyengine.engine.case import Asked, Case
from policyengine.engine.levels import Level
from policyengine.evaluation.env import Env
from policyengine.evaluation.values import is_known
from policyengine.model.decision import Reason
from policyengine.model.expr import Expr
from policyengine.model.memory import Element
from policyengine.model.rules import Message, Rule
from policyengine.model.wording import render
from policyengine.planner import Plan
from policyengine.values.text import value_text


def sentence(case: Case, message: Message, env: Env, specials: Mapping[str, str]) -> str:
    """The message with known values put in."""

    def value_of(e: Expr) -> object | None:
        got = case.evaluation.value(e, env)
        return got if is_known(got) else None

    return render(message, case.bundle, value_of, {**_planned(case), **specials} if case.planned else specials)


def rule_reason(case: Case, rule: Rule, element: Element | None) -> Reason:
    """A rule that holds, in the words of one element (None: the document)."""
    ready = case.prepared.ready.get(rule.index)
    if ready is not None:
        return ready
    key = (rule.index, element.position if element else 0)
    told = case.told.get(key)
    if told is None:
        env = case.env(element)
        message = sentence(case, rule.because, env, _of_rule(case, rule, env))
        told = case.told[key] = Reason(rule.id, message, rule.source, rule.span.at)
    return told


def level_reasons(case: Case, level: Level, element: Element | None) -> tuple[Reason, ...]:
    """The reasons of the document or of one element, each rule id once."""
    if level.otherwise:
        rest = _otherwise(case, element)
        return (rest,) if rest else ()
    first: dict[str, Rule] = {}
    for rule in level.reasons:
        first.setdefault(rule.id, rule)
    ready = case.prepared.ready
    return tuple([ready.get(rule.index) or rule_reason(case, rule, element) for rule in first.values()])


def elements_reasons(case: Case, levels: Iterable[tuple[Level, Element]]) -> tuple[Reason, ...]:
    """The union of settled elements' reasons: each rule id once, naming its elements, then what holds otherwise."""
    settled = [(level, element) for level, element in levels if level.word is not None]
    reasons = once_each(case, ((rule, element) for level, element in settled for rule in level.reasons))
    rest = [element for level, element in settled if level.otherwise]
    other = _otherwise(case, rest[0]) if rest else None
    return (*reasons, other._replace(elements=tuple([e.key for e in rest]))) if other else reasons


def once_each(case: Case, asked: Iterable[Asked]) -> tuple[Reason, ...]:
    """A reason for each rule id in rule order, naming the elements by position. Editions of a rule share its id."""
    by_id: dict[str, list[Asked]] = {}
    for rule, element in sorted(asked, key=lambda a: (a[0].index, a[1].position if a[1] else 0)):
        by_id.setdefault(rule.id, []).append((rule, element))
    return tuple(_merged(case, held) for held in by_id.values())


def _merged(case: Case, held: list[Asked]) -> Reason:
    reason = rule_reason(case, *held[0])
    elements = {e.position: e.key for _, e in held if e}
    return reason._replace(elements=tuple([elements[p] for p in sorted(elements)])) if elements else reason


def _otherwise(case: Case, element: Element | None) -> Reason | None:
    """What holds otherwise as a reason; None unless it has an id and a sentence."""
    if case.prepared.otherwise is not None:
        return case.prepared.otherwise
    outcome = case.spec.otherwise
    if outcome is None or outcome.id is None or outcome.because is None:
        return None
    message = sentence(case, outcome.because, case.env(element), {})
    return Reason(rule=outcome.id, message=message, source=outcome.source, at=outcome.span.at)


def _planned(case: Case) -> dict[str, str]:
    return {"parts": str(case.planned.plan.parts)} if case.planned else {}


def _of_rule(case: Case, rule: Rule, env: Env) -> dict[str, str]:
    """What only the answer knows of a rule: its deadline, what it measured, what its split found."""
    if rule.deadline is None and rule.measure is None and rule.split is None:
        return {}
    return _dates(case, rule, env) | _measured(case, rule, env) | _offending(case, rule)


def _dates(case: Case, rule: Rule, env: Env) -> dict[str, str]:
    if rule.deadline is None:
        return {}
    day = case.evaluation.value(rule.deadline.date, env)
    if not isinstance(day, date):
        return {}
    out = {"deadline": day.isoformat(), "days_left": str((day - case.evaluation.memory.as_of).days)}
    after = day_after(day) if rule.deadline.kind == "until" else None
    return out | ({"from_day": after.isoformat()} if after else {})


def day_after(day: date) -> date | None:
    """The next day; the last day of the calendar has none."""
    return None if day == date.max else day + timedelta(days=1)


def _measured(case: Case, rule: Rule, env: Env) -> dict[str, str]:
    if rule.measure is None:
        return {}
    got = case.evaluation.value(rule.measure, env)
    return {"measured": value_text(got, rule.measure.type)} if is_known(got) else {}


def _offending(case: Case, rule: Rule) -> dict[str, str]:
    if rule.split is None:
        return {}
    plan = case.evaluation.split(rule.split)
    if not isinstance(plan, Plan):
        return {}
    return {"parts": str(plan.parts)} if plan.parts else {"offending": ", ".join(plan.too_large)}
