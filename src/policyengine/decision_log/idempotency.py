"""The first answer again: what was answered to a request that carried a key, by caller and key."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, delete, insert, select

from policyengine.decision_log.canonical import Json, canonical
from policyengine.decision_log.errors import KeyReused
from policyengine.decision_log.ids import moment_text
from policyengine.decision_log.schema import IDEMPOTENCY

#: How long a first answer is kept.
KEPT_HOURS: Final = 24


class IdempotencyKey(NamedTuple):
    """A caller's key, and the hash of the request that it came with. Two callers may use the same key."""

    caller: str
    key: str
    request_hash: str


def key_of(caller: str | None, key: str, address: str, body: Json) -> IdempotencyKey:
    """The key of a request to this address with this body, however the body was written."""
    return IdempotencyKey(caller or "", key, hashlib.sha256(canonical([address, body], sort_keys=True)).hexdigest())


def first_answer(connection: Connection, key: IdempotencyKey) -> bytes | None:
    """The body that was answered the first time, None if this is the first time.

    Raises KeyReused if the key came with another request.
    """
    row = connection.execute(
        select(IDEMPOTENCY.c.request_hash, IDEMPOTENCY.c.body).where(
            IDEMPOTENCY.c.caller == key.caller,
            IDEMPOTENCY.c.key == key.key,
            IDEMPOTENCY.c.expires > moment_text(datetime.now(UTC)),
        )
    ).first()
    if row is None:
        return None
    if row.request_hash != key.request_hash:
        raise KeyReused("this idempotency key came with another request before")
    body: bytes = row.body
    return body


def remember(connection: Connection, key: IdempotencyKey, body: bytes) -> None:
    """Keep a first answer, and let go of those that are too old, as this key may be."""
    now = datetime.now(UTC)
    forget(connection, now)
    expires = moment_text(now + timedelta(hours=KEPT_HOURS))
    row = {"caller": key.caller, "key": key.key, "request_hash": key.request_hash, "body": body, "expires": expires}
    connection.execute(insert(IDEMPOTENCY), [row])


def forget(connection: Connection, now: datetime) -> None:
    """Let go of first answers that are too old."""
    connection.execute(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.expires <= moment_text(now)))
