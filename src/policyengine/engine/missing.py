"""What is asked for: the facts blamed by rules that still matter, and the faults met on the way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal as OneOf

from policyengine.engine.amounts import Owed
from policyengine.engine.case import Asked, Case
from policyengine.evaluation.evaluator import Evaluation
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import MissingFact
from policyengine.model.expr import Expr
from policyengine.model.faults import Fault
from policyengine.model.rules import Class
from policyengine.model.vocabulary import Fact, FactList
from policyengine.values.types import Kind

Purpose = OneOf["verdict", "amount"]


@dataclass(frozen=True, slots=True, order=True)
class Question:
    """One rule waiting for one fact. The order of the fields is the order of the questions."""

    rule: int
    place: int
    position: int
    fact: str
    id: str


def waiting(case: Case) -> tuple[list[Question], list[Fault]]:
    """What the rules that leave the verdict open (or an element of a granted verdict) wait for."""
    questions = _list_questions(case) if _asks_for_list(case) else []
    faults: list[Fault] = []
    for rule, element in _mattering(case):
        blamed, met = _blamed(case, (rule, element))
        position = element.position if element else 0
        questions += [Question(rule.index, place, position, fact, rule.id) for place, fact in enumerate(blamed)]
        faults += met
    return questions, faults


def _mattering(case: Case) -> Iterator[Asked]:
    """The unknown rules that contributed a word, where the answer is open or pending; nothing after a refusal."""
    resolution, word = case.resolution, case.resolution.word
    verdict_class = case.spec.verdicts[word] if word is not None else None
    if verdict_class is Class.REFUSED:
        return
    if verdict_class in (None, Class.PENDING):
        yield from ((rule, None) for rule in resolution.document.waiting)
    for level, element in zip(resolution.elements or (), case.decided, strict=True):
        yield from ((rule, element) for rule in level.waiting)


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
    rules = [r for s in case.spec.steps if s.each is not None for r in s.rules]
    return [Question(r.index, -1, 0, name, r.id) for r in rules] or [Question(len(case.spec.rules), 0, 0, name, "")]


def value_questions(evaluation: Evaluation, value: Expr) -> tuple[list[Question], list[Fault]]:
    """What the value of a value decision waits for; no rule does."""
    facts = evaluation.blame(value)
    return [Question(0, place, 0, fact, "") for place, fact in enumerate(facts)], list(evaluation.faults(value))


def asked_facts(
    bundle: CheckedBundle, questions: Iterable[Question], purpose: Purpose, owed: Iterable[Owed] = ()
) -> tuple[MissingFact, ...]:
    """Each fact once, where it is first asked for, with all that wait for it: rules in their order, then the payout."""
    by_fact: dict[str, list[str]] = {}
    for q in sorted(questions):
        by_fact.setdefault(q.fact, []).append(q.id)
    for o in owed:
        by_fact.setdefault(o.fact, []).append(o.rule)
    return tuple(_missing(bundle, fact, ids, purpose) for fact, ids in by_fact.items())


def _missing(bundle: CheckedBundle, address: str, ids: Iterable[str], purpose: Purpose) -> MissingFact:
    found = declaration(bundle, address)
    if isinstance(found, FactList):
        kind, members = "list", None
    else:
        kind = str(found.type.kind)
        members = found.type.members if found.type.kind in (Kind.ENUM, Kind.SET) else None
    rules = tuple(dict.fromkeys(i for i in ids if i))
    return MissingFact(fact=address, title=found.title, type=kind, members=members, rules=rules, purpose=purpose)


def declaration(bundle: CheckedBundle, address: str) -> Fact | FactList:
    """What an address such as ``order.total``, ``claims`` or ``claims[c1].amount`` is about."""
    if address in bundle.facts:
        return bundle.facts[address]
    if address in bundle.lists:
        return bundle.lists[address]
    # An id may hold any character, a field's name only letters, digits and underscores.
    items, field = address.partition("[")[0], address.rpartition("].")[2]
    return bundle.lists[items].fields[field]
