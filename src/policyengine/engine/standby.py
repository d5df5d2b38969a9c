"""When an engine that fails again and again is left out: a circuit breaker that counts decisions, not time."""

from __future__ import annotations

from typing import Final

#: Faults in a row after which an engine is set aside.
MOST_FAULTS: Final = 3
#: While it is set aside, each decision of this number tries it again.
TRIAL_EVERY: Final = 1_000


class CircuitBreaker:
    """Whether an engine is asked for one decision of a bundle.

    ``faults`` are those in a row: 0 while all is well. Threads share it without a lock: a race can move a trial
    by a decision and can change no answer.
    """

    __slots__ = ("_waiting", "faults", "is_open")

    def __init__(self) -> None:
        self.faults = 0
        self.is_open = False
        self._waiting = 0

    def failed(self) -> bool:
        """A fault; whether it is the one that sets the engine aside."""
        self.faults += 1
        opens = self.faults >= MOST_FAULTS and not self.is_open
        if opens:
            self.is_open = True
            self._waiting = 0
        return opens

    def worked(self) -> bool:
        """No fault this time; whether that ends the time aside."""
        closes = self.is_open
        self.is_open = False
        self.faults = 0
        return closes

    def leaves_out(self) -> bool:
        """Whether this decision does without the engine; to be asked once for each decision."""
        if not self.is_open:
            return False
        self._waiting += 1
        return self._waiting % TRIAL_EVERY != 0
