"""Whatever is done to a log shows, and where first."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, delete, insert, select, text, update
from tests.decision_log.build import sequences

from policyengine.decision_log.chain import NOTHING, Head, append, hash_of, head
from policyengine.decision_log.heads import signed
from policyengine.decision_log.schema import CHAIN, RECORDS, RULES
from policyengine.decision_log.verify import verify
from policyengine.signatures import PrivateKey

KEY = PrivateKey.new()
KEYS = [KEY.public()]
COUNT = 12


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
    id_ = other["decision_id"][:-1] + ("1" if other["decision_id"].endswith("0") else "0")
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
    assert verify(full, exported, KEYS).faults == []
    cut_tail(full, 8)
    assert verify(full).faults == []
    (fault,) = verify(full, exported, KEYS).faults
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
    (fault,) = verify(full, exported, KEYS).faults
    assert (fault.sequence, "made anew" in fault.what) == (COUNT, True)


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
from policyengine.signatures import PrivateKey
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
