"""Connections that hang, that are all taken, or that a role's settings would make unfit."""

from __future__ import annotations

import os
import socket
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import Connection, event, text
from tests.decision_log.build import facts_of, logged_ids, sequences
from tests.decision_log.postgres import Postgres
from tests.decision_log.proxy import Proxy

from policyengine.decision_log.errors import LogUnavailable
from policyengine.decision_log.idempotency import IdempotencyKey
from policyengine.decision_log.store import MOST_READERS, Store
from policyengine.decision_log.verify import verify
from policyengine.decision_log.watchdog import ends_socket
from policyengine.decision_log.writer import Writer

#: Seconds; short, so that a test that waits for it is quick, and long enough for a commit on a loaded machine.
LIMIT = 3.0
COUNT_TO_A_BILLION = text(
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT max(i) FROM n"
)


@pytest.fixture
def proxy(postgres) -> Iterator[Proxy]:
    with Proxy(postgres.port) as made:
        yield made


@pytest.fixture
def through(log_address, postgres, proxy) -> Iterator[Store]:
    """The log in PostgreSQL, through the proxy, with a short limit."""
    made = Store(log_address.replace(str(postgres.port), str(proxy.port)), limit=LIMIT)
    yield made
    made.close()


@contextmanager
def writing_to(store: Store) -> Iterator[Writer]:
    writer = Writer(store)
    try:
        yield writer
    finally:
        writer.close()


def ask(store: Store, before: Callable[[Connection], object]) -> None:
    """Read something, and do that just before."""
    with store.reading() as connection:
        before(connection)
        connection.execute(text("SELECT 1"))


in_postgresql = pytest.mark.parametrize("log_address", ["postgresql"], indirect=True)
in_sqlite = pytest.mark.parametrize("log_address", ["sqlite"], indirect=True)


@in_postgresql
def test_a_server_that_falls_silent_between_commits_costs_no_answer(store, proxy, through, decisions):
    with writing_to(through) as writer:
        first, second = decisions.entries(2)
        writer.commit([first])
        before = proxy.made
        proxy.silence()
        writer.commit([second])
        assert proxy.made == before + 1
    assert logged_ids(store) == {first.decision_id, second.decision_id}
    assert verify(store).faults == []


@in_postgresql
@pytest.mark.parametrize("moment", ["begin", "commit"])
def test_a_server_that_falls_silent_during_a_commit_fails_that_one_alone(store, proxy, through, decisions, moment):
    """The silent server still holds the chain's lock: it has to let go of a transaction that does not go on."""
    first, lost, last = decisions.entries(3)
    with writing_to(through) as writer:
        writer.commit([first])
        event.listen(through.engine, moment, lambda _: proxy.silence(), once=True)
        with pytest.raises(LogUnavailable, match="cannot be used"):
            writer.commit([lost])
        writer.commit([last])
    assert logged_ids(store) == {first.decision_id, last.decision_id}
    assert verify(store).faults == []


@in_postgresql
def test_a_reader_of_a_server_that_falls_silent_comes_back(through, proxy):
    with through.reading():
        pass
    with pytest.raises(LogUnavailable):
        ask(through, lambda _: proxy.silence())
    with through.reading() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1


@in_postgresql
def test_both_ends_look_after_each_other(store):
    """A peer that died after it acknowledged everything is noticed only by who asks whether it is there."""
    with store.reading() as reader, store.writing() as writer:
        for connection in (reader, writer):
            own = socket.socket(fileno=os.dup(connection.connection.driver_connection.fileno()))
            with own:
                options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
                assert [own.getsockopt(socket.IPPROTO_TCP, option) for option in options] == [5, 2, 3]
                assert own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
            names = ("idle", "interval", "count")
            found = [connection.execute(text(f"SHOW tcp_keepalives_{name}")).scalar() for name in names]
            assert found == ["5", "2", "3"]


@in_postgresql
def test_commands_take_their_time(log_address):
    patient = Store(log_address, patient=True)
    with patient.reading() as connection:
        settings = ("statement_timeout", "idle_in_transaction_session_timeout")
        assert [connection.execute(text(f"SHOW {name}")).scalar() for name in settings] == ["0", "0"]
    patient.close()


@in_sqlite
def test_a_search_without_end_is_ended(log_address):
    made = Store(log_address, limit=0.2)
    for use in (made.reading, made.writing):
        with pytest.raises(LogUnavailable, match="interrupted"), use() as connection:
            connection.execute(COUNT_TO_A_BILLION)
    with made.writing() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1
    made.close()


@in_postgresql
def test_no_socket_but_ones_own_is_shut_down(store):
    """The number of a descriptor that was closed goes to the next file that is opened."""
    with store.reading() as connection:
        driver = connection.connection.driver_connection
        end, number = ends_socket(driver), driver.fileno()
        mine, other = socket.socketpair()
        saved = os.dup(number)
        os.dup2(mine.fileno(), number)
        try:
            end()
        finally:
            os.dup2(saved, number)
            os.close(saved)
        other.sendall(b"there")
        assert mine.recv(5) == b"there"
        mine.close()
        other.close()
        assert connection.execute(text("SELECT 1")).scalar() == 1
    with pytest.raises(LogUnavailable):
        ask(store, lambda connection: ends_socket(connection.connection.driver_connection)())


def test_readers_leave_the_writer_its_connection(store, decisions):
    with writing_to(store) as writer, ExitStack() as stack:
        for _ in range(MOST_READERS):
            stack.enter_context(store.reading()).execute(text("SELECT count(*) FROM records"))
        writer.commit([decisions.entry()])
    assert sequences(store) == [1]


# --- what a role or a server is set to ---


@contextmanager
def role(postgres: Postgres, setting: str, value: str) -> Iterator[None]:
    postgres.sql(f"ALTER ROLE tests SET {setting} = {value}")
    try:
        yield
    finally:
        # It may be the role of who resets it that may only read.
        postgres.sql(f"SET TRANSACTION READ WRITE; ALTER ROLE tests RESET {setting}")


@in_postgresql
@pytest.mark.parametrize("usual", ["read committed", "repeatable read", "serializable"])
def test_writers_see_what_others_have_committed_whatever_is_usual(log_address, postgres, decisions, usual):
    with role(postgres, "default_transaction_isolation", f"'{usual}'"), ThreadPoolExecutor(1) as pool:
        stores = [Store(log_address) for _ in range(2)]
        writers = [Writer(one) for one in stores]
        for store in stores:
            with store.writing() as connection:
                assert connection.execute(text("SHOW transaction_isolation")).scalar() == "read committed"
            with store.reading() as connection:
                assert connection.execute(text("SHOW transaction_isolation")).scalar() == "repeatable read"
        # The second one begins while the first holds the chain's lock, and has to go on from where that one ends.
        with stores[0].writing() as connection:
            connection.execute(text("UPDATE chain SET probed = 'now'"))
            pending = pool.submit(writers[1].commit, [decisions.entry(1)])
            while postgres.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") == "0":
                pass
        pending.result(20)
        writers[0].commit([decisions.entry(2)])
        assert sequences(stores[0]) == [1, 2]
        for writer in writers:
            writer.close()


@in_postgresql
def test_a_role_that_may_only_read_is_told_so(log_address, postgres, decisions):
    with role(postgres, "default_transaction_read_only", "on"):
        made = Store(log_address)
        with writing_to(made) as writer:
            with pytest.raises(LogUnavailable, match=r"takes no writes .*default_transaction_read_only be off"):
                writer.commit([decisions.entry()])
            with made.reading() as connection:
                assert connection.execute(text("SELECT count(*) FROM records")).scalar() == 0


# --- what errors say ---


def test_an_error_holds_no_facts(store, decisions):
    entry = decisions.entry()
    fact = str(facts_of(0)["umbrella"]["price"])
    assert fact in entry.text.decode()
    with writing_to(store) as writer:
        writer.commit([entry], IdempotencyKey("", "k1", "0" * 64), fact.encode())
        twice = replace(decisions.entry(), decision_id=entry.decision_id)
        with pytest.raises(LogUnavailable) as caught:
            writer.commit([twice])
    told = "".join(traceback.format_exception(caught.value))
    assert "INSERT INTO records" in told
    assert fact not in told
    with pytest.raises(LogUnavailable) as reading, store.reading() as connection:
        connection.execute(text("SELECT * FROM nowhere WHERE fact = :fact"), {"fact": fact})
    assert fact not in "".join(traceback.format_exception(reading.value))
