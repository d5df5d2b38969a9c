"""Good plans fast: first-fit decreasing, and parts filled as tightly as a short search can."""

from __future__ import annotations

from collections.abc import Sequence

from policyengine.planner.filling import Wanted, fillings
from policyengine.planner.instance import Instance, Packing, Pattern, parts_of, repeats, take
from policyengine.planner.steps import Steps

_STEPS_PER_PART = 2_000


def first_fit_decreasing(instance: Instance, demand: Sequence[int]) -> Packing:
    """Each part takes, from the largest size down, whatever still fits."""
    left = list(demand)
    packing: list[tuple[Pattern, int]] = []
    while any(left):
        pattern = _greedy(instance, left)
        times = repeats(left, pattern)
        take(left, pattern, times)
        packing.append((pattern, times))
    return tuple(packing)


def _greedy(instance: Instance, left: Sequence[int]) -> Pattern:
    room = instance.capacity
    picked = []
    for i, (size, count) in enumerate(zip(instance.sizes, left, strict=True)):
        fits = min(count, room // size)
        if fits:
            picked.append((i, fits))
            room -= fits * size
    return tuple(picked)


def tight_filling(instance: Instance, demand: Sequence[int], target: int, steps: Steps, *, spread: bool) -> Packing:
    """Each part holds the largest item left and as little free room as a short search finds.

    With ``spread`` a part is good enough when it wastes no more than its share of the room that
    ``target`` parts leave free; without, only when it is full. Parts beyond the steps are greedy.
    """
    left = list(demand)
    packing: list[tuple[Pattern, int]] = []
    while any(left):
        if steps.spent:
            return (*packing, *first_fit_decreasing(instance, left))
        good = _free_share(instance, left, target - parts_of(tuple(packing))) if spread else 0
        pattern = _tightest(instance, left, good, steps)
        times = repeats(left, pattern)
        take(left, pattern, times)
        packing.append((pattern, times))
    return tuple(packing)


def _free_share(instance: Instance, left: Sequence[int], parts: int) -> int:
    if parts < 1:
        return 0
    total = sum(s * c for s, c in zip(instance.sizes, left, strict=True))
    return max(0, parts * instance.capacity - total) // parts


def _tightest(instance: Instance, left: Sequence[int], good: int, steps: Steps) -> Pattern:
    best = _greedy(instance, left)
    waste = instance.capacity - instance.load(best)
    if waste <= good:
        return best
    wanted = Wanted(most_waste=waste - 1)
    mine = steps.slice(_STEPS_PER_PART)
    for pattern, waste in fillings(instance, left, wanted, mine):
        best = pattern
        wanted.most_waste = waste - 1
        if waste <= good:
            break
    steps.settle(mine)
    return best
