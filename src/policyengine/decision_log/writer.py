"""Group commit: one thread commits what many requests wait for, in one transaction.

A commit has to wait for the disk. While it waits, requests pile up; they all go into the next one. So the more there is
to do, the less each costs, and nobody is told of a commit before it is there.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection, update
from sqlalchemy.exc import DataError, IntegrityError

from policyengine.decision_log.chain import Head, append, locked_head
from policyengine.decision_log.entry import Entry
from policyengine.decision_log.errors import AnswerChanged, KeyReused, LogUnavailable
from policyengine.decision_log.idempotency import (
    FORGET_EVERY,
    FirstAnswer,
    IdempotencyKey,
    bound,
    first_answer,
    forget,
    remember,
)
from policyengine.decision_log.ids import moment_text
from policyengine.decision_log.schema import CHAIN, HEAD_ROW
from policyengine.decision_log.store import Store

_log = logging.getLogger(__name__)

#: Records that go into one transaction, unless one request alone has more.
MOST_AT_ONCE: Final = 2_000
#: Records that may wait; more are refused at once.
MOST_WAITING: Final = 20_000
#: What the time is, in UTC.
Clock = Callable[[], datetime]
#: Seconds that a request waits for its commit before it is told that there is none.
WAIT_SECONDS: Final = 20.0


@dataclass(eq=False, slots=True)
class _Pending:
    """What one request waits for: its entries, and what became of them. ``body`` is the answer, for its key."""

    entries: Sequence[Entry]
    key: IdempotencyKey | None = None
    body: bytes = b""
    done: threading.Event = field(default_factory=threading.Event)
    first: FirstAnswer | None = None
    error: Exception | None = None


@dataclass(slots=True)
class Commits:
    """What a writer has done since it began."""

    commits: int = 0
    records: int = 0


class Writer:
    """Commits for the threads of one process. ``after`` is told the head of the chain after each commit.

    First answers that are too old are let go of with what is committed next, a probe too.
    """

    def __init__(
        self,
        store: Store,
        after: Callable[[Head], None] | None = None,
        wait: float = WAIT_SECONDS,
        clock: Clock = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._clock = clock
        self._forget_at: datetime | None = None
        self._after = after
        self._wait = wait
        self._waiting: deque[_Pending] = deque()
        self._records = 0
        self._changed = threading.Condition()
        self._closed = False
        self.counts = Commits()
        self._thread = threading.Thread(target=self._run, name="decision-log", daemon=True)
        self._thread.start()

    def commit(
        self, entries: Sequence[Entry], key: IdempotencyKey | None = None, body: bytes = b""
    ) -> FirstAnswer | None:
        """Return once the entries are committed: None; or, if the key had an answer already, that one.

        Raises KeyReused and AnswerChanged, and LogUnavailable when it cannot be known that they are committed.
        """
        pending = _Pending(entries if key is None else bound(entries, body), key, body)
        self._queue(pending)
        if not pending.done.wait(self._wait):
            self._give_up(pending)
        if isinstance(pending.error, LogUnavailable):
            # Several requests may have failed together: each raises an exception of its own.
            raise LogUnavailable(str(pending.error)) from pending.error
        if pending.error is not None:
            raise pending.error
        return pending.first

    def probe(self) -> None:
        """Raises LogUnavailable unless something can be written and committed now."""
        self.commit(())

    def close(self) -> None:
        """Commit what waits, and end. Nothing can be committed afterwards."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        self._store.close()

    def _queue(self, pending: _Pending) -> None:
        with self._changed:
            if self._closed:
                raise LogUnavailable("the decision log was closed")
            if self._records + len(pending.entries) > MOST_WAITING and self._waiting:
                raise LogUnavailable(f"{self._records} records wait for the decision log already")
            self._records += len(pending.entries)
            self._waiting.append(pending)
            self._changed.notify()

    def _give_up(self, pending: _Pending) -> None:
        with self._changed:
            if pending in self._waiting:
                self._waiting.remove(pending)
                self._records -= len(pending.entries)
        # It may be in the transaction that takes so long: then it is logged, perhaps, and was not answered.
        if not pending.done.is_set():
            raise LogUnavailable(f"the decision log did not commit within {self._wait:g} seconds")

    def _run(self) -> None:
        while batch := self._next():
            self._commit(batch)

    def _next(self) -> list[_Pending]:
        """What to commit now, waited for; nothing when the writer is closed."""
        with self._changed:
            while not (self._waiting or self._closed):
                self._changed.wait()
            batch: list[_Pending] = []
            size = 0
            while self._waiting and (not batch or size + len(self._waiting[0].entries) <= MOST_AT_ONCE):
                batch.append(self._waiting.popleft())
                size += len(batch[-1].entries)
            self._records -= size
            return batch

    def _commit(self, batch: Sequence[_Pending]) -> None:
        """Commit a batch and tell its requests; what a database refuses of one must not fail the others."""
        try:
            head = self._transact(batch)
        except Exception as e:  # noqa: BLE001 - the requests are told, and this thread goes on
            if len(batch) > 1 and isinstance(e.__cause__, DataError | IntegrityError):
                for pending in batch:
                    self._commit([pending])
                return
            for pending in batch:
                pending.error = e
                pending.done.set()
            return
        for pending in batch:
            pending.done.set()
        self._tell(head)

    def _transact(self, batch: Sequence[_Pending]) -> Head:
        now = self._clock()
        forgets = self._forget_at is None or now >= self._forget_at
        with self._store.writing() as connection:
            head = locked_head(connection)
            if forgets:
                forget(connection, now)
            first_here: dict[tuple[str, str], _Pending] = {}
            for pending in batch:
                pending.first, pending.error = None, None
                try:
                    pending.first = _first(connection, pending, first_here, now)
                except (KeyReused, AnswerChanged) as e:
                    pending.error = e
            fresh = [p for p in batch if p.first is None and p.error is None]
            entries = [entry for pending in fresh for entry in pending.entries]
            head = append(connection, head, entries)
            if not entries:
                probed = update(CHAIN).where(CHAIN.c.id == HEAD_ROW).values(probed=moment_text(now))
                connection.execute(probed)
        if forgets:
            self._forget_at = now + FORGET_EVERY
        self.counts.commits += 1
        self.counts.records += len(entries)
        return head

    def _tell(self, head: Head) -> None:
        try:
            if self._after is not None:
                self._after(head)
        except Exception:  # noqa: BLE001 - the commit stands, whatever others make of it
            _log.exception("what follows a commit of the decision log failed")


def _first(
    connection: Connection, pending: _Pending, here: dict[tuple[str, str], _Pending], now: datetime
) -> FirstAnswer | None:
    """The first answer to the key of a request; if there was none, this one's is it from now on.

    ``here`` has those that are first answers in this very transaction, whose records are not written yet.
    """
    key = pending.key
    if key is None:
        return None
    before = here.get(key[:2])
    if before is not None:
        key.must_be_of(before.key.request_hash if before.key else "")
        return FirstAnswer(before.body, before.entries[0].digest or "")
    found = first_answer(connection, key, now)
    if found is None and pending.entries:
        remember(connection, key, pending.body, pending.entries[0].decision_id, now)
        here[key[:2]] = pending
    return found
