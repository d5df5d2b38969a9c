"""The folder of a running service: made at its start, gone at its end. What killed services left is cleared away."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from policyengine.errors import PolicyEngineError

PREFIX: Final = "policyengine-serve-"
# Seconds: a younger one may be of a service that is just about to lock it.
_YOUNG: Final = 60
# Bytes of the path before the part that is made up: a socket in the folder may have 107 in all.
_LONGEST: Final = 90


class FolderTooLong(PolicyEngineError):  # noqa: N818 - reads as a sentence
    """Sockets cannot be made where temporary files go; the text says why and what to do."""


@contextmanager
def service_folder() -> Iterator[str]:
    """The path of a new folder, for its owner alone.

    It is locked for as long as a process of the service lives: programs that clear old files away leave it alone, as
    does the next service. Raises FolderTooLong.
    """
    place = Path(tempfile.gettempdir())
    if len(os.fsencode(place / PREFIX)) > _LONGEST:
        told = f"the service cannot start: the name of the folder for temporary files, {place}, is too long"
        raise FolderTooLong(f"{told}; put `TMPDIR=/tmp` in front of the command, or another folder with a short name")
    _clear_abandoned()
    with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as folder:
        # Workers are forked, and hold the lock with the process that starts them.
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(held, fcntl.LOCK_SH)
            yield folder
        finally:
            os.close(held)


def _clear_abandoned() -> None:
    """Remove the folders of services that are no more. What cannot be removed is of somebody else, or stays."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(OSError):
            _clear(folder)


def _clear(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        about = os.fstat(opened)
        if about.st_uid == os.geteuid() and time.time() - about.st_mtime > _YOUNG:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(opened)
