"""Which characters of a file a stretch of a scalar's text was read from.

YAML folds lines and unquotes, but only blanks come and go by that: the other characters of the
value are those of the source, in order. So the n-th of them in the value is the n-th in the source.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from policyengine.source import Position, Span

_Reader = Callable[[str], str]
_ESCAPED = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|\r?\n[ \t]*|.)", re.DOTALL)
_NAMED = {
    "0": "\0", "a": "\a", "b": "\b", "t": "\t", "\t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r",
    "e": "\x1b", " ": " ", "N": "\x85", "_": "\xa0", "L": "\u2028", "P": "\u2029",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Token:
    """One character of the value that is not blank, and the offsets in the source it was read from."""

    char: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Aligned:
    """A value beside its source: what is not blank, and how much of it stands before each index of the value."""

    tokens: list[_Token]
    before: list[int]


def span_of_stretch(text: str, span: Span, start: int, end: int) -> Span:
    """The span of ``text[start:end]`` inside ``span``, the source of ``text``; all of ``span`` if they do not fit.

    Blanks at both ends of the stretch are left out. A stretch without any other character gives one
    character's span at the place where it is.
    """
    raw = _source(span)
    stretch = text[start:end]
    indent = _verbatim(text, raw)
    if indent is not None and stretch.strip():
        shift = span.start.column + indent
        first, last = start + len(stretch) - len(stretch.lstrip()), start + len(stretch.rstrip())
        return Span(span.file, Position(span.start.line, shift + first), Position(span.start.line, shift + last))
    aligned = _aligned(text, raw)
    if aligned is None:
        return span
    first, last = _offsets(raw, text[:start], aligned, start, end)
    return Span(span.file, _position(span, raw, first), _position(span, raw, last))


def _verbatim(text: str, raw: str) -> int | None:
    """How far into the source the value begins, when it stands there on one line as it is; else None."""
    quote = raw[:1]
    if "\n" in raw or quote in ("|", ">"):
        return None
    if quote in ("'", '"'):
        spelled = quote in text or "\\" in raw
        return 1 if raw[1:] == text + quote and not spelled else None
    return 0 if raw == text else None


def _offsets(raw: str, head: str, aligned: _Aligned, start: int, end: int) -> tuple[int, int]:
    """The offsets in the source of the stretch of the value from ``start``, after ``head``, to ``end``."""
    tokens, before = aligned.tokens, aligned.before
    first, last = before[min(start, len(before) - 1)], before[min(end, len(before) - 1)]
    if last > first:
        return tokens[first].start, tokens[last - 1].end
    point = _point(raw, tokens[first - 1].end, start - len(head.rstrip())) if first else tokens[0].start
    return point, point + 1


# An expression asks for the place of each of its parts in turn, and a text of n parts must not be aligned n times.
@lru_cache(maxsize=16)
def _aligned(text: str, raw: str) -> _Aligned | None:
    """The value beside its source; None when one is not the other's, or there is nothing but blanks."""
    tokens = _tokens(raw)
    if not tokens or [t.char for t in tokens] != [c for c in text if not c.isspace()]:
        return None
    return _Aligned(tokens, list(accumulate((not c.isspace() for c in text), initial=0)))


def _point(raw: str, after: int, blanks: int) -> int:
    """The offset so many blanks after a character; right after it where the source has no such blanks."""
    there = raw[after : after + blanks]
    return after + blanks if there == " " * blanks and after + blanks < len(raw) else after


def _source(span: Span) -> str:
    """The text of a span, line ends included."""
    first, last = span.start.line, span.end.line
    lines = list(span.file.lines[first - 1 : last])
    if not lines:
        return ""
    lines[-1] = lines[-1][: span.end.column - 1]
    lines[0] = lines[0][span.start.column - 1 :]
    return "\n".join(lines)


def _tokens(raw: str) -> list[_Token]:
    """The characters of the value as the source spells them, by the style it is written in."""
    match raw[:1]:
        case "'":
            return _quoted(raw, re.compile(r"''|."), lambda piece: "'" if piece == "''" else piece)
        case '"':
            return _quoted(raw, re.compile(f"{_ESCAPED.pattern}|.", re.DOTALL), _unescape)
        case "|" | ">":
            return _plain(raw, raw.find("\n") + 1 or len(raw))
        case _:
            return _plain(raw, 0)


def _plain(raw: str, start: int) -> list[_Token]:
    return [_Token(c, i, i + 1) for i, c in enumerate(raw) if i >= start and not c.isspace()]


def _quoted(raw: str, pieces: re.Pattern[str], read: _Reader) -> list[_Token]:
    found = ((read(m.group()), m) for m in pieces.finditer(raw, 1, max(1, len(raw) - 1)))
    return [_Token(char, m.start(), m.end()) for char, m in found if char and not char.isspace()]


def _unescape(piece: str) -> str:
    """The character that a piece of a double-quoted text stands for; none for an escaped line end."""
    if len(piece) == 1:
        return piece
    letter = piece[1]
    if letter in "\r\n":
        return ""
    if letter in "xuU" and len(piece) > 2:  # noqa: PLR2004 - the backslash and the letter
        code = int(piece.lstrip("\\xuU"), 16)
        return chr(code) if code <= sys.maxunicode else ""
    return _NAMED.get(letter, letter)


def _position(span: Span, raw: str, offset: int) -> Position:
    lines = raw.count("\n", 0, offset)
    if not lines:
        return Position(span.start.line, span.start.column + offset)
    return Position(span.start.line + lines, offset - raw.rfind("\n", 0, offset))
