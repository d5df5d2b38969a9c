"""Words on a terminal: colours where they are seen, and nothing that a terminal would obey."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

import click

WIDTH = 100
_COLOURS = {"granted": "green", "value": "green", "partly": "yellow", "pending": "yellow", "refused": "red"}


def plain(text: str) -> str:
    """Text without control characters: facts are a caller's, and terminals obey some of them."""
    return "".join(c if c.isprintable() else "�" for c in text)


def heading(text: str) -> str:
    """A heading."""
    return click.style(text, bold=True)


def verdict(word: str, class_: str) -> str:
    """A verdict in the colour of its class."""
    return click.style(plain(word), fg=_COLOURS.get(class_, "cyan"), bold=True)


def faint(text: str) -> str:
    """What matters less."""
    return click.style(plain(text), dim=True)


def wrapped(text: str, indent: int, hang: int = 0) -> list[str]:
    """Text in lines of readable length, all but the first ``hang`` further in."""
    first, rest = " " * indent, " " * (indent + hang)
    return textwrap.wrap(plain(text), WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)


def section(title: str, lines: Iterable[str]) -> list[str]:
    """A titled section after an empty line; nothing at all when it would be empty."""
    body = list(lines)
    return ["", heading(title), *body] if body else []
