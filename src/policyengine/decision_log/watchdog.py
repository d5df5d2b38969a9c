"""Ends what takes too long at a database, however it hangs.

A server that died, or that is there and answers no more, cannot keep the limit of time that it was given for a
statement, and the network notices it late or never. So the limit is kept here too: when it is over, the connection is
taken away from under whoever waits for it, and the wait ends with an error of the driver.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

_NAME: Final = "decision-log-watchdog"


@dataclass(slots=True)
class _Watched:
    """What one thread does: until when it may, and what ends the connection that it uses now."""

    until: float
    end: Callable[[], None] | None = None


class Watchdog:
    """Gives each thread ``seconds`` for what it does in ``watching``; a retry inside of that gets as many again."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._watched: dict[int, _Watched] = {}
        self._runs = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """What this thread does is watched. The limit is the same for all, so that the oldest is the first to end."""
        me = threading.get_ident()
        with self._lock:
            before = self._watched.get(me)
            self._watched[me] = _Watched(time.monotonic() + self._seconds)
            if not self._runs:
                self._runs = True
                threading.Thread(target=self._run, name=_NAME, daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                del self._watched[me]
                if before is not None:
                    self._watched[me] = before

    def uses(self, end: Callable[[], None] | None) -> None:
        """This thread uses a connection from now on that ``end`` would end; None: it uses none any more."""
        with self._lock:
            watched = self._watched.get(threading.get_ident())
            if watched is not None:
                watched.end = end

    def _run(self) -> None:
        """Until there is nothing to watch: looked at once in a while, and not with every transaction."""
        while True:
            with self._lock:
                wait = self._end_late_ones()
                if wait is None:
                    self._runs = False
                    return
            time.sleep(wait)

    def _end_late_ones(self) -> float | None:
        """Seconds until the next one can be late; None: there is none."""
        now = time.monotonic()
        for watched in self._watched.values():
            if watched.until <= now:
                watched.until = now + self._seconds
                if watched.end is not None:
                    watched.end()
        return min((watched.until - now for watched in self._watched.values()), default=None)


def ends_socket(connection: Any) -> Callable[[], None]:  # noqa: ANN401 - psycopg's, which nothing else here needs
    """What ends a connection of psycopg: its socket is shut down, and whoever waits for it is told so at once."""
    own = _identity(connection.fileno())

    def end() -> None:
        with suppress(Exception):  # it was closed meanwhile
            copy = os.dup(connection.fileno())
            try:
                # Its descriptor may be that of another file by now. This copy is what it is, and stays it.
                if _identity(copy) == own:
                    _shut_down(copy)
            finally:
                os.close(copy)

    return end


def _identity(descriptor: int) -> tuple[int, int]:
    found = os.fstat(descriptor)
    return found.st_dev, found.st_ino


def _shut_down(descriptor: int) -> None:
    borrowed = socket.socket(fileno=descriptor)
    try:
        borrowed.shutdown(socket.SHUT_RDWR)
    finally:
        borrowed.detach()


def ends_statement(connection: Any) -> Callable[[], None]:  # noqa: ANN401 - sqlite3's
    """What ends a statement of SQLite: it reads and writes no further. A commit that has begun is not touched."""

    def end() -> None:
        with suppress(Exception):
            connection.interrupt()

    return end
