"""What Alembic runs: the revisions, over the connection that it is given and in that one's transaction."""

from __future__ import annotations

from alembic import context

from policyengine.decision_log.schema import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    transactional_ddl=True,
    compare_server_default=True,
)
with context.begin_transaction():
    context.run_migrations()
