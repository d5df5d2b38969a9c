"""Whether the columns and the table by which records are found say what the records themselves say.

Nothing that stands in a database is taken for granted here: SQLite keeps numbers and bytes in columns of text as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Row, select

from policyengine.decision_log.canonical import Json
from policyengine.decision_log.chain import hash_of
from policyengine.decision_log.schema import DECISION, RETENTION, RULES


@contextmanager
def bad_text_as_bytes(connection: Connection) -> Iterator[None]:
    """Let what SQLite holds as text and is none be read as bytes. PostgreSQL holds no such thing."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name != "sqlite":
        yield
        return
    usual, driver.text_factory = driver.text_factory, _text
    try:
        yield
    finally:
        driver.text_factory = usual


def fits(row: Row[Any], previous: object) -> bool:
    """Whether the hash of a record is the one of its number, its entry and the hash before it."""
    if not isinstance(row.entry, str) or not isinstance(previous, str):
        return False
    return bool(hash_of(row.sequence, previous, row.entry.encode()) == row.hash)


def wrong_column(row: Row[Any], data: Mapping[str, Json] | None) -> str | None:
    """The first column that does not say what the entry says."""
    if data is None:
        return "entry"
    bundle: object = None
    digest: object = None
    decision: object = None
    if row.kind == DECISION:
        bundle, _, decision = str(data.get("path")).partition("/")
        told = data.get("bundles")
        about = told.get(bundle) if isinstance(told, Mapping) else None
        digest = about.get("digest") if isinstance(about, Mapping) else None
    expected = {
        "decision_id": data.get("decision_id"),
        "kind": RETENTION if RETENTION in data else DECISION,
        "bundle": bundle,
        "digest": digest,
        "decision": decision,
        "verdict": data.get("verdict"),
        "class": data.get("class"),
    }
    stored = row._mapping  # noqa: SLF001 - public, despite its name
    return next((name for name, value in expected.items() if stored[name] != value), None)


def listed_rules(connection: Connection, rows: Sequence[Row[Any]]) -> dict[str, set[object]]:
    """The rules by which these records are found, by id."""
    # An id that is no text is found out by its column.
    ids = [row.decision_id for row in rows if isinstance(row.decision_id, str)]
    listed: dict[str, set[object]] = {}
    for rule, id_ in connection.execute(select(RULES.c.rule, RULES.c.decision_id).where(RULES.c.decision_id.in_(ids))):
        listed.setdefault(id_, set()).add(rule)
    return listed


def wrong_rules(row: Row[Any], data: Mapping[str, Json], listed: Mapping[str, set[object]]) -> str | None:
    """What is wrong with the rules of a record."""
    rules = data.get("rules", [])
    if not isinstance(rules, list) or not all(isinstance(rule, str) for rule in rules):
        return "its `rules` are no list of names"
    if listed.get(row.decision_id, set()) != set(rules):
        return "the table `record_rules` names other rules than the record"
    return None


def _text(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw
