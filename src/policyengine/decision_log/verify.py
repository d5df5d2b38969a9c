"""Whether anything in the log was changed, removed, put in or moved, and where first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, func, select

from policyengine.decision_log.canonical import Json
from policyengine.decision_log.chain import NOTHING, Head, head
from policyengine.decision_log.columns import bad_text_as_bytes, fits, listed_rules, wrong_column, wrong_rules
from policyengine.decision_log.cuts import Cut, cut_of, cuts, data_of
from policyengine.decision_log.errors import LogError, LogUnavailable
from policyengine.decision_log.heads import SignedHead
from policyengine.decision_log.keys import Keyring
from policyengine.decision_log.portions import portion
from policyengine.decision_log.schema import RECORDS, RETENTION, RULES
from policyengine.decision_log.store import Store
from policyengine.signatures import PublicKey

#: Faults that are told; a log that was tampered with in more places is no better for a longer list.
MOST_FAULTS: Final = 20
_CHUNK: Final = 1_000
_BEGINNING: Final = Head(0, NOTHING)


class Fault(NamedTuple):
    """Something that is not as it must be. ``sequence`` is the number of the record at which it shows.

    None: no record is known to be bad, but not all of the log could be verified.
    """

    sequence: int | None
    what: str


@dataclass(slots=True)
class Report:
    """What was verified: the numbers of the first and the last record, and how many heads; and what is wrong.

    ``newest_head`` is the number of the last record that a head confirms; ``deleted`` that of the last one deleted, as
    the log says.
    """

    first: int = 0
    last: int = 0
    records: int = 0
    heads: int = 0
    newest_head: int = 0
    deleted: int = 0
    faults: list[Fault] = field(default_factory=list)


def verify(store: Store, heads: Sequence[SignedHead] | None = None, keys: Sequence[PublicKey] = ()) -> Report:
    """Read the whole log once. ``heads`` were exported before; they, and deletions, must be signed by the ``keys``."""
    if heads and not keys:
        raise LogError("heads cannot be trusted without the public key that shows who signed them")
    with store.reading() as connection, bad_text_as_bytes(connection):
        return _Verification(connection, heads, Keyring(keys)).report()


class _Verification:
    """One pass over the log, in a transaction that sees one state of it."""

    def __init__(self, connection: Connection, heads: Sequence[SignedHead] | None, keys: Keyring) -> None:
        self._connection = connection
        self._report = Report()
        self._keys = keys
        self._wants_heads = heads is not None
        self._heads: dict[int, list[SignedHead]] = {}
        bad: dict[str, list[SignedHead]] = {}
        for signed in heads or ():
            complaint = signed.complaint(keys)
            if complaint is None:
                self._heads.setdefault(signed.sequence, []).append(signed)
            else:
                bad.setdefault(complaint, []).append(signed)
        for complaint, (first, *more) in bad.items():
            several = f" (and {len(more):,} more)" if more else ""
            self._fault(None, f"the head of number {first.sequence}, of {first.time}, {complaint}{several}")

    def report(self) -> Report:
        report = self._report
        self._walk()
        if len(report.faults) < MOST_FAULTS:
            self._check_strays()
            self._check_missed_heads()
        report.faults.sort(key=lambda f: (f.sequence is None, f.sequence or 0))
        return report

    def _walk(self) -> None:
        """From the first record on; each is checked against the one before it."""
        first = self._connection.execute(select(func.min(RECORDS.c.sequence))).scalar()
        start = self._start(first)
        self._check_left_over(start)
        self._check_heads(start)
        # Of what comes before the first record nothing is known where that is gone without a word.
        previous: Head | None = start
        if first is not None and first > 1 and start == _BEGINNING:
            told = f"the records before number {first} are gone, and no record says that they were deleted"
            self._fault(first, told)
            previous = None
        for row, listed in self._rows(start.sequence):
            previous = self._record(row, previous, listed)
            if len(self._report.faults) >= MOST_FAULTS:
                return
        self._check_end(previous or start)

    def _start(self, first: int | None) -> Head:
        """What comes before the first record that is to be there: the last one that was deleted, or nothing."""
        known = cuts(self._connection)
        good = [cut for cut in known if not self._keys or self._is_genuine(cut)]
        # One that is not genuine is a fault; where records are gone, it still says where the rest begins.
        usable = [*good, *(cut for cut in known if cut.deleted.sequence + 1 == first)]
        if not usable:
            return _BEGINNING
        last = max((cut.deleted for cut in usable), key=lambda deleted: deleted.sequence)
        self._report.deleted = last.sequence
        return last

    def _is_genuine(self, cut: Cut) -> bool:
        complaint = cut.complaint(self._keys)
        if complaint is not None:
            told = f"the deletion of the records up to number {cut.deleted.sequence} {complaint}"
            is_open = cut.by is not None and not self._keys.knows(cut.by.key_id)
            self._fault(None if is_open else cut.sequence, told)
        return complaint is None

    def _check_left_over(self, start: Head) -> None:
        """Whether there is anything before the first record that is to be there."""
        numbers = select(func.min(RECORDS.c.sequence), func.max(RECORDS.c.sequence), func.count())
        first, last, count = self._connection.execute(numbers.where(RECORDS.c.sequence <= start.sequence)).one()
        if not count:
            return
        which = f"record number {first} was" if count == 1 else f"{count:,} records, number {first} to {last}, were"
        told = f"{which} put in before the beginning of the chain"
        if start != _BEGINNING:
            told = f"{which} to be deleted, and not part of what is verified; run `policyengine log retain` again"
        self._fault(first, told)

    def _rows(self, after: int) -> Iterator[tuple[Row[Any], Mapping[str, set[object]]]]:
        """The records after a number, each with the rules by which it and others are found."""
        while rows := portion(
            self._connection, select(RECORDS).where(RECORDS.c.sequence > after).order_by(RECORDS.c.sequence), _CHUNK
        ).rows:
            listed = listed_rules(self._connection, rows)
            for row in rows:
                yield row, listed
            after = rows[-1].sequence

    def _record(self, row: Row[Any], previous: Head | None, listed: Mapping[str, set[object]]) -> Head:
        """Check one record against the one before it; both are reported by the hashes that stand there."""
        report, number = self._report, row.sequence
        report.first = report.first or number
        report.last = number
        report.records += 1
        data = data_of(row.entry)
        if previous is not None and number != previous.sequence + 1:
            several = f", with all up to number {number - 1}" if number > previous.sequence + 2 else ""
            self._fault(previous.sequence + 1, f"removed{several}")
        elif previous is not None and not fits(row, previous.hash):
            self._fault(number, "this record, or the hash of the one before it, was changed")
        elif (wrong := wrong_column(row, data)) is not None:
            self._fault(number, f"the column `{wrong}` says something else than the record")
        elif row.kind == RETENTION and previous is not None and not _is_in_place(number, data, previous):
            self._fault(number, "this record of a deletion was not made for this place of this chain")
        if data is not None and (told := wrong_rules(row, data, listed)) is not None:
            self._fault(number, told)
        self._check_heads(Head(number, row.hash))
        return Head(number, row.hash)

    def _check_heads(self, at: Head) -> None:
        for signed in self._heads.pop(at.sequence, ()):
            self._report.heads += 1
            self._report.newest_head = at.sequence
            if signed.hash != at.hash:
                told = f"the head signed at {signed.time} has another hash: the chain was made anew"
                self._fault(at.sequence, told)

    def _check_end(self, last: Head) -> None:
        try:
            end = head(self._connection)
        except LogUnavailable as e:
            self._fault(last.sequence, str(e))
            return
        if last == end:
            return
        told = f"the chain ends at number {last.sequence}, but its head says {end.sequence}"
        if last.sequence == end.sequence:
            told = "the head of the chain has another hash than its last record"
        is_shorter = type(end.sequence) is int and end.sequence < last.sequence
        self._fault(max(end.sequence if is_shorter else last.sequence, 0) + 1, told)

    def _check_strays(self) -> None:
        stray = select(RULES.c.decision_id).where(
            ~select(RECORDS.c.sequence).where(RECORDS.c.decision_id == RULES.c.decision_id).exists()
        )
        found = self._connection.execute(stray.limit(1)).first()
        if found is not None:
            self._fault(self._report.last, f"the table `record_rules` names {found.decision_id}, which is no record")

    def _check_missed_heads(self) -> None:
        """Heads of records that are not there: deleted as the log says, or cut off."""
        cut_off = max((number for number in self._heads if number > self._report.last), default=None)
        if cut_off is not None:
            when = self._heads[cut_off][0].time
            told = f"the chain went to number {cut_off} at {when}, as a signed head says: its end was cut"
            self._fault(max(self._report.last, self._report.deleted) + 1, told)
        elif self._wants_heads and not self._report.heads:
            told = "no head that was given is of a record of this log, so that its end could have been cut off"
            self._fault(None, f"{told}; give the file that `serve --log-heads` or `policyengine log heads` writes")

    def _fault(self, sequence: int | None, what: str) -> None:
        self._report.faults.append(Fault(sequence, what))


def _is_in_place(number: int, data: Mapping[str, Json] | None, previous: Head) -> bool:
    cut = cut_of(number, data)
    return cut is not None and cut.kept == previous
