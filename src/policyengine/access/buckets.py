"""The buckets of all keys, shared by all worker processes: one file in memory, one number for each key.

Locks belong to the system, not to the program: a worker that is killed while it holds one lets it go.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
import threading
from collections.abc import Callable
from pathlib import Path
from time import monotonic_ns
from typing import Final

from policyengine.access.rates import Rate, Taken, take

#: How many keys one file of keys may ever hold, the revoked ones among them.
MOST_KEYS: Final = 65_536
_NUMBER: Final = struct.Struct("q")


class Buckets:
    """The buckets kept in the file at ``path``, which is made if it is not there.

    Open it in the process that uses it, once: what the system locks for a process it gives back when any of its
    handles on the file is closed.
    """

    def __init__(self, path: str | Path, clock: Callable[[], int] = monotonic_ns) -> None:
        self._clock = clock
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        size = MOST_KEYS * _NUMBER.size
        os.ftruncate(self._file, size)
        self._memory = mmap.mmap(self._file, size)
        # The system's locks hold processes apart, not the threads of one.
        self._threads = threading.Lock()

    def take(self, number: int, rate: Rate) -> Taken:
        """Take one request from the bucket of the key with this number."""
        at = number * _NUMBER.size
        with self._threads:
            fcntl.lockf(self._file, fcntl.LOCK_EX, _NUMBER.size, at)
            try:
                taken = take(_NUMBER.unpack_from(self._memory, at)[0], self._clock(), rate)
                _NUMBER.pack_into(self._memory, at, taken.full_at)
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, _NUMBER.size, at)
        return taken

    def close(self) -> None:
        """Let the file go."""
        self._memory.close()
        os.close(self._file)
