"""The tables of the log. What an entry says is in its text; the columns beside it are only for finding it."""

from __future__ import annotations

from typing import Final

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text

#: Names of indexes and keys are fixed, so that a migration can name them.
METADATA: Final = MetaData(naming_convention={"ix": "ix_%(table_name)s_%(column_0_N_name)s", "pk": "pk_%(table_name)s"})
#: Kinds of records: a decision, or that old records were deleted.
DECISION: Final = "decision"
RETENTION: Final = "retention"
#: The only row of the chain's table.
HEAD_ROW: Final = 1

# A plain integer is what SQLite keeps its rows by.
_SEQUENCE: Final = BigInteger().with_variant(Integer(), "sqlite")

#: Where the chain ends. Whoever appends to it locks this row first. ``probed`` is written to see whether one can.
CHAIN: Final = Table(
    "chain",
    METADATA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("sequence", _SEQUENCE, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("probed", String(27)),
)

#: One row for each record. Ids sort by time: every index ends in them, so that pages can go on where they stopped.
RECORDS: Final = Table(
    "records",
    METADATA,
    Column("sequence", _SEQUENCE, primary_key=True, autoincrement=False),
    Column("decision_id", String(36), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("bundle", Text),
    Column("digest", String(64)),
    Column("decision", Text),
    Column("verdict", Text),
    Column("class", Text),
    Column("entry", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Index(None, "decision_id", unique=True),
    Index(None, "bundle", "decision_id"),
    Index(None, "decision", "decision_id"),
    Index(None, "verdict", "decision_id"),
)

#: The rules that gave the verdict or a warning.
RULES: Final = Table(
    "record_rules",
    METADATA,
    Column("rule", Text, primary_key=True),
    Column("decision_id", String(36), primary_key=True),
    Index(None, "decision_id"),
    sqlite_with_rowid=False,
)

#: The policies that answered, each set once.
BUNDLES: Final = Table(
    "bundles",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("bundle", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("kept_at", String(27), nullable=False),
)
BUNDLE_FILES: Final = Table(
    "bundle_files",
    METADATA,
    Column("digest", String(64), primary_key=True),
    Column("path", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

#: First answers, by the key that their callers gave. The record ``decision_id`` has the hash of the body, and so
#: vouches for it.
IDEMPOTENCY: Final = Table(
    "idempotency_keys",
    METADATA,
    Column("caller", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", String(64), nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("decision_id", String(36), nullable=False),
    Column("expires", String(27), nullable=False),
    Index(None, "expires"),
)
