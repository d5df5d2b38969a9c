"""Which conditions decide, compared with trying every turn, on random conditions in three-valued logic."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from hypothesis import given
from hypothesis import strategies as st

from policyengine.coverage.conditions import Condition, Junction, Leaf, Negation, Watched
from policyengine.evaluation.env import EMPTY_ENV
from policyengine.evaluation.evaluator import Evaluation
from policyengine.evaluation.values import UNKNOWN

NO_EVALUATION = cast("Evaluation", None)
Truth = bool | None
#: A shape: the truth of a leaf, ("not", shape), or ("and" | "or", shapes).
Shape = object

leaves = st.sampled_from([True, False, None])
shapes = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, max_size=4).map(tuple)),
    ),
    max_leaves=12,
)


def truth_of(shape: Shape, turned: Sequence[int], count: list[int]) -> Truth:
    """Kleene's truth, written out anew; the leaves of these numbers are turned round."""
    if not isinstance(shape, tuple):
        number = count[0]
        count[0] += 1
        return None if shape is None else shape is not (number in turned)
    word, parts = shape
    if word == "not":
        inner = truth_of(parts, turned, count)
        return None if inner is None else not inner
    truths = [truth_of(p, turned, count) for p in parts]
    decisive = word == "or"
    return decisive if decisive in truths else None if None in truths else not decisive


def watched(shape: Shape, found: list[Truth]) -> Watched:
    """The same as the meter has it; leaf n has the items 4n to 4n + 3."""
    if not isinstance(shape, tuple):
        found.append(shape)
        first = 4 * (len(found) - 1)
        return Leaf(lambda _ev, _env: UNKNOWN if shape is None else shape, first, first + 1, first + 2, first + 3, ())
    word, parts = shape
    if word == "not":
        return Negation(watched(parts, found))
    return Junction(word == "or", tuple(watched(p, found) for p in parts))


@given(shapes)
def test_a_condition_decides_exactly_when_turning_it_alone_changes_a_known_outcome(shape: Shape):
    given_truths: list[Truth] = []
    condition = Condition(watched(shape, given_truths))
    hits: set[int] = set()
    outcome = condition(NO_EVALUATION, EMPTY_ENV, hits)
    assert outcome is truth_of(shape, (), [0])
    expected: set[int] = set()
    for n, truth in enumerate(given_truths):
        if truth is None:
            continue
        expected.add(4 * n + (0 if truth else 1))
        if outcome is not None and truth_of(shape, (n,), [0]) is not outcome:
            expected.add(4 * n + (2 if truth else 3))
    assert hits == expected
