"""The plan of a split: found for the case, and told with the weights of its parts."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import cast

from policyengine.engine.case import Case, Planned
from policyengine.evaluation.env import Env
from policyengine.evaluation.evaluator import Evaluation
from policyengine.model.decision import PlannedShare, SplitPlan
from policyengine.model.memory import Element
from policyengine.model.rules import Rule, Split
from policyengine.planner import Plan, Share
from policyengine.values.money import Money, Number
from policyengine.values.text import value_json

Weight = Number | Money


def planned(splits: Iterable[tuple[Rule, Split]], evaluation: Evaluation) -> Planned | None:
    """The first of these rules' splits that applies for certain and has a known, possible plan."""
    for rule, split in splits:
        if not all(evaluation.truth(p) for p in (rule.guard, rule.applies)):
            continue
        plan = evaluation.split(split)
        if isinstance(plan, Plan) and plan.parts:
            return Planned(split, plan)
    return None


def plan_of(case: Case) -> SplitPlan | None:
    """The plan as told: each part with its lines, their weights and the part's total."""
    if case.planned is None:
        return None
    split, plan = case.planned.split, case.planned.plan
    weights, nothing = _weights(case, split), _nothing(case, split)
    # A large order repeats a few ways of filling a part over and over: each is told once.
    told = {shares: _part(shares, weights, nothing, split) for shares in dict.fromkeys(plan.contents)}
    return SplitPlan(
        called=split.called,
        parts=plan.parts,
        proved=plan.proved,
        lower_bound=plan.lower_bound,
        contents=tuple(told[shares] for shares in plan.contents),
    )


def _weights(case: Case, split: Split) -> dict[str, Weight]:
    """The weight of one unit of each element; all are known, for there is a plan."""
    found: dict[str, Weight] = {}
    for element in case.evaluation.elements(split.list) or ():
        weight = case.evaluation.value(split.weight, _env(case, split, element))
        if isinstance(weight, Weight):
            found[element.key] = weight
    return found


def _env(case: Case, split: Split, element: Element) -> Env:
    return Env({split.variable: element}, case.specials)


def _nothing(case: Case, split: Split) -> Weight:
    """What a part without units weighs, in the currency of the limit."""
    limit = case.evaluation.value(split.limit, Env(specials=case.specials))
    return Money.of(0, limit.currency) if isinstance(limit, Money) else 0


def _part(
    shares: Iterable[Share], weights: dict[str, Weight], nothing: Weight, split: Split
) -> tuple[tuple[PlannedShare, ...], object]:
    amounts = [(s, _plus(nothing, _times(weights[s.line], s.quantity))) for s in shares]
    total = reduce(_plus, (a for _, a in amounts), nothing)
    json = tuple(
        PlannedShare(line=s.line, quantity=s.quantity, amount=value_json(a, split.weight.type)) for s, a in amounts
    )
    return json, value_json(total, split.weight.type)


def _times(weight: Weight, quantity: int) -> Weight:
    return Money(weight.amount * quantity, weight.currency) if isinstance(weight, Money) else weight * quantity


def _plus(a: Weight, b: Weight) -> Weight:
    if isinstance(a, Money) and isinstance(b, Money):
        return Money(a.amount + b.amount, a.common_currency(b))
    # Both are numbers: the weights of one split are of one type.
    return cast("Number", a) + cast("Number", b)
