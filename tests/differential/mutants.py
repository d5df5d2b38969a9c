"""Seeded faults: each makes the production code wrong in one small way, in binding, in lowering or in resolving.

A fault is a function that takes pytest's ``monkeypatch`` and puts something wrong in the place of something right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

import pytest

from policyengine.backends.durable import codecs, forms, lowering, program, slots
from policyengine.engine import (
    amounts,
    answer,
    deadlines,
    levels,
    messages,
    missing,
    payout,
    read_dates,
    read_values,
    request,
    resolve,
)
from policyengine.evaluation import asks, evaluator, tables
from policyengine.model.decision import MissingFact
from policyengine.model.memory import EMPTY_DATE
from policyengine.model.rules import Class

Patch = pytest.MonkeyPatch
Fault = Callable[[Patch], None]

BINDING: dict[str, Fault] = {}
LOWERING: dict[str, Fault] = {}
RESOLVING: dict[str, Fault] = {}


def _fault(area: dict[str, Fault], name: str) -> Callable[[Fault], Fault]:
    def register(fault: Fault) -> Fault:
        area[name] = fault
        return fault

    return register


def _after(patch: Patch, place: object, name: str, change: Callable[..., Any]) -> None:
    """Let a function do its work, then spoil what it gives: ``change(result, *args)``."""
    right = getattr(place, name)
    patch.setattr(place, name, lambda *args, **kwargs: change(right(*args, **kwargs), *args))


def _simple(area: dict[str, Fault], name: str, place: object, function: str, change: Callable[..., Any]) -> None:
    area[name] = lambda patch: _after(patch, place, function, change)


# --- binding: from a request to the integers that the network compares ---

_simple(BINDING, "dates are read a day late", read_values, "read_date", lambda day, *_: day + timedelta(days=1))
_simple(BINDING, "the offset of a moment is ignored", read_dates, "_day_of_moment",
        lambda _day, found, *_: date.fromisoformat(found["day"]))  # fmt: skip
_simple(BINDING, "every currency is dollars", read_values, "read_currency", lambda *_: "USD")
_simple(BINDING, "numbers lose their sign", read_values, "read_decimal", lambda n, *_: abs(n))
_simple(BINDING, "numbers are cut to one decimal", read_values, "read_decimal", lambda n, *_: Fraction(int(n * 10), 10))
_simple(BINDING, "values beside the grid fall on it", codecs, "_between", lambda code, *_: code - code % 2)
_simple(BINDING, "a sign is turned round", slots, "_exact_sign", lambda sign, *_: None if sign is None else -sign)
_simple(BINDING, "equal counts as more", slots, "_exact_sign", lambda sign, *_: 1 if sign == 0 else sign)
_simple(BINDING, "known is said of every fact", evaluator.Evaluation, "is_given", lambda *_: True)
_simple(
    BINDING, "a text that equals no constant equals the first", codecs.SymbolCodec, "code", lambda code, *_: code or 1
)


@_fault(BINDING, "text is not normalised")
def _(patch: Patch) -> None:
    patch.setattr(read_values, "read_text", lambda raw, _pointer: raw)


@_fault(BINDING, "the last member of a set is lost")
def _(patch: Patch) -> None:
    readers = dict(read_values._READERS)
    right = readers[read_values.Kind.SET]
    readers[read_values.Kind.SET] = lambda raw, type_, at: right(raw[:-1], type_, at)
    patch.setattr(read_values, "_READERS", readers)


@_fault(BINDING, "a date given as empty is left out")
def _(patch: Patch) -> None:
    def leave_out(_none: None, _self: object, into: dict[str, object], _raw: object, fact: Any, *_: object) -> None:
        if into.get(fact.name) is EMPTY_DATE:
            del into[fact.name]

    _after(patch, request._Reading, "_keep", leave_out)


@_fault(BINDING, "elements are read backwards")
def _(patch: Patch) -> None:
    def turn(_none: None, reading: Any, _raw: object, declared: Any, *_: object) -> None:
        reading.lists[declared.name] = reading.lists[declared.name][::-1]

    _after(patch, request._Reading, "_list", turn)


@_fault(BINDING, "the last element is lost")
def _(patch: Patch) -> None:
    right = request._Reading._list
    patch.setattr(request._Reading, "_list", lambda self, raw, *rest: right(self, raw[:-1], *rest))


@_fault(BINDING, "an unknown value is bound as nothing")
def _(patch: Patch) -> None:
    def read(slot: slots.Slot, *_: object) -> slots.Slot:
        right = slot.read
        return replace(slot, read=lambda ev, env: 0 if (code := right(ev, env)) is None else code)

    _after(patch, slots.Slots, "_value", read)


@_fault(BINDING, "an unknown condition is bound as false")
def _(patch: Patch) -> None:
    patch.setattr(slots, "UNSURE", slots.FALSE)


@_fault(BINDING, "the ends of a value change places")
def _(patch: Patch) -> None:
    right = slots.Slots._end
    patch.setattr(slots.Slots, "_end", lambda self, e, codec, which: right(self, e, codec, 1 - which))


@_fault(BINDING, "money is compared whatever its currency")
def _(patch: Patch) -> None:
    patch.setattr(codecs.NumberCodec, "code", lambda self, v: self._of(v.amount if isinstance(v, codecs.Money) else v))


@_fault(BINDING, "facts of an element are bound as the document's")
def _(patch: Patch) -> None:
    right = slots.reads_element
    patch.setattr(slots, "reads_element", lambda e: right(e) and isinstance(e, slots.ItemField) and e.field != "kind")


# --- lowering: from conditions to the network ---


def _operator(name: str, op: str, entry: tuple[str, str, str]) -> None:
    def fault(patch: Patch) -> None:
        patch.setattr(lowering, "OPERATORS", {**lowering.OPERATORS, op: entry})

    LOWERING[name] = fault


_operator("at most is less than", "<=", ("lt", "gte", ">="))
_operator("at least is more than", ">=", ("gt", "lte", "<="))
_operator("what is not less is more", "<", ("lt", "gt", ">"))
_operator("exchanged sides keep the sign", ">", ("gt", "lte", ">"))
_operator("unequal is equal", "!=", ("eq", "neq", "!="))
_simple(LOWERING, "a negation is lost", forms.Forms, "negated", lambda _found, self: self)
_simple(LOWERING, "two comparisons of one property cannot both hold", forms, "_impossible",
        lambda found, c: found or len({t.slot for t in c}) < len(c))  # fmt: skip
_simple(LOWERING, "only the first way to hold is kept", forms, "_smallest", lambda found, *_: found[:1])
_simple(LOWERING, "a conjunction loses a comparison", program, "_coded",
        lambda coded, *_: frozenset(sorted(coded)[1:]) if len(coded) > 2 else coded)  # fmt: skip


def _parts_lost(name: str, keep: slice) -> None:
    def fault(patch: Patch) -> None:
        right = lowering.Lowering.condition
        patch.setattr(lowering.Lowering, "condition", lambda self, parts: right(self, parts[keep]))

    LOWERING[name] = fault


_parts_lost("the guard is dropped", slice(1, None))
_parts_lost("the kind's own part is dropped", slice(0, 2))


@_fault(LOWERING, "an unknown flag counts as false")
def _(patch: Patch) -> None:
    def two(slot: int) -> forms.Forms:
        return forms.Forms(forms.one(slot, "eq", True), forms.one(slot, "neq", True))

    patch.setattr(lowering, "_two", two)


@_fault(LOWERING, "an and is false only if its first part is")
def _(patch: Patch) -> None:
    right = forms.conjunction
    patch.setattr(lowering, "conjunction", lambda parts: _first_false(right, list(parts)))


def _first_false(right: Callable[..., forms.Forms], parts: list[forms.Forms]) -> forms.Forms:
    return forms.Forms(right(parts).true, parts[0].false) if parts else right(parts)


@_fault(LOWERING, "or is and")
def _(patch: Patch) -> None:
    patch.setattr(lowering, "disjunction", forms.conjunction)


@_fault(LOWERING, "bounds are compared by the wrong end")
def _(patch: Patch) -> None:
    right = lowering._by_ends
    patch.setattr(lowering, "_by_ends", lambda op, low, high, constant: right(op, high, low, constant))


@_fault(LOWERING, "one part counts as several")
def _(patch: Patch) -> None:
    patch.setattr(lowering, "OUTCOMES", {**lowering.OUTCOMES, "several": ("gte", "lt", 1)})


@_fault(LOWERING, "open ends of ranges are closed")
def _(patch: Patch) -> None:
    right = lowering.Lowering._within
    patch.setattr(
        lowering.Lowering, "_within", lambda self, e: right(self, replace(e, low_open=False, high_open=False))
    )


@_fault(LOWERING, "the first member of a set is forgotten")
def _(patch: Patch) -> None:
    right = lowering.Lowering._member

    def member(self: lowering.Lowering, e: Any) -> forms.Forms | None:
        found = right(self, e)
        return found and forms.Forms(found.true[1:], found.false)

    patch.setattr(lowering.Lowering, "_member", member)


@_fault(LOWERING, "rules speak for their neighbours")
def _(patch: Patch) -> None:
    right = program._said

    def said(found: Any, all_slots: slots.Slots) -> Any:
        indexes = [i for i, _ in found]
        return right([(i, form) for i, (_, form) in zip(indexes[1:] + indexes[:1], found, strict=True)], all_slots)

    patch.setattr(program, "_said", said)


@_fault(LOWERING, "what a rule says when it fires is turned round")
def _(patch: Patch) -> None:
    patch.setattr(program, "_said", _turned(program._said))


def _turned(right: Callable[..., Any]) -> Callable[..., Any]:
    return lambda found, all_slots: right([(i, f.negated() if i == 0 else f) for i, f in found], all_slots)


# --- resolving: from the truths of rules to the answer ---

_simple(RESOLVING, "the precedence of words is reversed", levels.Precedence, "rank", lambda r, *_: (r[0], -r[1]))
_simple(RESOLVING, "silent rules give reasons", levels, "_reported", lambda _found, rules: tuple(rules))
_simple(RESOLVING, "the last fact to blame is forgotten", evaluator.Evaluation, "blame", lambda found, *_: found[:-1])
_simple(RESOLVING, "faults are not told", evaluator.Evaluation, "faults", lambda *_: ())
_simple(RESOLVING, "a default is not asked about", asks, "_fact", lambda found, *_: list(found)[:1])
_simple(RESOLVING, "the day after is the day itself", deadlines, "day_after", lambda _after, day: day)
_simple(RESOLVING, "groups are never complete", payout, "_keys", lambda *_: None)
_simple(RESOLVING, "payout rounds to the nearest whatever the mode", amounts, "round_to",
        lambda _right, number, step, _mode: round(Fraction(number) / step) * Fraction(step))  # fmt: skip
_simple(
    RESOLVING, "all elements are paid, granted or not", payout, "_paid_for", lambda _found, ground: ground.case.decided
)
_simple(RESOLVING, "needs are told of every pending rule", answer, "_needs",
        lambda _found, case, *_: tuple(n for r in case.spec.rules for n in r.needs))  # fmt: skip
_simple(RESOLVING, "an unlisted year is not remarked", answer, "_remarks",
        lambda found, *_: tuple(r for r in found if r.code != "calendar/no-year"))  # fmt: skip
_simple(RESOLVING, "an empty list is not remarked", answer, "empty_list_remarks", lambda *_: iter(()))
_simple(
    RESOLVING, "a second of equal reasons is told", messages, "_merged", lambda found, *_: replace(found, elements=None)
)


@_fault(RESOLVING, "the last refusing step wins")
def _(patch: Patch) -> None:
    right = levels._certain_refusal
    patch.setattr(levels, "_certain_refusal", lambda steps, *rest: right(steps[::-1], *rest))


@_fault(RESOLVING, "unknown refusals are forgotten")
def _(patch: Patch) -> None:
    right = levels._open
    refused = Class.REFUSED
    patch.setattr(
        levels, "_open", lambda waiting, *rest: right([r for r in waiting if r.rule_class is not refused], *rest)
    )


@_fault(RESOLVING, "what holds otherwise is given too early")
def _(patch: Patch) -> None:
    right = levels._open
    patch.setattr(levels, "_open", lambda waiting, rest, true: right([] if true is None else waiting, rest, true))


@_fault(RESOLVING, "a partly granted matter is granted")
def _(patch: Patch) -> None:
    right = levels.Precedence.first
    patch.setattr(levels.Precedence, "first", lambda self, of: right(self, Class.GRANTED if of is Class.PARTLY else of))


@_fault(RESOLVING, "an element may always be pending")
def _(patch: Patch) -> None:
    patch.setattr(resolve._Chances, "only_pending", property(lambda _self: False))


@_fault(RESOLVING, "the guard does not come first")
def _(patch: Patch) -> None:
    right = missing._blamed

    def blamed(case: Any, asked: Any) -> Any:
        rule, element = asked
        return right(case, (replace(rule, guard=rule.own, own=rule.guard), element))

    patch.setattr(missing, "_blamed", blamed)


@_fault(RESOLVING, "facts are asked for in the order of their names")
def _(patch: Patch) -> None:
    def by_name(found: tuple[MissingFact, ...], *_: object) -> tuple[MissingFact, ...]:
        return tuple(sorted(found, key=lambda m: m.fact))

    _after(patch, answer, "asked_facts", by_name)


@_fault(RESOLVING, "payout steps run backwards")
def _(patch: Patch) -> None:
    right = amounts.Amount.run
    patch.setattr(amounts.Amount, "run", lambda self, steps: right(self, tuple(steps)[::-1]))


@_fault(RESOLVING, "the greatest limit binds")
def _(patch: Patch) -> None:
    patch.setattr(amounts, "min", max, raising=False)


@_fault(RESOLVING, "deadlines are a day longer")
def _(patch: Patch) -> None:
    def longer(found: Any, *_: object) -> Any:
        return found and replace(found, days_left=found.days_left + 1)

    _after(patch, deadlines, "_deadline", longer)


@_fault(RESOLVING, "a rule that is passed by still tells its deadline")
def _(patch: Patch) -> None:
    patch.setattr(deadlines, "_tells", lambda *_: True)


@_fault(RESOLVING, "overlapping rows are let through")
def _(patch: Patch) -> None:
    patch.setattr(tables, "overlap", lambda *_: None)


@_fault(RESOLVING, "a table's first row wins even if unknown")
def _(patch: Patch) -> None:
    right = tables.HIT_POLICIES["first"]
    patch.setattr(tables, "HIT_POLICIES", {**tables.HIT_POLICIES, "first": _eager(right)})


def _eager(right: Callable[..., tables.Verdict]) -> Callable[..., tables.Verdict]:
    def eager(truths: Any) -> tables.Verdict:
        found = right(truths)
        return tables.Verdict(decided=found.open[:1]) if found.open[:1] not in ((), (len(truths),)) else found

    return eager


AREAS: Mapping[str, Mapping[str, Fault]] = {"binding": BINDING, "lowering": LOWERING, "resolving": RESOLVING}


def all_faults() -> Iterator[tuple[str, str, Fault]]:
    """Area, name and fault."""
    for area, faults in AREAS.items():
        yield from ((area, name, fault) for name, fault in faults.items())
