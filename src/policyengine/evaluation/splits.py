"""A split's inputs, handed to the planner."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import TYPE_CHECKING, cast

from policyengine.evaluation.env import EMPTY_ENV, Env
from policyengine.evaluation.values import UNKNOWN, Got, Unknown, fault, is_known
from policyengine.model.faults import bad_split, currency_mismatch
from policyengine.model.memory import Element
from policyengine.model.rules import Split
from policyengine.planner import Line, Plan, remembered_plan
from policyengine.values.money import Money, Number

if TYPE_CHECKING:
    from policyengine.evaluation.evaluator import Evaluation

Inputs = list[tuple[Element, Got, Got, Got]]


def make_plan(ev: Evaluation, split: Split) -> Plan | Unknown:
    """The plan; unknown while any input is, or when an input makes no sense (a fault)."""
    elements = ev.elements(split.list)
    limit = ev.value(split.limit, EMPTY_ENV)
    if elements is None or isinstance(limit, Unknown):
        return UNKNOWN
    inputs: Inputs = []
    for element in elements:
        env = Env({split.variable: element})
        inputs.append((element, ev.value(split.quantity, env), ev.value(split.weight, env), ev.value(split.whole, env)))
    if not all(is_known(v) for row in inputs for v in row[1:]):
        return UNKNOWN
    return _fault(split, inputs, limit) or remembered_plan(tuple(_lines(inputs)), _plain(limit), split.op == "<")


def _lines(inputs: Inputs) -> Iterator[Line]:
    for element, quantity, weight, whole in inputs:
        yield Line(element.key, cast("int", quantity), _plain(weight), cast("bool", whole))


def _plain(got: Got) -> Fraction:
    return got.amount if isinstance(got, Money) else Fraction(cast("Number", got))


def _fault(split: Split, inputs: Inputs, limit: Got) -> Unknown | None:
    for element, quantity, weight, _ in inputs:
        for value, e in ((quantity, split.quantity), (weight, split.weight)):
            if _plain(value) < 0:
                return fault(bad_split(e.span, element.key))
    amounts = [limit, *(weight for _, _, weight, _ in inputs)]
    found = sorted({a.currency for a in amounts if isinstance(a, Money) and a.currency})
    return fault(currency_mismatch(split.weight.span, found[0], found[1])) if len(found) > 1 else None
