"""What the value of a setting may be. Each kind reads it from a text and from the file, and writes it down again."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from policyengine.configuration.database_address import shown_address
from policyengine.diagnostics import did_you_mean
from policyengine.frontend.nodes import Plain

Value = None | bool | int | str | tuple[str, ...]
#: How "not at all" is written where a file or a folder could be named. A folder of this name is ``./none``.
NONE: Final = "none"


class Unfit(ValueError):  # noqa: N818 - reads as a sentence
    """A value that its setting cannot have; the text says what is expected, and does not repeat the value."""


class Kind(Protocol):
    """What values a setting may have."""

    @property
    def metavar(self) -> str:
        """What stands for the value where the flag is described."""

    def from_text(self, text: str) -> Value:
        """The value that a flag or a variable gives. Raises :class:`Unfit`."""

    def from_file(self, data: Plain, folder: Path) -> Value:
        """The value that the file in ``folder`` gives. Raises :class:`Unfit`."""

    def shown(self, value: Value) -> str:
        """The value as a person would write it."""


@dataclass(frozen=True, slots=True)
class Text:
    """Any text."""

    metavar: str = "TEXT"

    def from_text(self, text: str) -> Value:
        """The text."""
        return text

    def from_file(self, data: Plain, folder: Path) -> Value:  # noqa: ARG002 - the protocol's
        """The text; a number would have to be put in quotes."""
        return _text(data)

    def shown(self, value: Value) -> str:
        """The text."""
        return str(value)


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from ``least`` to ``most``."""

    least: int
    most: int
    metavar: str = "N"

    def from_text(self, text: str) -> Value:
        """The number."""
        digits = text.removeprefix("-")
        # Longer ones are outside of every range, and Python refuses to read the longest.
        is_number = digits.isascii() and digits.isdigit() and len(digits) <= len(str(self.most))
        return self._within(int(text) if is_number else None)

    def from_file(self, data: Plain, folder: Path) -> Value:  # noqa: ARG002 - the protocol's
        """The number."""
        return self._within(data if isinstance(data, int) and not isinstance(data, bool) else None)

    def shown(self, value: Value) -> str:
        """The number."""
        return str(value)

    def _within(self, number: int | None) -> int:
        if number is None or not self.least <= number <= self.most:
            raise Unfit(f"a whole number from {self.least} to {self.most} is needed")
        return number


@dataclass(frozen=True, slots=True)
class Switch:
    """Yes or no, written ``true`` and ``false``."""

    metavar: str = ""

    def from_text(self, text: str) -> Value:
        """The choice."""
        if text not in ("true", "false"):
            raise Unfit("it is `true` or `false`")
        return text == "true"

    def from_file(self, data: Plain, folder: Path) -> Value:  # noqa: ARG002 - the protocol's
        """The choice."""
        if not isinstance(data, bool):
            raise Unfit("it is `true` or `false`")
        return data

    def shown(self, value: Value) -> str:
        """The choice."""
        return "true" if value else "false"


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of some words. ``words`` is asked for them only when they are needed; ``called`` says what they name."""

    called: str
    words: Callable[[], Sequence[str]]
    metavar: str = "NAME"

    def from_text(self, text: str) -> Value:
        """The word."""
        known = self.words()
        if text not in known:
            help_ = did_you_mean(text, known) or f"{self.called}s: " + ", ".join(known)
            raise Unfit(f"there is no {self.called} `{text}`; {help_}")
        return text

    def from_file(self, data: Plain, folder: Path) -> Value:  # noqa: ARG002 - the protocol's
        """The word."""
        return self.from_text(_text(data))

    def shown(self, value: Value) -> str:
        """The word."""
        return str(value)


@dataclass(frozen=True, slots=True)
class Place:
    """A file or a folder; with ``without`` also none, and then that text describes the flag that says so.

    In the file of settings, a path starts where that file is.
    """

    metavar: str
    without: str = ""

    def from_text(self, text: str) -> Value:
        """The path; None for ``none``."""
        return None if self.without and text == NONE else text

    def from_file(self, data: Plain, folder: Path) -> Value:
        """The path; None for ``none``."""
        value = self.from_text(_text(data))
        return None if value is None else _beside(folder, str(value))

    def shown(self, value: Value) -> str:
        """The path, or ``none``."""
        return NONE if value is None else str(value)


@dataclass(frozen=True, slots=True)
class Database(Place):
    """A database: a file as by :class:`Place`, or an address such as ``postgresql://…``. A password is not shown."""

    def from_file(self, data: Plain, folder: Path) -> Value:
        """The path or the address; None for ``none``."""
        return data if isinstance(data, str) and "://" in data else Place.from_file(self, data, folder)

    def shown(self, value: Value) -> str:
        """The path, the address without its password, or ``none``."""
        return shown_address(Place.shown(self, value))


@dataclass(frozen=True, slots=True)
class Folders:
    """Folders; in a variable with ``:`` between them. In the file of settings they start where that file is."""

    metavar: str = "[FOLDER]..."

    def from_text(self, text: str) -> Value:
        """The paths."""
        return tuple(part for part in text.split(os.pathsep) if part)

    def from_file(self, data: Plain, folder: Path) -> Value:
        """The paths of a list."""
        if not isinstance(data, list):
            raise Unfit("it is a list, as in `[policies]`")
        if not data:
            # Somebody's list that came out empty must not mean other policies than those that were meant.
            raise Unfit("it names no folder; leave the key out for the shipped bundles")
        return tuple(_beside(folder, _text(item)) for item in data)

    def shown(self, value: Value) -> str:
        """The paths."""
        return os.pathsep.join(value) if isinstance(value, tuple) else ""


@dataclass(frozen=True, slots=True)
class Files:
    """Files, each with a flag of its own; in a variable with ``:`` between them."""

    metavar: str = "FILE"

    def from_text(self, text: str) -> Value:
        """The paths."""
        return tuple(part for part in text.split(os.pathsep) if part)

    def from_file(self, data: Plain, folder: Path) -> Value:
        """The paths of a list."""
        if not isinstance(data, list):
            raise Unfit("it is a list, as in `[release.public.pem]`")
        return tuple(_beside(folder, _text(item)) for item in data)

    def shown(self, value: Value) -> str:
        """The paths."""
        return os.pathsep.join(value) if isinstance(value, tuple) else ""


def _text(data: Plain) -> str:
    if not isinstance(data, str):
        raise Unfit("a text is needed; put it in quotes if it looks like something else")
    return data


def _beside(folder: Path, name: str) -> str:
    return os.path.normpath(folder / name)
