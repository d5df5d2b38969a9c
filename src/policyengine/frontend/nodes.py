"""What a YAML file says, with places: scalars, sequences and mappings, each with its span.

Nothing is typed here: a scalar is its own text. :func:`plain` gives the same content as plain data
for a JSON Schema validator, and :func:`to_plain` also the places that its errors are about.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from policyengine.frontend.alignment import span_of_stretch
from policyengine.source import Span

Plain = None | bool | int | str | list["Plain"] | dict[str, "Plain"]
"""JSON-like data: no floats and no dates. None: there is no value (in test files: unknown)."""

Path = tuple[str | int, ...]
"""Where something is in plain data: mapping keys and list positions from the top."""

UNKNOWN = "~"
"""The plain text that says "unknown" in test files."""

NOTHING = ("", UNKNOWN, "null")
"""The plain texts by which YAML says that there is no value."""

_LONGEST_INTEGER = 19


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text: ``text`` after YAML unquoting, ``plain`` when it was written without quotes on it."""

    text: str
    span: Span
    plain: bool

    def sub(self, start: int, end: int) -> Span:
        """The span of the characters ``start`` up to ``end`` of ``text``, in the file.

        An empty stretch gives one character's span: at the end of the text, the column after it.
        """
        return span_of_stretch(self.text, self.span, start, end)


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    span: Span


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys with values, in the order of writing; no key is there twice."""

    entries: tuple[tuple[Scalar, Node], ...]
    span: Span

    def get(self, key: str) -> Node | None:
        """The value of ``key``, or None when it is not there."""
        return next((value for name, value in self.entries if name.text == key), None)

    def key_span(self, key: str) -> Span | None:
        """Where ``key`` is written, or None when it is not there."""
        return next((name.span for name, _ in self.entries if name.text == key), None)

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    def __iter__(self) -> Iterator[tuple[Scalar, Node]]:
        return iter(self.entries)


Node = Scalar | Sequence | Mapping


@dataclass(frozen=True, slots=True)
class Located:
    """Plain data with places. ``values`` and ``keys`` map a path to a span; list items have no key."""

    data: Plain
    values: dict[Path, Span] = field(default_factory=dict)
    keys: dict[Path, Span] = field(default_factory=dict)


def plain(node: Node) -> Plain:
    """``node`` as plain data: unquoted ``true``, ``false`` and integers are typed, all else is text."""
    match node:
        case Scalar():
            return _plain_scalar(node)
        case Sequence(items):
            return [plain(item) for item in items]
        case Mapping(entries):
            return {name.text: plain(value) for name, value in entries}


def to_plain(node: Node) -> Located:
    """The plain data of ``node`` with the place of each part."""
    values: dict[Path, Span] = {}
    keys: dict[Path, Span] = {}

    def walk(part: Node, path: Path) -> None:
        values[path] = part.span
        if isinstance(part, Sequence):
            for i, item in enumerate(part.items):
                walk(item, (*path, i))
        elif isinstance(part, Mapping):
            keys.update({(*path, name.text): name.span for name, _ in part.entries})
            for name, value in part.entries:
                walk(value, (*path, name.text))

    walk(node, ())
    return Located(plain(node), values, keys)


def _plain_scalar(scalar: Scalar) -> Plain:
    text = scalar.text
    if not scalar.plain:
        return text
    if text in ("true", "false"):
        return text == "true"
    if text in NOTHING:
        return None
    return int(text) if _canonical_integer(text) else text


def _canonical_integer(text: str) -> bool:
    digits = text.removeprefix("-")
    # Python refuses to convert very long numbers; nothing that counts is that long.
    if not (digits.isascii() and digits.isdigit() and len(digits) <= _LONGEST_INTEGER):
        return False
    return digits == "0" if digits.startswith("0") else True
