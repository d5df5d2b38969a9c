"""Whatever is done to a log shows, and where first."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, delete, insert, select, text, update
from tests.decision_log.build import log, sequences

from policyengine import __version__
from policyengine.decision_log.chain import NOTHING, Head, append, hash_of, head
from policyengine.decision_log.errors import LogError
from policyengine.decision_log.heads import (
    HeadExport,
    append_head,
    is_genuine,
    new_key,
    private_key,
    public_key,
    read_heads,
    signed,
)
from policyengine.decision_log.retention import retain
from policyengine.decision_log.schema import CHAIN, RECORDS, RULES
from policyengine.decision_log.verify import verify
from policyengine.decision_log.writer import Writer

KEY = Ed25519PrivateKey.generate()
COUNT = 12


@pytest.fixture
def full(store, decisions):
    """A log of twelve records."""
    writer = Writer(store)
    writer.commit(decisions.entries(COUNT))
    writer.close()
    return store


def head_of(store) -> Head:
    with store.reading() as connection:
        return head(connection)


def change_entry(c: Connection) -> None:
    c.execute(text("UPDATE records SET entry = replace(entry, '\"granted\"', '\"refused\"') WHERE sequence = 6"))


def change_one_digit_of_facts(c: Connection) -> None:
    c.execute(text("UPDATE records SET entry = replace(entry, '15.50', '95.50') WHERE sequence = 6"))


def change_entry_and_its_hash(c: Connection) -> None:
    """The record is whole by itself; the next one does not fit it any more."""
    previous = c.execute(select(RECORDS.c.hash).where(RECORDS.c.sequence == 5)).scalar_one()
    entry = c.execute(select(RECORDS.c.entry).where(RECORDS.c.sequence == 6)).scalar_one().replace("15.50", "95.50")
    made = hash_of(6, previous, entry.encode())
    c.execute(update(RECORDS).where(RECORDS.c.sequence == 6).values(entry=entry, hash=made))


def remove_one(c: Connection) -> None:
    c.execute(delete(RECORDS).where(RECORDS.c.sequence == 6))


def remove_some(c: Connection) -> None:
    c.execute(delete(RECORDS).where(RECORDS.c.sequence.in_([6, 7, 8])))


def remove_and_close_the_gap(c: Connection) -> None:
    c.execute(delete(RECORDS).where(RECORDS.c.sequence == 6))
    for number in range(7, COUNT + 1):
        c.execute(update(RECORDS).where(RECORDS.c.sequence == number).values(sequence=number - 1))
    c.execute(update(CHAIN).values(sequence=COUNT - 1))


def remove_the_first(c: Connection) -> None:
    c.execute(delete(RECORDS).where(RECORDS.c.sequence <= 5))


def swap_two(c: Connection) -> None:
    rows = {r.sequence: r for r in c.execute(select(RECORDS).where(RECORDS.c.sequence.in_([6, 7])))}
    c.execute(delete(RECORDS).where(RECORDS.c.sequence.in_([6, 7])))
    c.execute(insert(RECORDS), [{**rows[6]._mapping, "sequence": 7}, {**rows[7]._mapping, "sequence": 6}])


def put_one_in(c: Connection) -> None:
    """In the place of the sixth, with all that follow moved up by one."""
    for number in range(COUNT, 5, -1):
        c.execute(update(RECORDS).where(RECORDS.c.sequence == number).values(sequence=number + 1))
    other = c.execute(select(RECORDS).where(RECORDS.c.sequence == 1)).one()._mapping
    id_ = "01" + other["decision_id"][2:-1] + "0"
    entry = other["entry"].replace(other["decision_id"], id_)
    c.execute(insert(RECORDS), [{**other, "sequence": 6, "decision_id": id_, "entry": entry}])
    c.execute(update(CHAIN).values(sequence=COUNT + 1))


def change_a_verdict_to_be_found_by(c: Connection) -> None:
    c.execute(update(RECORDS).where(RECORDS.c.sequence == 6).values(verdict="refunded_twice"))


def hide_a_record_from_searches(c: Connection) -> None:
    c.execute(update(RECORDS).where(RECORDS.c.sequence == 6).values(kind="retention"))


def change_a_rule_to_be_found_by(c: Connection) -> None:
    id_ = c.execute(select(RECORDS.c.decision_id).where(RECORDS.c.sequence == 6)).scalar_one()
    c.execute(update(RULES).where(RULES.c.decision_id == id_).values(rule="NOT-IT"))


def add_a_stray_rule(c: Connection) -> None:
    c.execute(insert(RULES), [{"rule": "UM-LOST", "decision_id": "0" * 36}])


def break_the_text(c: Connection) -> None:
    previous = c.execute(select(RECORDS.c.hash).where(RECORDS.c.sequence == 5)).scalar_one()
    c.execute(
        update(RECORDS).where(RECORDS.c.sequence == 6).values(entry="no JSON", hash=hash_of(6, previous, b"no JSON"))
    )


TAMPERINGS = [
    (change_entry, 6, "was changed"),
    (change_one_digit_of_facts, 6, "was changed"),
    (change_entry_and_its_hash, 7, "was changed"),
    (remove_one, 6, "removed"),
    (remove_some, 6, "removed, with all up to number 8"),
    (remove_and_close_the_gap, 6, "was changed"),
    (remove_the_first, 6, "no record says that they were deleted"),
    (swap_two, 6, "was changed"),
    (put_one_in, 6, "was changed|names other rules"),
    (change_a_verdict_to_be_found_by, 6, "the column `verdict`"),
    (hide_a_record_from_searches, 6, "the column `kind`"),
    (change_a_rule_to_be_found_by, 6, "names other rules"),
    (add_a_stray_rule, COUNT, "which is no record"),
    (break_the_text, 6, "names other rules|was changed|the column `entry`"),
]


def test_a_log_that_nobody_touched_is_whole(full):
    report = verify(full)
    assert (report.faults, report.first, report.last, report.records) == ([], 1, COUNT, COUNT)


@pytest.mark.parametrize(("tamper", "first", "told"), TAMPERINGS, ids=lambda v: getattr(v, "__name__", None))
def test_every_tampering_shows_and_where_first(full, tamper: Callable[[Connection], None], first, told):
    with full.writing() as connection:
        before = connection.execute(select(RECORDS)).all(), connection.execute(select(RULES)).all()
        tamper(connection)
        after = connection.execute(select(RECORDS)).all(), connection.execute(select(RULES)).all()
    assert before != after, "nothing was tampered with"
    faults = verify(full).faults
    assert faults, "it does not show"
    assert faults[0].sequence == first
    assert any(part in faults[0].what for part in told.split("|")), faults[0]


def cut_tail(store, through: int) -> None:
    """Cut the end off, and the head of the chain set to fit: whole, as far as the database knows."""
    with store.writing() as connection:
        ids = connection.execute(select(RECORDS.c.decision_id).where(RECORDS.c.sequence > through)).scalars().all()
        connection.execute(delete(RULES).where(RULES.c.decision_id.in_(ids)))
        connection.execute(delete(RECORDS).where(RECORDS.c.sequence > through))
        last = connection.execute(select(RECORDS.c.hash).where(RECORDS.c.sequence == through)).scalar_one()
        connection.execute(update(CHAIN).values(sequence=through, hash=last))


def test_a_tail_that_was_cut_shows_against_a_signed_head_only(full):
    exported = [signed(head_of(full), KEY)]
    assert verify(full, exported, KEY.public_key()).faults == []
    cut_tail(full, 8)
    assert verify(full).faults == []
    (fault,) = verify(full, exported, KEY.public_key()).faults
    assert (fault.sequence, "its end was cut" in fault.what) == (9, True)


def test_a_tail_cut_without_the_head_shows_by_itself(full):
    with full.writing() as connection:
        connection.execute(delete(RULES))
        connection.execute(delete(RECORDS).where(RECORDS.c.sequence > 8))
    assert any("the chain ends at number 8, but its head says 12" in f.what for f in verify(full).faults)


def test_a_chain_that_was_made_anew_shows_against_a_signed_head(full, decisions):
    exported = [signed(head_of(full), KEY)]
    with full.writing() as connection:
        connection.execute(delete(RULES))
        connection.execute(delete(RECORDS))
        append(connection, Head(0, NOTHING), decisions.entries(COUNT))
    assert verify(full).faults == []
    (fault,) = verify(full, exported, KEY.public_key()).faults
    assert (fault.sequence, "made anew" in fault.what) == (COUNT, True)


def test_heads_of_somebody_else_or_changed_ones_are_not_trusted(full):
    theirs = signed(head_of(full), Ed25519PrivateKey.generate())
    changed = signed(head_of(full), KEY)._replace(sequence=COUNT - 1)
    assert not is_genuine(changed, KEY.public_key())
    faults = verify(full, [theirs, changed], KEY.public_key()).faults
    assert len([f for f in faults if "was not signed by this key" in f.what]) == 2
    with pytest.raises(LogError, match="without the public key"):
        verify(full, [theirs])


def test_heads_in_a_file(full, tmp_path):
    public = new_key(tmp_path / "key")
    assert oct((tmp_path / "key").stat().st_mode & 0o777) == "0o600"
    key = private_key(tmp_path / "key")
    append_head(tmp_path / "heads", signed(head_of(full), key))
    append_head(tmp_path / "heads", signed(head_of(full), key))
    heads = read_heads(tmp_path / "heads")
    assert len(heads) == 2
    assert all(is_genuine(h, public_key(public)) for h in heads)
    with (tmp_path / "heads").open("a") as file:
        file.write('{"sequence": 1}\n')
    with pytest.raises(LogError, match="line 3: this is no signed head"):
        read_heads(tmp_path / "heads")
    with pytest.raises(LogError, match="no private key"):
        private_key(public)
    with pytest.raises(LogError, match="no public key"):
        public_key(tmp_path / "key")
    with pytest.raises(FileExistsError):
        new_key(tmp_path / "key")


def test_heads_are_exported_after_so_many_records(sqlite_store, decisions, tmp_path):
    writer = Writer(sqlite_store, HeadExport(tmp_path / "heads", KEY, records=3, seconds=1e9))
    for number in range(7):
        writer.commit([decisions.entry(number)])
    writer.close()
    heads = read_heads(tmp_path / "heads")
    # The first commit is signed at once: before it there was nothing to go by.
    assert [h.sequence for h in heads] == [1, 4, 7]
    assert verify(sqlite_store, heads, KEY.public_key()).heads == 3


def test_many_faults_are_cut_short(full):
    with full.writing() as connection:
        connection.execute(update(RECORDS).values(hash=NOTHING))
        connection.execute(delete(RULES))
    assert len(verify(full).faults) >= 20


WRITES = """
import sys
from pathlib import Path
from tests.decision_log.build import Decisions
from policyengine import load_bundle
from policyengine.decision_log.store import Store
from policyengine.decision_log.writer import Writer
with Decisions(load_bundle(sys.argv[2])) as decisions:
    writer = Writer(Store(sys.argv[1]))
    for number in range(30):
        writer.commit([decisions.entry(number)])
    writer.close()
"""


def test_several_processes_write_one_chain(store, log_address, folder):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITES, log_address, str(folder)], stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    errors = [writer.communicate(timeout=60)[1] for writer in writers]
    assert errors == ["", "", ""]
    assert sequences(store) == list(range(1, 91))
    assert verify(store).faults == []


# --- retention ---

NOW = datetime.now(UTC)


@pytest.fixture
def aged(store, decisions):
    """A log with a record for each of the last ten days, oldest first."""
    log(store, [decisions.entry(n, received=NOW - timedelta(days=10 - n)) for n in range(10)])
    return store


def test_old_records_go_and_the_rest_can_be_verified(aged, monkeypatch):
    monkeypatch.setattr("policyengine.decision_log.retention.CHUNK", 3)
    planned = retain(aged, NOW - timedelta(days=5), __version__, dry_run=True)
    assert (planned.deleted, sequences(aged)) == (5, list(range(1, 11)))
    done = retain(aged, NOW - timedelta(days=5), __version__, KEY)
    assert (done.deleted, done.through) == (5, 5)
    assert sequences(aged) == list(range(6, 12))
    report = verify(aged, key=KEY.public_key())
    assert (report.faults, report.first, report.last) == ([], 6, 11)
    with aged.reading() as connection:
        told = json.loads(connection.execute(select(RECORDS.c.entry).where(RECORDS.c.sequence == 11)).scalar_one())
    assert told["retention"]["through"] == 5


def test_again_and_again(aged):
    for days in (8, 8, 5, 1):
        retain(aged, NOW - timedelta(days=days, seconds=-1), __version__, KEY)
        assert verify(aged, key=KEY.public_key()).faults == []
    assert sequences(aged)[0] > 5


def test_only_the_beginning_is_ever_cut(store, decisions):
    days = (10, 9, 1, 8, 0)
    log(store, [decisions.entry(n, received=NOW - timedelta(days=d)) for n, d in enumerate(days)])
    retain(store, NOW - timedelta(days=5), __version__)
    assert sequences(store) == [3, 4, 5, 6]
    assert verify(store).faults == []


def test_a_deletion_that_was_interrupted_is_fine_and_goes_on(aged, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("policyengine.decision_log.retention._delete_some", stop)
        with pytest.raises(KeyboardInterrupt):
            retain(aged, NOW - timedelta(days=5), __version__)
    with aged.writing() as connection:
        rest = connection.execute(select(RECORDS.c.decision_id).where(RECORDS.c.sequence <= 2)).scalars().all()
        connection.execute(delete(RULES).where(RULES.c.decision_id.in_(rest)))
        connection.execute(delete(RECORDS).where(RECORDS.c.sequence <= 2))
    assert verify(aged).faults == []
    assert retain(aged, NOW - timedelta(days=5), __version__).deleted == 3
    assert sequences(aged) == list(range(6, 12))


def test_a_deletion_that_is_not_signed_shows_to_who_has_the_key(aged):
    retain(aged, NOW - timedelta(days=5), __version__)
    assert verify(aged).faults == []
    assert any("is not signed" in f.what for f in verify(aged, key=KEY.public_key()).faults)


def test_nothing_is_old(aged):
    done = retain(aged, NOW - timedelta(days=50), __version__)
    assert (done.deleted, done.through, sequences(aged)) == (0, 0, list(range(1, 11)))


def test_what_was_deleted_is_not_in_the_file_any_more(sqlite_store, decisions, tmp_path):
    log(sqlite_store, [decisions.entry(n, received=NOW - timedelta(days=9), caller="Vasco-da-Gama") for n in range(50)])
    assert any(b"Vasco-da-Gama" in file.read_bytes() for file in tmp_path.glob("log.sqlite*"))
    retain(sqlite_store, NOW - timedelta(days=5), __version__)
    assert not any(b"Vasco-da-Gama" in file.read_bytes() for file in tmp_path.glob("log.sqlite*"))
