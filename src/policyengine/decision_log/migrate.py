"""The tables of a database: which revision they have, and bringing them to this program's."""

from __future__ import annotations

from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from policyengine.decision_log.errors import LogError
from policyengine.decision_log.store import Store

# Two programs that bring the same database up to date take turns; any number does that is ours alone.
_TURN: Final = 0x706F6C69637965


def newest() -> str:
    """The revision that this program works with."""
    return ScriptDirectory.from_config(_config(None)).get_current_head() or ""


def revision(store: Store) -> str | None:
    """The revision of the database; None if it has no tables of the log."""
    with store.reading() as connection:
        return _revision(connection)


def migrate(store: Store, to: str = "head") -> tuple[str | None, str]:
    """Make the database if need be and bring it to a revision; which one it had, and which one it has."""
    store.create()
    with store.writing() as connection:
        if not store.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
        before = _known(_revision(connection), store)
        command.upgrade(_config(connection), to)
        after = _revision(connection)
    return before, after or ""


def check(store: Store) -> None:
    """LogError, with the remedy, unless this program can work with the tables."""
    if not store.exists:
        raise LogError(f"there is no decision log {store.shown}; name another, or make it: `policyengine log migrate`")
    found = _known(revision(store), store)
    if found == newest():
        return
    state = "has no tables of a decision log" if found is None else f"has the tables of an older release ({found})"
    raise LogError(f"the database {store.shown} {state}; bring them up to date with `policyengine log migrate`")


def _known(found: str | None, store: Store) -> str | None:
    known = {r.revision for r in ScriptDirectory.from_config(_config(None)).walk_revisions()}
    if found is not None and found not in known:
        raise LogError(f"the decision log {store.shown} was made by a newer release (tables {found}); use that one")
    return found


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection | None) -> Config:
    made = Config()
    made.set_main_option("script_location", "policyengine.decision_log:migrations")
    made.attributes["connection"] = connection
    return made
