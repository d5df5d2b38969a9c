"""A place with too little room for a log, which is given more later."""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

#: Bytes there are at first. Counts that the workers share must fit, too, where every file is limited.
SMALL = 2 * 2**20


class Mounted:
    """A file system of its own in memory. Only who may mount can make one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", folder], check=True, capture_output=True
        )

    def fill(self, processes: list[int]) -> None:
        """Nothing to do: it is small."""

    def make_room(self, processes: list[int]) -> None:  # noqa: ARG002 - the limit needs them
        subprocess.run(["mount", "-o", f"remount,size={64 * SMALL}", self.folder], check=True)

    def close(self) -> None:
        subprocess.run(["umount", self.folder], check=True)


class Limited:
    """An ordinary folder; processes may write no larger files, by a limit of the system, until it is lifted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def fill(self, processes: list[int]) -> None:
        self._limit(processes, SMALL)

    def make_room(self, processes: list[int]) -> None:
        self._limit(processes, resource.RLIM_INFINITY)

    def close(self) -> None:
        """Nothing to do."""

    def _limit(self, processes: list[int], size: int) -> None:
        for pid in processes:
            _, hardest = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (hardest if size < 0 else size, hardest))


def kinds() -> list[Callable[[Path], Mounted | Limited]]:
    """What can be made here; a file system where mounting is allowed, and a limit anywhere."""
    return [Mounted, Limited] if _may_mount() else [Limited]


def _may_mount() -> bool:
    status = Path("/proc/self/status").read_text()
    capabilities = int(next(line for line in status.splitlines() if line.startswith("CapEff")).split()[1], 16)
    return os.geteuid() == 0 and bool(capabilities & 1 << 21)  # CAP_SYS_ADMIN


@contextlib.contextmanager
def made(kind: Callable[[Path], Mounted | Limited], folder: Path) -> Iterator[Mounted | Limited]:
    place = kind(folder)
    try:
        yield place
    finally:
        place.close()
