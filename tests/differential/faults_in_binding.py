"""Seeded faults of binding: from a request to the integers that the network of durable-rules compares."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from tests.differential.faults import Faults, Patch, after, fault, simple

from policyengine.backends.durable import binding, codecs, slots
from policyengine.engine import quick_values, read_dates, read_values, request
from policyengine.evaluation import evaluator
from policyengine.model.memory import EMPTY_DATE

BINDING: Faults = {}

simple(BINDING, "dates are read a day late", read_values, "read_date", lambda day, *_: day + timedelta(days=1))
simple(BINDING, "the offset of a moment is ignored", read_dates, "_day_of_moment",
        lambda _day, found, *_: date.fromisoformat(found["day"]))  # fmt: skip
simple(BINDING, "every currency is dollars", read_values, "read_currency", lambda *_: "USD")
simple(BINDING, "numbers lose their sign", read_values, "read_decimal", lambda n, *_: abs(n))
simple(BINDING, "numbers are cut to one decimal", read_values, "read_decimal", lambda n, *_: Fraction(int(n * 10), 10))
simple(BINDING, "values beside the grid fall on it", codecs, "_between", lambda code, *_: code - code % 2)
simple(BINDING, "a sign is turned round", slots, "_exact_sign", lambda sign, *_: None if sign is None else -sign)
simple(BINDING, "equal counts as more", slots, "_exact_sign", lambda sign, *_: 1 if sign == 0 else sign)
simple(BINDING, "known is said of every fact", evaluator.Evaluation, "is_given", lambda *_: True)


@fault(BINDING, "a text that equals no constant equals the first")
def _(patch: Patch) -> None:
    patch.setattr(codecs.SymbolCodec, "OTHER", 1)


@fault(BINDING, "text is not normalised")
def _(patch: Patch) -> None:
    patch.setattr(read_values, "read_text", lambda raw, _pointer: raw)


@fault(BINDING, "the last member of a set is lost")
def _(patch: Patch) -> None:
    right = quick_values._sets

    def without_last(*args: Any) -> Callable[[Any], object]:
        chosen = right(*args)
        return lambda raw: chosen(raw[:-1])

    patch.setattr(quick_values, "_sets", without_last)


@fault(BINDING, "a date given as empty is left out")
def _(patch: Patch) -> None:
    def leave_out(_none: None, _self: object, into: dict[str, object], _raw: object, fact: Any, *_: object) -> None:
        if into.get(fact.name) is EMPTY_DATE:
            del into[fact.name]

    after(patch, request._Reading, "_keep", leave_out)


@fault(BINDING, "elements are read backwards")
def _(patch: Patch) -> None:
    def turn(_none: None, reading: Any, _raw: object, declared: Any, *_: object) -> None:
        reading.lists[declared.name] = reading.lists[declared.name][::-1]

    after(patch, request._Reading, "_list", turn)


@fault(BINDING, "the last element is lost")
def _(patch: Patch) -> None:
    right = request._Reading._list
    patch.setattr(request._Reading, "_list", lambda self, raw, *rest: right(self, raw[:-1], *rest))


@fault(BINDING, "an unknown value is bound as nothing")
def _(patch: Patch) -> None:
    def read(slot: slots.Slot, *_: object) -> slots.Slot:
        right = slot.read
        return replace(slot, read=lambda ev, env: 0 if (code := right(ev, env)) is None else code, plain=None)

    after(patch, slots.Slots, "_value", read)


@fault(BINDING, "an unknown condition is bound as false")
def _(patch: Patch) -> None:
    patch.setattr(slots, "UNSURE", slots.FALSE)


@fault(BINDING, "the ends of a value change places")
def _(patch: Patch) -> None:
    after(patch, slots, "_coded_ends", lambda ends, *_: ends[::-1])


@fault(BINDING, "money is compared whatever its currency")
def _(patch: Patch) -> None:
    patch.setattr(codecs.NumberCodec, "code", lambda self, v: self._of(v.amount if isinstance(v, codecs.Money) else v))


@fault(BINDING, "facts of an element are bound as the document's")
def _(patch: Patch) -> None:
    right = slots.reads_element
    patch.setattr(slots, "reads_element", lambda e: right(e) and isinstance(e, slots.ItemField) and e.field != "kind")


simple(BINDING, "an undecided slot counts as decided", binding, "_not_bound", lambda lines, *_: lines[:2])
simple(BINDING, "a short text is all there is", binding.Binder, "_is_heard", lambda *_: False)
simple(BINDING, "the sides of two facts change places", binding.Binder, "_texts",
       lambda texts, *_, **__: [texts[1], texts[0], texts[2]] if len(texts) > 2 else texts)  # fmt: skip
simple(BINDING, "a default never stands in", binding.Binder, "_has_default", lambda *_: False)
simple(BINDING, "two ends always meet", slots, "_coded_ends", lambda ends, *_: (ends[0], ends[0]))
