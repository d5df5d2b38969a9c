"""From a packing of alike items back to shares of lines, part by part."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import lcm

from policyengine.planner.instance import Packing, Pattern
from policyengine.planner.lines import Line, Share
from policyengine.planner.scaling import Lot, Scaled

#: The shares of each part.
Contents = tuple[tuple[Share, ...], ...]


class _Lots:
    """Hands out the items of one type, lot after lot."""

    def __init__(self, lots: Sequence[Lot]) -> None:
        self._lots = lots
        self._at = 0
        self._left = lots[0].count

    def draw(self, items: int, part: dict[int, int]) -> None:
        """Put ``items`` items into ``part`` (units by line position)."""
        while items:
            if not self._left:
                self._at += 1
                self._left = self._lots[self._at].count
            lot = self._lots[self._at]
            now = min(items, self._left)
            part[lot.line] = part.get(lot.line, 0) + now * lot.units
            self._left -= now
            items -= now


def allot(lines: Sequence[Line], scaled: Scaled, packing: Packing) -> Contents:
    """The shares of every part, in the order of the lines; weightless units are in the first part."""
    stocks = [_Lots(lots) for lots in scaled.lots]
    parts = [_fill(stocks, pattern) for pattern, times in packing for _ in range(times)] or [{}]
    for lot in scaled.weightless:
        parts[0][lot.line] = lot.units * lot.count
    return tuple(tuple(Share(lines[i].id, part[i]) for i in sorted(part)) for part in parts)


def _fill(stocks: Sequence[_Lots], pattern: Pattern) -> dict[int, int]:
    part: dict[int, int] = {}
    for i, count in pattern:
        stocks[i].draw(count, part)
    return part


def is_right(lines: Sequence[Line], limit: Fraction, contents: Contents, *, strict: bool) -> bool:
    """Whether every unit is in exactly one part, whole lines are whole and each part keeps the limit.

    Reckoned from the lines themselves, so independent of the item types.
    """
    common = lcm(limit.denominator, *(line.weight.denominator for line in lines))
    weights = {line.id: int(line.weight * common) for line in lines}
    most = int(limit * common)
    by_id = {line.id: line for line in lines}
    placed = dict.fromkeys(by_id, 0)
    for part in contents:
        for share in part:
            placed[share.line] += share.quantity
            if by_id[share.line].whole and share.quantity != by_id[share.line].quantity:
                return False
        total = sum(weights[share.line] * share.quantity for share in part)
        if part and not (total < most if strict else total <= most):
            return False
    return all(placed[line.id] == line.quantity for line in lines)
