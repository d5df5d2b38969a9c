"""First answers by key say by which policies they were made. Those that were kept before do not know it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the digest."""
    op.add_column("idempotency_keys", sa.Column("digest", sa.String(64), nullable=True))
