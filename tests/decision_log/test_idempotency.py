"""First answers: kept with the policies that gave them, and let go of in time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text

from policyengine.decision_log.idempotency import FirstAnswer, IdempotencyKey, first_answer
from policyengine.decision_log.migrate import migrate
from policyengine.decision_log.schema import IDEMPOTENCY
from policyengine.decision_log.store import Store
from policyengine.decision_log.writer import Writer

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


def test_an_answer_that_an_older_release_kept_is_given_again_without_its_policies(database):
    store = Store(database)
    migrate(store, "0001")
    row = {"expires": "9999", "hash": "0" * 64, "body": b"old"}
    insert = text("INSERT INTO idempotency_keys VALUES ('shop', 'a', :hash, :body, :expires)")
    with store.writing() as connection:
        connection.execute(insert, row)
    assert migrate(store)[0] == "0001"
    with store.reading() as connection:
        assert first_answer(connection, key("a"), START) == FirstAnswer(b"old", None)
    store.close()
