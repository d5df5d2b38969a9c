"""How large a generated bundle is: most are small, so that many are asked; some use everything at once."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """Upper ends, and for ``policies`` and ``rules`` how many more than the fewest there may be.

    ``facts`` counts facts of the document (None: all), ``fields`` says which share of a list's optional fields is
    declared, ``shallow`` how often a nested expression is cut short.
    """

    facts: int | None
    fields: float
    lists: float
    parameters: int
    definitions: int
    decisions: int
    policies: int
    rules: int
    shallow: float
    calendars: float


LARGE = Size(None, 1.0, 1.0, 8, 9, 4, 3, 3, 0.35, 1.0)
MIDDLE = Size(12, 0.6, 0.6, 4, 5, 2, 2, 2, 0.4, 0.5)
SMALL = Size(6, 0.3, 0.25, 2, 3, 1, 1, 2, 0.6, 0.3)


def size_of(seed: int) -> Size:
    """The size of a seed's bundle: 1 in 16 is large, 3 in 16 are middling."""
    drawn = random.Random(f"size {seed}").random() * 16
    return LARGE if drawn < 1 else MIDDLE if drawn < 4 else SMALL
