"""Runs over many seeds: how much was compared, what was seen, what differed."""

from __future__ import annotations

import traceback
from contextlib import nullcontext
from dataclasses import dataclass, field

from tests.differential.compare import Bench, Difference
from tests.differential.coverage import Seen, count_answer, watching
from tests.differential.sizes import LARGE, size_of

#: Decisions asked of each bundle.
CASES = 180
#: Large bundles are watched while the reference works on them, which takes twice as long; of the others one in so many.
WATCHED = 16
#: So many differences are kept; more would not be read.
MOST_KEPT = 20


@dataclass
class Run:
    """``compared`` counts decisions compared in full, rule by rule; ``refused`` those turned away.

    ``broken`` tells of seeds that could not be run to their end: what killed the process, or what it raised.
    """

    compared: int = 0
    refused: int = 0
    bundles: int = 0
    watched: int = 0
    seen: Seen = field(default_factory=Seen)
    differences: list[Difference] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def add(self, other: Run) -> None:
        """Take another run's figures in."""
        self.compared += other.compared
        self.refused += other.refused
        self.bundles += other.bundles
        self.watched += other.watched
        self.seen.update(other.seen)
        self.differences = [*self.differences, *other.differences][:MOST_KEPT]
        self.broken += other.broken

    @property
    def failed(self) -> bool:
        """Whether anything differed or broke."""
        return bool(self.differences or self.broken)


def run_seed(seed: int, cases: int = CASES, *, watch: bool | None = None) -> Run:
    """Compare all sides on one bundle. ``watch``: count the forms that the reference meets; left out: of some seeds."""
    watch = (size_of(seed) is LARGE or seed % WATCHED == 0) if watch is None else watch
    run = Run(bundles=1, watched=int(watch))
    bench = Bench.of(seed)
    try:
        with watching(run.seen) if watch else nullcontext():
            for _, _, answer in bench.answers(cases):
                count_answer(run.seen, bench.bundle, answer)
    finally:
        bench.close()
    run.compared, run.refused, run.differences = bench.compared, bench.refused, bench.found[:MOST_KEPT]
    return run


def run_seed_safely(seed: int, cases: int = CASES) -> Run:
    """The same; what is raised is told in the run."""
    try:
        return run_seed(seed, cases)
    except Exception:  # noqa: BLE001 - one seed must not end the others' run
        return Run(broken=[f"seed {seed} raises:\n{traceback.format_exc(limit=-5)}"])
