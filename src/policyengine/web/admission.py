"""How many requests a worker decides at a time, and how many read its log. What comes beyond is refused at once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from policyengine.web.problems import OVERLOADED, Problem

#: Callers that read the log at a time: what they read is in memory, and they share the connections for reading with
#: requests that look for a first answer.
MOST_READERS: Final = 4
#: Seconds after which a caller that was refused may come again. A place is free as soon as one answer is sent.
RETRY_SECONDS: Final = 1


class Places:
    """As many places as ``count``: who decides holds one, from before its body is read until it is answered."""

    def __init__(self, count: int, registry: CollectorRegistry) -> None:
        self._free = threading.BoundedSemaphore(count)
        self._deciding = Gauge(
            "policyengine_http_deciding",
            "Requests that hold a place to be decided",
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._refused = Counter(
            "policyengine_http_overloaded", "Requests refused because every place was taken", registry=registry
        )
        self._readers = threading.BoundedSemaphore(MOST_READERS)

    def take(self) -> None:
        """Takes a place. Raises Problem at once if there is none."""
        if not self._free.acquire(blocking=False):
            raise self._overloaded("as many requests are being decided as may be at a time")
        self._deciding.inc()

    def leave(self) -> None:
        """Gives a place back."""
        self._free.release()
        self._deciding.dec()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """A place to read the log, of which there are a few, and which are none to decide. Raises Problem likewise."""
        if not self._readers.acquire(blocking=False):
            raise self._overloaded(f"{MOST_READERS} callers read the log already, and no more may at a time")
        try:
            yield
        finally:
            self._readers.release()

    def _overloaded(self, detail: str) -> Problem:
        self._refused.inc()
        retry = (("Retry-After", str(RETRY_SECONDS)),)
        return Problem(OVERLOADED, detail, "come again as `Retry-After` says", headers=retry)
