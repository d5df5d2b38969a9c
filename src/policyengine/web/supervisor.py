"""The process that starts the workers also says what they serve: it judges, and has all of them swap together.

A new generation reaches the workers in two steps. First every worker loads it and makes its engines, while it goes on
with the old one; if one of them cannot, none swaps. Then each is told to swap, which takes no time: what lies between
the first and the last is the skew. A worker that starts is told the generation in service, never the files on disk.
"""

from __future__ import annotations

import contextlib
import queue
import shutil
import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from typing import Any, Final

from policyengine.web.generations import (
    ALLOWED_SKEW,
    Released,
    Status,
    control_path,
    message,
    said,
    status_path,
)
from policyengine.web.judging import Judge, Judged
from policyengine.web.outcomes import changes_of, log, log_outcome, result_of, unprepared
from policyengine.web.trial import Trials

#: Seconds that workers have to load a generation before it is given up.
PREPARING: Final = 120.0

Json = dict[str, Any]


@dataclass(eq=False, slots=True)
class _Worker:
    """A worker that is connected: what it serves, and what it said of the generation that is prepared."""

    pid: int
    connection: Connection
    serves: int | None = None
    prepared: int | None = None
    failed: tuple[int, str] | None = None
    since: float = 0.0


@dataclass(eq=False, slots=True)
class Asked:
    """Somebody who asked for a reload: why, and whether bundles that are gone go out of service."""

    why: str
    removes: bool
    done: threading.Event = field(default_factory=threading.Event)
    outcome: Json = field(default_factory=dict)

    def wait(self) -> Json:
        """What came of it, once it is done."""
        self.done.wait()
        return self.outcome


class Supervisor:
    """Holds what is in service. ``folder`` is private to the service; ``released`` is what it starts with."""

    def __init__(self, folder: Path, judge: Judge, trials: Trials, released: Mapping[str, Released]) -> None:
        self._folder, self._judge, self._trials = folder, judge, trials
        self._status = Status(1, time.time(), tuple(released.values()))
        self._workers: list[_Worker] = []
        self._counts: Counter[str] = Counter()
        # Of every attempt: an answer to an earlier one is never taken for one to this.
        self._number = self._status.generation
        self._changed = threading.Condition()
        # Held while a generation is brought to the workers: whoever starts meanwhile waits for the outcome.
        self._publishing = threading.Lock()
        self._asked: queue.SimpleQueue[Asked | None] = queue.SimpleQueue()
        self._listener = Listener(control_path(folder), "AF_UNIX", backlog=64)
        self._reloader = threading.Thread(target=self._reload_when_asked, name="reload", daemon=True)
        self._write()

    def start(self) -> None:
        """Begin to listen to workers and to requests."""
        threading.Thread(target=self._accept, name="workers", daemon=True).start()
        self._reloader.start()

    def ask(self, why: str, *, removes: bool) -> Asked:
        """Ask for a reload; may be called from a signal handler. All that ask while one runs share the next one."""
        asked = Asked(why, removes)
        self._asked.put(asked)
        return asked

    def close(self) -> None:
        """End what is being tried, and reload no more."""
        self._trials.close()
        self._asked.put(None)
        self._reloader.join(timeout=5)
        self._listener.close()

    # -- workers -----------------------------------------------------------------------------

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()
            except OSError:  # closed
                return
            threading.Thread(target=self._talk, args=(connection,), name="worker", daemon=True).start()

    def _talk(self, connection: Connection) -> None:
        """With a worker until it ends, or with one of its threads that asks for a reload."""
        with connection, contextlib.suppress(EOFError, OSError):
            first = said(connection.recv_bytes())
            if "reload" in first:
                asked = self.ask(first["reload"], removes=True)
                connection.send_bytes(message(**asked.wait()))
                return
            with self._publishing:
                worker = self._greet(first["hello"], connection)
            try:
                while True:
                    self._heard(worker, said(connection.recv_bytes()))
            finally:
                self._left(worker)

    def _greet(self, pid: int, connection: Connection) -> _Worker:
        worker = _Worker(pid, connection)
        connection.send_bytes(self._document("serve", self._status))
        with self._changed:
            self._workers.append(worker)
            self._status = replace(self._status, starts=self._status.starts + 1)
            self._write()
        return worker

    def _heard(self, worker: _Worker, told: Json) -> None:
        with self._changed:
            if "serving" in told:
                worker.serves, worker.since = told["serving"], time.monotonic()
                self._write()
            elif "prepared" in told:
                worker.prepared = told["prepared"]
            else:
                worker.failed = told["failed"], told["why"]
            self._changed.notify_all()

    def _left(self, worker: _Worker) -> None:
        with self._changed:
            self._workers.remove(worker)
            self._write()
            self._changed.notify_all()

    def _document(self, verb: str, status: Status) -> bytes:
        return message(**{verb: status.generation, "bundles": [asdict(released) for released in status.bundles]})

    def _write(self) -> None:
        """Tell how things stand to whoever reads the file."""
        workers = {w.pid: w.serves for w in self._workers}
        self._status = replace(self._status, workers=workers, reloads=dict(self._counts))
        try:
            self._status.write(status_path(self._folder))
        except OSError as e:
            # A full disk must keep nobody from reloading; what is told is then old until the next change.
            log.error("how the service stands could not be written: %s", e)

    # -- reloading ---------------------------------------------------------------------------

    def _reload_when_asked(self) -> None:
        while True:
            waiting = [self._asked.get()]
            with contextlib.suppress(queue.Empty):
                while True:
                    waiting.append(self._asked.get_nowait())
            asked = [one for one in waiting if one is not None]
            if len(asked) < len(waiting):
                _answer(asked, {"result": "failed", "why": "the service is ending"})
                return
            try:
                outcome = self._reload(asked)
            except Exception as e:  # noqa: BLE001 - whatever it was: what is in service stays, and somebody is told
                log.exception("reload (%s) failed; nothing was changed", asked[0].why)
                why = f"the reload failed with {type(e).__name__}; the log of the service has more"
                with self._changed:
                    self._status = replace(self._status, failed=why)
                self._count("failed")
                outcome = {"result": "failed", "why": why}
            _answer(asked, outcome)

    def _reload(self, asked: Sequence[Asked]) -> Json:
        before = {released.id: released for released in self._status.bundles}
        judged = self._judge.judge(before, removes=any(one.removes for one in asked))
        changes = changes_of(before, judged.bundles)
        late: list[int] = []
        if changes:
            with self._publishing:
                failed = self._prepare(judged)
                if failed:
                    judged = Judged(before, (*judged.refused, *unprepared(changes, judged, before, failed)))
                    changes = []
                else:
                    late = self._commit(judged)
        self._note(judged)
        self._forget_copies()
        result = "late" if late else result_of(changes, judged.refused)
        self._count(result)
        outcome = self._outcome(result, changes, late)
        log_outcome(", ".join(dict.fromkeys(one.why for one in asked)), outcome, self._status)
        return outcome

    def _prepare(self, judged: Judged) -> str:
        """Have every worker load the generation; why one of them could not, or nothing."""
        self._number = number = self._number + 1
        status = replace(self._status, generation=number, bundles=tuple(judged.bundles.values()))
        with self._changed:
            asked = list(self._workers)
            for worker in asked:
                self._send(worker, self._document("prepare", status))

            def failed() -> str:
                here = (w.failed for w in asked if w in self._workers)
                return next((why for at, why in filter(None, here) if at == number), "")

            def is_done() -> bool:
                return bool(failed()) or all(w.prepared == number for w in asked if w in self._workers)

            in_time = self._changed.wait_for(is_done, PREPARING)
            why = failed() if in_time else f"it took longer than {PREPARING:.0f} seconds"
            if why:
                for worker in asked:
                    self._send(worker, message(drop=number))
        return why

    def _commit(self, judged: Judged) -> list[int]:
        """Have every worker swap; the process ids of those that did not in time."""
        number = self._number
        with self._changed:
            bundles = tuple(judged.bundles.values())
            self._status = replace(self._status, generation=number, published=time.time(), bundles=bundles, skew=None)
            self._write()
            for worker in self._workers:
                self._send(worker, message(commit=number))
            self._changed.wait_for(lambda: all(w.serves == number for w in self._workers), ALLOWED_SKEW)
            swapped = [w.since for w in self._workers if w.serves == number]
            skew = round(max(swapped) - min(swapped), 6) if swapped else None
            self._status = replace(self._status, skew=skew)
            self._write()
            return sorted(w.pid for w in self._workers if w.serves != number)

    def _send(self, worker: _Worker, data: bytes) -> None:
        # One that ended is taken out by the thread that reads from it.
        with contextlib.suppress(OSError):
            worker.connection.send_bytes(data)

    def _note(self, judged: Judged) -> None:
        """Keep what is in service, and what was refused: since when, and how often the same."""
        earlier = {(r.source, r.bundle): r for r in self._status.refused}
        refused = [
            replace(r, since=old.since, times=old.times + 1) if (old := earlier.get((r.source, r.bundle))) else r
            for r in judged.refused
        ]
        with self._changed:
            self._status = replace(self._status, bundles=tuple(judged.bundles.values()), refused=tuple(refused))
            self._status = replace(self._status, failed="")
            self._write()

    def _count(self, result: str) -> None:
        with self._changed:
            self._counts[result] += 1
            self._write()

    def _forget_copies(self) -> None:
        """Copies that nobody will load any more go."""
        with self._publishing:
            used = {Path(released.files) for released in self._status.bundles}
            for folder in self._judge.copies():
                if folder not in used:
                    shutil.rmtree(folder, ignore_errors=True)

    def _outcome(self, result: str, changes: Sequence[Json], late: Sequence[int]) -> Json:
        status = self._status
        return {
            "result": result,
            "generation": status.generation,
            "bundles": list(changes),
            "refused": [asdict(refused) for refused in status.refused],
            "workers": len(status.workers),
            "skew_seconds": status.skew,
            "late": list(late),
        }


def _answer(asked: Sequence[Asked], outcome: Json) -> None:
    for one in asked:
        one.outcome = outcome
        one.done.set()
