"""Old records go, the rest can be verified, and nobody without the key can pretend that records were deleted."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, select
from tests.decision_log.build import log, sequences

from policyengine import __version__
from policyengine.decision_log.chain import Head, append, locked_head
from policyengine.decision_log.cuts import cut_entry, cut_of, cuts, data_of
from policyengine.decision_log.errors import LogError
from policyengine.decision_log.heads import signed
from policyengine.decision_log.keys import Keyring
from policyengine.decision_log.retention import retain
from policyengine.decision_log.schema import RECORDS, RULES
from policyengine.decision_log.verify import verify
from policyengine.signatures import PrivateKey

KEY = PrivateKey.new()
KEYS = [KEY.public()]
KEYRING = Keyring(KEYS)
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
    report = verify(aged, keys=KEYS)
    assert (report.faults, report.first, report.last) == ([], 6, 11)
    with aged.reading() as connection:
        told = json.loads(connection.execute(select(RECORDS.c.entry).where(RECORDS.c.sequence == 11)).scalar_one())
    assert told["retention"]["through"] == 5


def test_again_and_again(aged):
    for days in (8, 8, 5, 1):
        retain(aged, NOW - timedelta(days=days, seconds=-1), __version__, KEY)
        assert verify(aged, keys=KEYS).faults == []
    assert sequences(aged)[0] > 5


def test_only_the_beginning_is_ever_cut(store, decisions):
    days = (10, 9, 1, 8, 0)
    log(store, [decisions.entry(n, received=NOW - timedelta(days=d)) for n, d in enumerate(days)])
    retain(store, NOW - timedelta(days=5), __version__)
    assert sequences(store) == [3, 4, 5, 6]
    assert verify(store).faults == []


def test_a_deletion_that_was_interrupted_says_so_and_goes_on(aged, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("policyengine.decision_log.retention._delete_some", stop)
        with pytest.raises(KeyboardInterrupt):
            retain(aged, NOW - timedelta(days=5), __version__)
    remove_up_to(aged, 2)
    (fault,) = verify(aged).faults
    assert fault.sequence == 3
    assert "3 records, number 3 to 5, were to be deleted" in fault.what
    assert "run `policyengine log retain` again" in fault.what
    assert verify(aged).records == 6
    # Also where older records are kept by now than then: what was said to be deleted goes.
    assert retain(aged, NOW - timedelta(days=9), __version__).deleted == 3
    assert sequences(aged) == list(range(6, 12))
    assert verify(aged).faults == []


def test_a_deletion_that_is_not_signed_shows_to_who_has_the_key(aged):
    retain(aged, NOW - timedelta(days=5), __version__)
    assert verify(aged).faults == []
    (fault,) = verify(aged, keys=KEYS).faults
    assert fault == (11, "the deletion of the records up to number 5 is not signed")


def test_nothing_is_old(aged):
    done = retain(aged, NOW - timedelta(days=50), __version__)
    assert (done.deleted, done.through, sequences(aged)) == (0, 0, list(range(1, 11)))


def test_what_was_deleted_is_not_in_the_file_any_more(sqlite_store, decisions, tmp_path):
    log(sqlite_store, [decisions.entry(n, received=NOW - timedelta(days=9), caller="Vasco-da-Gama") for n in range(50)])
    assert any(b"Vasco-da-Gama" in file.read_bytes() for file in tmp_path.glob("log.sqlite*"))
    retain(sqlite_store, NOW - timedelta(days=5), __version__)
    assert not any(b"Vasco-da-Gama" in file.read_bytes() for file in tmp_path.glob("log.sqlite*"))


def remove_up_to(store, through: int) -> None:
    """As whoever can write to the database would."""
    with store.writing() as connection:
        ids = connection.execute(select(RECORDS.c.decision_id).where(RECORDS.c.sequence <= through)).scalars().all()
        connection.execute(delete(RULES).where(RULES.c.decision_id.in_(ids)))
        connection.execute(delete(RECORDS).where(RECORDS.c.sequence <= through))


def put_in(store, entry) -> None:
    with store.writing() as connection:
        append(connection, locked_head(connection), [entry])


def head_at(store, number: int) -> Head:
    with store.reading() as connection:
        return Head(number, connection.execute(select(RECORDS.c.hash).where(RECORDS.c.sequence == number)).scalar_one())


def with_statement(entry, **changed):
    """The entry of a cut that says something else."""
    data = json.loads(entry.text)
    data["retention"] |= changed
    return replace(entry, text=json.dumps(data, separators=(",", ":")).encode())


def test_a_signed_head_permits_no_deletion(aged):
    """Who has the file of heads and the database, and not the key, forges a cut of what the head is about."""
    stolen = signed(head_at(aged, 5), KEY)
    forged = cut_entry(head_at(aged, 5), NOW, head_at(aged, 10), __version__, None)
    signature = {"key_id": stolen.key_id, "signature": stolen.signature}
    put_in(aged, with_statement(forged, **signature, time=stolen.time))
    remove_up_to(aged, 5)
    (fault,) = verify(aged, [stolen], KEYS).faults
    assert fault.sequence == 11
    assert "the deletion of the records up to number 5 has a wrong signature" in fault.what
    # Without the key nobody can know; that is what the report says then.
    report = verify(aged)
    assert (report.faults, report.deleted) == ([], 5)


@pytest.mark.parametrize("changed", [{"through": 4}, {"before": "2000-01-01T00:00:00.000000Z"}, {"kept_through": 9}])
def test_every_part_of_a_deletion_is_signed(aged, changed):
    retain(aged, NOW - timedelta(days=5), __version__, KEY)
    with aged.reading() as connection:
        (genuine,) = cuts(connection)
    assert verify(aged, keys=KEYS).faults == []
    entry = cut_entry(genuine.deleted, NOW, genuine.kept, __version__, KEY)
    other = with_statement(entry, **changed)
    for made, is_genuine in ((entry, True), (other, False)):
        found = cut_of(genuine.sequence, data_of(made.text.decode()))
        assert ("changed" not in (found.complaint(KEYRING) or "")) == is_genuine


def test_a_deletion_holds_at_its_place_alone(aged):
    """A genuine cut that is put in a second time, where more has been logged since."""
    put_in(aged, cut_entry(head_at(aged, 5), NOW, head_at(aged, 9), __version__, KEY))
    remove_up_to(aged, 5)
    (fault,) = verify(aged, keys=KEYS).faults
    assert fault == (11, "this record of a deletion was not made for this place of this chain")


def test_a_record_put_in_before_a_genuine_deletion_shows(aged, decisions):
    retain(aged, NOW - timedelta(days=5), __version__, KEY)
    with aged.reading() as connection:
        (cut,) = cuts(connection)
    forged = decisions.entry(1)
    with aged.writing() as connection:
        append(connection, Head(4, "0" * 64), [forged])
        connection.execute(RECORDS.update().where(RECORDS.c.sequence == 5).values(hash=cut.deleted.hash))
        connection.exec_driver_sql(
            "UPDATE chain SET sequence = 11, hash = (SELECT hash FROM records WHERE sequence = 11)"
        )
    for keys in ((), KEYS):
        report = verify(aged, keys=keys)
        (fault,) = report.faults
        assert fault.sequence == 5
        assert "record number 5 was to be deleted, and not part of what is verified" in fault.what
        assert (report.first, report.records) == (6, 6)
    assert retain(aged, NOW - timedelta(days=5), __version__, KEY).deleted == 1
    assert verify(aged, keys=KEYS).faults == []


def test_a_record_put_in_before_the_first_shows(full):
    with full.writing() as connection:
        row = connection.execute(select(RECORDS).where(RECORDS.c.sequence == 1)).one()._mapping
        connection.execute(insert(RECORDS), [{**row, "sequence": 0, "decision_id": "0" * 36}])
    (fault,) = verify(full).faults
    assert fault == (0, "record number 0 was put in before the beginning of the chain")


def test_a_forged_deletion_of_what_is_still_there_takes_nothing_out_of_what_is_verified(aged):
    put_in(aged, cut_entry(head_at(aged, 5), NOW, head_at(aged, 10), __version__, PrivateKey.new()))
    report = verify(aged, keys=KEYS)
    assert (report.first, report.records) == (1, 11)
    (fault,) = report.faults
    assert "number 5 is signed by a key with id" in fault.what


def test_a_new_key_for_the_log(aged):
    """Two deletions under two keys: with either alone the other one's is not known, with both all is well."""
    other = PrivateKey.new()
    retain(aged, NOW - timedelta(days=8), __version__, KEY)
    retain(aged, NOW - timedelta(days=5), __version__, other)
    for key, missing in ((KEY, other), (other, KEY)):
        (fault,) = verify(aged, keys=[key.public()]).faults
        assert fault.sequence is None
        assert f"is signed by a key with id '{missing.public().id}': give it with --public-key" in fault.what
    assert verify(aged, keys=[KEY.public(), other.public()]).faults == []


def test_a_deletion_that_is_none(aged):
    put_in(aged, with_statement(cut_entry(head_at(aged, 5), NOW, head_at(aged, 10), __version__, KEY), through=10**9))
    assert "was not made for this place" in verify(aged).faults[0].what
    # It makes nobody delete anything either.
    assert retain(aged, NOW - timedelta(days=50), __version__).deleted == 0
    assert len(sequences(aged)) == 11


def test_nothing_is_deleted_where_the_last_record_of_it_is_gone(aged):
    with aged.writing() as connection:
        connection.execute(delete(RECORDS).where(RECORDS.c.sequence == 5))
    with pytest.raises(LogError, match="record number 5 is gone"):
        retain(aged, NOW - timedelta(days=5), __version__)
    assert len(sequences(aged)) == 9
