"""Slips in calculations and payouts: signs, steps, limits, rounding."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise

from policyengine.evaluation.rounding import MODES
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Arith, Call, Literal
from policyengine.model.rules import LimitsStep, NoteStep, Payout, PayoutStep, RoundStep, SetStep
from policyengine.mutation.operators.base import Change, Changes, Operator
from policyengine.mutation.sites import Site
from policyengine.mutation.wording import quoted
from policyengine.values.text import decimal_text

_OTHER_SIGN: Mapping[str, str] = {"+": "-", "-": "+", "*": "/", "/": "*"}
_PARTS = {"element_steps": "each element", "group_steps": "each group", "total_steps": "the total"}


def _sign(site: Site, _: CheckedBundle) -> Changes:
    match site.node:
        # A number cannot be divided by money, nor money be multiplied by it.
        case Arith(op=op) as node if op in ("+", "-") or node.right.type.numeric:
            new = _OTHER_SIGN[op]
            words = {"what": f"{quoted(site.span, site.node)} in {site.owner}", "old": op, "new": new}
            yield Change(replace(node, op=new), words)  # type: ignore[arg-type]


def _lists(payout: Payout) -> Iterator[tuple[str, tuple[PayoutStep, ...]]]:
    yield from (("element_steps", payout.element_steps), ("group_steps", payout.group_steps))
    yield "total_steps", payout.total_steps


def _named(step: PayoutStep) -> str:
    match step:
        case SetStep(id=id_) | NoteStep(id=id_) if id_:
            return f"step {id_}"
        case SetStep():
            return f"the step that sets {quoted(step.to.span, step.to)}"
        case LimitsStep():
            return f"the step of the limits {', '.join(limit.id for limit in step.limits)}"
        case RoundStep():
            return f"the step that rounds to {decimal_text(step.to)}"
        case _:
            return "a step"


def _step(site: Site, _: CheckedBundle) -> Changes:
    if not isinstance(site.node, Payout):
        return
    for part, steps in _lists(site.node):
        for i, step in enumerate(steps):
            new = replace(site.node, **{part: (*steps[:i], *steps[i + 1 :])})  # type: ignore[arg-type]
            yield Change(new, {"what": f"{_named(step)} of {_PARTS[part]}"}, step.span)


def _limit(site: Site, _: CheckedBundle) -> Changes:
    match site.node:
        case LimitsStep(limits=limits) as step if len(limits) > 1:
            for limit in limits:
                kept = tuple(other for other in limits if other is not limit)
                yield Change(replace(step, limits=kept), {"what": f"the limit {limit.id}"}, limit.span)


def _order(site: Site, _: CheckedBundle) -> Changes:
    if not isinstance(site.node, Payout):
        return
    for part, steps in _lists(site.node):
        for i, (first, second) in enumerate(pairwise(steps)):
            new = replace(site.node, **{part: (*steps[:i], second, first, *steps[i + 2 :])})  # type: ignore[arg-type]
            words = {"first": _named(first), "second": f"{_named(second)} of {_PARTS[part]}"}
            yield Change(new, words, second.span)


def _rounding(site: Site, _: CheckedBundle) -> Changes:
    match site.node:
        case RoundStep(mode=mode) as step:
            for new in (m for m in MODES if m != mode):
                yield Change(replace(step, mode=new), {"old": mode, "new": new, "what": str(site.owner)})
        case Call(function="round", args=(value, to, Literal(value=str() as mode) as written)) as node:
            for new in (m for m in MODES if m != mode):
                args = (value, to, replace(written, value=new))
                words = {"old": mode, "new": new, "what": f"{quoted(site.span, site.node)} in {site.owner}"}
                yield Change(replace(node, args=args), words)


def _coarser(site: Site, _: CheckedBundle) -> Changes:
    match site.node:
        case RoundStep(to=to) as step:
            words = {"old": decimal_text(to), "new": decimal_text(to * 10), "what": str(site.owner)}
            yield Change(replace(step, to=to * 10), words)


OPERATORS = (
    Operator(
        id="sign-swapped",
        title="`+` and `-`, `*` and `/` are mixed up",
        sentence="{what} has `{new}` instead of `{old}`",
        on=(Arith,),
        changes=_sign,
        on_grid=False,
    ),
    Operator(
        id="payout-step-dropped",
        title="a step of a payout is left out",
        sentence="{what} is left out of {where}",
        on=(Payout,),
        changes=_step,
    ),
    Operator(
        id="payout-limit-dropped",
        title="one of several limits of a payout is left out",
        sentence="{what} is left out of {where}",
        on=(LimitsStep,),
        changes=_limit,
    ),
    Operator(
        id="payout-steps-swapped",
        title="two neighbouring steps of a payout change places",
        sentence="{second} comes before {first} in {where}",
        on=(Payout,),
        changes=_order,
    ),
    Operator(
        id="rounding-swapped",
        title="amounts are rounded in another way",
        sentence="{what} rounds {new} instead of {old}",
        on=(RoundStep, Call),
        changes=_rounding,
        on_grid=False,
    ),
    Operator(
        id="rounding-coarser",
        title="amounts are rounded ten times as coarsely",
        sentence="{what} rounds to {new} instead of {old}",
        on=(RoundStep,),
        changes=_coarser,
        on_grid=False,
    ),
)
