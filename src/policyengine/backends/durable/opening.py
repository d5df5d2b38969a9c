"""Which rules an open slot leaves open, and what is left to ask of them.

A rule is passed by if a slot that is bound makes it false by a conjunction of its own: one of nothing but ``neq``
comparisons of this slot, that is, one which holds for every value but a few. So of a thousand rules, each about a value
of the same fact, an open slot leaves those open that are about the value of the case. Of a rule that is not passed by,
that conjunction does not hold: either its slot has one of the few values, or it is not bound, and nothing compares with
it then. So nobody has to ask about it any more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from policyengine.backends.durable.forms import Conjunction, Form
from policyengine.model.expr import Value

if TYPE_CHECKING:
    from policyengine.backends.durable.scope import Ruled


#: So few rules are gone through one by one.
FEW = 100


@dataclass(frozen=True, slots=True)
class About:
    """The slot that a rule is about, and the conjunction by which other constants than these pass it by."""

    slot: int
    guard: Conjunction
    constants: frozenset[Value]


@dataclass(slots=True)
class _Guarded:
    """Rules about the same slot: by its text, and all of them for when it is not bound."""

    by_text: dict[str, list[Ruled]] = field(default_factory=lambda: defaultdict(list))
    all: list[Ruled] = field(default_factory=list)


@dataclass(slots=True)
class _Opened:
    """The rules that rest on one slot: those that are about another slot, by that slot's place, and the rest."""

    rules: list[Ruled] = field(default_factory=list)
    guarded: dict[int, _Guarded] = field(default_factory=lambda: defaultdict(_Guarded))


class Opening:
    """The rules of a scope by the slots that they rest on."""

    def __init__(self, rules: Iterable[Ruled], text: Callable[[int, Value], str], places: Mapping[int, int]) -> None:
        """``text``: what binds a slot to a constant. ``places``: where the slots' texts are."""
        self._by_slot: dict[int, _Opened] = defaultdict(_Opened)
        self._places = places
        self._rules: list[tuple[Ruled, int, int, frozenset[str]]] = []
        for ruled in rules:
            about = ruled.about
            texts = frozenset(text(about.slot, c) for c in about.constants) if about else frozenset[str]()
            place = places[about.slot] if about else -1
            self._rules.append((ruled, sum(1 << s for s in ruled.slots), place, texts))
            for slot in sorted(ruled.slots):
                self._add(self._by_slot[slot], ruled, texts)

    def _add(self, opened: _Opened, ruled: Ruled, texts: Iterable[str]) -> None:
        if ruled.about is None:
            opened.rules.append(ruled)
            return
        guarded = opened.guarded[self._places[ruled.about.slot]]
        guarded.all.append(ruled)
        for text in sorted(texts):
            guarded.by_text[text].append(ruled)

    def rules(self, open_: int, whole: Sequence[str]) -> Iterable[Ruled]:
        """Those that the open slots leave open, each once, given the whole texts of all slots."""
        return self._one_by_one(open_, whole) if len(self._rules) <= FEW else self._by_slots(open_, whole)

    def _one_by_one(self, open_: int, whole: Sequence[str]) -> Iterable[Ruled]:
        return [
            ruled
            for ruled, slots, place, texts in self._rules
            if slots & open_ and (place < 0 or not whole[place] or whole[place] in texts)
        ]

    def _by_slots(self, open_: int, whole: Sequence[str]) -> Iterable[Ruled]:
        found: dict[Ruled, None] = {}
        while open_:
            bit = open_ & -open_
            open_ ^= bit
            found.update(dict.fromkeys(self._of(bit.bit_length() - 1, whole)))
        return found

    def _of(self, slot: int, whole: Sequence[str]) -> Iterator[Ruled]:
        opened = self._by_slot.get(slot)
        if opened is None:
            return
        yield from opened.rules
        for place, guarded in opened.guarded.items():
            text = whole[place]
            yield from guarded.by_text.get(text, ()) if text else guarded.all


def abouts(forms: Sequence[Form]) -> list[About | None]:
    """What rules are about, by when they are false: of several slots, the one that most values are told apart by."""
    found = [list(_guards(false)) for false in forms]
    values: dict[int, set[Value]] = defaultdict(set)
    for about in (a for guards in found for a in guards):
        values[about.slot] |= about.constants
    return [min(guards, key=lambda a: (-len(values[a.slot]), a.slot), default=None) for guards in found]


def _guards(false: Form) -> Iterator[About]:
    for conjunction in false:
        touched = {t.slot for t in conjunction}
        if len(touched) == 1 and all(t.op == "neq" for t in conjunction):
            yield About(touched.pop(), conjunction, frozenset(t.constant for t in conjunction))
