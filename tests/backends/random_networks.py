"""Random conjunctions with many comparisons on few properties, and what plain Python says of them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from policyengine.backends.durable.network import HOLDS, Comparison, Path

OPERATORS = ("eq", "neq", "lt", "lte", "gt", "gte")


def conjunctions(
    random: Random, count: int, slots: int, longest: int = 4, spread: int = 4
) -> list[frozenset[Comparison]]:
    def comparison() -> Comparison:
        return random.randrange(slots), random.choice(OPERATORS), random.randint(-spread, spread)

    return [frozenset(comparison() for _ in range(random.randint(1, longest))) for _ in range(count)]


def values(random: Random, slots: int, spread: int = 5) -> list[int | None]:
    return [random.choice([None, *range(-spread, spread + 1), 2**53, -(2**53)]) for _ in range(slots)]


def holds(path: Path | frozenset[Comparison], case: Sequence[int | None]) -> bool:
    return all((v := case[slot]) is not None and HOLDS[op](v, n) for slot, op, n in path)
