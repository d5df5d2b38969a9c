"""Which conjunctions share a network, so that a case asks only the networks that can say something about it.

A conjunction with the comparison ``slot eq number`` holds for no other value, nor for none: it goes into a network that
is asked only when the slot has one of the values that the network's conjunctions name. Likewise a network of
conjunctions with ``slot gt number`` is asked only above the least of their numbers. What is left is always asked.
No conjunction that could fire is ever left out, so asking these networks finds what asking all of them would.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from policyengine.backends.durable.network import Comparison, Path, in_networks, in_order

Conjunction = frozenset[Comparison]

#: So few conjunctions stay together: one question more costs as much as a dozen comparisons.
FEW = 64
#: A slot divides conjunctions only if they name so many of its values, and are so many.
LEAST_VALUES = 8
LEAST_DIVIDED = 24
#: So many conjunctions share a network that only some values ask.
TOGETHER = 32

_ABOVE: Mapping[str, int] = {"gt": 1, "gte": 0}
_BELOW: Mapping[str, int] = {"lt": -1, "lte": 0}


@dataclass(frozen=True, slots=True)
class Packed:
    """The conjunctions of one network, and for which values of ``slot`` it is asked (None: always).

    Those are either ``values``, or all from ``least`` on, or all up to ``most``.
    """

    paths: tuple[Path, ...]
    slot: int | None = None
    values: frozenset[int] = frozenset()
    least: int | None = None
    most: int | None = None


def packed(conjunctions: Collection[Conjunction], ordered: Collection[int]) -> list[Packed]:
    """The networks. ``ordered`` are the slots whose codes are at hand to be compared with ``least`` and ``most``."""
    if len(conjunctions) <= FEW:
        return _together(conjunctions)
    by_value, rest = _divided(conjunctions, _equal)
    above, rest = _divided(rest, lambda c: _bounds(c, _ABOVE, ordered))
    below, rest = _divided(rest, lambda c: _bounds(c, _BELOW, ordered))
    networks = _together(rest)
    for slot, members in by_value.items():
        networks += [Packed(p, slot, values=frozenset(n)) for p, n in _cut(members)]
    for slot, members in above.items():
        networks += [Packed(p, slot, least=min(n)) for p, n in _cut(members)]
    for slot, members in below.items():
        networks += [Packed(p, slot, most=max(n)) for p, n in _cut(members)]
    return networks


_Numbers = Callable[[Conjunction], dict[int, int]]
#: By slot: conjunctions, each with the number that it is sorted by.
_Divided = dict[int, list[tuple[int, Conjunction]]]


def _equal(conjunction: Conjunction) -> dict[int, int]:
    return {slot: number for slot, op, number in conjunction if op == "eq"}


def _bounds(conjunction: Conjunction, steps: Mapping[str, int], ordered: Collection[int]) -> dict[int, int]:
    """By slot, the least value at which the conjunction can hold, or the greatest."""
    found = [(slot, number + steps[op]) for slot, op, number in conjunction if op in steps and slot in ordered]
    # Of several bounds of one slot any will do, for each must hold.
    return dict(sorted(found))


def _divided(conjunctions: Iterable[Conjunction], numbers: _Numbers) -> tuple[_Divided, list[Conjunction]]:
    """The conjunctions by the slot that divides them best, and those that no slot divides well."""
    told = [(c, numbers(c)) for c in conjunctions]
    named: dict[int, set[int]] = defaultdict(set)
    for _, at in told:
        for slot, number in at.items():
            named[slot].add(number)
    best = {s: len(n) for s, n in named.items() if len(n) >= LEAST_VALUES}
    found: _Divided = defaultdict(list)
    rest: list[Conjunction] = []
    for c, at in told:
        divides = sorted((-best[s], s) for s in at if s in best)
        if divides:
            slot = divides[0][1]
            found[slot].append((at[slot], c))
        else:
            rest.append(c)
    for slot in [s for s, members in found.items() if len(members) < LEAST_DIVIDED]:
        rest += [c for _, c in found.pop(slot)]
    return found, rest


def _together(conjunctions: Collection[Conjunction]) -> list[Packed]:
    return [Packed(tuple(paths)) for paths in in_networks(in_order(conjunctions))]


def _cut(members: Iterable[tuple[int, Conjunction]]) -> Iterator[tuple[tuple[Path, ...], list[int]]]:
    """Networks of neighbours, each with the numbers of its conjunctions."""
    members = sorted(members, key=lambda m: (m[0], sorted(m[1])))
    for start in range(0, len(members), TOGETHER):
        numbers = {c: number for number, c in members[start : start + TOGETHER]}
        for paths in in_networks(in_order(numbers)):
            yield tuple(paths), [numbers[frozenset(p)] for p in paths]
