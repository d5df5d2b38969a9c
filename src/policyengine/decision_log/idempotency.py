"""The first answer again: what was answered to a request that carried a key, by caller and key."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, delete, insert, select

from policyengine.decision_log.canonical import Json, canonical
from policyengine.decision_log.errors import KeyReused
from policyengine.decision_log.ids import moment_text
from policyengine.decision_log.schema import IDEMPOTENCY

#: How long a first answer is kept.
KEPT_HOURS: Final = 24
#: How often those that are too old are looked for, at most.
FORGET_EVERY: Final = timedelta(minutes=1)


class IdempotencyKey(NamedTuple):
    """A caller's key, and the hash of the request that it came with. Two callers may use the same key."""

    caller: str
    key: str
    request_hash: str


def key_of(caller: str | None, key: str, address: str, body: Json) -> IdempotencyKey:
    """The key of a request to this address with this body, however the body was written."""
    return IdempotencyKey(caller or "", key, hashlib.sha256(canonical([address, body], sort_keys=True)).hexdigest())


class FirstAnswer(NamedTuple):
    """The body that was answered, and the digest of the policies that answered; None where that was not kept."""

    body: bytes
    digest: str | None


def first_answer(connection: Connection, key: IdempotencyKey, now: datetime) -> FirstAnswer | None:
    """What was answered the first time, None if this is the first time.

    Raises KeyReused if the key came with another request.
    """
    row = connection.execute(
        select(IDEMPOTENCY.c.request_hash, IDEMPOTENCY.c.body, IDEMPOTENCY.c.digest).where(
            IDEMPOTENCY.c.caller == key.caller,
            IDEMPOTENCY.c.key == key.key,
            IDEMPOTENCY.c.expires > moment_text(now),
        )
    ).first()
    if row is None:
        return None
    if row.request_hash != key.request_hash:
        raise KeyReused("this idempotency key came with another request before")
    return FirstAnswer(row.body, row.digest)


def remember(connection: Connection, key: IdempotencyKey, answer: FirstAnswer, now: datetime) -> None:
    """Keep a first answer; one to the same key may be there still that is too old."""
    connection.execute(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.caller == key.caller, IDEMPOTENCY.c.key == key.key))
    expires = moment_text(now + timedelta(hours=KEPT_HOURS))
    row = {"caller": key.caller, "key": key.key, "request_hash": key.request_hash, "expires": expires}
    connection.execute(insert(IDEMPOTENCY), [row | answer._asdict()])


def forget(connection: Connection, now: datetime) -> None:
    """Let go of first answers that are too old."""
    connection.execute(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.expires <= moment_text(now)))
