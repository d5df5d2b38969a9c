"""Enumerates the ways to fill one part from what is left, the largest items first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from policyengine.planner.instance import Instance, Pattern
from policyengine.planner.steps import Steps


@dataclass(slots=True)
class Wanted:
    """What a filling must reach; may be tightened while the enumeration runs."""

    most_waste: int
    least_value: int = 0


def fillings(  # noqa: C901 - one loop with its own stack: the innermost of every search, and generators nest badly
    instance: Instance, left: Sequence[int], wanted: Wanted, steps: Steps, values: Sequence[int] | None = None
) -> Iterator[tuple[Pattern, int]]:
    """Every ``(pattern, waste)`` that holds the largest item left, wastes little and leaves no room for more.

    With ``values`` (one per type), only patterns worth at least ``wanted.least_value``. Ends early
    when ``steps`` are spent. ``left`` is not changed and must not change meanwhile.
    """
    types = [i for i, count in enumerate(left) if count]
    sizes = [instance.sizes[i] for i in types]
    counts = [left[i] for i in types]
    worth = [values[i] for i in types] if values is not None else None
    rest = _suffix_sums(sizes, counts)
    ratios = _suffix_ratios(sizes, worth) if worth is not None else None
    end = len(types)
    picked: list[tuple[int, int]] = []
    room, value, at = instance.capacity, 0, 0
    while True:
        fruitful = True
        while at < end:
            if room - rest[at] > wanted.most_waste:
                fruitful = False
                break
            if ratios is not None and (value + room * ratios[at][0] // ratios[at][1]) < wanted.least_value:
                fruitful = False
                break
            steps.left -= 1
            count = min(counts[at], room // sizes[at])
            if count:
                picked.append((at, count))
                room -= count * sizes[at]
                if worth is not None:
                    value += count * worth[at]
            at = at + 1 if room >= sizes[-1] else end
        if (
            fruitful
            and room <= wanted.most_waste
            and value >= wanted.least_value
            and _is_full(picked, sizes, counts, room)
        ):
            yield tuple((types[k], c) for k, c in picked), room
        if steps.left <= 0 or picked[-1:] == [(0, 1)] or not picked:
            return
        at, count = picked.pop()
        room += sizes[at]
        if worth is not None:
            value -= worth[at]
        if count > 1:
            picked.append((at, count - 1))
        steps.left -= 1
        at += 1


def _suffix_sums(sizes: Sequence[int], counts: Sequence[int]) -> list[int]:
    sums = [0]
    for size, count in zip(reversed(sizes), reversed(counts), strict=True):
        sums.append(sums[-1] + size * count)
    return sums[::-1]


def _suffix_ratios(sizes: Sequence[int], worth: Sequence[int]) -> list[tuple[int, int]]:
    """For each position the best ``worth / size`` from there on, as a pair."""
    best = (0, 1)
    out = []
    for size, value in zip(reversed(sizes), reversed(worth), strict=True):
        if value * best[1] > best[0] * size:
            best = (value, size)
        out.append(best)
    return out[::-1]


def _is_full(picked: Sequence[tuple[int, int]], sizes: Sequence[int], counts: Sequence[int], room: int) -> bool:
    """Whether no unpicked item would still fit."""
    used = dict(picked)
    for at in range(len(sizes) - 1, -1, -1):
        if sizes[at] > room:
            return True
        if used.get(at, 0) < counts[at]:
            return False
    return True
