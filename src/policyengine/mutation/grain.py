"""The grain of an amount: what every value that it can have is a whole multiple of.

With it, ways of rounding can be proved to be the same: half a price in whole cents has no more than half a cent over.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import Final

from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.rules import LimitsStep, Payout, PayoutStep, RoundStep, SetStep
from policyengine.model.vocabulary import Fact
from policyengine.values.money import Money
from policyengine.values.types import Kind

#: The grain of what is always nothing; whatever it is put together with has its own.
_NOTHING: Final = Fraction(0)
#: Functions whose value is one of their arguments, or a sum of them.
_OF_ARGUMENTS: Final = ("min", "max", "sum")
_HALF_ALIKE: Final = (frozenset({"half_up", "up"}), frozenset({"half_down", "down"}))


def rounds_alike(bundle: CheckedBundle, step: RoundStep, other_mode: str) -> bool:
    """Whether a step of a payout surely rounds to the same in another mode; False where that is not proved."""
    grain = _before(bundle, step)
    if grain is None:
        return False
    steps = grain / step.to
    halves_only = (2 * steps).denominator == 1 and {step.mode, other_mode} in _HALF_ALIKE
    return steps.denominator == 1 or halves_only


def _before(bundle: CheckedBundle, step: RoundStep) -> Fraction | None:
    """The grain of the amount that comes to a step."""
    payouts = (spec.payout for spec in bundle.decisions.values() if spec.payout is not None)
    for payout in payouts:
        for reached, grain in _along(bundle, payout):
            if reached is step:
                return grain
    return None


def _along(bundle: CheckedBundle, payout: Payout) -> Iterator[tuple[PayoutStep, Fraction | None]]:
    """Each step with the grain of what comes to it. A sum of amounts has the grain of each of them."""
    grain = _Reading(bundle, None).of(payout.start)
    for step in (*payout.element_steps, *payout.group_steps, *payout.total_steps):
        yield step, grain
        grain = _together([grain, *_after(bundle, step, grain)])


def _after(bundle: CheckedBundle, step: PayoutStep, grain: Fraction | None) -> list[Fraction | None]:
    """The grains that a step may bring in."""
    reading = _Reading(bundle, grain)
    match step:
        case SetStep(to=to):
            return [reading.of(to)]
        case LimitsStep(limits=limits):
            return [reading.of(limit.to) for limit in limits]
        case RoundStep(to=to):
            return [to]
        case _:
            return []


@dataclass(frozen=True, slots=True)
class _Reading:
    """Grains of expressions; ``amount`` is that of the amount so far. None: there is none that is known."""

    bundle: CheckedBundle
    amount: Fraction | None

    def of(self, e: x.Expr) -> Fraction | None:
        match e:
            case x.Null():
                return _NOTHING
            case x.Literal(value=value):
                return _of_value(value)
            case x.Special(name="amount"):
                return self.amount
            case x.FactRef(name=name):
                return self._of_fact(self.bundle.facts[name])
            case x.ItemField(list=list_, field=field):
                return self._of_fact(self.bundle.lists[list_].fields[field])
            case x.ParameterRef(name=name):
                return _together(_of_value(v.value) for v in self.bundle.parameters[name].values)
            case _:
                return self._of_parts(e)

    def _of_parts(self, e: x.Expr) -> Fraction | None:
        match e:
            case x.Negate(item=item):
                return self.of(item)
            case x.If(then=then, otherwise=otherwise):
                return _together(map(self.of, (then, otherwise)))
            case x.Arith(op="+" | "-", left=left, right=right):
                return _together(map(self.of, (left, right)))
            case x.Arith(op="*", left=left, right=right):
                grains = self.of(left), self.of(right)
                return None if grains[0] is None or grains[1] is None else grains[0] * grains[1]
            case x.Arith(op="/", left=left, right=x.Literal(value=int() | Fraction() as by)) if by:
                grain = self.of(left)
                return None if grain is None else grain / abs(Fraction(by))
            case x.Pluck(field=field):
                list_ = e.list.type.name or ""
                return self._of_fact(self.bundle.lists[list_].fields[field])
            case x.Call(function=function, args=args) if function in _OF_ARGUMENTS:
                return _together(map(self.of, args))
            case _:
                return None

    def _of_fact(self, fact: Fact) -> Fraction | None:
        if fact.type.kind is Kind.MONEY:
            given = Fraction(1, 10**fact.decimals)
        elif fact.type.kind is Kind.INTEGER:
            given = Fraction(1)
        else:
            return None
        return given if fact.default is None else _together([given, self.of(fact.default)])


def _of_value(value: object) -> Fraction | None:
    match value:
        case bool():
            return None
        case Money():
            return abs(Fraction(value.amount))
        case int() | Fraction():
            return abs(Fraction(value))
        case _:
            return None


def _together(grains: Iterable[Fraction | None]) -> Fraction | None:
    """The grain of what may be any of several, or a sum of them."""
    found = _NOTHING
    for grain in grains:
        if grain is None:
            return None
        top = gcd(found.numerator * grain.denominator, grain.numerator * found.denominator)
        found = Fraction(top, found.denominator * grain.denominator)
    return found
