"""The planner's question and answer: order lines in, a plan out."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Line:
    """``quantity`` (>= 0) alike units of ``weight`` (>= 0) each; ``whole`` keeps them in one part."""

    id: str
    quantity: int
    weight: Fraction
    whole: bool


@dataclass(frozen=True, slots=True)
class Share:
    """``quantity`` (>= 1) units of the line with this id."""

    line: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Plan:
    """How to split. ``contents`` lists the shares of each part, in the order of the lines.

    ``lower_bound <= parts``; equal exactly if ``proved``. Impossible: ``parts`` and ``lower_bound``
    are 0, ``contents`` is empty and ``too_large`` names, in order, the lines that fit into no part.
    """

    parts: int
    proved: bool
    lower_bound: int
    contents: tuple[tuple[Share, ...], ...]
    too_large: tuple[str, ...]
