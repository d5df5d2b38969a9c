"""Signs the heads of a service's log while it runs, from a thread of its own: no commit waits for the file of heads.

A head is signed after so many records, so many seconds after a record at the latest, and when the log is closed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from policyengine.decision_log.chain import Head
from policyengine.decision_log.heads import append_head, signed
from policyengine.signatures import PrivateKey

#: Records, and seconds, after which a service that signs heads signs the next one.
HEAD_RECORDS: Final = 1_000
HEAD_SECONDS: Final = 60.0
#: Seconds until a head that could not be written is tried again.
RETRY_SECONDS: Final = 5.0
_log = logging.getLogger(__name__)


class HeadExport:
    """Adds signed heads to a file. ``failed`` is told of each time that it could not."""

    def __init__(
        self,
        path: Path,
        key: PrivateKey,
        failed: Callable[[], object],
        records: int = HEAD_RECORDS,
        seconds: float = HEAD_SECONDS,
    ) -> None:
        self._path, self._key, self._failed = path, key, failed
        self._records, self._seconds = records, seconds
        self._newest = self._written = 0
        self._hash = ""
        # The first head is signed at once: before it there is nothing to go by.
        self._due = float("-inf")
        self._retry = float("-inf")
        self._is_failing = self._is_closed = self._hurries = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="log-heads", daemon=True)
        self._thread.start()

    def __call__(self, head: Head) -> None:
        """The chain has this head now."""
        with self._changed:
            if head.sequence > self._newest:
                self._newest, self._hash = head
                self._changed.notify()

    def hurry(self) -> None:
        """From now on sign every head without delay."""
        with self._changed:
            self._hurries = True
            self._changed.notify()

    def close(self) -> None:
        """Sign the last head, and end."""
        with self._changed:
            self._is_closed = True
            self._changed.notify()
        self._thread.join()

    def _run(self) -> None:
        while (head := self._next()) is not None:
            self._write(head)
            if self._is_closed and self._is_failing:
                return

    def _next(self) -> Head | None:
        """The head that is to be signed now, waited for; None when there will be no more."""
        with self._changed:
            while True:
                if self._newest > self._written:
                    wait = 0.0 if self._is_closed else self._seconds_left()
                    if wait <= 0:
                        return Head(self._newest, self._hash)
                    self._changed.wait(wait)
                elif self._is_closed:
                    return None
                else:
                    self._changed.wait()

    def _seconds_left(self) -> float:
        is_due = self._hurries or self._newest - self._written >= self._records
        due = self._retry if is_due else max(self._due, self._retry)
        return due - time.monotonic()

    def _write(self, head: Head) -> None:
        try:
            append_head(self._path, signed(head, self._key))
        except Exception as e:  # noqa: BLE001 - the records stand, and this thread goes on
            self._failed()
            if not self._is_failing:
                self._is_failing = True
                _log.error("signed heads of the decision log cannot be written, and are tried again: %s", e)
            self._retry = time.monotonic() + RETRY_SECONDS
            return
        self._written, self._due = head.sequence, time.monotonic() + self._seconds
        if self._is_failing:
            self._is_failing = False
            _log.warning("signed heads of the decision log are written again")
