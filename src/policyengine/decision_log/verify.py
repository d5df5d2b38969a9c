"""Whether anything in the log was changed, removed, put in or moved, and where first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, Row, select

from policyengine.decision_log.canonical import Json, read
from policyengine.decision_log.chain import NOTHING, Head, hash_of, head
from policyengine.decision_log.errors import LogError
from policyengine.decision_log.heads import SignedHead, genuine, head_of, is_genuine
from policyengine.decision_log.schema import DECISION, RECORDS, RETENTION, RULES
from policyengine.decision_log.store import Store
from policyengine.errors import RequestError

#: Faults that are told; a log that was tampered with in more places is no better for a longer list.
MOST_FAULTS: Final = 20
_CHUNK: Final = 1_000


class Cut(NamedTuple):
    """A record that says that older ones were deleted: its own number, the last one deleted, and that one's hash."""

    sequence: int
    through: int
    hash: str
    signed: SignedHead | None


class Fault(NamedTuple):
    """Something that is not as it was logged. ``sequence`` is the number of the record at which it shows."""

    sequence: int
    what: str


@dataclass(slots=True)
class Report:
    """What was verified: the numbers of the first and the last record, and how many heads; and what is wrong."""

    first: int = 0
    last: int = 0
    records: int = 0
    heads: int = 0
    faults: list[Fault] = field(default_factory=list)


def verify(store: Store, heads: Sequence[SignedHead] = (), key: Ed25519PublicKey | None = None) -> Report:
    """Read the whole log once. ``heads`` were exported before; they, and deletions, must be signed by ``key``."""
    if heads and key is None:
        raise LogError("heads cannot be trusted without the public key that shows who signed them")
    with store.reading() as connection:
        return _Verification(connection, heads, key).report()


def cuts(connection: Connection) -> list[Cut]:
    """What was deleted, as the log itself says it; a record that cannot be read says nothing."""
    # Only these records are about no bundle, and that is indexed.
    rows = connection.execute(
        select(RECORDS.c.sequence, RECORDS.c.entry)
        .where(RECORDS.c.bundle.is_(None), RECORDS.c.kind == RETENTION)
        .order_by(RECORDS.c.sequence)
    )
    return [cut for row in rows if (cut := _cut(row.sequence, row.entry)) is not None]


class _Verification:
    """One pass over the log, in a transaction that sees one state of it."""

    def __init__(self, connection: Connection, heads: Sequence[SignedHead], key: Ed25519PublicKey | None) -> None:
        self._connection = connection
        self._report = Report()
        self._key = key
        good, bad = (list(heads), []) if key is None else genuine(heads, key)
        self._heads: dict[int, list[SignedHead]] = {}
        for signed in good:
            self._heads.setdefault(signed.sequence, []).append(signed)
        for signed in bad:
            self._fault(signed.sequence, f"the head of {signed.time} was not signed by this key, or was changed")

    def report(self) -> Report:
        end = head(self._connection)
        previous = self._start()
        for row in self._rows():
            previous = self._record(row, previous)
            if len(self._report.faults) >= MOST_FAULTS:
                return self._report
        self._check_end(end, previous)
        self._check_strays()
        self._check_missed_heads()
        self._report.faults.sort(key=lambda f: f.sequence)
        return self._report

    def _start(self) -> Head | None:
        """What comes before the first record; None where that was being deleted when it stopped."""
        first = self._connection.execute(select(RECORDS.c.sequence).order_by(RECORDS.c.sequence).limit(1)).scalar()
        if first is None or first == 1:
            return Head(0, NOTHING)
        self._report.first = first
        known = cuts(self._connection)
        for cut in known:
            self._check_cut(cut)
            if cut.through == first - 1:
                return Head(cut.through, cut.hash)
        if any(cut.through >= first for cut in known):
            return None
        self._fault(first, f"the records before number {first} are gone, and no record says that they were deleted")
        return None

    def _check_cut(self, cut: Cut) -> None:
        if self._key is None:
            return
        signed = cut.signed
        if signed is None or (signed.sequence, signed.hash) != (cut.through, cut.hash):
            self._fault(cut.sequence, f"the deletion of the records up to number {cut.through} is not signed")
        elif not is_genuine(signed, self._key):
            self._fault(cut.sequence, f"the deletion of the records up to number {cut.through} has a wrong signature")

    def _rows(self) -> Iterator[Row[Any]]:
        after = 0
        while rows := self._connection.execute(
            select(RECORDS).where(RECORDS.c.sequence > after).order_by(RECORDS.c.sequence).limit(_CHUNK)
        ).all():
            self._check_rules(rows)
            yield from rows
            after = rows[-1].sequence

    def _record(self, row: Row[Any], previous: Head | None) -> Head:
        """Check one record against the one before it; both are reported by the hashes that stand there."""
        report, number = self._report, row.sequence
        report.first = report.first or number
        report.last = number
        report.records += 1
        if previous is not None and number != previous.sequence + 1:
            several = f", with all up to number {number - 1}" if number > previous.sequence + 2 else ""
            self._fault(previous.sequence + 1, f"removed{several}")
        elif previous is not None and hash_of(number, previous.hash, row.entry.encode()) != row.hash:
            self._fault(number, "this record, or the hash of the one before it, was changed")
        elif (wrong := _wrong_columns(row)) is not None:
            self._fault(number, f"the column `{wrong}` says something else than the record")
        for signed in self._heads.pop(number, ()):
            report.heads += 1
            if signed.hash != row.hash:
                self._fault(number, f"the head signed at {signed.time} has another hash: the chain was made anew")
        return Head(number, row.hash)

    def _check_rules(self, rows: Sequence[Row[Any]]) -> None:
        """Whether the table by which rules are found says what the records say."""
        ids = [row.decision_id for row in rows]
        listed: dict[str, set[str]] = {}
        for rule, id_ in self._connection.execute(
            select(RULES.c.rule, RULES.c.decision_id).where(RULES.c.decision_id.in_(ids))
        ):
            listed.setdefault(id_, set()).add(rule)
        for row in rows:
            data = _data(row.entry)
            rules = data.get("rules") if data else None
            told = set(rules) if isinstance(rules, list) else set()
            if listed.get(row.decision_id, set()) != told:
                self._fault(row.sequence, "the table `record_rules` names other rules than the record")

    def _check_end(self, end: Head, last: Head | None) -> None:
        if last is not None and last != end:
            what = f"the chain ends at number {last.sequence}, but its head says {end.sequence}"
            if last.sequence == end.sequence:
                what = "the head of the chain has another hash than its last record"
            self._fault(min(last.sequence, end.sequence) + 1, what)

    def _check_strays(self) -> None:
        stray = select(RULES.c.decision_id).where(
            ~select(RECORDS.c.sequence).where(RECORDS.c.decision_id == RULES.c.decision_id).exists()
        )
        found = self._connection.execute(stray.limit(1)).scalar()
        if found is not None:
            self._fault(self._report.last, f"the table `record_rules` names {found}, which is no record")

    def _check_missed_heads(self) -> None:
        """Heads of records that are not there: deleted as the log says, or cut off."""
        for sequence in sorted(self._heads):
            if sequence > self._report.last:
                signed = self._heads[sequence][0]
                what = f"the chain went to number {sequence} at {signed.time}, as a signed head says: its end was cut"
                self._fault(self._report.last + 1, what)
                return

    def _fault(self, sequence: int, what: str) -> None:
        self._report.faults.append(Fault(sequence, what))


def _wrong_columns(row: Row[Any]) -> str | None:
    """The first column that does not say what the entry says."""
    data = _data(row.entry)
    if data is None:
        return "entry"
    bundle: object = None
    digest: object = None
    decision: object = None
    if row.kind == DECISION:
        bundle, _, decision = str(data.get("path")).partition("/")
        told = data.get("bundles")
        about = told.get(bundle) if isinstance(told, Mapping) else None
        digest = about.get("digest") if isinstance(about, Mapping) else None
    expected = {
        "decision_id": data.get("decision_id"),
        "kind": RETENTION if RETENTION in data else DECISION,
        "bundle": bundle,
        "digest": digest,
        "decision": decision,
        "verdict": data.get("verdict"),
        "class": data.get("class"),
    }
    stored = row._mapping  # noqa: SLF001 - public, despite its name
    return next((name for name, value in expected.items() if stored[name] != value), None)


def _cut(sequence: int, entry: str) -> Cut | None:
    data = _data(entry)
    told = data.get(RETENTION) if data else None
    if not isinstance(told, Mapping):
        return None
    through, hash_ = told.get("through"), told.get("hash")
    if type(through) is not int or not isinstance(hash_, str):
        return None
    return Cut(sequence, through, hash_, head_of(told.get("head")))


def _data(entry: str) -> dict[str, Json] | None:
    try:
        return read(entry)
    except (RequestError, TypeError):
        return None
