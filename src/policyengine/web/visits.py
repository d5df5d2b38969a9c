"""What a request says beside its body: who asks, the caller's name for the request, and a key for its answer.

Who asks is for others to find out: whatever stands in front of the service puts the caller's name under
:data:`CALLER`, and what that caller may do under :data:`SCOPES`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flask import Request

from policyengine.api_schema.openapi import KEY_HEADER
from policyengine.decision_log.entry import Asked
from policyengine.web.problems import BAD_REQUEST, LOG_NOT_READABLE, Problem

#: Keys of the WSGI environment. Without :data:`SCOPES` there are no keys, and everybody may do everything.
CALLER: Final = "policyengine.caller"
SCOPES: Final = "policyengine.scopes"
#: What a caller needs to read the log.
READ_LOG: Final = "read-log"

REQUEST_ID_HEADER: Final = "X-Request-ID"
#: The longest key, and how much of a request's id is kept, in characters.
LONGEST_KEY: Final = 255
LONGEST_REQUEST_ID: Final = 200
_KEY: Final = re.compile(rf"[\x20-\x7e]{{1,{LONGEST_KEY}}}")


@dataclass(frozen=True, slots=True)
class Visit:
    """A request as the log sees it. ``started`` is of the clock ``time.perf_counter_ns``; ``key`` is as it was sent."""

    asked: Asked
    started: int
    address: str
    key: str | None = None


def visit_of(request: Request) -> Visit:
    """What a request that has just come in says of itself. Raises Problem for a key that cannot be one."""
    environ = request.environ
    caller = environ.get(CALLER)
    id_ = environ.get("HTTP_X_REQUEST_ID")
    asked = Asked(
        datetime.now(UTC),
        None if caller is None else str(caller),
        _printable(id_)[:LONGEST_REQUEST_ID] if id_ else None,
    )
    return Visit(asked, time.perf_counter_ns(), request.path, _key(environ.get("HTTP_IDEMPOTENCY_KEY")))


def require_read_log(request: Request, *, readable: bool) -> None:
    """A Problem unless this caller may read the log.

    Where callers have scopes, theirs decide; where nobody knows who asks, ``readable``: whether everybody may.
    """
    scopes: Collection[str] | None = request.environ.get(SCOPES)
    if scopes is None and not readable:
        help_ = "start the service with --read-log, or use `policyengine log` where the database is"
        raise Problem(LOG_NOT_READABLE, "this service does not let its log be read over HTTP", help_)
    if scopes is not None and READ_LOG not in scopes:
        raise Problem(LOG_NOT_READABLE, "this caller may not read the log", f"it needs the scope `{READ_LOG}`")


def _key(given: str | None) -> str | None:
    if given is None:
        return None
    # Some write it in quotes, as a structured field: that is the same key.
    key = given[1:-1] if len(given) > 1 and given[0] == given[-1] == '"' else given
    if not _KEY.fullmatch(key):
        help_ = f"give 1 to {LONGEST_KEY} letters, digits and signs, such as a UUID"
        raise Problem(BAD_REQUEST, f"the header `{KEY_HEADER}` holds no key", help_)
    return key


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in text)
