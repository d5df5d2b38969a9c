"""How many requests a worker decides at a time. What comes beyond is refused at once, its body not read."""

from __future__ import annotations

import threading
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from policyengine.web.problems import OVERLOADED, Problem

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

    def take(self) -> None:
        """Takes a place. Raises Problem at once if there is none."""
        if not self._free.acquire(blocking=False):
            self._refused.inc()
            retry = (("Retry-After", str(RETRY_SECONDS)),)
            detail = "as many requests are being decided as may be at a time"
            raise Problem(OVERLOADED, detail, "come again as `Retry-After` says", headers=retry)
        self._deciding.inc()

    def leave(self) -> None:
        """Gives a place back."""
        self._free.release()
        self._deciding.dec()
