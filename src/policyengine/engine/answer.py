"""The answer: everything that is told about a decided case, in a fixed order.

A part that nothing in the decision or in the case asks for costs nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from policyengine.engine.case import Asked, Case
from policyengine.engine.deadlines import deadlines
from policyengine.engine.messages import elements_reasons, level_reasons, once_each
from policyengine.engine.missing import Purpose, asked_facts, waiting
from policyengine.engine.payout import NO_PAYOUT, Paid, nothing_paid, pay
from policyengine.engine.prepared import UNDETERMINED
from policyengine.engine.split_plan import plan_of
from policyengine.evaluation.env import Env
from policyengine.evaluation.evaluator import Evaluation
from policyengine.evaluation.values import Got, is_known
from policyengine.model.decision import Decision, ElementDecision, FaultNote, Json, Reason, Remark
from policyengine.model.expr import Expr
from policyengine.model.faults import Fault
from policyengine.model.memory import Element
from policyengine.model.rules import Class, DecisionSpec
from policyengine.values.text import value_json

PENDING, REFUSED = Class.PENDING, Class.REFUSED
PAYING = frozenset({Class.GRANTED, Class.PARTLY})


def answer(case: Case) -> Decision:
    """The whole decision of a case."""
    prepared, spec, resolution = case.prepared, case.spec, case.resolution
    verdict_class, class_name = prepared.outcomes[resolution.word]
    questions, faults = waiting(case, verdict_class)
    paid = _paid(case, verdict_class) if spec.payout else NO_PAYOUT
    purpose: Purpose = "amount" if verdict_class in PAYING else "verdict"
    asks = questions or paid.owed
    reasons = _reasons(case)
    if paid.reasons:
        reasons += paid.reasons
    # By position, in the order of the fields: twice as fast as by name, and every request makes one.
    return Decision(
        spec.name,
        resolution.word or UNDETERMINED,
        class_name,
        prepared.identity,
        case.evaluation.memory.as_of,
        report_values(spec, case.evaluation, case.specials) if spec.report else {},
        reasons,
        asked_facts(prepared.questions, questions, purpose, paid.owed) if asks else (),
        _elements(case) if resolution.elements else (),
        deadlines(case, reasons) if prepared.dated else (),
        paid.amount,
        paid.details,
        _needs(case) if verdict_class is PENDING else (),
        _warnings(case) if spec.warnings else (),
        _remarks(case),
        fault_notes((*faults, *paid.faults)) if faults or paid.faults else (),
        plan_of(case) if case.planned else None,
    )


def _reasons(case: Case) -> tuple[Reason, ...]:
    resolution = case.resolution
    if resolution.word is None:
        return ()
    if resolution.by_elements:
        return elements_reasons(case, zip(resolution.elements or (), case.decided, strict=True))
    return level_reasons(case, resolution.document, None)


def _elements(case: Case) -> tuple[ElementDecision, ...]:
    outcomes = case.prepared.element_outcomes
    told = []
    for level, element in zip(case.resolution.elements or (), case.decided, strict=True):
        reasons = level_reasons(case, level, element) if level.word is not None else ()
        told.append(ElementDecision(element.key, level.word or UNDETERMINED, outcomes[level.word][1], reasons))
    return tuple(told)


def _needs(case: Case) -> tuple[str, ...]:
    """What can still be supplied to the pending rules behind a pending verdict, each once, in rule order."""
    rules = (r for r in case.resolution.rules if r.rule_class is PENDING)
    return tuple(dict.fromkeys(need for rule in rules for need in rule.needs))


def _paid(case: Case, verdict_class: Class | None) -> Paid:
    payout = case.spec.payout
    if payout is None:
        return NO_PAYOUT
    if verdict_class in PAYING:
        return pay(case, payout)
    return Paid(amount=nothing_paid(case, payout)) if verdict_class is REFUSED else NO_PAYOUT


def _warnings(case: Case) -> tuple[Reason, ...]:
    """Warnings that certainly hold: of the document, and of the elements if they were decided."""
    asked: list[Asked] = []
    for rule, parts in case.prepared.warnings:
        elements = (None,) if rule.each is None else warned_elements(case, rule.each)
        asked += [(rule, e) for e in elements if warning_holds(case, parts, e)]
    return once_each(case, asked) if asked else ()


def warning_holds(case: Case, parts: tuple[Expr, ...], element: Element | None) -> bool:
    """Whether a warning, by its parts, certainly holds for an element or the document."""
    env = case.env(element)
    truth = case.evaluation.truth
    for part in parts:  # noqa: SIM110 - `all` takes twice as long for the one or two parts that there are
        if not truth(part, env):
            return False
    return True


def warned_elements(case: Case, each: str) -> tuple[Element, ...]:
    """The elements of a list that warnings are asked for."""
    return case.decided if each == case.spec.each else case.evaluation.elements(each) or ()


def _remarks(case: Case) -> tuple[Remark, ...]:
    prepared = case.prepared
    remarks = prepared.order.remarks(case.evaluation.memory)
    if prepared.working_days:
        remarks += prepared.working_days.remarks(case.evaluation, case.specials)
    return remarks if case.resolution.elements != () else (*remarks, *empty_list_remarks(case))


def empty_list_remarks(case: Case) -> Iterator[Remark]:
    """A remark when there was nothing to decide."""
    if case.resolution.elements == ():
        yield Remark(code="decision/empty-list", message=f"the list `{case.spec.each}` is empty")


def report_values(spec: DecisionSpec, evaluation: Evaluation, specials: Mapping[str, Got]) -> dict[str, Json]:
    """The reported values as JSON data; null for one that is not exactly known."""
    env = Env(specials=specials)
    got = {r.name: (evaluation.value(r.expr, env), r.expr.type) for r in spec.report}
    return {name: value_json(v, t) if is_known(v) else None for name, (v, t) in got.items()}


def fault_notes(faults: Sequence[Fault]) -> tuple[FaultNote, ...]:
    """The faults as told, each once, by place."""
    unique = dict.fromkeys(sorted(faults, key=_place))
    return tuple(dict.fromkeys(f.note() for f in unique))


def _place(fault: Fault) -> tuple[str, int, int, str, str]:
    span = fault.span
    return (span.file.relative or span.file.path, span.start.line, span.start.column, fault.code, fault.message)
