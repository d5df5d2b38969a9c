"""Settings of the databases, asserted; files; what cannot be reached."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import ExitStack

import pytest
from sqlalchemy import text
from tests.decision_log.build import log, logged_ids, sequences

from policyengine.decision_log import store as stores
from policyengine.decision_log.errors import LogError, LogUnavailable
from policyengine.decision_log.migrate import migrate
from policyengine.decision_log.store import Store
from policyengine.decision_log.writer import Writer


def test_every_connection_to_sqlite_waits_for_the_disk(sqlite_store):
    with ExitStack() as stack:
        engines = [sqlite_store.engine, *[sqlite_store.readers] * 3]
        connections = [stack.enter_context(engine.connect()) for engine in engines]
        assert len({id(c.connection.dbapi_connection) for c in connections}) == 4
        for connection in connections:
            found = {n: connection.exec_driver_sql(f"PRAGMA {n}").scalar() for n in ("journal_mode", "synchronous")}
            assert found == {"journal_mode": "wal", "synchronous": 2}


def test_a_setting_that_does_not_hold_is_an_error(sqlite_store, monkeypatch):
    sqlite_store.close()
    monkeypatch.setitem(stores._PRAGMAS, "page_size", 1)
    with pytest.raises(LogUnavailable, match="SQLite keeps `page_size` at"), sqlite_store.reading():
        pass


def test_postgresql_waits_for_the_disk_whatever_it_is_told(postgres):
    postgres.sql("ALTER ROLE tests SET synchronous_commit = off")
    try:
        made = Store(postgres.url())
        with made.writing() as connection:
            assert connection.execute(text("SHOW synchronous_commit")).scalar() == "on"
        made.close()
    finally:
        postgres.sql("ALTER ROLE tests RESET synchronous_commit")


def test_a_server_that_never_waits_for_the_disk_is_refused(postgres):
    postgres.sql("ALTER SYSTEM SET fsync = off")
    postgres.sql("SELECT pg_reload_conf()")
    made = Store(postgres.url())
    try:
        # The server takes its settings over a moment later than it says.
        while postgres.sql("SHOW fsync") != "off":
            pass
        with pytest.raises(LogUnavailable, match="fsync is off"), made.reading():
            pass
    finally:
        made.close()
        postgres.sql("ALTER SYSTEM RESET fsync")
        postgres.sql("SELECT pg_reload_conf()")
        while postgres.sql("SHOW fsync") != "on":
            pass


def test_the_file_is_for_its_owners_eyes_only(tmp_path, decisions):
    made = Store(str(tmp_path / "new" / "log.sqlite"))
    migrate(made)
    log(made, [decisions.entry()])
    with made.reading():
        modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (tmp_path / "new").iterdir()}
    assert set(modes.values()) == {"0o600"}
    assert oct((tmp_path / "new").stat().st_mode & 0o777) == "0o700"
    made.close()


def test_nothing_is_written_into_a_file_that_was_taken_away(sqlite_store, decisions, tmp_path):
    writer = Writer(sqlite_store)
    writer.commit([decisions.entry()])
    for file in tmp_path.glob("log.sqlite*"):
        file.unlink()
    with pytest.raises(LogUnavailable, match="No such file"):
        writer.commit([decisions.entry()])
    assert list(tmp_path.glob("log.sqlite*")) == []
    # A new one in its place is taken without further ado.
    migrate(sqlite_store)
    entry = decisions.entry()
    writer.commit([entry])
    assert logged_ids(sqlite_store) == {entry.decision_id}
    writer.close()


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("mysql://somewhere/log", "cannot be kept in `mysql`"),
        ("sqlite://", "cannot be kept in `sqlite`"),
        ("://", "no address of a database"),
    ],
)
def test_addresses_that_are_none(address, told):
    with pytest.raises(LogError, match=told):
        Store(address)


def test_a_path_may_hold_any_sign(tmp_path, decisions):
    made = Store(str(tmp_path / "a?b#c%20d e" / "log.sqlite"))
    migrate(made)
    log(made, [decisions.entry()])
    assert len(logged_ids(made)) == 1
    assert (tmp_path / "a?b#c%20d e" / "log.sqlite").stat().st_size > 0
    made.close()


def test_a_password_is_never_shown():
    made = Store("postgresql://me:secret@127.0.0.1:1/log")
    assert made.shown == "postgresql://me:***@127.0.0.1:1/log"
    with pytest.raises(LogUnavailable) as caught, made.reading():
        pass
    assert "secret" not in str(caught.value)


def test_a_file_that_is_no_database(tmp_path):
    file = tmp_path / "log.sqlite"
    file.write_text("mine, and no database; " * 100)
    with pytest.raises(LogUnavailable, match="not a database"):
        migrate(Store(str(file)))
    assert file.read_text().startswith("mine")


def test_who_waits_for_the_only_place_to_write_gets_it_when_it_is_free(sqlite_store, decisions):
    other = sqlite3.connect(sqlite_store.shown, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    writer = Writer(sqlite_store)
    asked = threading.Event()
    waiting = threading.Thread(target=lambda: (asked.set(), writer.commit([decisions.entry()])))
    waiting.start()
    assert asked.wait(60)
    assert waiting.is_alive()
    other.execute("ROLLBACK")
    waiting.join(60)
    writer.close()
    assert sequences(sqlite_store) == [1]
    with sqlite_store.writing() as connection:
        # What follows in the transaction waits as it is set to: only the beginning is looked for again and again.
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == stores.LOCK_SECONDS * 1000
    other.close()


def test_a_lock_that_is_not_given_back_is_told(sqlite_store, decisions, monkeypatch):
    monkeypatch.setattr(stores, "LOCK_SECONDS", 0)
    other = sqlite3.connect(sqlite_store.shown, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    writer = Writer(sqlite_store)
    with pytest.raises(LogUnavailable, match="locked"):
        writer.commit([decisions.entry()])
    other.execute("ROLLBACK")
    writer.commit([decisions.entry()])
    writer.close()
    other.close()
