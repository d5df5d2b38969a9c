"""Payouts: what is paid, step by step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from policyengine.impact.structure.aspects import compare_aspects
from policyengine.impact.structure.change import Change, at
from policyengine.impact.structure.conditions import compare_expressions
from policyengine.impact.structure.showing import shortened, shown, written
from policyengine.model.expr import is_true
from policyengine.model.rules import (
    DecisionSpec,
    Limit,
    LimitsStep,
    NoteStep,
    Payout,
    PayoutStep,
    RoundStep,
    SetStep,
)

_PARTS = (("element", "element_steps"), ("group", "group_steps"), ("total", "total_steps"))


def payouts(old: DecisionSpec, new: DecisionSpec) -> Iterator[Change]:
    """Every change of what a decision pays."""
    match (old.payout, new.payout):
        case (None, Payout() as payout):
            yield _change(new.name, payout.name, "added", "is new", new_at=at(payout.span))
        case (Payout() as payout, None):
            yield _change(new.name, payout.name, "removed", "is gone", old_at=at(payout.span))
        case (Payout() as before, Payout() as after):
            yield from compare_aspects("payout", after.name, before, after, decision=new.name)
            for part, field in _PARTS:
                yield from _steps(new.name, f"{after.name}, {part}", getattr(before, field), getattr(after, field))


def _change(decision: str, name: str, aspect: str, text: str, **more: str | None) -> Change:
    return Change(what="payout", names=(name,), decision=decision, aspect=aspect, text=text, **more)  # type: ignore[arg-type]


def _named(steps: Sequence[PayoutStep]) -> dict[str, PayoutStep]:
    """The steps by their ids; those without by what they do and which one of its kind each is."""
    found: dict[str, PayoutStep] = {}
    for step in steps:
        id_ = step.id if isinstance(step, SetStep | NoteStep) else None
        kind = {SetStep: "amount", NoteStep: "note", LimitsStep: "limits", RoundStep: "rounding"}[type(step)]
        number = 1 + sum(name.startswith(f"{kind} ") for name in found)
        found[f"{kind} {id_ or number}"] = step
    return found


def _steps(decision: str, where: str, old: Sequence[PayoutStep], new: Sequence[PayoutStep]) -> Iterator[Change]:
    before, after = _named(old), _named(new)
    for name, step in before.items():
        if name not in after:
            told = _told(step)
            yield _change(decision, where, "step", f"step `{told}` is gone", old=told, old_at=at(step.span))
    for name, step in after.items():
        if name not in before:
            told = _told(step)
            yield _change(decision, where, "step", f"step `{told}` is new", new=told, new_at=at(step.span))
    common = [n for n in before if n in after], [n for n in after if n in before]
    if common[0] != common[1]:
        orders = [" · ".join(names) for names in common]
        text = f"its steps were in the order `{orders[0]}` and are now in the order `{orders[1]}`"
        yield _change(decision, where, "order of steps", text, old=orders[0], new=orders[1])
    for name in common[1]:
        yield from _step(decision, f"{where}, step {name}", before[name], after[name])


def _step(decision: str, name: str, old: PayoutStep, new: PayoutStep) -> Iterator[Change]:
    base = _change(decision, name, "condition", "")
    yield from compare_expressions(base, old.when, new.when)
    yield from compare_aspects("payout", name, old, new, decision=decision)
    if isinstance(old, LimitsStep) and isinstance(new, LimitsStep):
        yield from _limits(decision, name, old, new)


def _limits(decision: str, where: str, old: LimitsStep, new: LimitsStep) -> Iterator[Change]:
    before, after = ({i.id: i for i in s.limits} for s in (old, new))
    for id_, limit in before.items():
        if id_ not in after:
            told = _limit_told(limit)
            yield _change(decision, where, "limit", f"limit {told} is gone", old=told, old_at=at(limit.span))
    for id_, limit in after.items():
        if id_ not in before:
            told = _limit_told(limit)
            yield _change(decision, where, "limit", f"limit {told} is new", new=told, new_at=at(limit.span))
        else:
            base = replace(_change(decision, id_, "condition", ""), what="limit")
            yield from compare_expressions(base, before[id_].when, limit.when)
            yield from compare_aspects("limit", id_, before[id_], limit, decision=decision)


def _limit_told(limit: Limit) -> str:
    when = "" if is_true(limit.when) else f" when {written(limit.when)}"
    return f"{limit.id} to `{written(limit.to)}`{when}"


def _told(step: PayoutStep) -> str:
    when = "" if is_true(step.when) else f" when {written(step.when)}"
    match step:
        case SetStep():
            what = f"amount becomes {written(step.to)}" + (f" ({step.id})" if step.id else "")
        case LimitsStep():
            what = "limits " + ", ".join(f"{i.id} to {written(i.to)}" for i in step.limits)
        case RoundStep():
            what = f"round to {shown(step.to)}, {step.mode}"
        case NoteStep():
            what = f"note {step.id}"
        case _:
            what = "step"
    return shortened(what + when)
