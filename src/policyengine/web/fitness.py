"""Whether the engines decide and the log can be written: tried out, and remembered for a moment.

Everybody may ask whether the service is ready, and trying costs decisions and a write to the disk: asked a thousand
times a second, it is tried once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from policyengine.web.problems import Problem

#: Seconds for which what was found counts.
KEPT_SECONDS: Final = 1.0


class LogState(Enum):
    """Whether the log can be written: it can; it cannot, and there are answers without it; or there are none."""

    WRITTEN = auto()
    MISSED = auto()
    NEEDED = auto()


@dataclass(frozen=True, slots=True)
class Found:
    """What came of trying: the bundles that cannot decide, by id, how it is with the log, and whether keys are read."""

    faulty: Sequence[str]
    log: LogState
    reads_keys: bool = True


class Fitness:
    """Tries for one caller at a time. ``faulty`` names the bundles whose engines fail.

    ``writes_log`` is true if the log can be written, and raises Problem if there are no answers without it;
    ``reads_keys`` is true if the keys can be read, or none are needed.
    """

    def __init__(
        self,
        faulty: Callable[[], Sequence[str]],
        writes_log: Callable[[], bool],
        reads_keys: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._faulty, self._writes_log, self._reads_keys, self._clock = faulty, writes_log, reads_keys, clock
        self._lock = threading.Lock()
        self._until = float("-inf")
        self._found: Found | None = None

    def lately(self) -> Found:
        """What came of it, not much more than a second ago.

        While it is being tried, and a database that hangs makes that long, others are told what came of it before: they
        must not all wait, and hold the threads by which the rest is answered.
        """
        known = self._found
        if not self._lock.acquire(blocking=known is None):
            return known or self.lately()
        try:
            if self._found is None or self._clock() >= self._until:
                self._found = Found(self._faulty(), self._log(), self._reads_keys())
                self._until = self._clock() + KEPT_SECONDS
            return self._found
        finally:
            self._lock.release()

    def _log(self) -> LogState:
        try:
            return LogState.WRITTEN if self._writes_log() else LogState.MISSED
        except Problem:
            return LogState.NEEDED
