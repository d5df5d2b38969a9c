"""Where text came from: files, positions and spans.

Every node read from a policy file carries a :class:`Span`, so that diagnostics, explanations and
coverage all point at the YAML that a person wrote. Lines and columns count from 1, in characters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, eq=False)
class SourceFile:
    """One file as it was read.

    ``path`` is how the file is shown to people; ``relative`` is its path inside the bundle, with
    forward slashes, and is what answers and digests use.
    """

    path: str
    text: str = field(repr=False)
    relative: str = ""

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines of the file without their line ends."""
        return tuple(self.text.split("\n"))

    def line(self, number: int) -> str:
        """The line with this number (from 1); empty when there is none."""
        return self.lines[number - 1].rstrip("\r") if 1 <= number <= len(self.lines) else ""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file: line and column, both from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a file, from ``start`` up to (not including) ``end``."""

    file: SourceFile
    start: Position
    end: Position

    @property
    def place(self) -> str:
        """``path:line:column``, as printed in front of a diagnostic."""
        return f"{self.file.path}:{self.start.line}:{self.start.column}"

    @property
    def at(self) -> str:
        """``bundle-relative path:line``, as given in answers."""
        return f"{self.file.relative or self.file.path}:{self.start.line}"

    @property
    def underlined(self) -> str:
        """The text of the span on its first line: exactly what a caret is drawn under."""
        line = self.file.line(self.start.line)
        stop = self.end.column - 1 if self.end.line == self.start.line else len(line)
        return line[self.start.column - 1 : stop]

    def snippet(self) -> str:
        """The first line of the span with a caret under every character of it."""
        number = str(self.start.line)
        # A tab or a control character in the line would move the caret away from the text.
        line = "".join(c if c.isprintable() else " " for c in self.file.line(self.start.line))
        caret = " " * (self.start.column - 1) + "^" * max(1, len(self.underlined))
        return f"{number} | {line}\n{' ' * len(number)} | {caret}"

    def __repr__(self) -> str:
        return f"Span({self.place} {self.underlined!r})"


def nowhere(path: str) -> Span:
    """A span for a fault of a file (or folder) as a whole."""
    return Span(SourceFile(path, ""), Position(1, 1), Position(1, 1))
