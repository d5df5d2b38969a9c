"""Faults of a bundle, told to the person who can mend them.

A diagnostic is a record: code, one lower-case sentence, the span it is about, and help kept apart
from the message. Passes report into a :class:`Diagnostics` sink and go on, so that one run shows
every fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from policyengine.source import Span


class Severity(StrEnum):
    """How bad it is: an error stops the bundle from being used, the others never do."""

    ERROR = "error"
    WARNING = "warning"
    LINT = "lint"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One fault at one place. ``code`` is ``group/name``; ``help`` says what to do, if known."""

    code: str
    message: str
    span: Span
    help: str | None = None
    severity: Severity = Severity.ERROR

    def render(self) -> str:
        """The diagnostic as printed for people, without a trailing newline."""
        head = f"{self.span.place}: {self.severity}[{self.code}]: {self.message}"
        parts = [head]
        if self.span.file.text:
            parts.append(self.span.snippet())
        if self.help:
            parts.append(f"  = help: {self.help}")
        return "\n".join(parts)

    def to_dict(self) -> dict[str, object]:
        """The diagnostic as plain data, for ``--format json``."""
        return {
            "code": self.code,
            "severity": str(self.severity),
            "message": self.message,
            "help": self.help,
            "file": self.span.file.path,
            "line": self.span.start.line,
            "column": self.span.start.column,
            "end_line": self.span.end.line,
            "end_column": self.span.end.column,
        }


def _order(d: Diagnostic) -> tuple[str, int, int, str, str]:
    return (d.span.file.path, d.span.start.line, d.span.start.column, d.code, d.message)


@dataclass(slots=True)
class Diagnostics:
    """A sink that passes report into. At most one diagnostic is kept for one underlined text."""

    _items: list[Diagnostic] = field(default_factory=list)
    _taken: set[tuple[str, int, int]] = field(default_factory=set)

    def add(self, item: Diagnostic) -> None:
        """Keep ``item`` unless the same text was complained about already."""
        key = (item.span.file.path, item.span.start.line, item.span.start.column)
        if item.severity is Severity.ERROR:
            if key in self._taken:
                return
            self._taken.add(key)
        self._items.append(item)

    def error(self, code: str, message: str, span: Span, help: str | None = None) -> None:  # noqa: A002 - the word users see
        """Report an error."""
        self.add(Diagnostic(code, message, span, help))

    def warning(self, code: str, message: str, span: Span, help: str | None = None) -> None:  # noqa: A002 - the word users see
        """Report something that does not stop the bundle from being used."""
        self.add(Diagnostic(code, message, span, help, Severity.WARNING))

    @property
    def failed(self) -> bool:
        """Whether there is at least one error."""
        return bool(self._taken)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All diagnostics by file, line and column."""
        return tuple(sorted(self._items, key=_order))

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.sorted())

    def __len__(self) -> int:
        return len(self._items)


def edit_distance(a: str, b: str, most: int | None = None) -> int:
    """Optimal string alignment distance: insert, delete, change a letter, or swap two neighbours.

    Distances above ``most`` are not worked out: any number above it stands for them.
    """
    most = len(a) + len(b) if most is None else most
    before: Sequence[int] = ()
    row = list(range(len(b) + 1))
    for i, left in enumerate(a, 1):
        older, before, row = before, row, [i, *([most + 1] * len(b))]
        # Farther from the diagonal, every distance is above `most`.
        for j in range(max(1, i - most), min(len(b), i + most) + 1):
            right = b[j - 1]
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == b[j - 2] and a[i - 2] == right:
                row[j] = min(row[j], older[j - 2] + 1)
        if min(row) > most:
            return most + 1
    return row[-1]


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that ``word`` was probably meant to be, or None.

    Near means: within two edits, or within a third of the length for long words, and always fewer
    edits than the word has letters.
    """
    limit = min(max(2, len(word) // 3), max(len(word) - 1, 0))
    best = None
    for other in sorted(set(known)):
        # Each letter more or less is an edit; and what is no nearer than the best so far need not be compared.
        if abs(len(other) - len(word)) > limit:
            continue
        distance = edit_distance(word, other, limit)
        if distance <= limit:
            best, limit = other, distance - 1
    return best


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """``did you mean `x`?`` for the nearest known word, or None when nothing is near."""
    near = nearest(word, known)
    return f"did you mean `{near}`?" if near else None


def advice(*parts: str | None) -> str | None:
    """The parts of a help text that there are, one after the other; None when there is none."""
    return "; ".join(p for p in parts if p).replace("?; ", "? ") or None
