"""Whether what the log keeps beside its records is as it was: the policies that decided, and first answers by key."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from sqlalchemy import Connection, func, select

from policyengine.decision_log.columns import bad_text_as_bytes
from policyengine.decision_log.idempotency import is_bound
from policyengine.decision_log.schema import BUNDLE_FILES, DECISION, IDEMPOTENCY, RECORDS
from policyengine.decision_log.store import Store
from policyengine.decision_log.verify import MOST_FAULTS, Fault
from policyengine.frontend.bundle_files import BundleFiles

#: Answers that are in memory at a time: each may be as large as a batch.
_FEW: Final = 20


def kept_faults(store: Store) -> list[Fault]:
    """What is wrong with it, each at a record that it belongs to; many of a kind are cut short."""
    with store.reading() as connection, bad_text_as_bytes(connection):
        return [*islice(_policies(connection), MOST_FAULTS), *islice(_answers(connection), MOST_FAULTS)]


def _answers(connection: Connection) -> Iterator[Fault]:
    """First answers that are not those whose hash stands in their record: they would be given again."""
    vouches = RECORDS.c.decision_id == IDEMPOTENCY.c.decision_id
    kept = select(IDEMPOTENCY.c.caller, IDEMPOTENCY.c.body, RECORDS.c.sequence, RECORDS.c.entry)
    for row in connection.execute(
        kept.select_from(IDEMPOTENCY.outerjoin(RECORDS, vouches)).execution_options(yield_per=_FEW)
    ):
        if not is_bound(row.entry, row.body):
            who = row.caller or "a caller"
            yield Fault(
                row.sequence, f"the answer that is kept for an idempotency key of {who} is not the one that was given"
            )


def _policies(connection: Connection) -> Iterator[Fault]:
    """Policies that are gone or were changed, at the first record that was decided by them.

    A digest is over the bytes of the files and stands in the record, so what has this digest is what decided.
    """
    used = (
        select(RECORDS.c.digest, func.min(RECORDS.c.sequence), func.count())
        .where(RECORDS.c.kind == DECISION)
        .group_by(RECORDS.c.digest)
        .order_by(func.min(RECORDS.c.sequence))
    )
    for digest, first, count in connection.execute(used).all():
        found = _digest_of(connection, digest)
        if found != digest:
            what = "are not in the log" if found is None else "were changed in the log"
            decisions = "this decision was" if count == 1 else f"this and {count - 1:,} more decisions were"
            yield Fault(first, f"the policies with digest {digest}, by which {decisions} made, {what}")


def _digest_of(connection: Connection, digest: str | None) -> str | None:
    """The digest that the files have which are kept under this one; None: there are none."""
    rows = connection.execute(
        select(BUNDLE_FILES.c.path, BUNDLE_FILES.c.content).where(BUNDLE_FILES.c.digest == digest)
    ).all()
    # Of any type, in a database that somebody changed.
    contents = {str(path): content if isinstance(content, bytes) else str(content).encode() for path, content in rows}
    return BundleFiles("", contents).digest() if contents else None
