"""Splits: inputs computed by the generated code, handed to the planner."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import cast

from policyengine.backends.compiled.runtime.comparing import Truth
from policyengine.backends.compiled.runtime.values import is_exact, plain
from policyengine.model.memory import Element
from policyengine.planner import Line, Plan, remembered_plan
from policyengine.values.money import Money

Input = Callable[[Element], object]
#: How many parts there are when a split comes out so: the least and, if there is one, the most.
_PARTS = {"none": (0, 0), "one": (1, 1), "several": (2, None)}


def plan(elements: Iterable[Element] | None, inputs: tuple[Input, Input, Input], limit: object, op: str) -> Plan | None:
    """The plan; None if an input is not exactly known or makes no sense. ``inputs``: quantity, weight, whole."""
    if elements is None or not is_exact(limit):
        return None
    quantity, weight, whole = inputs
    rows = [(e, quantity(e), weight(e), whole(e)) for e in elements]
    if not all(is_exact(value) for _, *values in rows for value in values):
        return None
    lines = tuple(_line(*row) for row in rows)
    if not _one_currency([limit, *(w for _, _, w, _ in rows)]) or any(n.quantity < 0 or n.weight < 0 for n in lines):
        return None
    return remembered_plan(lines, _number(limit), op == "<")


def _line(element: Element, quantity: object, weight: object, whole: object) -> Line:
    return Line(element.key, cast("int", quantity), _number(weight), cast("bool", whole))


def _number(value: object) -> Fraction:
    return Fraction(plain(cast("Money | int", value)))


def _one_currency(values: Iterable[object]) -> bool:
    return len({v.currency for v in values if isinstance(v, Money) and v.currency}) <= 1


def split_is(found: Plan | None, outcome: str) -> Truth:
    """Whether a split comes out as ``one`` part, as ``several``, or ``none`` is possible."""
    if found is None:
        return None
    least, most = _PARTS[outcome]
    return found.parts >= least and (most is None or found.parts <= most)
