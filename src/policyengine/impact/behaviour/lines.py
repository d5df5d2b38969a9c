"""Files of recorded questions, line by line, however long they are; compressed by gzip or not."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final

from policyengine.impact.behaviour.document import Line

STANDARD_INPUT: Final = "-"
#: The longest line, in bytes: as much as the largest body of a batch.
MOST_BYTES: Final = 2**24
_GZIP: Final = b"\x1f\x8b"


def lines_of(files: Sequence[str], progress: Callable[[int], None] = lambda _: None) -> Iterator[Line]:
    """Every line of the files that is not empty, in order. ``progress`` is told how many bytes were read since.

    Raises OSError for a file that cannot be opened. One that breaks off ends with a line that says so.
    """
    for file in files:
        if file == STANDARD_INPUT:
            yield from _lines("standard input", sys.stdin.buffer, progress)
        else:
            with Path(file).open("rb") as opened:
                yield from _lines(file, opened, progress)


def size_of(files: Sequence[str]) -> int | None:
    """How many bytes there are to read; None when that is not known. Raises OSError for a file that is not there."""
    return None if STANDARD_INPUT in files else sum(Path(f).stat().st_size for f in files)


def _lines(name: str, raw: IO[bytes], progress: Callable[[int], None]) -> Iterator[Line]:
    source = _Counted(raw)
    buffered = io.BufferedReader(source)  # type: ignore[type-var]  # it asks for what only files have
    is_packed = buffered.peek(len(_GZIP))[: len(_GZIP)] == _GZIP
    stream = gzip.GzipFile(fileobj=buffered) if is_packed else buffered
    number, told = 0, 0
    while True:
        number += 1
        place = f"{name}:{number}"
        try:
            data, is_whole = _one_line(stream)
        except (EOFError, gzip.BadGzipFile, zlib.error) as e:
            yield Line(place, b"", f"the compressed file cannot be read on from here: {e}")
            return
        if not data:
            return
        progress(source.count - told)
        told = source.count
        if not is_whole:
            yield Line(place, b"", f"the line is larger than {MOST_BYTES} bytes")
        elif data.strip():
            yield Line(place, data)


def _one_line(stream: io.BufferedIOBase) -> tuple[bytes, bool]:
    """The next line, and whether it is whole; of one that is too long the rest is passed over."""
    data = stream.readline(MOST_BYTES + 1)
    if len(data) <= MOST_BYTES:
        return data, True
    rest = data
    while rest and not rest.endswith(b"\n"):
        rest = stream.readline(MOST_BYTES)
    return data, False


class _Counted(io.RawIOBase):
    """A stream that counts what is read from it."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self.count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]  # any writable buffer
        data = self._raw.read(len(buffer))
        buffer[: len(data)] = data
        self.count += len(data)
        return len(data)
