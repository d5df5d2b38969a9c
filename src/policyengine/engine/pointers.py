"""JSON Pointers (RFC 6901) and short pictures of a caller's data for messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: How much of a caller's text a message repeats.
MOST_SHOWN: Final = 40


def step_into(pointer: str, key: str | int) -> str:
    """The pointer to the member or item of what ``pointer`` points to."""
    if isinstance(key, int) or ("~" not in key and "/" not in key):
        return f"{pointer}/{key}"
    return f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"


def shown(text: str) -> str:
    """A caller's text in backticks: one line, cut where it is long, whatever it holds."""
    plain = "".join(c if c.isprintable() else "�" for c in text[: MOST_SHOWN + 1])
    return f"`{plain[:MOST_SHOWN]}…`" if len(plain) > MOST_SHOWN else f"`{plain}`"


def kind_of(raw: object) -> str:
    """What a caller's value is, in words."""
    if isinstance(raw, bool):
        return "true or false"
    if isinstance(raw, str):
        return "text"
    if isinstance(raw, Mapping):
        return "an object"
    if isinstance(raw, list | tuple):
        return "a list"
    if raw is None:
        return "null"
    return "a whole number" if isinstance(raw, int) else "a number"
