"""A decision is settled exactly when every way of making its unknown rules true or false gives the same word.

Refusals are the exception: once it is certain that the matter is refused, one word is given at once, though an unknown
refusal might have given another refused word.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from tests.differential.compare import Bench, Truths

from policyengine.engine.resolve import Resolution, Rulebook, resolve
from policyengine.model.rules import Class, DecisionSpec

SEEDS = 10
REQUESTS = 16
MOST_UNKNOWN = 6
LEAST = 100


def resolved(spec: DecisionSpec, truths: Truths, keys: list[str]) -> Resolution:
    def of(element: str | None) -> list[bool | None]:
        return [truths.get((rule.index, element)) for rule in spec.rules]

    return resolve(Rulebook(spec), of(None), [of(k) for k in keys] if spec.each else None)


def completions(truths: Truths) -> Iterator[Truths]:
    unknown = [k for k, truth in truths.items() if truth is None]
    for values in product((True, False), repeat=len(unknown)):
        yield {**truths, **dict(zip(unknown, values, strict=True))}


def check(spec: DecisionSpec, truths: Truths, keys: list[str]) -> None:
    found = resolved(spec, truths, keys)
    words = {resolved(spec, c, keys).word for c in completions(truths)}
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
            keys = [str(e["key"]) for e in request.facts.get("items") or ()]
            for decision in ("whole", "each_item", "cut"):
                answer = bench.compare(decision, request)
                spec = bench.bundle.decisions[decision]
                if answer is None or (spec.each and "items" not in request.facts):
                    continue
                open_ = sum(truth is None for truth in answer[1].values())
                if 0 < open_ <= MOST_UNKNOWN:
                    check(spec, answer[1], keys)
                    checked += 1
                    undetermined += answer[0].verdict_class == "undetermined"
        bench.production.close()
    assert checked > LEAST
    assert undetermined > LEAST / 4
