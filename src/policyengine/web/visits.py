"""What a request says beside its body: who asks, the id of the request, and a key for its answer."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from flask import Request

from policyengine.api_schema.openapi import KEY_HEADER
from policyengine.decision_log.entry import Asked
from policyengine.web.guard import CALLER, KEY_ID
from policyengine.web.problems import BAD_REQUEST, LOG_NOT_READABLE, Problem

#: The longest key of a request, in characters.
LONGEST_KEY: Final = 255
_KEY: Final = re.compile(rf"[\x20-\x7e]{{1,{LONGEST_KEY}}}")


@dataclass(frozen=True, slots=True)
class Visit:
    """A request as the log sees it. ``started`` is of the clock ``time.perf_counter_ns``; ``key`` is as it was sent."""

    asked: Asked
    started: int
    address: str
    key: str | None = None


def visit_of(request: Request, request_id: str) -> Visit:
    """What a request that has just come in says of itself. Raises Problem for a key that cannot be one."""
    environ = request.environ
    asked = Asked(datetime.now(UTC), environ.get(CALLER), request_id, environ.get(KEY_ID))
    return Visit(asked, time.perf_counter_ns(), request.path, _key(environ.get("HTTP_IDEMPOTENCY_KEY")))


def require_readable(request: Request, *, readable: bool) -> None:
    """A Problem unless the log may be read.

    Who asks by a key was let in for its scope. Where nobody knows who asks, ``readable``: whether everybody may.
    """
    if KEY_ID not in request.environ and not readable:
        help_ = "set up keys, or start the service with --read-log, or use `policyengine log` where the database is"
        raise Problem(LOG_NOT_READABLE, "this service does not let its log be read without a key", help_)


def _key(given: str | None) -> str | None:
    if given is None:
        return None
    # Some write it in quotes, as a structured field: that is the same key.
    key = given[1:-1] if len(given) > 1 and given[0] == given[-1] == '"' else given
    if not _KEY.fullmatch(key):
        help_ = f"give 1 to {LONGEST_KEY} letters, digits and signs, such as a UUID"
        raise Problem(BAD_REQUEST, f"the header `{KEY_HEADER}` holds no key", help_)
    return key
