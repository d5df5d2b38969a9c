"""One API key: its text, which is shown once, and what is kept of it.

A key reads ``pe_<id>_<secret>``. The id may be seen by anyone. The secret is 160 random bits: nobody can guess it or
try the likely ones, as with passwords, so one round of SHA-256 keeps it as well as a slow hash would, and a slow one
would let strangers keep the service busy.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from policyengine.access.rates import Rate
from policyengine.access.scopes import Scope

_ID_BYTES: Final = 6
_SECRET_BYTES: Final = 20
_WRITTEN: Final = re.compile(rf"pe_([0-9a-f]{{{2 * _ID_BYTES}}})_[0-9a-f]{{{2 * _SECRET_BYTES}}}")
# The hash of no key, compared with when there is no such id: that takes as long as with one.
_NOBODY: Final = "0" * 64


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is kept of a key. ``number`` counts the keys of a file; ``expires`` is the last day on which it is good.

    Days and moments are those of UTC; ``rate`` None means without a limit.
    """

    id: str
    number: int
    holder: str
    scopes: frozenset[Scope]
    sha256: str
    created: datetime
    rate: Rate | None = None
    expires: date | None = None
    revoked: datetime | None = None

    def fault(self, today: date) -> str | None:
        """Why the key is good no more, in a few words; None while it is."""
        if self.revoked is not None:
            return f"it was revoked on {self.revoked.date()}"
        if self.expires is not None and today > self.expires:
            return f"its last day was {self.expires}"
        return None


def new_text() -> str:
    """The text of a new key."""
    return f"pe_{secrets.token_hex(_ID_BYTES)}_{secrets.token_hex(_SECRET_BYTES)}"


def id_of(text: str) -> str | None:
    """The id in the text of a key; None if the text does not have the form of one."""
    found = _WRITTEN.fullmatch(text)
    return found[1] if found else None


def sha256_of(text: str) -> str:
    """What is kept instead of the text, which may be any that a caller sends."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def is_text_of(key: ApiKey | None, text: str) -> bool:
    """Whether ``text`` is that of ``key``. Takes equally long for every text, also when there is no key."""
    same = hmac.compare_digest(key.sha256 if key else _NOBODY, sha256_of(text))
    return same and key is not None
