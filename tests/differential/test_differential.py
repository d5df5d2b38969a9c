"""The engine says what the reference says on every back end, on generated bundles and facts that cover the language."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor

from tests.differential.compare import load
from tests.differential.coverage import report, unmet
from tests.differential.generator import generate
from tests.differential.requests import Requests
from tests.differential.runs import Run, run_seed
from tests.differential.sides import every_truth, expected
from tests.differential.sizes import LARGE, SMALL, size_of

from policyengine import reference

#: Decisions compared in full, with the truth of every rule.
LEAST = 20_000
BUNDLES = 180
#: Decisions asked of each: more bundles show more than more decisions do.
CASES = 120
JOBS = 2


def watched(seed: int) -> Run:
    """One seed; what small bundles hold, larger ones hold too."""
    return run_seed(seed, CASES, watch=size_of(seed) is not SMALL)


def everything() -> Run:
    """All seeds, in processes of their own, which share nothing with each other or with the other tests."""
    total = Run()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(JOBS, mp_context=context) as pool:
        for run in pool.map(watched, range(BUNDLES)):
            total.add(run)
    return total


def test_all_sides_say_the_same_of_every_form_of_the_language_in_every_outcome() -> None:
    run = everything()
    assert not run.differences, "\n\n".join(str(d) for d in run.differences[:3])
    assert run.compared >= LEAST
    # Requests in a currency that is not the declared one are refused before anything is decided; they are few.
    assert run.refused < run.compared / 10
    assert not unmet(run.seen), f"never seen: {unmet(run.seen)}\n{report(run.seen)}"


def test_a_seed_always_gives_the_same_bundle_and_requests() -> None:
    first, second = generate(7), generate(7)
    assert first == second
    bundle = load(first)
    requests = [Requests(bundle, first.constants, 7) for _ in range(2)]
    assert [requests[0].next() for _ in range(5)] == [requests[1].next() for _ in range(5)]


def test_the_truths_listened_to_are_those_that_the_reference_matches() -> None:
    seed = next(s for s in range(100) if size_of(s) is LARGE)
    generated = generate(seed)
    bundle = load(generated)
    requests = Requests(bundle, generated.constants, seed)
    for _ in range(10):
        request = requests.next()
        for decision in ("whole", "each_item", "cut"):
            matched = reference.match(bundle, decision, request.facts, request.as_of)
            heard = expected(bundle, decision, request).matches
            assert every_truth(bundle.decisions[decision], heard) == matched


def test_different_seeds_give_different_bundles() -> None:
    assert len({repr(generate(seed).files) for seed in range(20)}) == 20
