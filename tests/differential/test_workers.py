"""A process that dies loses its seed only, and what killed it is told."""

from __future__ import annotations

import os
import signal

from tests.differential.runs import Run
from tests.differential.workers import run_each

CRASHING, EXITING = 3, 5


def work(seed: int) -> Run:
    """Stands for a run whose process is killed by a fault in C, or ends, at two of the seeds."""
    if seed == CRASHING:
        os.kill(os.getpid(), signal.SIGSEGV)
    if seed == EXITING:
        os._exit(7)
    return Run(compared=1)


def test_a_seed_that_kills_its_process_is_told_and_the_others_are_run() -> None:
    runs = dict(run_each(iter(range(8)), 2, work))
    assert sorted(runs) == list(range(8))
    assert runs[CRASHING].broken == [f"seed {CRASHING} ends its process by SIGSEGV"]
    assert runs[EXITING].broken == [f"seed {EXITING} ends its process with code 7"]
    assert sum(run.compared for run in runs.values()) == 6
    assert all(run.failed is (seed in (CRASHING, EXITING)) for seed, run in runs.items())
