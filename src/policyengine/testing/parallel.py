"""Running cases in several processes: in order, the same for any number of them, and none lost when one dies.

Workers are forked, so they have the bundle and its cases already; engines are made in each. A worker is told a stretch
of cases, answers one by one, and asks for more. The case at which a worker dies is an error; what it had still to do is
done by another.
"""

from __future__ import annotations

import gc
import io
import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import Final, cast

from policyengine.errors import EngineFault
from policyengine.source import SourceFile
from policyengine.testing.deciding import CaseRunner
from policyengine.testing.model import Case, Outcome, Status

#: Hears how many cases have been run.
Told = Callable[[int], None]
#: Makes what runs cases, once in every process.
MakeRunner = Callable[[], CaseRunner]

#: Cases that are worth a process of their own: it takes about as long to make its engines.
WORTH_A_PROCESS: Final = 200
#: Cases that a worker is given at a time: few enough that none is left with much at the end.
_STRETCH: Final = 25


def worthwhile_jobs(cases: int) -> int:
    """How many processes so many cases are worth on this machine."""
    return max(1, min(len(os.sched_getaffinity(0)), cases // WORTH_A_PROCESS))


def run_parallel(
    cases: Sequence[Case], make: MakeRunner, *, jobs: int, fail_fast: bool = False, told: Told | None = None
) -> tuple[Outcome, ...]:
    """How the cases come out, in their order; with ``fail_fast`` up to the first that does not pass.

    All is done in this process for one job, and where other threads run: a fork would leave them behind.
    """
    jobs = min(jobs, len(cases))
    found = _here(cases, make) if jobs <= 1 or threading.active_count() > 1 else _Pool(cases, make, jobs).outcomes()
    outcomes: dict[int, Outcome] = {}
    last = len(cases) - 1
    for index, outcome in found:
        outcomes[index] = outcome
        if told:
            told(len(outcomes))
        if fail_fast and outcome.status is not Status.PASSED:
            last = min(last, index)
        # What comes before the first failure must be known to have passed.
        if fail_fast and last in outcomes and all(n in outcomes for n in range(last)):
            break
    found.close()
    return tuple(outcomes[n] for n in range(last + 1))


Found = Generator[tuple[int, Outcome], None, None]


def _here(cases: Sequence[Case], make: MakeRunner) -> Found:
    if cases:
        with make() as runner:
            for index, case in enumerate(cases):
                yield index, runner.run(case)


@dataclass(slots=True)
class _Worker:
    """A process; ``todo`` are the cases that it was told and has not answered, in order."""

    process: ForkProcess
    connection: Connection
    todo: deque[int] = field(default_factory=deque)
    ready: bool = False


class _Pool:
    """The workers, and what is still to be given to one."""

    def __init__(self, cases: Sequence[Case], make: MakeRunner, jobs: int) -> None:
        self._cases, self._make, self._jobs = cases, make, jobs
        stretches = range(0, len(cases), _STRETCH)
        self._waiting = deque(list(range(n, min(n + _STRETCH, len(cases)))) for n in stretches)
        self._workers: dict[Connection, _Worker] = {}
        self._ended = "never started"

    def outcomes(self) -> Found:
        """Every case's index and outcome, as they come. Raises EngineFault when no engine can be made."""
        # What was read is kept for good: looking through it for circles would cost every worker a copy of it.
        gc.freeze()
        try:
            for _ in range(self._jobs):
                self._start()
            while self._workers:
                for connection in wait(list(self._workers)):
                    yield from self._hear(self._workers[cast("Connection", connection)])
            for index in (n for stretch in self._waiting for n in stretch):
                yield index, self._lost(index)
        finally:
            self._stop()
            gc.unfreeze()

    def _start(self) -> None:
        context = multiprocessing.get_context("fork")
        ours, theirs = context.Pipe()
        inherited = [ours, *self._workers]
        process = context.Process(target=_work, args=(theirs, inherited, self._make, self._cases), daemon=True)
        process.start()
        theirs.close()
        self._workers[ours] = _Worker(process, ours)

    def _hear(self, worker: _Worker) -> Found:
        try:
            message = worker.connection.recv_bytes()
        except (EOFError, OSError):
            yield from self._bury(worker)
            return
        if message.startswith(_UNABLE):
            raise EngineFault(message.removeprefix(_UNABLE).decode())
        if message == _READY:
            worker.ready = True
        else:
            index = worker.todo.popleft()
            yield index, _unpacked(message, self._cases[index])
        if not worker.todo:
            self._give(worker)

    def _give(self, worker: _Worker) -> None:
        """The next stretch; where there is none, the end."""
        if self._waiting:
            worker.todo.extend(self._waiting.popleft())
            with suppress(OSError):  # it has died, which will be heard
                worker.connection.send_bytes(pickle.dumps(list(worker.todo)))
        else:
            self._dismiss(worker)

    def _bury(self, worker: _Worker) -> Found:
        """Of a worker that died: the case it was at is an error, and another goes on with the rest."""
        self._dismiss(worker)
        self._ended = _how_it_ended(worker.process.exitcode)
        if worker.todo:
            index = worker.todo.popleft()
            yield index, self._lost(index)
        if worker.todo:
            self._waiting.appendleft(list(worker.todo))
        if self._waiting and worker.ready:
            self._start()

    def _lost(self, index: int) -> Outcome:
        told = f"the process that was to decide it {self._ended}"
        return Outcome(case=self._cases[index], status=Status.ERROR, error=told)

    def _dismiss(self, worker: _Worker) -> None:
        del self._workers[worker.connection]
        worker.connection.close()
        worker.process.join()

    def _stop(self) -> None:
        for worker in list(self._workers.values()):
            worker.process.terminate()
            self._dismiss(worker)


_READY: Final = b"ready"
_PASSED: Final = b"passed"
_UNABLE: Final = b"unable: "


def _work(connection: Connection, inherited: Sequence[Connection], make: MakeRunner, cases: Sequence[Case]) -> None:
    """What a worker does: cases, as it is told, until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the first process, which then ends this one
    for other in inherited:
        other.close()
    try:
        runner = make()
    except Exception as e:  # noqa: BLE001 - whatever it is, the first process has to tell it
        connection.send_bytes(_UNABLE + f"the engines cannot be made: {type(e).__name__}: {e}".encode())
        return
    with runner, suppress(EOFError, ConnectionError):  # the first process has no more cases, or is gone
        connection.send_bytes(_READY)
        while True:
            for index in pickle.loads(connection.recv_bytes()):  # noqa: S301 - from the process that we were forked from
                connection.send_bytes(_packed(runner.run(cases[index])))


def _how_it_ended(code: int | None) -> str:
    if code is not None and code < 0:
        return f"was ended by signal {signal.Signals(-code).name}"
    return f"ended with exit code {code}"


# An outcome travels without its case and files: whoever gave the case to decide has them.


class _Packer(pickle.Pickler):
    def persistent_id(self, part: object) -> str | None:
        return "case" if isinstance(part, Case) else "file" if isinstance(part, SourceFile) else None


class _Unpacker(pickle.Unpickler):
    def __init__(self, data: io.BytesIO, case: Case) -> None:
        super().__init__(data)
        self._case = case

    def persistent_load(self, name: str) -> Case | SourceFile:
        return self._case if name == "case" else self._case.span.file


def _packed(outcome: Outcome) -> bytes:
    if outcome == Outcome(case=outcome.case, status=Status.PASSED):
        return _PASSED
    data = io.BytesIO()
    _Packer(data).dump(outcome)
    return data.getvalue()


def _unpacked(message: bytes, case: Case) -> Outcome:
    if message == _PASSED:
        return Outcome(case=case, status=Status.PASSED)
    found: Outcome = _Unpacker(io.BytesIO(message), case).load()
    return found
