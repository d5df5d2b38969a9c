"""Deleting old records, so that the chain stays one that can be verified.

Only the beginning of the chain is ever cut. A record in the chain itself says what was cut: up to which number, the
hash of the last record cut, and, when a key is given, it is signed (:mod:`.cuts`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, delete, func, select

from policyengine.decision_log.chain import Head, append, locked_head
from policyengine.decision_log.cuts import cut_entry, cuts
from policyengine.decision_log.errors import LogError
from policyengine.decision_log.idempotency import forget
from policyengine.decision_log.ids import least_id
from policyengine.decision_log.schema import DECISION, RECORDS, RULES
from policyengine.decision_log.store import Store
from policyengine.signatures import PrivateKey

#: Records deleted in one transaction: others can write in between.
CHUNK: Final = 2_000


class Retained(NamedTuple):
    """How many records were deleted, and the last number of those that are gone; 0: none ever was."""

    deleted: int
    through: int


def retain(
    store: Store, before: datetime, version: str, key: PrivateKey | None = None, *, dry_run: bool = False
) -> Retained:
    """Delete the records from before a moment; first answers that are too old go too.

    A record that is younger keeps those after it, even where clocks disagreed and one of them is older: only the
    beginning is cut. Interrupted, it goes on where it stopped when it is run again.
    """
    if dry_run:
        with store.reading() as connection:
            through = _last_before(connection, before)
            return Retained(_count(connection, through), through)
    with store.writing() as connection:
        head = locked_head(connection)
        through = _last_before(connection, before)
        cut = _cut_before(connection)
        if through > cut:
            deleted = Head(through, _hash(connection, through))
            append(connection, head, [cut_entry(deleted, before, head, version, key)])
        through = max(through, cut)
        forget(connection, datetime.now(UTC))
    gone = 0
    while count := _delete_some(store, through):
        gone += count
    if store.is_sqlite and gone:
        _shrink_journal(store)
    return Retained(gone, through)


def _hash(connection: Connection, sequence: int) -> str:
    found: str | None = connection.execute(select(RECORDS.c.hash).where(RECORDS.c.sequence == sequence)).scalar()
    if found is None:
        raise LogError(f"record number {sequence} is gone; `policyengine log verify` tells more. Nothing was deleted")
    return found


def _last_before(connection: Connection, before: datetime) -> int:
    """The number of the last record of the chain's beginning that lies before the moment; 0 if there is none."""
    kept = select(func.min(RECORDS.c.sequence)).where(RECORDS.c.decision_id >= least_id(before))
    first_kept = connection.execute(kept).scalar()
    if first_kept is not None:
        has_older = select(RECORDS.c.sequence).where(RECORDS.c.sequence < first_kept).limit(1)
        return first_kept - 1 if connection.execute(has_older).first() else 0
    last: int | None = connection.execute(select(func.max(RECORDS.c.sequence))).scalar()
    return last or 0


def _cut_before(connection: Connection) -> int:
    """How far an earlier run has said that it deletes."""
    return max((cut.deleted.sequence for cut in cuts(connection)), default=0)


def _count(connection: Connection, through: int) -> int:
    found: int = connection.execute(
        select(func.count()).where(RECORDS.c.sequence <= through, RECORDS.c.kind == DECISION)
    ).scalar_one()
    return found


def _delete_some(store: Store, through: int) -> int:
    with store.writing() as connection:
        oldest = select(RECORDS.c.sequence, RECORDS.c.decision_id).where(RECORDS.c.sequence <= through)
        rows = connection.execute(oldest.order_by(RECORDS.c.sequence).limit(CHUNK)).all()
        if rows:
            ids = [row.decision_id for row in rows]
            connection.execute(delete(RULES).where(RULES.c.decision_id.in_(ids)))
            connection.execute(delete(RECORDS).where(RECORDS.c.sequence <= rows[-1].sequence))
    return len(rows)


def _shrink_journal(store: Store) -> None:
    """What was deleted is overwritten in the file (``secure_delete``); let it not linger in the journal either."""
    connection = store.engine.raw_connection()
    try:
        cursor = connection.cursor()
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cursor.fetchall()
    finally:
        connection.close()
