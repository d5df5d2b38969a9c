"""The first answer again: what was answered to a request that carried a key, by caller and key."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, delete, insert, select

from policyengine.decision_log.canonical import Json, canonical
from policyengine.decision_log.entry import Entry
from policyengine.decision_log.errors import AnswerChanged, KeyReused
from policyengine.decision_log.ids import moment_text
from policyengine.decision_log.schema import IDEMPOTENCY, RECORDS

#: How long a first answer is kept.
KEPT_HOURS: Final = 24
#: How often those that are too old are looked for, at most.
FORGET_EVERY: Final = timedelta(minutes=1)


class IdempotencyKey(NamedTuple):
    """A caller's key, and the hash of the request that it came with. Two callers may use the same key."""

    caller: str
    key: str
    request_hash: str

    def must_be_of(self, request_hash: str) -> None:
        """KeyReused if the key came with another request than this one."""
        if request_hash != self.request_hash:
            raise KeyReused("this idempotency key came with another request before")


def key_of(caller: str | None, key: str, address: str, body: Json) -> IdempotencyKey:
    """The key of a request to this address with this body, however the body was written."""
    return IdempotencyKey(caller or "", key, hashlib.sha256(canonical([address, body], sort_keys=True)).hexdigest())


class FirstAnswer(NamedTuple):
    """The body that was answered, and the digest of the policies that answered."""

    body: bytes
    digest: str


def bound(entries: Sequence[Entry], body: bytes) -> list[Entry]:
    """The entries of an answer, each with the hash of the body that is sent: the chain then vouches for that, too."""
    end = _hash_of(body)
    return [replace(entry, text=entry.text[:-1] + end) for entry in entries]


def is_bound(entry: object, body: object) -> bool:
    """Whether the text of a record has the hash of this body."""
    return isinstance(entry, str) and isinstance(body, bytes) and entry.encode().endswith(_hash_of(body))


def first_answer(connection: Connection, key: IdempotencyKey, now: datetime) -> FirstAnswer | None:
    """What was answered the first time, None if this is the first time.

    Raises KeyReused if the key came with another request, and AnswerChanged if what is kept is not what was answered.
    """
    vouches = RECORDS.c.decision_id == IDEMPOTENCY.c.decision_id
    row = connection.execute(
        select(IDEMPOTENCY.c.request_hash, IDEMPOTENCY.c.body, RECORDS.c.entry, RECORDS.c.digest)
        .select_from(IDEMPOTENCY.outerjoin(RECORDS, vouches))
        .where(
            IDEMPOTENCY.c.caller == key.caller,
            IDEMPOTENCY.c.key == key.key,
            IDEMPOTENCY.c.expires > moment_text(now),
        )
    ).first()
    if row is None:
        return None
    key.must_be_of(row.request_hash)
    if not is_bound(row.entry, row.body):
        raise AnswerChanged(f"the answer that is kept for an idempotency key of {key.caller or 'a caller'} was changed")
    return FirstAnswer(row.body, row.digest)


def remember(connection: Connection, key: IdempotencyKey, body: bytes, decision_id: str, now: datetime) -> None:
    """Keep a first answer, for which a record vouches; one to the same key may be there still that is too old."""
    connection.execute(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.caller == key.caller, IDEMPOTENCY.c.key == key.key))
    row = {"caller": key.caller, "key": key.key, "request_hash": key.request_hash, "body": body}
    expires = moment_text(now + timedelta(hours=KEPT_HOURS))
    connection.execute(insert(IDEMPOTENCY), [row | {"decision_id": decision_id, "expires": expires}])


def forget(connection: Connection, now: datetime) -> None:
    """Let go of first answers that are too old."""
    connection.execute(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.expires <= moment_text(now)))


def _hash_of(body: bytes) -> bytes:
    """How the text of a record ends that vouches for this body."""
    return b',"answer_sha256":"%b"}' % hashlib.sha256(body).hexdigest().encode()
