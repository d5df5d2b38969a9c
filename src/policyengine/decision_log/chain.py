"""The chain: each record is hashed together with the hash of the one before it.

``hash`` is the SHA-256, in hex, over three lines: the record's sequence number, the hash of the record before it (64
zeros for the first), and the entry. A record that is changed, removed, put in or moved breaks the chain there. Records
cut off at the end leave a shorter chain that is whole: only a signed head of before (:mod:`.heads`) shows that.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, insert, select, update

from policyengine.decision_log.entry import Entry
from policyengine.decision_log.errors import LogUnavailable
from policyengine.decision_log.schema import CHAIN, HEAD_ROW, RECORDS, RULES

#: What stands in the place of the hash before the first one.
NOTHING: Final = "0" * 64


class Head(NamedTuple):
    """How far the chain goes: the number of its last record, and that one's hash."""

    sequence: int
    hash: str


def hash_of(sequence: int, previous: str, entry: bytes) -> str:
    """The hash of a record."""
    return hashlib.sha256(b"%d\n%s\n%s" % (sequence, previous.encode(), entry)).hexdigest()


def head(connection: Connection) -> Head:
    """Where the chain ends now."""
    return _head(connection, locked=False)


def locked_head(connection: Connection) -> Head:
    """Where the chain ends, and nobody else can append to it until this transaction is over."""
    return _head(connection, locked=True)


def append(connection: Connection, last: Head, entries: Iterable[Entry]) -> Head:
    """Add records after the last one, which is locked; the new head."""
    rows: list[dict[str, Any]] = []
    rules: list[dict[str, str]] = []
    for entry in entries:
        sequence = last.sequence + 1
        last = Head(sequence, hash_of(sequence, last.hash, entry.text))
        rows.append(_row(entry, last))
        rules += [{"rule": rule, "decision_id": entry.decision_id} for rule in entry.rules]
    if rows:
        connection.execute(insert(RECORDS), rows)
        connection.execute(update(CHAIN).where(CHAIN.c.id == HEAD_ROW).values(sequence=last.sequence, hash=last.hash))
    if rules:
        connection.execute(insert(RULES), rules)
    return last


def _head(connection: Connection, *, locked: bool) -> Head:
    found = select(CHAIN.c.sequence, CHAIN.c.hash).where(CHAIN.c.id == HEAD_ROW)
    # SQLite knows no locks of rows and leaves this out: there the transaction itself is the only writer.
    row = connection.execute(found.with_for_update() if locked else found).first()
    if row is None:
        raise LogUnavailable("the decision log has no head: the row of its table `chain` is gone")
    return Head(row.sequence, row.hash)


def _row(entry: Entry, head: Head) -> dict[str, Any]:
    return {
        "sequence": head.sequence,
        "decision_id": entry.decision_id,
        "kind": entry.kind,
        "bundle": entry.bundle,
        "digest": entry.digest,
        "decision": entry.decision,
        "verdict": entry.verdict,
        "class": entry.verdict_class,
        "entry": entry.text.decode(),
        "hash": head.hash,
    }
