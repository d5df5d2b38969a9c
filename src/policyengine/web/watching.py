"""Watching bundles on disk: a reload is asked for once a change has come to rest.

By looking again and again, not by the system's notices: those do not come from mounted volumes and other machines.
What is compared is which file stands where, which one it is, how large, and when it was changed, through links; so a
file put in another's place shows, and a link that is pointed elsewhere.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from policyengine.frontend.bundle_files import yaml_paths

#: Seconds between two looks. What is the same in two looks has come to rest.
INTERVAL: Final = 1.0

Look = tuple[tuple[str, tuple[int, ...]], ...]


class Watch:
    """Looks at what ``found`` finds, and calls ``changed`` after a change, from a thread of its own."""

    def __init__(self, found: Callable[[], list[Path]], changed: Callable[[], object]) -> None:
        self._found, self._changed = found, changed
        self._end = threading.Event()
        # Nothing is taken for known: between the first reading and the first look something may have changed.
        self._known: Look | None = None
        self._last: Look | None = None

    def start(self) -> None:
        """Begin to look."""
        threading.Thread(target=self._run, name="watch", daemon=True).start()

    def close(self) -> None:
        """Look no more."""
        self._end.set()

    def step(self) -> None:
        """Look once; when what is seen is not what was loaded, and no longer changes, tell."""
        seen = look_at(self._found())
        if seen not in (self._known, None) and seen == self._last:
            # Before the reload: what changes while it runs is seen as a change by the next look.
            self._known = seen
            self._changed()
        self._last = seen

    def _run(self) -> None:
        while not self._end.wait(INTERVAL):
            self.step()


def look_at(paths: list[Path]) -> Look:
    """What stands where now."""
    files = [file for path in paths for file in ([path, *_files(path)])]
    return tuple((file.as_posix(), _state(file)) for file in files)


def _files(path: Path) -> list[Path]:
    return [path / name for name in yaml_paths(path)] if path.is_dir() else []


def _state(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    # Of a folder it counts which one it is: what else happens in it is no change of a bundle.
    if path.is_dir():
        return (found.st_dev, found.st_ino)
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
