"""The first tables: records, their chain, policies by digest, first answers by key."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# No record comes before the first one: its hash is made with this in the place of theirs.
_NOTHING = "0" * 64


def upgrade() -> None:
    """Make the tables, and begin the chain."""
    sequence = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    chain = op.create_table(
        "chain",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sequence", sequence, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("probed", sa.String(27), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_chain"),
    )
    op.bulk_insert(chain, [{"id": 1, "sequence": 0, "hash": _NOTHING}])
    op.create_table(
        "records",
        sa.Column("sequence", sequence, autoincrement=False, nullable=False),
        sa.Column("decision_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("bundle", sa.Text(), nullable=True),
        sa.Column("digest", sa.String(64), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("verdict", sa.Text(), nullable=True),
        sa.Column("class", sa.Text(), nullable=True),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_records"),
    )
    op.create_index("ix_records_decision_id", "records", ["decision_id"], unique=True)
    for column in ("bundle", "decision", "verdict"):
        op.create_index(f"ix_records_{column}_decision_id", "records", [column, "decision_id"])
    op.create_table(
        "record_rules",
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("decision_id", sa.String(36), nullable=False),
        sa.PrimaryKeyConstraint("rule", "decision_id", name="pk_record_rules"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_record_rules_decision_id", "record_rules", ["decision_id"])
    _bundles()
    op.create_table(
        "idempotency_keys",
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.String(64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_expires", "idempotency_keys", ["expires"])


def _bundles() -> None:
    op.create_table(
        "bundles",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("bundle", sa.Text(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("kept_at", sa.String(27), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_bundles"),
    )
    op.create_table(
        "bundle_files",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "path", name="pk_bundle_files"),
    )
