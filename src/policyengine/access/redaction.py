"""Keys taken out of texts that are logged."""

from __future__ import annotations

import re
from typing import Final

# The id stays, to know whose key it was. What merely begins like a secret goes as well: half a key is half a secret.
_KEY: Final = re.compile(r"(pe_[0-9a-f]{12}_)(?:(?!pe_)[0-9a-zA-Z])+")
_BEARER: Final = re.compile(r"(?i)\b(bearer +)[^\s\"',]+")


def redacted(text: str) -> str:
    """``text`` with an ellipsis for the secret of every key, and for whatever follows the word ``Bearer``."""
    return _KEY.sub(r"\1…", _BEARER.sub(_unless_key, text))


def _unless_key(found: re.Match[str]) -> str:
    return found[0] if _KEY.search(found[0]) else f"{found[1]}…"
