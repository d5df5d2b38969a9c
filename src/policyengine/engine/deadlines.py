"""The last days that a decision tells: of rules that apply, up to the step that ended the matter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from policyengine.engine.case import Asked, Case
from policyengine.engine.messages import day_after
from policyengine.model.decision import DeadlineDate, Reason
from policyengine.model.rules import Deadline, Rule


def deadlines(case: Case, reasons: Iterable[Reason]) -> tuple[DeadlineDate, ...]:
    """Every known last day: rules among the reasons first, then the rest, in step order, elements by position."""
    asked = list(_heard(case))
    if not asked:
        return ()
    told = {r.rule for r in reasons}
    asked.sort(key=lambda a: (a[0].id not in told, a[0].index, a[1].position if a[1] else 0))
    return tuple([d for a in asked if (d := _deadline(case, a))])


def _heard(case: Case) -> Iterator[Asked]:
    """The rules with a last day that no certain refusal of the document silences, each with its elements."""
    for rule, _ in case.prepared.dated:
        if case.gate is not None and _silenced(rule, case.gate):
            continue
        if rule.each is None:
            yield rule, None
        else:
            yield from ((rule, element) for element in case.decided)


def _silenced(rule: Rule, gate: int) -> bool:
    return rule.each is not None or rule.step is None or rule.step > gate


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
    evaluation = case.evaluation
    return evaluation.truth(rule.guard, env) is True and evaluation.truth(rule.applies, env) is True
