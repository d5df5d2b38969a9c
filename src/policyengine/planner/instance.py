"""The problem in integers: sizes, how many items of each, and what one part may hold."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

#: One way to fill a part: ``(type, count)`` pairs by ascending type, so by descending size.
Pattern = tuple[tuple[int, int], ...]
#: Parts filled alike, with how often: ``(pattern, times)``.
Packing = tuple[tuple[Pattern, int], ...]


@dataclass(frozen=True, slots=True)
class Instance:
    """Item types by strictly descending size. ``0 < size <= capacity`` and ``demand > 0`` for each."""

    capacity: int
    sizes: tuple[int, ...]
    demand: tuple[int, ...]

    @property
    def total(self) -> int:
        """The sum of all items."""
        return sum(s * d for s, d in zip(self.sizes, self.demand, strict=True))

    def load(self, pattern: Pattern) -> int:
        """The sum of one part."""
        return sum(self.sizes[i] * c for i, c in pattern)


def parts_of(packing: Packing) -> int:
    """How many parts a packing has."""
    return sum(times for _, times in packing)


def is_packing(instance: Instance, packing: Packing) -> bool:
    """Whether every item is in exactly one part and no part is over the capacity (exact)."""
    left = list(instance.demand)
    for pattern, times in packing:
        if times < 1 or any(c < 1 for _, c in pattern) or instance.load(pattern) > instance.capacity:
            return False
        take(left, pattern, times)
    return not any(left)


def take(left: list[int], pattern: Pattern, times: int = 1) -> None:
    """Remove the items of ``times`` parts from ``left``."""
    for i, c in pattern:
        left[i] -= c * times


def repeats(left: Sequence[int], pattern: Pattern) -> int:
    """How often ``pattern`` can be filled from ``left``."""
    return min(left[i] // c for i, c in pattern)


def trimmed(pattern: Pattern, left: Sequence[int]) -> Pattern:
    """``pattern`` without the items that ``left`` no longer has."""
    return tuple((i, min(c, left[i])) for i, c in pattern if left[i] > 0)


def merged(packing: Iterable[tuple[Pattern, int]]) -> Packing:
    """Equal parts counted together, the parts with the largest items first."""
    counts: dict[Pattern, int] = {}
    for pattern, times in packing:
        counts[pattern] = counts.get(pattern, 0) + times
    return tuple(sorted(counts.items(), key=lambda entry: [(i, -c) for i, c in entry[0]]))
