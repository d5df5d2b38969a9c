"""The ways to fill a part that are worth the most: an integer knapsack by branch and bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from policyengine.planner.instance import Instance, Pattern
from policyengine.planner.steps import Steps

_STEPS_PER_CALL = 30_000
_MOST_PATTERNS = 8
_MOST_QUICK = 60


@dataclass(frozen=True, slots=True)
class Priced:
    """``patterns`` worth more than asked for, the best last; no pattern at all is worth more than ``most``."""

    patterns: tuple[Pattern, ...]
    most: int


@dataclass(slots=True)
class _Knapsack:
    sizes: list[int]
    counts: list[int]
    worth: list[int]
    types: list[int]
    best: int
    found: list[Pattern] = field(default_factory=list)

    def ceiling(self, at: int, room: int) -> int:
        """The most that types from ``at`` on can be worth in ``room``, the last one cut (Dantzig's bound)."""
        value = 0
        for k in range(at, len(self.sizes)):
            need = self.sizes[k] * self.counts[k]
            if need >= room:
                return value + room * self.worth[k] // self.sizes[k]
            value += self.worth[k] * self.counts[k]
            room -= need
        return value

    def quick(self, capacity: int, steps: Steps) -> tuple[Pattern, ...]:
        """For every type, the pattern that takes it first and then the best value for size, if worth enough."""
        smallest = min(self.sizes, default=0)
        out: dict[Pattern, int] = {}
        for first in range(len(self.sizes)):
            picked: dict[int, int] = {}
            room, value = capacity, 0
            for k in (first, *range(len(self.sizes))):
                count = min(self.counts[k] - picked.get(k, 0), room // self.sizes[k])
                steps.left -= 1
                if count:
                    picked[k] = picked.get(k, 0) + count
                    room -= count * self.sizes[k]
                    value += count * self.worth[k]
                    if room < smallest:
                        break
            if value > self.best:
                out[tuple(sorted((self.types[k], c) for k, c in picked.items()))] = value
        return tuple(sorted(out, key=lambda pattern: (-out[pattern], pattern))[:_MOST_QUICK])

    def search(self, capacity: int, steps: Steps) -> bool:
        """Collect ever better patterns; False if the steps ended first."""
        picked: list[tuple[int, int]] = []
        room, value, at, end = capacity, 0, 0, len(self.sizes)
        while True:
            while at < end and value + self.ceiling(at, room) > self.best:
                steps.left -= 2
                count = min(self.counts[at], room // self.sizes[at])
                if count:
                    picked.append((at, count))
                    room -= count * self.sizes[at]
                    value += count * self.worth[at]
                at += 1
            if value > self.best:
                self.best = value
                self.found.append(tuple(sorted((self.types[k], c) for k, c in picked)))
            if steps.left <= 0:
                return False
            if not picked:
                return True
            at, count = picked.pop()
            room += self.sizes[at]
            value -= self.worth[at]
            if count > 1:
                picked.append((at, count - 1))
            at += 1


def price(instance: Instance, demand: Sequence[int], values: Sequence[int], above: int, steps: Steps) -> Priced:
    """Search for patterns within ``demand`` worth more than ``above``. ``most`` is at least ``above``."""
    types = [i for i, v in enumerate(values) if v > 0 and demand[i] > 0]
    types.sort(key=lambda i: (-(values[i] << 40) // instance.sizes[i], i))
    knapsack = _Knapsack(
        sizes=[instance.sizes[i] for i in types],
        counts=[demand[i] for i in types],
        worth=[values[i] for i in types],
        types=types,
        best=above,
    )
    mine = steps.slice(_STEPS_PER_CALL)
    quick = knapsack.quick(instance.capacity, mine)
    complete = not quick and knapsack.search(instance.capacity, mine)
    steps.settle(mine)
    if quick:
        return Priced(quick, max(above, knapsack.ceiling(0, instance.capacity)))
    most = knapsack.best if complete else max(above, knapsack.ceiling(0, instance.capacity))
    return Priced(tuple(knapsack.found[-_MOST_PATTERNS:]), most)
