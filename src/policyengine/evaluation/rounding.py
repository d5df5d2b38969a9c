"""Rounding exact numbers to multiples of a step. ``MODES`` holds one entry for each mode."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from policyengine.values.money import Number

# Each takes the whole part of a number that is not negative, and its rest as ``part`` of ``one`` (0 <= part < one).
MODES: Mapping[str, Callable[[int, int, int], int]] = {
    "half_up": lambda whole, part, one: whole + (2 * part >= one),
    "half_down": lambda whole, part, one: whole + (2 * part > one),
    "half_even": lambda whole, part, one: whole + (2 * part > one or (2 * part == one and whole % 2 == 1)),
    "up": lambda whole, part, _: whole + (part > 0),
    "down": lambda whole, *_: whole,
}


def round_to(number: Number, step: Number, mode: str) -> Number:
    """The multiple of ``step`` (more than 0) next to ``number``; halves, up and down are meant relative to zero."""
    # In whole numbers: number / step = top / one.
    top = number.numerator * step.denominator
    one = number.denominator * step.numerator
    whole, part = divmod(abs(top), one)
    count = MODES[mode](whole, part, one)
    return (-count if top < 0 else count) * step
