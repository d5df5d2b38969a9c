"""A database for the log: opened by its address, with settings that keep what was committed, and these are asserted."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry

from policyengine.decision_log.errors import LogError, LogUnavailable

#: Seconds that a connection waits for another one's lock, and for the network.
LOCK_SECONDS: Final = 5
#: Seconds that one statement of the service may take. Commands that read the whole log have no limit.
STATEMENT_SECONDS: Final = 10
_SQLITE: Final = "sqlite"
_POSTGRES: Final = "postgresql+psycopg"
_DRIVERS: Final = {"sqlite": _SQLITE, "postgresql": _POSTGRES, "postgres": _POSTGRES, _POSTGRES: _POSTGRES}
# Read back from SQLite as numbers and words of its own.
_PRAGMAS: Final = {"journal_mode": "wal", "synchronous": 2, "busy_timeout": LOCK_SECONDS * 1000, "secure_delete": 1}
_WRITES: Final = "policyengine_writes"


class Store:
    """A database. ``patient``: statements may take their time. Connections are made when they are needed.

    Every error of the database comes out as :class:`LogUnavailable`, with its first line, but for those that a caller
    asks to see.
    """

    def __init__(self, named: str, *, patient: bool = False) -> None:
        self.url = _address(named)
        self.is_sqlite = self.url.drivername == _SQLITE
        self.shown = self.url.database or "" if self.is_sqlite else self.url.render_as_string(hide_password=True)
        self._file = Path(self.url.database or "") if self.is_sqlite else None
        self._opened: tuple[int, int] | None = None
        self.engine = _sqlite(self.url) if self.is_sqlite else _postgres(self.url, patient=patient)
        event.listen(self.engine, "connect", self._settle)
        event.listen(self.engine, "begin", _begin)

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
        with self._told():
            connection = self.engine.connect()
            if not self.is_sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")
            with connection, connection.begin():
                yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is committed at the end. On SQLite it is the only writer from its beginning on."""
        self._look_at_file()
        with self._told():
            connection = self.engine.connect().execution_options(**{_WRITES: True})
            with connection, connection.begin():
                yield connection

    def close(self) -> None:
        """Close all connections. New ones can be made afterwards."""
        self.engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as e:
            self.close()
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

    def _settle(self, connection: Any, _: ConnectionPoolEntry) -> None:  # noqa: ANN401 - of any driver
        """What every connection is set to, read back: a setting that does not hold is an error."""
        (_settle_sqlite if self.is_sqlite else _settle_postgres)(connection)


def _address(named: str) -> URL:
    """The address; a path is a file of SQLite."""
    if "://" not in named:
        return URL.create(_SQLITE, database=named)
    try:
        url = make_url(named)
    except ArgumentError as e:
        raise LogError(f"this is no address of a database: {named.partition('://')[0]}://…") from e
    driver = _DRIVERS.get(url.drivername)
    if driver is None or (driver == _SQLITE and not url.database):
        known = "a file's path, sqlite:///PATH, or postgresql://USER@HOST/DATABASE"
        raise LogError(f"a decision log cannot be kept in `{url.drivername}`; give {known}")
    return url.set(drivername=driver)


def _sqlite(url: URL) -> Engine:
    # `None` leaves transactions to us: the driver would begin them later than they have to begin.
    settings = {"isolation_level": None, "timeout": LOCK_SECONDS, "check_same_thread": False}
    return create_engine(
        url.update_query_dict({"mode": "rw", "uri": "true"}).set(
            database="file:" + quote(str(Path(url.database or "").absolute()))
        ),
        connect_args=settings,
    )


def _postgres(url: URL, *, patient: bool) -> Engine:
    limits = "" if patient else f" -c statement_timeout={STATEMENT_SECONDS * 1000}"
    settings = {
        "connect_timeout": LOCK_SECONDS,
        "tcp_user_timeout": STATEMENT_SECONDS * 1000,
        "options": f"-c lock_timeout={LOCK_SECONDS * 1000} -c timezone=UTC{limits}",
        "application_name": "policyengine",
    }
    return create_engine(url, connect_args=settings, pool_pre_ping=True, pool_timeout=LOCK_SECONDS)


def _begin(connection: Connection) -> None:
    if connection.dialect.name == _SQLITE:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(_WRITES) else "BEGIN")


def _settle_sqlite(connection: Any) -> None:  # noqa: ANN401 - the driver's
    for name, wanted in _PRAGMAS.items():
        connection.execute(f"PRAGMA {name}={wanted}").fetchall()
        (found,) = connection.execute(f"PRAGMA {name}").fetchone()
        if found != wanted:
            raise LogUnavailable(f"SQLite keeps `{name}` at `{found}`, and the decision log needs `{wanted}`")


def _settle_postgres(connection: Any) -> None:  # noqa: ANN401 - the driver's
    """A commit waits for the disk, whatever the server is set to; a server that never waits for it is refused."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('fsync'), current_setting('synchronous_commit')")
        fsync, synchronous = cursor.fetchone()
        if fsync != "on":
            remedy = "set fsync = on in the server's configuration"
            raise LogUnavailable(f"the PostgreSQL server does not write to disk (fsync is {fsync}): {remedy}")
        if synchronous not in ("on", "remote_apply"):
            cursor.execute("SET synchronous_commit TO on")
            cursor.execute("SHOW synchronous_commit")
            if cursor.fetchone() != ("on",):
                raise LogUnavailable("PostgreSQL does not let commits wait for the disk (synchronous_commit)")
    connection.commit()


def _first_line(error: SQLAlchemyError) -> str:
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return (str(cause).strip() or type(cause).__name__).splitlines()[0]
