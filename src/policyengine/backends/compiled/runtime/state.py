"""What is remembered while one case is decided, and what a comparison says under every value of a dated parameter."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from itertools import product
from math import prod
from typing import cast

from policyengine.backends.compiled.runtime.comparing import Truth
from policyengine.backends.compiled.runtime.values import UNSET, Candidates
from policyengine.model.memory import Element, Given, WorkingMemory

#: So many combinations of dated values are tried for one comparison; beyond, it is unknown.
MOST_COMBINATIONS = 4096
#: So many of them are kept for the next comparison.
MOST_KEPT = 64


class State:
    """The facts of a case and what has been computed from them, by name of the generated function.

    ``assumed`` holds the values of dated parameters that are being tried.
    """

    __slots__ = ("as_of", "assumed", "cache", "facts", "lists")

    def __init__(self, memory: WorkingMemory | State, assumed: Mapping[str, object] | None = None) -> None:
        self.facts: Mapping[str, Given] = memory.facts
        self.lists: Mapping[str, tuple[Element, ...]] = memory.lists
        self.as_of: date = memory.as_of
        self.assumed = assumed or {}
        self.cache: dict[object, object] = {}


class Dated:
    """A parameter with several values. ``key_day`` computes the day that chooses."""

    __slots__ = ("_starts", "_values", "key_day", "name")

    def __init__(self, name: str, dated: Sequence[tuple[date | None, object]]) -> None:
        self.name = name
        # The first may hold from the beginning.
        self._starts = [date.min if start is None else start for start, _ in dated]
        self._values = tuple(value for _, value in dated)
        self.key_day: Callable[[State], object] = lambda _: None

    def __call__(self, state: State) -> object:
        """The value that holds; None while the key day is not exactly known, or before the first value."""
        name = self.name
        if name in state.assumed:
            return state.assumed[name]
        found = state.cache.get(self, UNSET)
        if found is UNSET:
            found = state.cache[self] = self._holding(state)
        return found

    def _holding(self, state: State) -> object:
        day = self.key_day(state)
        if not isinstance(day, date):
            return None
        position = bisect_right(self._starts, day)
        return self._values[position - 1] if position else None

    def open(self, state: State) -> bool:
        """Whether the values have to be tried: the key day is not exactly known."""
        return self.name not in state.assumed and not isinstance(self.key_day(state), date)

    @property
    def choices(self) -> tuple[object, ...]:
        """The values, in order of date."""
        return self._values


def tried(state: State, atom: Callable[..., Truth], parameters: Sequence[Dated], *elements: Element) -> Truth:
    """What a comparison says; if it is unknown: what it says under every combination of open dated values."""
    truth = atom(state, *elements)
    if truth is not None:
        return truth
    unsettled = [p for p in parameters if p.open(state)]
    if not unsettled or prod(len(p.choices) for p in unsettled) > MOST_COMBINATIONS:
        return None
    agreed: Truth = None
    for world in _worlds(state, unsettled):
        found = atom(world, *elements)
        if found is None or (agreed is not None and found is not agreed):
            return None
        agreed = found
    return agreed


def _worlds(state: State, parameters: Sequence[Dated]) -> Sequence[State]:
    """The same facts under each combination of these parameters' values."""
    key = tuple(id(p) for p in parameters)
    found = cast("Sequence[State] | None", state.cache.get(key))
    if found is None:
        names = [p.name for p in parameters]
        combinations = product(*(p.choices for p in parameters))
        found = [State(state, {**state.assumed, **dict(zip(names, c, strict=True))}) for c in combinations]
        if len(found) <= MOST_KEPT:
            state.cache[key] = found
    return found


def whole(state: State, name: str, default_empty: bool) -> Candidates | None:  # noqa: FBT001 - generated code calls it
    """A whole list; None while it is unknown."""
    elements = state.lists.get(name)
    if elements is None:
        return Candidates(()) if default_empty else None
    return Candidates(tuple([(e, True) for e in elements]))
