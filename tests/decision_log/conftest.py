"""Databases to log to, a bundle to decide by, and what it takes to make records."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import text, update
from tests.decision_log.build import Decisions
from tests.decision_log.postgres import Postgres

from policyengine import load_bundle
from policyengine.cli.main import cli
from policyengine.decision_log.archive import keep_bundle
from policyengine.decision_log.chain import NOTHING
from policyengine.decision_log.migrate import migrate, newest
from policyengine.decision_log.schema import CHAIN, METADATA
from policyengine.decision_log.store import Store
from policyengine.decision_log.writer import Writer
from policyengine.frontend.bundle_files import read_files

_NUMBERS = itertools.count()
KINDS = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    # Not in pytest's own folder: that is closed to the user that PostgreSQL runs as.
    with tempfile.TemporaryDirectory(prefix="policyengine-postgres-") as folder:
        server = Postgres(Path(folder))
        yield server
        server.stop("immediate")


@pytest.fixture(params=KINDS)
def database(request, tmp_path) -> str:
    """The address of an empty database, of each kind."""
    if request.param == "sqlite":
        return str(tmp_path / "log.sqlite")
    server: Postgres = request.getfixturevalue("postgres")
    name = f"log{next(_NUMBERS)}"
    server.sql(f"CREATE DATABASE {name}")
    return server.url(name)


@pytest.fixture(scope="session")
def emptied(postgres) -> str:
    """The address of a log in PostgreSQL that tests use one after the other: making a database takes long."""
    postgres.sql("CREATE DATABASE shared")
    made = Store(postgres.url("shared"))
    migrate(made)
    made.close()
    return postgres.url("shared")


@pytest.fixture(params=KINDS)
def log_address(request, tmp_path) -> str:
    """The address of a log with its tables, and nothing in them."""
    if request.param == "postgresql":
        address = request.getfixturevalue("emptied")
        _empty(address)
        return address
    address = str(tmp_path / "log.sqlite")
    made = Store(address)
    migrate(made)
    made.close()
    return address


@pytest.fixture
def store(log_address) -> Iterator[Store]:
    """A log with its tables."""
    made = Store(log_address)
    yield made
    made.close()


@pytest.fixture
def sqlite_store(tmp_path) -> Iterator[Store]:
    """The same, where the kind of database makes no difference."""
    made = Store(str(tmp_path / "log.sqlite"))
    migrate(made)
    yield made
    made.close()


def _empty(address: str) -> None:
    made = Store(address)
    with made.writing() as connection:
        connection.execute(text("TRUNCATE " + ", ".join(name for name in METADATA.tables if name != "chain")))
        connection.execute(update(CHAIN).values(sequence=0, hash=NOTHING, probed=None))
        connection.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": newest()})
    made.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    """The bundle that `init` writes."""
    written = tmp_path_factory.mktemp("written") / "umbrella"
    assert CliRunner().invoke(cli, ["init", str(written)]).exit_code == 0
    return written


@pytest.fixture(scope="session")
def decisions(folder) -> Iterator[Decisions]:
    with Decisions(load_bundle(folder)) as made:
        yield made


@pytest.fixture
def kept(store, decisions, folder) -> Store:
    """A log that has the policies too."""
    keep_bundle(store, read_files(folder), decisions.bundle)
    return store


@pytest.fixture
def full(store, decisions) -> Store:
    """A log of twelve records."""
    writer = Writer(store)
    writer.commit(decisions.entries(12))
    writer.close()
    return store
