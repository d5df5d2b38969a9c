"""The declared currency of money facts: known only once the other facts are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from policyengine.errors import FactProblem
from policyengine.evaluation.env import EMPTY_ENV, Env
from policyengine.evaluation.evaluator import Evaluation
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr, FactRef, Literal
from policyengine.model.vocabulary import Fact
from policyengine.values.money import Money


def currency_problems(
    bundle: CheckedBundle, evaluation: Evaluation, pointers: Mapping[str, str], *, certain: bool
) -> Iterator[FactProblem]:
    """A problem for each given money whose declared currency is known to be another, documents first.

    ``pointers`` leads from addresses to places. Without ``certain`` (other facts could not be read) only a
    declared currency that is a constant or was itself given counts: defaults might stand in for bad facts.
    """
    for address, given, needed in currency_differences(bundle, evaluation, certain=certain):
        if address in pointers:
            detail = f"this amount is in {given}, but {needed} is needed here"
            yield FactProblem(pointers[address], "request/currency", detail)


def currency_differences(
    bundle: CheckedBundle, evaluation: Evaluation, *, certain: bool = True
) -> Iterator[tuple[str, str, str]]:
    """The address, the currency and the needed currency of each given money that is in another than is needed."""
    for address, given, fact, env in _money(bundle, evaluation):
        if fact.currency is not None and (certain or _is_given(fact.currency, evaluation)):
            needed = evaluation.value(fact.currency, env)
            if isinstance(needed, str) and needed != given.currency:
                yield address, given.currency, needed


def _money(bundle: CheckedBundle, evaluation: Evaluation) -> Iterator[tuple[str, Money, Fact, Env]]:
    """Every given amount of money with its address, its declaration and the element in scope."""
    for name, given in evaluation.memory.facts.items():
        if isinstance(given, Money):
            yield name, given, bundle.facts[name], EMPTY_ENV
    for items, elements in evaluation.memory.lists.items():
        declared = bundle.lists[items]
        for element in elements:
            env = EMPTY_ENV.bind(declared.each, element)
            for field, given in element.fields.items():
                if isinstance(given, Money):
                    yield element.address(field), given, declared.fields[field], env


def _is_given(currency: Expr, evaluation: Evaluation) -> bool:
    return isinstance(currency, Literal) or (isinstance(currency, FactRef) and currency.name in evaluation.memory.facts)
