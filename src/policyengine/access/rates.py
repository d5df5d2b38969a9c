"""How often a key may ask: a token bucket, reckoned as the one moment at which it is full again.

All times are whole nanoseconds of a clock that never goes back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_SECOND: Final = 1_000_000_000
#: The seconds of a period, by how it is written.
PERIODS: Final = {"s": 1, "min": 60, "h": 3600}
#: The most requests of a period, and the most at once.
MOST: Final = 1_000_000
_WRITTEN: Final = re.compile(r"([0-9]{1,7})/(s|min|h)")


class BadRate(ValueError):  # noqa: N818 - reads as a sentence
    """This is no rate; the text says what one looks like."""


@dataclass(frozen=True, slots=True)
class Rate:
    """``count`` requests in a ``period`` (s, min or h), of which ``burst`` may come at once."""

    count: int
    period: str
    burst: int

    def __str__(self) -> str:
        """``10/s``, with what may come at once where that is another number."""
        return f"{self.count}/{self.period}" + (f", {self.burst} at once" if self.burst != self.count else "")

    @property
    def seconds(self) -> int:
        """How long the period is."""
        return PERIODS[self.period]

    @property
    def interval(self) -> int:
        """Nanoseconds in which one request is earned; rounded up, so that the rate is never exceeded."""
        return -(-self.seconds * _SECOND // self.count)


def read_rate(text: str, burst: int | None = None) -> Rate:
    """The rate written as ``10/s``, ``600/min`` or ``1000/h``; raises :class:`BadRate`."""
    found = _WRITTEN.fullmatch(text)
    if found is None or not 1 <= int(found[1]) <= MOST:
        raise BadRate(f"`{text}` is no rate; write it as 10/s, 600/min or 1000/h, with at most {MOST:,}")
    count = int(found[1])
    if burst is not None and not 1 <= burst <= MOST:
        raise BadRate(f"at least 1 and at most {MOST:,} requests may come at once, not {burst}")
    return Rate(count, found[2], count if burst is None else burst)


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one request: whether it may be answered, and how the bucket is afterwards.

    ``full_at`` is when the bucket is full again; ``left`` how many requests could follow at once; ``wait`` the
    nanoseconds until one may, 0 if one may now.
    """

    allowed: bool
    full_at: int
    left: int
    wait: int


def take(full_at: int, now: int, rate: Rate) -> Taken:
    """Take one request from the bucket that is full at ``full_at``. A refused one takes nothing."""
    whole = rate.interval * rate.burst
    # What another key may have left behind never holds more than one whole bucket against this one.
    since = min(max(full_at, now), now + whole)
    after = since + rate.interval
    over = after - now - whole
    if over > 0:
        return Taken(allowed=False, full_at=since, left=0, wait=over)
    left = -over // rate.interval
    return Taken(allowed=True, full_at=after, left=left, wait=0 if left else over + rate.interval)
