"""First answers: kept with the policies that gave them, and let go of in time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update

from policyengine.decision_log.archive import keep_bundle
from policyengine.decision_log.chain import locked_head
from policyengine.decision_log.errors import AnswerChanged
from policyengine.decision_log.idempotency import FirstAnswer, IdempotencyKey, first_answer
from policyengine.decision_log.kept import kept_faults
from policyengine.decision_log.migrate import migrate
from policyengine.decision_log.schema import IDEMPOTENCY
from policyengine.decision_log.store import Store
from policyengine.decision_log.verify import verify
from policyengine.decision_log.writer import Writer
from policyengine.frontend.bundle_files import read_files

START = datetime(2026, 2, 1, 12, tzinfo=UTC)
KEPT = timedelta(hours=24)


class Clock:
    """What the time is: as it is set."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def writer(store, clock) -> Iterator[Writer]:
    made = Writer(store, clock=clock)
    yield made
    made.close()


def key(name: str) -> IdempotencyKey:
    return IdempotencyKey("shop", name, "0" * 64)


def kept(store: Store) -> list[str]:
    with store.reading() as connection:
        return list(connection.execute(select(IDEMPOTENCY.c.key).order_by(IDEMPOTENCY.c.key)).scalars())


def test_a_service_that_is_only_watched_forgets_in_time(writer, store, clock, decisions):
    writer.commit([decisions.entry()], key("a"), b"{}")
    clock.now = START + KEPT - timedelta(seconds=1)
    writer.probe()
    assert kept(store) == ["a"]
    clock.now = START + KEPT + timedelta(minutes=1)
    writer.probe()
    assert kept(store) == []


def test_a_service_that_is_asked_without_keys_forgets_too(writer, store, clock, decisions):
    writer.commit([decisions.entry()], key("a"), b"{}")
    clock.now = START + KEPT
    writer.commit([decisions.entry()])
    assert kept(store) == []


def test_what_is_too_old_is_looked_for_once_a_minute(writer, store, clock, decisions):
    writer.commit([decisions.entry()], key("a"), b"{}")
    clock.now = START + timedelta(seconds=30)
    writer.commit([decisions.entry()], key("b"), b"{}")
    clock.now = START + KEPT
    writer.probe()
    assert kept(store) == ["b"]
    clock.now = START + KEPT + timedelta(seconds=59)
    writer.probe()
    # It is too old already, and is not given again; it goes with the next look.
    assert kept(store) == ["b"]
    with store.reading() as connection:
        assert first_answer(connection, key("b"), clock.now) is None
    clock.now = START + KEPT + timedelta(seconds=60)
    writer.probe()
    assert kept(store) == []


def test_a_commit_that_failed_has_forgotten_nothing_and_the_next_one_does(writer, store, clock, decisions):
    writer.commit([decisions.entry()], key("a"), b"{}")
    clock.now = START + KEPT
    twice = decisions.entry()
    writer.commit([twice])
    assert kept(store) == []
    writer.commit([decisions.entry()], key("b"), b"{}")
    clock.now = START + 2 * KEPT
    with pytest.raises(Exception, match="cannot be used"):
        writer.commit([twice])
    assert kept(store) == ["b"]
    writer.probe()
    assert kept(store) == []


def test_a_key_may_be_used_again_when_its_answer_is_too_old_and_still_there(writer, store, clock, decisions):
    writer.commit([decisions.entry()], key("a"), b"first")
    clock.now = START + KEPT - timedelta(seconds=30)
    writer.probe()
    clock.now = START + KEPT
    assert kept(store) == ["a"]
    assert writer.commit([decisions.entry()], key("a"), b"second") is None
    assert writer.commit([decisions.entry()], key("a"), b"third").body == b"second"


def test_the_policies_that_answered_are_kept_with_the_answer(writer, store, clock, decisions):
    entry = decisions.entry()
    writer.commit([entry], key("a"), b"{}")
    expected = FirstAnswer(b"{}", decisions.bundle.digest)
    assert entry.digest == decisions.bundle.digest
    assert writer.commit([decisions.entry()], key("a"), b"other") == expected
    with store.reading() as connection:
        assert first_answer(connection, key("a"), clock.now) == expected


def test_what_an_older_release_kept_cannot_be_vouched_for_and_goes(database):
    store = Store(database)
    migrate(store, "0001")
    row = {"expires": "9999", "hash": "0" * 64, "body": b"old"}
    insert = text("INSERT INTO idempotency_keys VALUES ('shop', 'a', :hash, :body, :expires)")
    with store.writing() as connection:
        connection.execute(insert, row)
    assert migrate(store)[0] == "0001"
    with store.reading() as connection:
        assert first_answer(connection, key("a"), START) is None
    store.close()


@pytest.mark.parametrize(
    "change",
    [
        {"body": b'{"verdict":"covered"}'},
        {"decision_id": "no such record"},
        {"body": b""},
    ],
)
def test_an_answer_that_was_changed_in_the_database_is_not_given_and_is_named(writer, store, decisions, folder, change):
    keep_bundle(store, read_files(folder), decisions.bundle)
    writer.commit([decisions.entry()], key("a"), b"{}")
    writer.commit([decisions.entry()])
    assert kept_faults(store) == []
    with store.writing() as connection:
        connection.execute(update(IDEMPOTENCY).values(**change))
    with pytest.raises(AnswerChanged, match="of shop was changed"):
        writer.commit([decisions.entry()], key("a"), b"{}")
    with store.reading() as connection, pytest.raises(AnswerChanged):
        first_answer(connection, key("a"), START)
    (fault,) = kept_faults(store)
    assert fault.sequence == (None if "decision_id" in change else 1)
    assert verify(store).records == 2


def test_one_records_hash_vouches_for_no_other_answer(writer, store, clock, decisions):
    """Not the record of another answer either, whole as it is."""
    first, second = decisions.entry(), decisions.entry()
    writer.commit([first], key("a"), b"one")
    writer.commit([second], key("b"), b"two")
    with store.writing() as connection:
        connection.execute(update(IDEMPOTENCY).where(IDEMPOTENCY.c.key == "a").values(decision_id=second.decision_id))
    with store.reading() as connection, pytest.raises(AnswerChanged):
        first_answer(connection, key("a"), clock.now)


def test_two_requests_with_one_key_in_one_transaction_get_one_answer(store, decisions):
    """They come so close together that the record of the first is not written when the second is looked at."""
    writer = Writer(store, clock=Clock())
    found: list[FirstAnswer | None] = []
    with store.writing() as connection:
        # Whoever writes now waits for this transaction: what is asked meanwhile is committed together.
        locked_head(connection)
        threads = [
            threading.Thread(target=lambda n=n: found.append(writer.commit([decisions.entry()], key("a"), b"%d" % n)))
            for n in range(4)
        ]
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
    writer.close()
    assert found.count(None) == 1
    (body,) = {answer.body for answer in found if answer}
    assert FirstAnswer(body, decisions.bundle.digest) in found
    assert verify(store).records == 1
