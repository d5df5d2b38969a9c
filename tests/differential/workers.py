"""Processes that run seeds. One that dies, whatever kills it, loses its seed only, and that is told."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from tests.differential.runs import Run, run_seed_safely

#: A seed that takes longer than this is given up, and told. Most take less than a second.
MOST_SECONDS = 900.0

Work = Callable[[int], Run]


@dataclass
class _Worker:
    """A process, and the seed it is at since when."""

    process: BaseProcess
    line: Connection
    seed: int
    since: float

    @classmethod
    def started(cls, work: Work, seed: int) -> _Worker:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(target=_serve, args=(theirs, work), daemon=True)
        process.start()
        theirs.close()  # so that the end of the process is the end of the line
        worker = cls(process, ours, seed, 0.0)
        worker.give(seed)
        return worker

    def give(self, seed: int) -> None:
        self.seed, self.since = seed, time.monotonic()
        self.line.send(seed)

    def stop(self) -> None:
        self.line.close()
        self.process.kill()
        self.process.join()


def run_each(seeds: Iterator[int], jobs: int, work: Work = run_seed_safely) -> Iterator[tuple[int, Run]]:
    """Each seed with its run, in the order in which they are done, until there are no more seeds."""
    workers = [_Worker.started(work, seed) for seed in islice(seeds, jobs)]
    try:
        while workers:
            for worker in _ready(workers):
                yield worker.seed, _taken(worker)
                workers.remove(worker)
                following = next(seeds, None)
                if following is None:
                    worker.stop()
                elif worker.process.is_alive():
                    worker.give(following)
                    workers.append(worker)
                else:
                    workers.append(_Worker.started(work, following))
    finally:
        for worker in workers:
            worker.stop()


def _ready(workers: list[_Worker]) -> list[_Worker]:
    """Those that are done, dead, or late."""
    lines = wait([w.line for w in workers], timeout=1.0)
    late = time.monotonic() - MOST_SECONDS
    return [w for w in workers if w.line in lines or w.since < late]


def _taken(worker: _Worker) -> Run:
    try:
        if worker.line.poll():
            found: Run = worker.line.recv()
            return found
        told = f"took more than {MOST_SECONDS:.0f} seconds"
    except EOFError:
        worker.process.join()
        told = _end(worker.process.exitcode)
    worker.stop()
    return Run(broken=[f"seed {worker.seed} {told}"])


def _end(code: int | None) -> str:
    if code is not None and code < 0:
        return f"ends its process by {signal.Signals(-code).name}"
    return f"ends its process with code {code}"


def _serve(line: Connection, work: Work) -> None:
    """The process: seeds in, runs out."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who starts the run stops it
    while True:
        try:
            seed = line.recv()
        except EOFError:
            return
        line.send(work(seed))
