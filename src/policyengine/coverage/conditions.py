"""A condition while it is watched: which of its parts are true or false, and which of them alone decide it.

The form of MC/DC is the masking one, judged case by case. A part *alone decides* in a case when the outcome is known,
and turning this part round, with all others as they are, would change it: to the opposite, or to unknown. Unknown
counts as neither true nor false: a part that is unknown decides nothing, nor does any part of a condition that is
unknown. Other parts may be unknown, and may differ between the case in which the part decides by being true and the
one in which it decides by being false.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from policyengine.evaluation.env import Env
from policyengine.evaluation.evaluator import Evaluation
from policyengine.evaluation.names import Run

Hits = set[int]
#: Notes in ``Hits`` which items a case covers, for what names stand for.
Probe = Callable[[Evaluation, Env, Hits], object]


class Leaf(NamedTuple):
    """An atomic condition and its items by number; ``inside`` watches what it is made of."""

    run: Run
    true: int
    false: int
    decides_true: int
    decides_false: int
    inside: tuple[Probe, ...]


class Junction(NamedTuple):
    """``and`` (decided by false) or ``or`` (decided by true)."""

    decisive: bool
    parts: tuple[Watched, ...]


class Negation(NamedTuple):
    """``not``."""

    part: Watched


Watched = Leaf | Junction | Negation


class _Found(NamedTuple):
    """What a node came to, and what its parts did; None: unknown."""

    node: Watched
    truth: bool | None
    parts: tuple[_Found, ...] = ()


@dataclass(frozen=True, slots=True)
class Condition:
    """A whole condition. Calling it notes its items and gives its truth, None: unknown."""

    root: Watched

    def __call__(self, ev: Evaluation, env: Env, hits: Hits) -> bool | None:
        """The truth in these surroundings."""
        found = _evaluate(self.root, ev, env, hits)
        if found.truth is not None:
            _decided_by(found, hits)
        return found.truth

    @property
    def numbers(self) -> frozenset[int]:
        """The items of its tests, without those inside of them."""
        return frozenset(_numbers(self.root))


def _numbers(node: Watched) -> Iterator[int]:
    if isinstance(node, Leaf):
        yield from (node.true, node.false, node.decides_true, node.decides_false)
    else:
        for part in (node.part,) if isinstance(node, Negation) else node.parts:
            yield from _numbers(part)


def _evaluate(node: Watched, ev: Evaluation, env: Env, hits: Hits) -> _Found:
    if isinstance(node, Leaf):
        return _leaf(node, ev, env, hits)
    if isinstance(node, Negation):
        part = _evaluate(node.part, ev, env, hits)
        return _Found(node, None if part.truth is None else not part.truth, (part,))
    # All parts are looked at: in three-valued logic none is left out because of one before it.
    parts = tuple([_evaluate(p, ev, env, hits) for p in node.parts])
    truths = [p.truth for p in parts]
    truth = node.decisive if node.decisive in truths else (None if None in truths else not node.decisive)
    return _Found(node, truth, parts)


def _leaf(leaf: Leaf, ev: Evaluation, env: Env, hits: Hits) -> _Found:
    got = leaf.run(ev, env)
    for probe in leaf.inside:
        probe(ev, env, hits)
    if got is True:
        hits.add(leaf.true)
        return _Found(leaf, truth=True)
    if got is False:
        hits.add(leaf.false)
        return _Found(leaf, truth=False)
    return _Found(leaf, truth=None)


def _decided_by(found: _Found, hits: Hits) -> None:
    """Note every part that alone decides; ``found`` is known and itself decides."""
    node = found.node
    if isinstance(node, Leaf):
        hits.add(node.decides_true if found.truth else node.decides_false)
    elif isinstance(node, Negation):
        _decided_by(found.parts[0], hits)
    else:
        # Either every part is needed, or the outcome rests on those that settle it: on one alone, or on none alone.
        settling = [p for p in found.parts if p.truth is node.decisive]
        needed = (*found.parts,) if found.truth is not node.decisive else settling if len(settling) == 1 else ()
        for part in needed:
            _decided_by(part, hits)
