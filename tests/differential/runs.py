"""Runs over many seeds: how much was compared, what was seen, what differed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.differential.compare import Bench, Difference
from tests.differential.coverage import Seen, count_answer, watching

#: Requests for each bundle; each is asked of the bundle's four decisions.
REQUESTS = 60
#: So many differences are kept; more would not be read.
MOST_KEPT = 20


@dataclass
class Run:
    """``compared`` counts decisions compared in full, rule by rule; ``refused`` those turned away."""

    compared: int = 0
    refused: int = 0
    bundles: int = 0
    seen: Seen = field(default_factory=Seen)
    differences: list[Difference] = field(default_factory=list)

    def add(self, other: Run) -> None:
        """Take another run's figures in."""
        self.compared += other.compared
        self.refused += other.refused
        self.bundles += other.bundles
        self.seen.update(other.seen)
        self.differences = [*self.differences, *other.differences][:MOST_KEPT]


def run_seed(seed: int, requests: int = REQUESTS) -> Run:
    """Compare both sides on one bundle."""
    run = Run(bundles=1)
    bench = Bench.of(seed)
    with watching(run.seen):
        for _, _, (decision, truths) in bench.answers(requests):
            count_answer(run.seen, bench.bundle, decision, truths)
    bench.production.close()
    run.compared, run.refused, run.differences = bench.compared, bench.refused, bench.found[:MOST_KEPT]
    return run


def run_seeds(seeds: Iterable[int], requests: int = REQUESTS) -> Run:
    """Compare both sides on many bundles."""
    total = Run()
    for seed in seeds:
        total.add(run_seed(seed, requests))
    return total
