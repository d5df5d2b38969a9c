"""From typed facts to a decision: match the rules, resolve their truths, and answer."""

from __future__ import annotations

from policyengine.backends.base import Program
from policyengine.engine.answer import answer, fault_notes, report_values
from policyengine.engine.case import Case
from policyengine.engine.missing import asked_facts, value_questions
from policyengine.engine.prepared import UNDETERMINED, Prepared
from policyengine.engine.resolve import resolve
from policyengine.engine.split_plan import planned
from policyengine.evaluation.evaluator import Evaluation
from policyengine.evaluation.values import UNKNOWN, Got
from policyengine.model.decision import Decision
from policyengine.model.expr import Expr


def decided(prepared: Prepared, program: Program, evaluation: Evaluation) -> Decision:
    """The whole decision. ``program`` matches the rules; a decision that is simply a value has none."""
    spec = prepared.spec
    if spec.value is not None:
        return _value(prepared, spec.value, evaluation)
    return answer(weighed(prepared, program, evaluation))


def weighed(prepared: Prepared, program: Program, evaluation: Evaluation) -> Case:
    """The case of a decision that has rules, up to its verdict; what is told of it is made from this."""
    spec = prepared.spec
    matches = program.match(spec.name, evaluation)
    elements = evaluation.elements(spec.each) if spec.each else None
    truths = None if elements is None else [(matches.elements or {})[e.key] for e in elements]
    resolution = resolve(prepared.book, matches.document, truths)
    plan = planned(prepared.splits, evaluation) if prepared.splits else None
    return Case(prepared, evaluation, matches, elements, resolution, plan)


def _value(prepared: Prepared, value: Expr, evaluation: Evaluation) -> Decision:
    """A decision that is simply the value of an enum."""
    got = evaluation.value(value)
    word = got if isinstance(got, str) else None
    specials: dict[str, Got] = {"verdict": got, "parts": UNKNOWN}
    questions, faults = value_questions(evaluation, value) if word is None else ([], [])
    remarks = prepared.order.remarks(evaluation.memory)
    return Decision(
        decision=prepared.spec.name,
        verdict=word or UNDETERMINED,
        verdict_class="value" if word is not None else UNDETERMINED,
        bundle=prepared.identity,
        as_of=evaluation.memory.as_of,
        values=report_values(prepared.spec, evaluation, specials),
        missing=asked_facts(prepared.questions, questions, "verdict"),
        remarks=remarks + prepared.working_days.remarks(evaluation, specials),
        faults=fault_notes(faults),
    )
