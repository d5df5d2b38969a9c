"""Whether the policies by which decisions were made are in the log as they were: nothing is replayed without them."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection, func, select

from policyengine.decision_log.schema import BUNDLE_FILES, DECISION, RECORDS
from policyengine.decision_log.store import Store
from policyengine.decision_log.verify import Fault
from policyengine.frontend.bundle_files import BundleFiles


def policy_faults(store: Store) -> list[Fault]:
    """A fault for each set of policies that is gone or was changed, at the first record that was decided by it.

    A digest is over the bytes of the files and stands in the record, so what has this digest is what decided.
    """
    with store.reading() as connection:
        return list(_faults(connection))


def _faults(connection: Connection) -> Iterator[Fault]:
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
