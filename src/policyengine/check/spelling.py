"""How names are spelt."""

from __future__ import annotations

import re

from policyengine.diagnostics import Diagnostics
from policyengine.frontend.nodes import Scalar

SNAKE = re.compile(r"[a-z][a-z0-9_]*")
MEMBER = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
FACT = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")

_SHAPES = {
    SNAKE: "small letters, digits and `_`",
    MEMBER: "letters, digits and `_`",
    FACT: "`group.name` in small letters",
}


def good_name(key: Scalar, pattern: re.Pattern[str], what: str, sink: Diagnostics) -> bool:
    """Whether the key is spelt like a name of its kind; reported when not."""
    if pattern.fullmatch(key.text):
        return True
    message = f"`{key.text}` cannot be the name of a {what}"
    sink.error("names/spelling", message, key.span, f"names are {_SHAPES[pattern]}")
    return False
