"""What is asked for: the facts blamed by rules that still matter, and the faults met on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal as OneOf
from typing import NamedTuple

from policyengine.engine.amounts import Owed
from policyengine.engine.case import Asked, Case
from policyengine.engine.prepared import Questions
from policyengine.evaluation.evaluator import Evaluation
from policyengine.model.decision import MissingFact
from policyengine.model.expr import Expr
from policyengine.model.faults import Fault
from policyengine.model.rules import Class

Purpose = OneOf["verdict", "amount"]
REFUSED, PENDING = Class.REFUSED, Class.PENDING


class Question(NamedTuple):
    """One rule waiting for one fact. The order of the fields is the order of the questions."""

    rule: int
    place: int
    position: int
    fact: str
    id: str


def waiting(case: Case, verdict_class: Class | None) -> tuple[list[Question], list[Fault]]:
    """What the rules that leave the verdict open (or an element of a granted verdict) wait for."""
    if verdict_class is REFUSED:
        return [], []
    questions = _list_questions(case) if _asks_for_list(case) else []
    faults: list[Fault] = []
    for rule, element in _mattering(case, verdict_class):
        blamed, met = _blamed(case, (rule, element))
        position = element.position if element else 0
        questions += [Question(rule.index, place, position, fact, rule.id) for place, fact in enumerate(blamed)]
        faults += met
    return questions, faults


def _mattering(case: Case, verdict_class: Class | None) -> Iterable[Asked]:
    """The unknown rules that contributed a word, where the answer is open or pending."""
    resolution = case.resolution
    waits = resolution.document.waiting if verdict_class in (None, PENDING) else ()
    if not resolution.elements:
        return [(rule, None) for rule in waits]
    return (*((rule, None) for rule in waits), *_of_elements(case))


def _of_elements(case: Case) -> Iterator[Asked]:
    for level, element in zip(case.resolution.elements or (), case.decided, strict=True):
        for rule in level.waiting:
            yield rule, element


def _blamed(case: Case, asked: Asked) -> tuple[tuple[str, ...], tuple[Fault, ...]]:
    """The blame and the faults of the first unknown part of a rule: what lies behind it is asked later."""
    rule, element = asked
    env = case.env(element)
    for part in rule.parts:
        if case.evaluation.truth(part, env) is None:
            return case.evaluation.blame(part, env), case.evaluation.faults(part, env)
    return (), ()


def _asks_for_list(case: Case) -> bool:
    """Whether the decision's list is unknown and the document did not refuse."""
    return case.spec.each is not None and case.elements is None and case.gate is None


def _list_questions(case: Case) -> list[Question]:
    """Every rule of the elements waits for the list, where the first of them stands."""
    name = case.spec.each or ""
    found = [Question(r.index, -1, 0, name, r.id) for r in case.prepared.of_elements]
    return found or [Question(len(case.prepared.book.rules), 0, 0, name, "")]


def value_questions(evaluation: Evaluation, value: Expr) -> tuple[list[Question], list[Fault]]:
    """What the value of a value decision waits for; no rule does."""
    facts = evaluation.blame(value)
    return [Question(0, place, 0, fact, "") for place, fact in enumerate(facts)], list(evaluation.faults(value))


def asked_facts(
    asking: Questions, questions: Iterable[Question], purpose: Purpose, owed: Iterable[Owed] = ()
) -> tuple[MissingFact, ...]:
    """Each fact once, where it is first asked for, with all that wait for it: rules in their order, then the payout."""
    by_fact: dict[str, list[str]] = {}
    for q in sorted(questions):
        by_fact.setdefault(q.fact, []).append(q.id)
    for o in owed:
        by_fact.setdefault(o.fact, []).append(o.rule)
    return tuple([_missing(asking, fact, ids, purpose) for fact, ids in by_fact.items()])


def _missing(asking: Questions, address: str, ids: Iterable[str], purpose: Purpose) -> MissingFact:
    title, kind, members = asking.of(address)
    rules = tuple(dict.fromkeys([i for i in ids if i]))
    return MissingFact(fact=address, title=title, type=kind, members=members, rules=rules, purpose=purpose)
