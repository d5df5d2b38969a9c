"""Exact integers from fractions: one common denominator, and the limit as what a part may hold.

A strict limit becomes the largest integer below it, so ``<`` and ``<=`` are the same afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor, gcd, lcm

from policyengine.planner.instance import Instance
from policyengine.planner.lines import Line


@dataclass(frozen=True, slots=True)
class Lot:
    """``count`` alike items from one line, each of ``units`` units (all of them if the line is whole)."""

    line: int
    units: int
    count: int


@dataclass(frozen=True, slots=True)
class Scaled:
    """The instance, the lots behind each item type, and lots without weight. ``line`` is a position."""

    instance: Instance
    lots: tuple[tuple[Lot, ...], ...]
    weightless: tuple[Lot, ...]
    too_large: tuple[int, ...]


def scale(lines: Sequence[Line], limit: Fraction, *, strict: bool) -> Scaled:
    """The lines as items of integer sizes, by descending size; lines of quantity 0 are left out."""
    common = lcm(*(line.weight.denominator for line in lines))
    capacity = ceil(limit * common) - 1 if strict else floor(limit * common)
    groups: dict[int, list[Lot]] = {}
    for i in sorted(range(len(lines)), key=lambda i: _canonical(lines[i])):
        if lines[i].quantity:
            lot = _lot(i, lines[i])
            groups.setdefault(int(lines[i].weight * common) * lot.units, []).append(lot)
    too_large = sorted(lot.line for size, lots in groups.items() if size > capacity for lot in lots)
    weightless = tuple(groups.pop(0, ()))
    sizes = sorted((size for size in groups if size <= capacity), reverse=True)
    lots = tuple(tuple(groups[size]) for size in sizes)
    return Scaled(_instance(capacity, sizes, lots), lots, weightless, tuple(too_large))


def _canonical(line: Line) -> tuple[Fraction, bool, int, str]:
    return (line.weight, line.whole, line.quantity, line.id)


def _lot(position: int, line: Line) -> Lot:
    return Lot(position, line.quantity, 1) if line.whole else Lot(position, 1, line.quantity)


def _instance(capacity: int, sizes: Sequence[int], lots: Sequence[Sequence[Lot]]) -> Instance:
    """Divided by what all sizes have in common, which keeps the numbers short."""
    unit = gcd(*sizes) or 1
    demand = tuple(sum(lot.count for lot in group) for group in lots)
    return Instance(capacity // unit, tuple(size // unit for size in sizes), demand)
