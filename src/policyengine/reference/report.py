"""What an answer says about the rules and facts that it rests on: reasons, dates, missing facts, faults, values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import DeadlineDate, FaultNote, MissingFact, Reason, SplitPlan
from policyengine.model.faults import Fault
from policyengine.model.memory import Element
from policyengine.model.rules import DecisionSpec, Message
from policyengine.model.wording import render
from policyengine.planner import Plan
from policyengine.reference.evaluate import Env, evaluate, plan, split_rows
from policyengine.reference.results import Address, unique
from policyengine.reference.splits import as_answered
from policyengine.reference.weigh import Weighed
from policyengine.source import Span
from policyengine.values.text import value_json, value_text
from policyengine.values.types import DATE, Kind


@dataclass(frozen=True, slots=True)
class Told:
    """A reason before it is worded; those with one id become one reason."""

    id: str
    because: Message | None
    source: str | None
    span: Span
    element: Element | None
    env: Env
    specials: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Ask:
    """A fact that is asked for by a rule; ``order`` decides the place in the answer."""

    order: tuple[int, int, int, int]
    address: Address
    rule: str | None


def split_of(weighed: Sequence[Weighed]) -> SplitPlan | None:
    """The first plan of a split that certainly concerns the case."""
    for w in weighed:
        split = w.rule.split
        if split is None or not w.applies:
            continue
        found, rows = plan(split, w.env), split_rows(split, w.env)
        if isinstance(found.value, Plan) and found.value.parts > 0 and rows is not None:
            return as_answered(split, found.value, rows, evaluate(split.limit, w.env))
    return None


def deadline_of(w: Weighed) -> DeadlineDate | None:
    """A rule's date, when the rule concerns the case and the date is known; an ``until`` only while it holds."""
    deadline = w.rule.deadline
    if deadline is None or not w.applies or (deadline.kind == "until" and w.truth is not True):
        return None
    day = evaluate(deadline.date, w.env).value
    if not isinstance(day, date):
        return None
    key = w.element.key if w.element else None
    from_day = _next_day(day) if deadline.kind == "until" else None
    days_left = (day - w.env.memory.as_of).days
    return DeadlineDate(rule=w.rule.id, day=day, days_left=days_left, from_day=from_day, element=key)


def _next_day(day: date) -> date | None:
    return day + timedelta(days=1) if day < date.max else None


def specials_of(w: Weighed, env: Env) -> dict[str, str]:
    """The texts of ``{deadline}`` and the like, as far as they are known."""
    told: dict[str, str] = {}
    if w.rule.deadline is not None and (day := evaluate(w.rule.deadline.date, env).value) is not None:
        day = cast("date", day)
        told |= {"deadline": value_text(day, DATE), "days_left": str((day - env.memory.as_of).days)}
        if w.rule.deadline.kind == "until" and (after := _next_day(day)) is not None:
            told["from_day"] = value_text(after, DATE)
    if w.rule.measure is not None and (measured := evaluate(w.rule.measure, env)).known:
        told["measured"] = value_text(measured.value, w.rule.measure.type)
    if w.rule.split is not None and isinstance(found := plan(w.rule.split, env).value, Plan):
        told["offending"] = ", ".join(found.too_large)
        if found.parts:
            told["parts"] = str(found.parts)
    return told


def reasons_of(told: Iterable[Told], *, with_elements: bool = True) -> tuple[Reason, ...]:
    """Each id once, in the words of the first; with the elements it holds for."""
    by_id: dict[str, list[Told]] = {}
    for t in told:
        by_id.setdefault(t.id, []).append(t)
    return tuple(_reason(same_id, with_elements=with_elements) for same_id in by_id.values())


def _reason(told: Sequence[Told], *, with_elements: bool) -> Reason:
    first = told[0]
    elements = sorted((t.element for t in told if t.element is not None), key=lambda e: e.position)
    keys = unique(e.key for e in elements)
    return Reason(
        rule=first.id,
        message=_message(first),
        source=first.source,
        at=first.span.at,
        elements=keys if keys and with_elements else None,
    )


def _message(told: Told) -> str:
    if told.because is None:
        return ""
    return render(told.because, told.env.bundle, lambda e: evaluate(e, told.env).value, told.specials)


def missing_facts(asks: Iterable[Ask], bundle: CheckedBundle, purpose: str) -> tuple[MissingFact, ...]:
    """Each fact once, at the place of the first that asks, with all that wait for it."""
    waiting: dict[Address, list[str]] = {}
    for ask in sorted(asks, key=lambda a: a.order):
        waiting.setdefault(ask.address, []).extend([ask.rule] if ask.rule is not None else [])
    return tuple(_missing_fact(a, unique(rules), bundle, purpose) for a, rules in waiting.items())


def _missing_fact(address: Address, rules: tuple[str, ...], bundle: CheckedBundle, purpose: str) -> MissingFact:
    if address.field is None and address.name in bundle.lists:
        title = bundle.lists[address.name].title
        return MissingFact(fact=str(address), title=title, type="list", members=None, rules=rules, purpose=purpose)
    fact = bundle.lists[address.name].fields[address.field] if address.field else bundle.facts[address.name]
    return MissingFact(
        fact=str(address),
        title=fact.title,
        type=str(fact.type.kind),
        members=fact.type.members if fact.type.kind in (Kind.ENUM, Kind.SET) else None,
        rules=rules,
        purpose=purpose,
    )


def notes_of(faults: Iterable[Fault]) -> tuple[FaultNote, ...]:
    """Each fault once, by place."""
    ordered = sorted(faults, key=lambda f: (f.span.file.relative, f.span.start, f.code, f.message))
    return unique(f.note() for f in ordered)


def values_of(spec: DecisionSpec, env: Env) -> dict[str, object]:
    """The values that the decision puts into its answer, by name, as JSON; null unless exactly known."""
    return {r.name: value_json(evaluate(r.expr, env).value, r.expr.type) for r in spec.report}
