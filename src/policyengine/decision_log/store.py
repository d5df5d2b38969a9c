"""A database for the log: opened by its address, with settings that keep what was committed, and these are asserted."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Dialect, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from policyengine.configuration.database_address import shown_address
from policyengine.decision_log.errors import LogError, LogUnavailable
from policyengine.decision_log.watchdog import Watchdog, ends_socket, ends_statement

#: Seconds that a connection waits for another one's lock, and for the network.
LOCK_SECONDS: Final = 5
#: Seconds that one statement of the service may take. Commands that read the whole log have no limit.
STATEMENT_SECONDS: Final = 10
#: Connections for reading that a process has at most, besides its one for writing.
MOST_READERS: Final = 8
#: Seconds after which who waits for SQLite's only place to write looks again.
_LOOK_AGAIN: Final = 0.001
_SQLITE: Final = "sqlite"
_POSTGRES: Final = "postgresql+psycopg"
_DRIVERS: Final = {"sqlite": _SQLITE, "postgresql": _POSTGRES, "postgres": _POSTGRES, _POSTGRES: _POSTGRES}
_KNOWN: Final = "give a file's path, sqlite:///PATH, or postgresql://USER@HOST/DATABASE"
# Read back from SQLite as numbers and words of its own.
_PRAGMAS: Final = {"journal_mode": "wal", "synchronous": 2, "busy_timeout": LOCK_SECONDS * 1000, "secure_delete": 1}
# Read back from PostgreSQL.
_ASKED: Final = ("fsync", "synchronous_commit", "transaction_isolation", "transaction_read_only")
_WRITERS: Final = "READ COMMITTED"
_READERS: Final = "REPEATABLE READ"
# A peer that died after it acknowledged all data is found out by these alone: in seconds, by both ends.
_KEEPALIVES: Final = {"keepalives": 1, "keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3}
_SERVER_KEEPALIVES: Final = {f"tcp_{name}": value for name, value in _KEEPALIVES.items() if name != "keepalives"}
# Errors of a database come with the statement; what it was about are facts.
_COMMON: Final = {"pool_timeout": LOCK_SECONDS, "hide_parameters": True}


class Store:
    """A database. ``patient``: statements may take their time. Connections are made when they are needed.

    Who writes has a connection of its own (``engine``), which no number of readers (``readers``) can take away.
    ``limit`` is how many seconds a transaction may take that is not patient. Every error of the database comes out as
    :class:`LogUnavailable`, with its first line, but for those that a caller asks to see.
    """

    def __init__(self, named: str, *, patient: bool = False, limit: float = STATEMENT_SECONDS + LOCK_SECONDS) -> None:
        self.url = _address(named)
        self.is_sqlite = self.url.drivername == _SQLITE
        self.shown = shown_address(self.url.database or "" if self.is_sqlite else named)
        self._file = Path(self.url.database or "") if self.is_sqlite else None
        self._opened: tuple[int, int] | None = None
        self._watchdog = None if patient else Watchdog(limit)
        made = _sqlite(self.url) if self.is_sqlite else _postgres(self.url, None if patient else limit)
        self.engine = made(pool_size=1, max_overflow=0, isolation_level=_WRITERS)
        self.readers = made(pool_size=MOST_READERS, max_overflow=0, isolation_level=_READERS)
        for engine, isolation in ((self.engine, _WRITERS), (self.readers, _READERS)):
            self._equip(engine, isolation)

    @property
    def exists(self) -> bool:
        """Whether there is a file to open; a server is taken to be there."""
        return self._file is None or self._file.exists()

    def create(self) -> None:
        """Make the file, for its owner's eyes only, if there is none; and its folder, if need be."""
        if self._file is None or self._file.exists():
            return
        try:
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self._file, os.O_WRONLY | os.O_CREAT, 0o600))
        except OSError as e:
            raise LogError(f"the decision log {self.shown} cannot be made: {e.strerror or e}") from e

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of the log from its first statement to its last."""
        self._look_at_file()
        with self._told(self.readers), self.readers.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed at the end. On SQLite it is the only writer from its beginning on."""
        self._look_at_file()
        with self._told(self.engine), self.engine.connect() as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Close all connections. New ones can be made afterwards."""
        self.engine.dispose()
        self.readers.dispose()

    @contextmanager
    def _told(self, engine: Engine) -> Iterator[None]:
        try:
            with self._watchdog.watching() if self._watchdog else nullcontext():
                yield
        except SQLAlchemyError as e:
            engine.dispose()
            raise LogUnavailable(f"the decision log {self.shown} cannot be used: {_first_line(e)}") from e

    def _look_at_file(self) -> None:
        """Refuse to write into a file that was deleted or replaced: what is committed there would be lost."""
        if self._file is None:
            return
        try:
            found = self._file.stat()
        except OSError as e:
            self.close()
            raise LogUnavailable(f"the decision log {self.shown} cannot be used: {e.strerror or e}") from e
        now = (found.st_dev, found.st_ino)
        if self._opened not in (None, now):
            self.close()
        self._opened = now

    def _equip(self, engine: Engine, isolation: str) -> None:
        """What every connection is set to, read back: a setting that does not hold is an error. And what limits it."""
        if self.is_sqlite:
            event.listen(engine, "connect", _settle_sqlite)
            event.listen(engine, "begin", _begin_writing if isolation == _WRITERS else _begin_reading)
        else:
            event.listen(engine, "connect", partial(_settle_postgres, isolation=isolation))
        if self._watchdog is not None:
            _watch(engine, self._watchdog, ends_statement if self.is_sqlite else ends_socket)
        if not self.is_sqlite:
            event.listen(engine, "checkout", partial(_check_connection, engine))


def _address(named: str) -> URL:
    """The address; a path is a file of SQLite."""
    if "://" not in named:
        if named.partition(":")[0] in _DRIVERS and ":" in named:
            # Meant as an address: as the name of a file it would be made, with the password in it.
            raise LogError(f"this is no address of a database: {shown_address(named)}; {_KNOWN}")
        return URL.create(_SQLITE, database=named)
    try:
        url = make_url(named)
    except (ArgumentError, ValueError):  # it would not read a port that is none, and say what it is
        raise LogError(f"this is no address of a database: {shown_address(named)}; {_KNOWN}") from None
    if "@" in (url.host or ""):
        told = f"this is no address of a database: {shown_address(named)}"
        raise LogError(f"{told}; in a name or a password, write `%40` for `@` and `%2F` for `/`")
    driver = _DRIVERS.get(url.drivername)
    if driver is None or (driver == _SQLITE and not url.database):
        raise LogError(f"a decision log cannot be kept in `{url.drivername}`; {_KNOWN}")
    return url.set(drivername=driver)


def _sqlite(url: URL) -> Callable[..., Engine]:
    # `None` leaves transactions to us: the driver would begin them later than they have to begin.
    settings = {"isolation_level": None, "timeout": LOCK_SECONDS, "check_same_thread": False}
    address = url.update_query_dict({"mode": "rw", "uri": "true"}).set(
        database="file:" + quote(str(Path(url.database or "").absolute()))
    )

    def made(*, isolation_level: str, **pool: int) -> Engine:
        # Of SQLite's isolation there is but one kind; what differs is how a transaction begins.
        del isolation_level
        return create_engine(address, connect_args=settings, poolclass=QueuePool, **_COMMON, **pool)

    return made


def _postgres(url: URL, limit: float | None) -> Callable[..., Engine]:
    """``limit``: seconds for a statement, and after which the server lets go of one of our transactions that idles."""
    options = {"lock_timeout": LOCK_SECONDS * 1000, "timezone": "UTC", **_SERVER_KEEPALIVES}
    if limit is not None:
        options["statement_timeout"] = STATEMENT_SECONDS * 1000
        # A worker that is cut off in the middle of a commit must not hold the chain's lock against all others.
        options["idle_in_transaction_session_timeout"] = max(1, round(limit * 1000))
    settings = {
        "connect_timeout": LOCK_SECONDS,
        "tcp_user_timeout": STATEMENT_SECONDS * 1000,
        **_KEEPALIVES,
        "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
        "application_name": "policyengine",
    }
    return partial(create_engine, url, connect_args=settings, **_COMMON)


def _watch(engine: Engine, watchdog: Watchdog, ends: Callable[[Any], Callable[[], None]]) -> None:
    """Let the watchdog know of each connection, from when it is made or taken until it is given back."""

    def connect(dialect: Dialect, _: ConnectionPoolEntry, words: list[Any], named: dict[str, Any]) -> Any:  # noqa: ANN401
        made = dialect.connect(*words, **named)
        watchdog.uses(ends(made))
        return made

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "checkout", lambda connection, *_: watchdog.uses(ends(connection)))
    event.listen(engine, "checkin", lambda *_: watchdog.uses(None))


def _check_connection(engine: Engine, connection: Any, *_: object) -> None:  # noqa: ANN401 - the driver's
    """Whether a connection still works that was made before. The pool's own check would come before we may watch it."""
    try:
        engine.dialect.do_ping(connection)
    except engine.dialect.loaded_dbapi.Error as e:
        raise InvalidatePoolError from e


def _begin_writing(connection: Connection) -> None:
    """Begin as the only writer, as soon as there is no other one.

    SQLite's own way of waiting looks ever more rarely, up to ten times a second: whoever has waited long waits longest.
    Here all who wait look equally often.
    """
    driver: Any = connection.connection.driver_connection
    until = time.monotonic() + LOCK_SECONDS
    driver.execute("PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < until:
            try:
                driver.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as e:
                if e.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(_LOOK_AGAIN)
            else:
                return
        # Whatever stands in the way is told as every error of the database is.
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    finally:
        driver.execute(f"PRAGMA busy_timeout={LOCK_SECONDS * 1000}")


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _settle_sqlite(connection: Any, _: ConnectionPoolEntry) -> None:  # noqa: ANN401 - the driver's
    for name, wanted in _PRAGMAS.items():
        connection.execute(f"PRAGMA {name}={wanted}").fetchall()
        (found,) = connection.execute(f"PRAGMA {name}").fetchone()
        if found != wanted:
            raise LogUnavailable(f"SQLite keeps `{name}` at `{found}`, and the decision log needs `{wanted}`")


def _settle_postgres(connection: Any, _: ConnectionPoolEntry, *, isolation: str) -> None:  # noqa: ANN401
    """A commit waits for the disk, whatever the server is set to; a server that never waits for it is refused.

    Who writes sees what others have just committed (READ COMMITTED), whatever is usual for the role: the chain's lock
    makes writers take turns, and each has to go on from where the last one ended.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT " + ", ".join(f"current_setting('{name}')" for name in _ASKED))
        found = dict(zip(_ASKED, cursor.fetchone(), strict=True))
        if found["fsync"] != "on":
            remedy = "set fsync = on in the server's configuration"
            raise LogUnavailable(f"the PostgreSQL server does not write to disk (fsync is {found['fsync']}): {remedy}")
        if found["transaction_isolation"] != isolation.lower():
            told = f"PostgreSQL keeps transaction_isolation at `{found['transaction_isolation']}`"
            raise LogUnavailable(f"{told}, and the decision log needs `{isolation.lower()}`")
        if isolation == _WRITERS and found["transaction_read_only"] != "off":
            told = "the PostgreSQL server takes no writes (transaction_read_only is on)"
            remedy = "name one that is no standby, and let default_transaction_read_only be off for this role"
            raise LogUnavailable(f"{told}: {remedy}")
        if found["synchronous_commit"] not in ("on", "remote_apply"):
            cursor.execute("SET synchronous_commit TO on")
            cursor.execute("SHOW synchronous_commit")
            if cursor.fetchone() != ("on",):
                raise LogUnavailable("PostgreSQL does not let commits wait for the disk (synchronous_commit)")
    connection.commit()


def _first_line(error: SQLAlchemyError) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return (str(cause).strip() or type(cause).__name__).splitlines()[0]
