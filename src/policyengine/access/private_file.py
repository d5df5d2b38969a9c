"""Writing a file that one user may read: whole, in one step, so that a reader never sees half of it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def only_writer(path: Path) -> Iterator[None]:
    """Wait until no other process writes files of this folder by this function; then nobody else does."""
    folder = os.open(path.resolve().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def write_private(path: Path, data: bytes) -> None:
    """Put a file with ``data`` in the place of the one at ``path``, with a later time than that had. Raises OSError.

    Written by root, it belongs to the owner of the old file, or else of the folder: a service that runs as somebody
    else must be able to read what its administrator writes.
    """
    target = path.resolve()
    old = target.stat() if target.exists() else None
    beside = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(file, "wb") as opened:  # noqa: PTH123 - a file that is open already
            opened.write(data)
            opened.flush()
            _give_to_owner(file, old or target.parent.stat())
            if old is not None:
                _make_later_than(file, old.st_mtime_ns)
            os.fsync(file)
        os.replace(beside, target)  # noqa: PTH105 - beside the other calls of the system
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    _keep_names(target.parent)


def _give_to_owner(file: int, of: os.stat_result) -> None:
    if os.geteuid() == 0:
        os.fchown(file, of.st_uid, of.st_gid)


def _make_later_than(file: int, moment: int) -> None:
    """Clocks of file systems are coarse: without this, two changes at once could look like one."""
    now = os.fstat(file).st_mtime_ns
    os.utime(file, ns=(now, max(now, moment + 1)))


def _keep_names(folder: Path) -> None:
    """Have the system write the names in the folder to the disk, and not only the file."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
