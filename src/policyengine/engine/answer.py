"""The answer: everything that is told about a decided case, in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction

from policyengine.engine.case import Case
from policyengine.engine.deadlines import deadlines
from policyengine.engine.messages import elements_reasons, level_reasons, once_each
from policyengine.engine.missing import Question, asked_facts, waiting
from policyengine.engine.payout import Paid, nothing_paid, pay
from policyengine.engine.remarks import empty_list_remarks, order_remarks
from policyengine.engine.split_plan import plan_of
from policyengine.engine.working_days import WorkingDays
from policyengine.evaluation.values import is_known
from policyengine.model.decision import Decision, ElementDecision, FaultNote, Json, Reason, Remark
from policyengine.model.expr import And
from policyengine.model.faults import Fault
from policyengine.model.rules import Class
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
        values=_values(case),
        split=plan_of(case),
        bundle=(case.bundle.id, case.bundle.version, case.bundle.digest),
        as_of=case.evaluation.memory.as_of,
    )
