"""The last days that a decision tells: of rules that apply, up to the step that ended the matter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from policyengine.engine.case import Asked, Case
from policyengine.engine.messages import day_after
from policyengine.model.decision import DeadlineDate
from policyengine.model.rules import Deadline


def deadlines(case: Case, reasons: frozenset[str]) -> tuple[DeadlineDate, ...]:
    """Every known last day: rules among ``reasons`` (ids) first, then the rest, in step order, elements by position."""
    asked = sorted(_heard(case), key=lambda a: (a[0].id not in reasons, a[0].index, a[1].position if a[1] else 0))
    return tuple(d for a in asked if (d := _deadline(case, a)))


def _heard(case: Case) -> Iterator[Asked]:
    """The rules with a last day that no certain refusal of the document silences, each with its elements."""
    for step in case.spec.steps:
        if case.gate is not None and (step.each is not None or step.index > case.gate):
            continue
        for rule in (r for r in step.rules if r.deadline):
            if rule.each is None:
                yield rule, None
            else:
                yield from ((rule, element) for element in case.decided)


def _deadline(case: Case, asked: Asked) -> DeadlineDate | None:
    rule, element = asked
    if rule.deadline is None or not _tells(case, asked, rule.deadline):
        return None
    day = case.evaluation.value(rule.deadline.date, case.env(element))
    if not isinstance(day, date):
        return None
    return DeadlineDate(
        rule=rule.id,
        day=day,
        days_left=(day - case.evaluation.memory.as_of).days,
        from_day=day_after(day) if rule.deadline.kind == "until" else None,
        element=element.key if element else None,
    )


def _tells(case: Case, asked: Asked, deadline: Deadline) -> bool:
    """Whether the rule applies for certain; an ``until`` speaks only while the rule holds."""
    rule, element = asked
    holds = case.truth(rule, element)
    if holds or deadline.kind == "until":
        return holds is True
    env = case.env(element)
    return all(case.evaluation.truth(part, env) is True for part in (rule.guard, rule.applies))
