"""The id of a request: the caller's own, if it gives one that can be used, or one that is made here."""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

#: The header in which a caller gives an id, and in which every answer gives it back.
REQUEST_ID: Final = "X-Request-ID"
_GIVEN: Final = "HTTP_X_REQUEST_ID"
# Letters, digits and a few signs: nothing that could mean something to a log or a header.
_USABLE: Final = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}")


def id_of(environ: WSGIEnvironment) -> str:
    """The id of the request with this environment."""
    given = environ.get(_GIVEN)
    return given if given is not None and _USABLE.fullmatch(given) else secrets.token_hex(16)
