"""How far a long run has come: a line on the terminal of who waits for it, and nothing anywhere else."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import click

#: Seconds after which a run is long.
_LONG: Final = 1.0

Told = Callable[[int, int], None]


@contextmanager
def progress_bar(what: str) -> Iterator[Told | None]:
    """Something to tell how much has been done, and of how much; None where nobody looks.

    The bar goes to standard error, comes when the run has taken a second, and is wiped away in the end.
    """
    if not sys.stderr.isatty() or os.environ.get("CI"):
        yield None
        return
    bar = _Bar(what)
    try:
        yield bar.told
    finally:
        bar.wipe()


class _Bar:
    def __init__(self, what: str) -> None:
        self._what = what
        self._begun = self._drawn = time.monotonic()
        self._visible = False

    def told(self, done: int, of: int) -> None:
        now = time.monotonic()
        if now - self._begun < _LONG or now - self._drawn < _LONG / 10:
            return
        self._drawn, self._visible = now, True
        filled = 30 * done // max(of, 1)
        bar = f"[{'#' * filled}{'-' * (30 - filled)}]"
        click.echo(f"\r{self._what} {bar} {done:,} of {of:,}", err=True, nl=False)

    def wipe(self) -> None:
        if self._visible:
            click.echo("\r\x1b[K", err=True, nl=False)
