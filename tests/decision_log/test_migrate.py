"""Tables: from nothing, from every older revision, and just as the program describes them."""

from __future__ import annotations

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from tests.decision_log.build import log, sequences

from policyengine.decision_log.errors import LogError
from policyengine.decision_log.migrate import _config, check, migrate, newest, revision
from policyengine.decision_log.schema import METADATA
from policyengine.decision_log.store import Store
from policyengine.decision_log.verify import verify

REVISIONS = [r.revision for r in ScriptDirectory.from_config(_config(None)).walk_revisions()][::-1]


@pytest.mark.parametrize("older", [None, *REVISIONS])
def test_from_every_older_revision_to_the_newest(database, decisions, older):
    store = Store(database)
    if older is not None:
        migrate(store, older)
        assert revision(store) == older
    assert migrate(store) == (older, newest())
    assert migrate(store) == (newest(), newest())
    log(store, decisions.entries(3))
    assert sequences(store) == [1, 2, 3]
    assert verify(store).faults == []
    store.close()


def test_the_tables_are_those_that_the_program_describes(store):
    with store.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []


def test_a_database_without_tables_is_refused_with_the_remedy(database):
    store = Store(database)
    with pytest.raises(LogError, match=r"(there is|has) no .*decision log.*; .*`policyengine log migrate`"):
        check(store)
    migrate(store)
    check(store)
    store.close()


def test_a_database_of_a_newer_release_is_left_alone(store):
    with store.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for use in (check, migrate):
        with pytest.raises(LogError, match="made by a newer release"):
            use(store)
