"""The lines of a body as they arrive: few in memory at a time, however many there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple, Protocol

#: Bytes that are waited for before the lines among them are handed on. The server gives a part of a body only when
#: there is as much as was asked for, or no more: a larger block would hold answers back, a smaller one takes longer.
BLOCK: Final = 4096
#: Lines that are handed on together at most. They are answered, and logged, as one.
MOST_LINES: Final = 100


class Stream(Protocol):
    """A body that can be read."""

    def read(self, size: int, /) -> bytes:
        """So many bytes; fewer at the end."""


class Line(NamedTuple):
    """A line, its number in the stream from 1, and its text without its end; None: it is too long."""

    number: int
    text: bytes | None


def groups_of(stream: Stream, longest: int) -> Iterator[Sequence[Line]]:
    """The lines that are not blank, each of so many bytes at most, in groups as they arrive."""
    splitter = _Splitter(longest)
    while block := stream.read(BLOCK):
        yield from _in_groups(splitter.take(block))
    yield from _in_groups(splitter.rest())


def _in_groups(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    for start in range(0, len(lines), MOST_LINES):
        yield lines[start : start + MOST_LINES]


class _Splitter:
    """Splits blocks into lines. It holds the beginning of one line, and no more of it than a line may have."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._number = 1
        self._begun = bytearray()
        self._is_too_long = False

    def take(self, block: bytes) -> list[Line]:
        """The lines that end in this block."""
        *ends, begun = block.split(b"\n")
        lines = [line for end in ends if (line := self._ended(end)) is not None]
        self._add(begun)
        return lines

    def rest(self) -> list[Line]:
        """The last line, if nothing ended it."""
        line = self._ended(b"")
        return [] if line is None else [line]

    def _add(self, part: bytes) -> None:
        self._is_too_long = self._is_too_long or len(self._begun) + len(part) > self._longest
        if self._is_too_long:
            self._begun.clear()
        else:
            self._begun += part

    def _ended(self, end: bytes) -> Line | None:
        """The line that these bytes end; None if it is blank."""
        self._add(end)
        text = None if self._is_too_long else bytes(self._begun).strip(b" \t\r")
        line = Line(self._number, text) if text or text is None else None
        self._number += 1
        self._begun.clear()
        self._is_too_long = False
        return line
