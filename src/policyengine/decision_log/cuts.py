"""Cuts: records in the chain that say that older ones were deleted, and that may be signed.

A cut says up to which number the chain's beginning went, the hash of the last record there, and from which moment on
records were kept. It says at which head of the chain it was put in, too: so it holds at that place of that chain alone.
What is signed is the whole entry, for a purpose of its own: no other signature of the key permits a deletion.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, select

from policyengine.decision_log.canonical import Json, canonical, read
from policyengine.decision_log.chain import Head
from policyengine.decision_log.entry import Entry
from policyengine.decision_log.ids import moment_text, new_id
from policyengine.decision_log.keys import Keyring, Signature, signature
from policyengine.decision_log.schema import RECORDS, RETENTION
from policyengine.errors import RequestError
from policyengine.signatures import PrivateKey

_PURPOSE: Final = b"policyengine decision log, deletion, format 1\n"
_SIGNATURE: Final = "signature"


class Cut(NamedTuple):
    """A cut: its own number, the last record deleted, and the last one that was kept, which came just before it.

    ``text`` is what is signed, ``by`` who says to have signed it; None: nobody does.
    """

    sequence: int
    deleted: Head
    kept: Head
    text: bytes
    by: Signature | None

    def complaint(self, keys: Keyring) -> str | None:
        """What is wrong with the signature; None: it is genuine."""
        return "is not signed" if self.by is None else keys.complaint(_PURPOSE, self.text, self.by)


def cut_entry(deleted: Head, before: datetime, kept: Head, version: str, key: PrivateKey | None) -> Entry:
    """The entry of a cut, to be put in right after ``kept``; ``version`` is the release that deletes."""
    now = datetime.now(UTC)
    id_, timestamp = new_id(now), moment_text(now)
    cut: dict[str, Json] = {
        "through": deleted.sequence,
        "hash": deleted.hash,
        "before": moment_text(before),
        "kept_through": kept.sequence,
        "kept_hash": kept.hash,
    }
    data = {"decision_id": id_, "timestamp": timestamp, "labels": {"version": version}, RETENTION: cut}
    if key is not None:
        cut["key_id"] = key.public().id
        cut[_SIGNATURE] = signature(key, _PURPOSE, canonical(data))
    return Entry(decision_id=id_, kind=RETENTION, timestamp=timestamp, text=canonical(data))


def cuts(connection: Connection) -> list[Cut]:
    """All cuts, as the log itself says them; a record that cannot be read says nothing."""
    # Only these records are about no bundle, and that is indexed.
    rows = connection.execute(
        select(RECORDS.c.sequence, RECORDS.c.entry)
        .where(RECORDS.c.bundle.is_(None), RECORDS.c.kind == RETENTION)
        .order_by(RECORDS.c.sequence)
    )
    return [cut for row in rows if (cut := cut_of(row.sequence, data_of(row.entry))) is not None]


def cut_of(sequence: int, data: Mapping[str, Json] | None) -> Cut | None:
    """What the entry of a record with this number says of a deletion; None: nothing that could be one."""
    told = None if data is None else data.get(RETENTION)
    if data is None or not isinstance(told, Mapping):
        return None
    deleted, kept = _head(told.get("through"), told.get("hash")), _head(told.get("kept_through"), told.get("kept_hash"))
    if deleted is None or kept is None or not deleted.sequence <= kept.sequence < sequence:
        return None
    signed = {key: value for key, value in told.items() if key != _SIGNATURE}
    key_id, text = told.get("key_id"), told.get(_SIGNATURE)
    by = Signature(key_id, text) if isinstance(key_id, str) and isinstance(text, str) else None
    return Cut(sequence, deleted, kept, canonical({**data, RETENTION: signed}), by)


def data_of(entry: object) -> dict[str, Json] | None:
    """The data of an entry as it stands in the database; None for what is no entry."""
    if not isinstance(entry, str):
        return None
    try:
        return read(entry)
    except (RequestError, TypeError):
        return None


def _head(sequence: object, hash_: object) -> Head | None:
    return Head(sequence, hash_) if type(sequence) is int and isinstance(hash_, str) else None
