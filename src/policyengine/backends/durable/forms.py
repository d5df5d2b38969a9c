"""Disjunctive forms: when a condition is true, and when it is false, as a list of conjunctions of comparisons.

Kleene's logic needs both lists. A comparison with a property that is not bound holds in neither, so an unknown
condition fires nothing. What is written as a long list of alternatives is narrow one way and far too wide the other:
then only the narrow list is made.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from typing import NamedTuple

from policyengine.model.expr import Value

#: A product of several lists is not longer than this. What is no product is as long as it is written.
MOST_CONJUNCTIONS = 64
#: So many pairs are tried for a product.
MOST_PRODUCT = 4096
#: The engine has 32 places for the comparisons of a rule; this many are used.
MOST_COMPARISONS = 25


class Test(NamedTuple):
    """A property compared with a constant. ``op`` is the engine's: ``eq neq lt lte gt gte``."""

    slot: int
    op: str
    constant: Value


Conjunction = frozenset[Test]
Form = tuple[Conjunction, ...]

NEVER: Form = ()
ALWAYS: Form = (frozenset(),)


class TooWide(Exception):  # noqa: N818 - not an error: the condition is matched in another way
    """The disjunctive form is larger than what is put into a network."""


@dataclass(frozen=True, slots=True)
class Forms:
    """When a condition is true and when it is false; None: that list would be too wide."""

    true: Form | None
    false: Form | None

    def negated(self) -> Forms:
        """Those of its negation."""
        return Forms(self.false, self.true)

    @property
    def wide(self) -> bool:
        """Whether one of the lists is missing."""
        return self.true is None or self.false is None


def one(slot: int, op: str, constant: Value) -> Form:
    """A single comparison."""
    return (frozenset({Test(slot, op, constant)}),)


def any_of(forms: Iterable[Form | None]) -> Form | None:
    """The union; None if one of them is."""
    lists = list(forms)
    return _smallest([c for form in lists for c in form or ()]) if None not in lists else None


def all_of(forms: Iterable[Form | None]) -> Form | None:
    """The product; None if one of them is, or it would be too wide."""
    try:
        return reduce(_product, forms, ALWAYS)
    except TooWide:
        return None


def _product(left: Form | None, right: Form | None) -> Form:
    if left is None or right is None:
        raise TooWide
    if left is ALWAYS:
        return right
    if len(left) * len(right) > MOST_PRODUCT:
        raise TooWide
    product = _smallest([a | b for a in left for b in right])
    if len(product) > max(MOST_CONJUNCTIONS, len(left), len(right)) or any(len(c) > MOST_COMPARISONS for c in product):
        raise TooWide
    return product


def conjunction(parts: Iterable[Forms]) -> Forms:
    """The forms of Kleene's and."""
    parts = list(parts)
    return Forms(all_of(p.true for p in parts), any_of(p.false for p in parts))


def disjunction(parts: Iterable[Forms]) -> Forms:
    """The forms of Kleene's or."""
    return conjunction(p.negated() for p in parts).negated()


def _smallest(conjunctions: Iterable[Conjunction]) -> Form:
    """Without those that cannot hold and those that hold only where a shorter one does, in the order they came.

    A list that is wide already keeps the latter, which do no harm: to find them takes the square of its length.
    """
    possible = [c for c in dict.fromkeys(conjunctions) if len(c) == 1 or not _impossible(c)]
    if len(possible) > MOST_CONJUNCTIONS or {len(c) for c in possible} <= {1}:
        return tuple(possible)
    return tuple(c for c in possible if not any(other < c for other in possible))


def _impossible(c: Conjunction) -> bool:
    """Whether one property would have to equal two different constants, or one and not the same one."""
    if len({test.slot for test in c}) == len(c):
        return False
    equal: dict[int, Value] = {}
    for test in c:
        if test.op == "eq" and equal.setdefault(test.slot, test.constant) != test.constant:
            return True
    return any(t.op == "neq" and t.slot in equal and equal[t.slot] == t.constant for t in c)
