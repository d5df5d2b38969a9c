"""Seeded faults of lowering: from conditions to the network of durable-rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from tests.differential.faults import Faults, Patch, fault, simple

from policyengine.backends.durable import forms, lowering, opening, scope, slots

LOWERING: Faults = {}


def _operator(name: str, op: str, entry: tuple[str, str, str]) -> None:
    def fault(patch: Patch) -> None:
        patch.setattr(lowering, "OPERATORS", {**lowering.OPERATORS, op: entry})

    LOWERING[name] = fault


_operator("at most is less than", "<=", ("lt", "gte", ">="))
_operator("at least is more than", ">=", ("gt", "lte", "<="))
_operator("what is not less is more", "<", ("lt", "gt", ">"))
_operator("exchanged sides keep the sign", ">", ("gt", "lte", ">"))
_operator("unequal is equal", "!=", ("eq", "neq", "!="))
simple(LOWERING, "a negation is lost", forms.Forms, "negated", lambda _found, self: self)
simple(LOWERING, "two comparisons of one property cannot both hold", forms, "_impossible",
        lambda found, c: found or len({t.slot for t in c}) < len(c))  # fmt: skip
simple(LOWERING, "only the first way to hold is kept", forms, "_smallest", lambda found, *_: found[:1])
simple(LOWERING, "a conjunction loses a comparison", scope, "_coded",
        lambda coded, *_: frozenset(sorted(coded)[1:]) if len(coded) > 2 else coded)  # fmt: skip


def _parts_lost(name: str, keep: slice) -> None:
    def fault(patch: Patch) -> None:
        right = lowering.Lowering.condition
        patch.setattr(lowering.Lowering, "condition", lambda self, parts: right(self, parts[keep]))

    LOWERING[name] = fault


_parts_lost("the guard is dropped", slice(1, None))
_parts_lost("the kind's own part is dropped", slice(0, 2))


@fault(LOWERING, "an unknown flag counts as false")
def _(patch: Patch) -> None:
    def two(slot: int) -> forms.Forms:
        return forms.Forms(forms.one(slot, "eq", True), forms.one(slot, "neq", True))

    patch.setattr(lowering, "_two", two)


@fault(LOWERING, "an and is false only if its first part is")
def _(patch: Patch) -> None:
    right = forms.conjunction
    patch.setattr(lowering, "conjunction", lambda parts: _first_false(right, list(parts)))


def _first_false(right: Callable[..., forms.Forms], parts: list[forms.Forms]) -> forms.Forms:
    return forms.Forms(right(parts).true, parts[0].false) if parts else right(parts)


@fault(LOWERING, "or is and")
def _(patch: Patch) -> None:
    patch.setattr(lowering, "disjunction", forms.conjunction)


@fault(LOWERING, "bounds are compared by the wrong end")
def _(patch: Patch) -> None:
    right = lowering._by_ends
    patch.setattr(lowering, "_by_ends", lambda op, low, high, constant: right(op, high, low, constant))


@fault(LOWERING, "one part counts as several")
def _(patch: Patch) -> None:
    patch.setattr(lowering, "OUTCOMES", {**lowering.OUTCOMES, "several": ("gte", "lt", 1)})


@fault(LOWERING, "open ends of ranges are closed")
def _(patch: Patch) -> None:
    right = lowering.Lowering._within
    patch.setattr(
        lowering.Lowering, "_within", lambda self, e: right(self, replace(e, low_open=False, high_open=False))
    )


@fault(LOWERING, "the first member of a set is forgotten")
def _(patch: Patch) -> None:
    right = lowering.Lowering._member

    def member(self: lowering.Lowering, e: Any) -> forms.Forms | None:
        found = right(self, e)
        return found and forms.Forms(found.true[1:], found.false)

    patch.setattr(lowering.Lowering, "_member", member)


@fault(LOWERING, "rules speak for their neighbours")
def _(patch: Patch) -> None:
    right = scope._said

    def said(found: Any, all_slots: slots.Slots) -> Any:
        listed = list(found)
        says = [i for i, _ in listed]
        return right([(i, form) for i, (_, form) in zip(says[1:] + says[:1], listed, strict=True)], all_slots)

    patch.setattr(scope, "_said", said)


@fault(LOWERING, "what a rule says when it fires is turned round")
def _(patch: Patch) -> None:
    right = scope._said
    patch.setattr(scope, "_said", lambda found, all_slots: right([(~i, form) for i, form in found], all_slots))


simple(LOWERING, "nothing is ever asked a second time", opening.Opening, "rules", lambda *_: ())
simple(LOWERING, "a rule rests on one slot less", lowering, "_lowered",
       lambda found, *_: replace(found, slots=frozenset(sorted(found.slots)[1:])))  # fmt: skip


def _one_less(guards: Iterable[opening.About], *_: object) -> list[opening.About]:
    return [replace(g, constants=frozenset(sorted(g.constants, key=str)[1:])) for g in guards]


simple(LOWERING, "rules are passed by for a value that they are about", opening, "_guards", _one_less)
