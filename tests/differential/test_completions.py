"""A decision is settled exactly when every way of making its unknown rules true or false gives the same word.

Refusals are the exception: once it is certain that the matter is refused, one word is given at once, though an unknown
refusal might have given another refused word.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from tests.differential.compare import Bench
from tests.differential.sides import every_truth

from policyengine.backends.base import Matches, Truths
from policyengine.engine.resolve import Resolution, Rulebook, resolve
from policyengine.model.rules import Class, DecisionSpec

SEEDS = 40
REQUESTS = 10
MOST_UNKNOWN = 6
LEAST = 100


def resolved(spec: DecisionSpec, matches: Matches) -> Resolution:
    elements = None if spec.each is None or matches.elements is None else list(matches.elements.values())
    return resolve(Rulebook(spec), matches.document, elements)


def completions(matches: Matches) -> Iterator[Matches]:
    """The same truths with every unknown one made true or false, in every way."""
    elements = matches.elements or {}
    keys = (None, *elements)
    unknown = [(key, i) for key in keys for i in (matches.document if key is None else elements[key]).unknown]
    for chosen in product((True, False), repeat=len(unknown)):
        true = {key: {i for (k, i), held in zip(unknown, chosen, strict=True) if held and k == key} for key in keys}
        yield Matches(_with(matches.document, true[None]), {k: _with(t, true[k]) for k, t in elements.items()})


def _with(truths: Truths, more: set[int]) -> Truths:
    return Truths(tuple(sorted({*truths.true, *more})))


def check(spec: DecisionSpec, matches: Matches) -> None:
    found = resolved(spec, matches)
    words = {resolved(spec, c).word for c in completions(matches)}
    assert None not in words
    if found.word is None:
        assert len(words) > 1
    elif spec.verdicts[found.word] is Class.REFUSED:
        assert {spec.verdicts[w] for w in words if w} == {Class.REFUSED}
    else:
        assert words == {found.word}


def test_every_completion_gives_the_settled_word_and_no_other() -> None:
    checked = undetermined = 0
    for seed in range(SEEDS):
        bench = Bench.of(seed)
        for request in bench.requests(REQUESTS):
            for decision, spec in bench.bundle.decisions.items():
                answer = bench.compare(decision, request)
                if answer is None or answer.matches is None or answer.matches.elements is None:
                    continue
                open_ = sum(truth is None for truth in every_truth(spec, answer.matches).values())
                if 0 < open_ <= MOST_UNKNOWN:
                    check(spec, answer.matches)
                    checked += 1
                    undetermined += answer.decision.verdict_class == "undetermined"
        bench.close()
    assert checked > LEAST
    assert undetermined > LEAST / 4
