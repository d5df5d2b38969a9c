"""Tells the service's own log of keys that were refused, a line now and then: whoever tries many must not fill it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from policyengine.access.gate import Refusal, Verdict
from policyengine.web.logs import event_log

#: Seconds after a line before the next one of its kind. What was refused meanwhile is counted on that.
QUIET_SECONDS: Final = 10.0
# Who sends no key at all is no news, and who asks too often is told so and counted.
_TOLD: Final = frozenset({Refusal.BAD_KEY, Refusal.NO_SCOPE})
_log = event_log(__name__)


class Refusals:
    """What one worker has refused. ``clock`` gives seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._quiet_until: dict[Refusal, float] = {}
        self._untold: dict[Refusal, int] = {}

    def tell(self, verdict: Verdict, address: str | None) -> None:
        """Tell of this verdict, if it is about a key that somebody sent and there was no such line just now."""
        why = verdict.refusal
        if why is None or why not in _TOLD:
            return
        with self._lock:
            now = self._clock()
            if now < self._quiet_until.get(why, now):
                self._untold[why] = self._untold.get(why, 0) + 1
                return
            self._quiet_until[why] = now + QUIET_SECONDS
            untold = self._untold.pop(why, 0)
        key = verdict.key
        _log.warning(
            "a key was refused",
            why=verdict.detail,
            address=address,
            key=key.id if key else None,
            holder=key.holder if key else None,
            others_before=untold or None,
        )
