"""Group commit: grouped, acknowledged after the commit only, and one caller's trouble is not another's."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import event, insert, text
from tests.decision_log.build import logged_ids, sequences

from policyengine.decision_log import writer as writers
from policyengine.decision_log.chain import NOTHING
from policyengine.decision_log.errors import LogUnavailable
from policyengine.decision_log.schema import CHAIN
from policyengine.decision_log.verify import verify
from policyengine.decision_log.writer import Writer

MANY = 240
THREADS = 24


@pytest.fixture
def writer(store):
    made = Writer(store)
    yield made
    made.close()


def test_requests_that_wait_are_committed_together(writer, store, decisions):
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda n: writer.commit([decisions.entry(n)]), range(MANY)))
    assert writer.counts.records == MANY
    assert writer.counts.commits < MANY
    assert sequences(store) == list(range(1, MANY + 1))
    assert verify(store).faults == []


def test_what_is_acknowledged_is_there_for_everybody(writer, store, decisions):
    def acknowledged_and_seen(number: int) -> bool:
        entry = decisions.entry(number)
        writer.commit([entry])
        # A connection of its own sees only what is committed.
        with store.reading() as connection:
            asked = text("SELECT count(*) FROM records WHERE decision_id = :id")
            return connection.execute(asked, {"id": entry.decision_id}).scalar() == 1

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(acknowledged_and_seen, range(40)))


def test_a_batch_is_committed_as_a_whole(writer, store, decisions):
    writer.commit(decisions.entries(50))
    assert writer.counts.commits == 1
    assert len(sequences(store)) == 50


def test_nobody_is_told_of_a_commit_that_failed(writer, store, decisions):
    failing = threading.Event()

    def fail(_):
        if failing.is_set():
            raise RuntimeError("the disk is gone")

    event.listen(store.engine, "commit", fail)
    writer.commit([decisions.entry()])
    failing.set()
    errors = []

    def attempt(number: int) -> None:
        with pytest.raises(RuntimeError, match="the disk is gone") as caught:
            writer.commit([decisions.entry(number)])
        errors.append(caught.value)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(attempt, range(20)))
    assert len(errors) == 20
    failing.clear()
    assert len(logged_ids(store)) == 1
    writer.commit([decisions.entry()])
    assert sequences(store) == [1, 2]
    assert verify(store).faults == []


def test_what_a_database_refuses_of_one_request_does_not_fail_the_others(store, decisions):
    """The first commit is held up, so that the others are sure to come together."""
    held, go_on = threading.Event(), threading.Event()

    def hold(_):
        if not held.is_set():
            held.set()
            assert go_on.wait(20)

    event.listen(store.engine, "commit", hold)
    writer = Writer(store)
    first = decisions.entry()
    twice = replace(decisions.entry(1), decision_id=first.decision_id)
    with ThreadPoolExecutor(4) as pool:
        early = pool.submit(writer.commit, [first])
        assert held.wait(20)
        good = [pool.submit(writer.commit, [decisions.entry(n)]) for n in (2, 3)]
        bad = pool.submit(writer.commit, [twice])
        while len(writer._waiting) < 3:
            threading.Event().wait(0.001)
        go_on.set()
        assert early.result(20) is None
        assert [g.result(20) for g in good] == [None, None]
        with pytest.raises(LogUnavailable):
            bad.result(20)
    assert sequences(store) == [1, 2, 3]
    writer.close()


def test_who_waits_too_long_is_told_and_is_not_logged_later(sqlite_store, decisions):
    held, go_on = threading.Event(), threading.Event()

    def hold(_):
        held.set()
        assert go_on.wait(20)

    writer = Writer(sqlite_store, wait=0.01)
    event.listen(sqlite_store.engine, "commit", hold)
    with ThreadPoolExecutor(1) as pool:
        early = pool.submit(writer.commit, [decisions.entry()])
        assert held.wait(20)
        with pytest.raises(LogUnavailable, match="did not commit within"):
            writer.commit([decisions.entry(1)])
        go_on.set()
        with pytest.raises(LogUnavailable, match="did not commit within"):
            early.result(20)
    writer.close()
    # The first was in a transaction already; the second was taken out of the queue.
    assert sequences(sqlite_store) == [1]


def test_more_than_can_wait_are_refused_at_once(sqlite_store, decisions, monkeypatch):
    held, go_on = threading.Event(), threading.Event()

    def hold(_):
        held.set()
        assert go_on.wait(20)

    monkeypatch.setattr(writers, "MOST_WAITING", 2)
    writer = Writer(sqlite_store)
    event.listen(sqlite_store.engine, "commit", hold)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(writer.commit, [decisions.entry()])
        assert held.wait(20)
        second = pool.submit(writer.commit, decisions.entries(2))
        while not writer._waiting:
            threading.Event().wait(0.001)
        with pytest.raises(LogUnavailable, match="2 records wait"):
            writer.commit([decisions.entry()])
        go_on.set()
        first.result(20)
        second.result(20)
    writer.close()
    with pytest.raises(LogUnavailable, match="closed"):
        writer.commit([decisions.entry()])


def test_a_probe_writes_and_adds_no_record(writer, store):
    writer.probe()
    assert sequences(store) == []
    with store.writing() as connection:
        assert connection.execute(text("SELECT probed FROM chain")).scalar()
        connection.execute(text("DELETE FROM chain"))
    with pytest.raises(LogUnavailable, match="has no head"):
        writer.probe()
    with store.writing() as connection:
        connection.execute(insert(CHAIN), [{"id": 1, "sequence": 0, "hash": NOTHING}])
    writer.probe()


def test_what_follows_a_commit_cannot_fail_it(store, decisions, caplog):
    def fail(_):
        raise OSError("no room for heads")

    writer = Writer(store, after=fail)
    writer.commit([decisions.entry()])
    writer.close()
    assert "what follows a commit" in caplog.text
    assert sequences(store) == [1]
