"""Disjunctive forms: when a condition is true, and when it is false, as a list of conjunctions of comparisons.

Kleene's logic needs both lists. A comparison with a property that is not bound holds in neither, so an unknown
condition fires nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce

from policyengine.model.expr import Value

#: A condition with more conjunctions than this, for true or for false, is not brought into disjunctive form.
MOST_CONJUNCTIONS = 64
#: The engine has 32 places for the comparisons of a rule; this many are used.
MOST_COMPARISONS = 25


@dataclass(frozen=True, slots=True)
class Test:
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
    """When a condition is true and when it is false."""

    true: Form
    false: Form

    def negated(self) -> Forms:
        """Those of its negation."""
        return Forms(self.false, self.true)


def one(slot: int, op: str, constant: Value) -> Form:
    """A single comparison."""
    return (frozenset({Test(slot, op, constant)}),)


def any_of(forms: Iterable[Form]) -> Form:
    """The union; raises :class:`TooWide`."""
    return _smallest(c for form in forms for c in form)


def all_of(forms: Iterable[Form]) -> Form:
    """The product; raises :class:`TooWide`."""
    return reduce(lambda left, right: _smallest(a | b for a in left for b in right), forms, ALWAYS)


def conjunction(parts: Iterable[Forms]) -> Forms:
    """The forms of Kleene's and."""
    parts = list(parts)
    return Forms(all_of(p.true for p in parts), any_of(p.false for p in parts))


def disjunction(parts: Iterable[Forms]) -> Forms:
    """The forms of Kleene's or."""
    return conjunction(p.negated() for p in parts).negated()


def _smallest(conjunctions: Iterable[Conjunction]) -> Form:
    """Without those that cannot hold and those that hold only where a shorter one does, in the order they came."""
    kept: list[Conjunction] = []
    for c in dict.fromkeys(conjunctions):
        if _impossible(c) or any(k <= c for k in kept):
            continue
        kept = [k for k in kept if not c < k]
        kept.append(c)
        if len(kept) > MOST_CONJUNCTIONS:
            raise TooWide
        if len(c) > MOST_COMPARISONS:
            raise TooWide
    return tuple(kept)


def _impossible(c: Conjunction) -> bool:
    """Whether one property would have to equal two different constants, or one and not the same one."""
    equal: dict[int, Value] = {}
    for test in c:
        if test.op == "eq" and equal.setdefault(test.slot, test.constant) != test.constant:
            return True
    return any(t.op == "neq" and t.slot in equal and equal[t.slot] == t.constant for t in c)
