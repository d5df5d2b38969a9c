"""Rules that differ in their constants only, as rows of data that one piece of code goes through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from policyengine.backends.compiled.patterns import CONSTANT, Pattern, slots
from policyengine.backends.compiled.plans import Row

Shape = tuple[Pattern, ...]

#: For a comparison ``x op constant`` and rows in rising order of the constant: where those that hold begin, or end.
FROM: Mapping[str, str] = {"<": "bisect_right", "<=": "bisect_left"}
UP_TO: Mapping[str, str] = {">": "bisect_left", ">=": "bisect_right"}


def width(shape: Shape) -> int:
    """How many constants a row of this shape has."""
    return sum([slots(p) for p in shape])


def bound(shape: Shape) -> int | None:
    """The position of the first condition that compares an operand's order with a constant."""
    for position, pattern in enumerate(shape):
        ordered = pattern[0] == "cmp" and (pattern[1] in FROM or pattern[1] in UP_TO)
        if ordered and pattern[3] == CONSTANT != pattern[2]:
            return position
    return None


def packed(shape: Shape, rows: Sequence[Row]) -> object:
    """Rows as data: of each its constants and its position.

    Without constants: the positions alone. With a comparison of order: its constants in rising order, and the rest of
    each row in the same order.
    """
    if not width(shape):
        return tuple([row.position for row in rows])
    first = bound(shape)
    if first is None:
        return [(*row.constants, row.position) for row in rows]
    # The position settles ties, so nothing else is ever compared.
    limits, rest = zip(*sorted(_split(row, first) for row in rows), strict=True)
    return limits, [r[1:] + r[:1] if len(r) > 1 else r[0] for r in rest]


def _split(row: Row, first: int) -> tuple[object, tuple[object, ...]]:
    """The constant of one comparison, then the row's position and its other constants."""
    others = [c for n, test in enumerate(row.tests) if n != first for c in test.constants]
    return row.tests[first].constants[0], (row.position, *others)
