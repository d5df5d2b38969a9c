"""The answer: everything that is told about a decided case, in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from policyengine.engine.case import Asked, Case
from policyengine.engine.deadlines import deadlines
from policyengine.engine.messages import elements_reasons, level_reasons, once_each
from policyengine.engine.missing import asked_facts, waiting
from policyengine.engine.payout import Paid, nothing_paid, pay
from policyengine.engine.remarks import empty_list_remarks, order_remarks
from policyengine.engine.split_plan import plan_of
from policyengine.engine.working_days import WorkingDays
from policyengine.evaluation.env import Env
from policyengine.evaluation.evaluator import Evaluation
from policyengine.evaluation.values import Got, is_known
from policyengine.model.decision import Decision, ElementDecision, FaultNote, Json, Reason, Remark
from policyengine.model.faults import Fault
from policyengine.model.memory import Element
from policyengine.model.rules import Class, DecisionSpec, Rule
from policyengine.values.text import value_json

UNDETERMINED = "undetermined"
NO_PAYOUT = Paid(amount=None)


def answer(case: Case, working_days: WorkingDays) -> Decision:
    """The whole decision of a case."""
    word = case.resolution.word
    verdict_class = case.spec.verdicts[word] if word is not None else None
    questions, faults = waiting(case)
    paid = _paid(case, verdict_class)
    pays = verdict_class in (Class.GRANTED, Class.PARTLY)
    reasons = (*_reasons(case), *paid.reasons)
    return Decision(
        decision=case.spec.name,
        verdict=word or UNDETERMINED,
        verdict_class=str(verdict_class or UNDETERMINED),
        reasons=reasons,
        missing=asked_facts(case.bundle, questions, "amount" if pays else "verdict", paid.owed),
        elements=_elements(case),
        deadlines=deadlines(case, frozenset(r.rule for r in reasons)),
        amount=paid.amount,
        amounts=paid.details,
        needs=_needs(case, verdict_class),
        warnings=_warnings(case),
        remarks=_remarks(case, working_days),
        faults=fault_notes((*faults, *paid.faults)),
        values=report_values(case.spec, case.evaluation, case.specials),
        split=plan_of(case),
        bundle=(case.bundle.id, case.bundle.version, case.bundle.digest),
        as_of=case.evaluation.memory.as_of,
    )


def _reasons(case: Case) -> tuple[Reason, ...]:
    resolution = case.resolution
    if resolution.word is None:
        return ()
    if resolution.by_elements:
        return elements_reasons(case, zip(resolution.elements or (), case.decided, strict=True))
    return level_reasons(case, resolution.document, None)


def _elements(case: Case) -> tuple[ElementDecision, ...]:
    classes = case.spec.element_verdicts
    return tuple(
        ElementDecision(
            id=element.key,
            verdict=level.word or UNDETERMINED,
            element_class=str(classes[level.word]) if level.word is not None else UNDETERMINED,
            reasons=level_reasons(case, level, element) if level.word is not None else (),
        )
        for level, element in zip(case.resolution.elements or (), case.decided, strict=True)
    )


def _needs(case: Case, verdict_class: Class | None) -> tuple[str, ...]:
    """What can still be supplied to the pending rules behind a pending verdict, each once, in rule order."""
    if verdict_class is not Class.PENDING:
        return ()
    rules = (r for r in case.resolution.rules if r.rule_class is Class.PENDING)
    return tuple(dict.fromkeys(need for rule in rules for need in rule.needs))


def _paid(case: Case, verdict_class: Class | None) -> Paid:
    payout = case.spec.payout
    if payout is None:
        return NO_PAYOUT
    if verdict_class in (Class.GRANTED, Class.PARTLY):
        return pay(case, payout)
    return Paid(amount=nothing_paid(case, payout)) if verdict_class is Class.REFUSED else NO_PAYOUT


def _warnings(case: Case) -> tuple[Reason, ...]:
    """Warnings that certainly hold: of the document, and of the elements if they were decided."""
    asked: list[Asked] = []
    for rule in case.spec.warnings:
        elements = (None,) if rule.each is None else _warned(case, rule.each)
        asked += [(rule, e) for e in elements if _holds(case, rule, e)]
    return once_each(case, asked)


def _holds(case: Case, rule: Rule, element: Element | None) -> bool:
    env = case.env(element)
    return all(case.evaluation.truth(part, env) for part in rule.parts)


def _warned(case: Case, each: str) -> tuple[Element, ...]:
    return case.decided if each == case.spec.each else case.evaluation.elements(each) or ()


def _remarks(case: Case, working_days: WorkingDays) -> tuple[Remark, ...]:
    return (
        *order_remarks(case.bundle, case.evaluation),
        *working_days.remarks(case.evaluation, case.specials),
        *empty_list_remarks(case),
    )


def report_values(spec: DecisionSpec, evaluation: Evaluation, specials: Mapping[str, Got]) -> dict[str, Json]:
    """The reported values as JSON data; null for one that is not exactly known."""
    env = Env(specials=specials)
    got = {r.name: (evaluation.value(r.expr, env), r.expr.type) for r in spec.report}
    return {name: value_json(v, t) if is_known(v) else None for name, (v, t) in got.items()}


def fault_notes(faults: Iterable[Fault]) -> tuple[FaultNote, ...]:
    """The faults as told, each once, by place."""
    unique = dict.fromkeys(sorted(faults, key=_place))
    return tuple(dict.fromkeys(f.note() for f in unique))


def _place(fault: Fault) -> tuple[str, int, int, str, str]:
    span = fault.span
    return (span.file.relative or span.file.path, span.start.line, span.start.column, fault.code, fault.message)
