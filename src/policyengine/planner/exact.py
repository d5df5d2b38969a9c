"""Exhaustive search for a packing into a given number of parts, or the proof that there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from policyengine.planner.bounds import ceil_div
from policyengine.planner.filling import Wanted, fillings
from policyengine.planner.instance import Instance, Packing, Pattern, take
from policyengine.planner.steps import Steps

#: More parts than this are left to the linear programme; the search would recurse too deeply.
MOST_PARTS = 120
_MEMO_CELLS = 2_000_000


@dataclass(frozen=True, slots=True)
class Worth:
    """Values per type such that no filling of a part is worth more than ``most`` (a dual bound)."""

    values: tuple[int, ...]
    most: int

    def bound(self, demand: Sequence[int]) -> int:
        """The fewest parts that can hold ``demand``, going by its value."""
        return ceil_div(_dot(self.values, demand), self.most)


@dataclass(slots=True)
class _Search:
    instance: Instance
    steps: Steps
    worth: Worth | None
    failed: set[tuple[int, tuple[int, ...]]] = field(default_factory=set)

    def run(self, left: list[int], parts: int) -> list[Pattern] | None:
        """The parts that hold ``left``, or None (not possible, or the steps are spent)."""
        if not any(left):
            return []
        wanted = self._wanted(left, parts)
        if wanted is None or self.steps.spent:
            return None
        state = (parts, tuple(left))
        if state in self.failed:
            return None
        values = self.worth.values if self.worth else None
        for pattern, _ in fillings(self.instance, tuple(left), wanted, self.steps, values):
            take(left, pattern)
            found = self.run(left, parts - 1)
            take(left, pattern, -1)
            if found is not None:
                return [pattern, *found]
        self._remember(state)
        return None

    def _wanted(self, left: Sequence[int], parts: int) -> Wanted | None:
        """What the next part must reach so that the rest can still fit; None if nothing can."""
        waste = parts * self.instance.capacity - _dot(self.instance.sizes, left)
        if parts < 1 or waste < 0:
            return None
        if self.worth is None:
            return Wanted(waste)
        value = _dot(self.worth.values, left) - (parts - 1) * self.worth.most
        return Wanted(waste, value) if value <= self.worth.most else None

    def _remember(self, state: tuple[int, tuple[int, ...]]) -> None:
        if not self.steps.spent and len(self.failed) * len(state[1]) < _MEMO_CELLS:
            self.failed.add(state)


def _dot(a: Sequence[int], b: Sequence[int]) -> int:
    return sum(x * y for x, y in zip(a, b, strict=True))


def fit(
    instance: Instance, demand: Sequence[int], parts: int, steps: Steps, worth: Worth | None = None
) -> Packing | None:
    """A packing of ``demand`` into at most ``parts`` parts, or None.

    None is a proof that there is none, unless ``steps`` are spent. At most :data:`MOST_PARTS`.
    """
    found = _Search(instance, steps, worth).run(list(demand), parts)
    return None if found is None else tuple((pattern, 1) for pattern in found)
