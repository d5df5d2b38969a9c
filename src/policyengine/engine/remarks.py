"""Remarks: what is worth knowing about the facts and decides nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from policyengine.engine.case import Case
from policyengine.evaluation.evaluator import Evaluation
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Remark
from policyengine.model.memory import Element, Given
from policyengine.model.vocabulary import Fact


def order_remarks(bundle: CheckedBundle, evaluation: Evaluation) -> Iterator[Remark]:
    """A remark for each given date before another that it should not precede, in the order of the vocabulary."""
    memory = evaluation.memory
    for name, fact in bundle.facts.items():
        if fact.not_before:
            yield from _before(name, memory.facts.get(name), fact.not_before, memory.facts.get(fact.not_before))
    for declared in bundle.lists.values():
        dated = [f for f in declared.fields.values() if f.not_before]
        for fact in dated:
            for element in memory.lists.get(declared.name, ()):
                other, limit = _limit(bundle, fact, element, evaluation)
                yield from _before(element.address(fact.name), element.fields.get(fact.name), other, limit)


def _limit(bundle: CheckedBundle, fact: Fact, element: Element, evaluation: Evaluation) -> tuple[str, Given | None]:
    """The address and value that a field should not precede: of the same element, else of the document."""
    name = fact.not_before or ""
    if name in bundle.lists[element.list].fields:
        return element.address(name), element.fields.get(name)
    return name, evaluation.memory.facts.get(name)


def _before(address: str, day: Given | None, other: str, limit: Given | None) -> Iterator[Remark]:
    if isinstance(day, date) and isinstance(limit, date) and day < limit:
        yield Remark(code="facts/order", message=f"`{address}` is before `{other}`", fact=address)


def empty_list_remarks(case: Case) -> Iterator[Remark]:
    """A remark when there was nothing to decide."""
    if case.resolution.elements == ():
        yield Remark(code="decision/empty-list", message=f"the list `{case.spec.each}` is empty")
