"""Rounding exact numbers to multiples of a step. ``MODES`` holds one entry for each mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from policyengine.values.money import Number

HALF = Fraction(1, 2)

# Each takes the whole part and the rest (0 <= rest < 1) of a number that is not negative.
MODES: Mapping[str, Callable[[int, Fraction], int]] = {
    "half_up": lambda whole, rest: whole + (rest >= HALF),
    "half_down": lambda whole, rest: whole + (rest > HALF),
    "half_even": lambda whole, rest: whole + (rest > HALF or (rest == HALF and whole % 2 == 1)),
    "up": lambda whole, rest: whole + (rest > 0),
    "down": lambda whole, _: whole,
}


def round_to(number: Number, step: Number, mode: str) -> Number:
    """The multiple of ``step`` (more than 0) next to ``number``; halves, up and down are meant relative to zero."""
    steps = Fraction(number) / step
    size = abs(steps)
    whole = size.numerator // size.denominator
    count = MODES[mode](whole, size - whole)
    return (-count if steps < 0 else count) * step
