"""Rows of records as they are read: as many at a time as may be in memory, by their bytes and not by their number."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, LargeBinary, Row, Select, cast, func

from policyengine.api_schema.log import MOST_PAGE_BYTES
from policyengine.decision_log.schema import RECORDS


class Portion(NamedTuple):
    """Rows, and whether there are more."""

    rows: list[Row[*tuple[Any, ...]]]
    more: bool


def portion(
    connection: Connection, statement: Select[tuple[Any, ...]], most: int, most_bytes: int = MOST_PAGE_BYTES
) -> Portion:
    """The first rows of a statement about records, ``most`` of them and ``most_bytes`` of entries; at least one.

    They are measured where they are, before any is fetched; so the connection has to see one state of the log.
    """
    sizes = statement.with_only_columns(_bytes_of_entry(connection), maintain_column_froms=True).limit(most + 1)
    count, sum_, more = 0, 0, False
    with connection.execute(sizes) as found:
        for (size,) in found:
            sum_ += size
            if count == most or (count and sum_ > most_bytes):
                more = True
                break
            count += 1
    return Portion(list(connection.execute(statement.limit(count)).all()) if count else [], more)


def _bytes_of_entry(connection: Connection) -> ColumnElement[int]:
    """PostgreSQL knows it without looking. SQLite's own name for this came late; in older ones it is counted."""
    if connection.dialect.name == "sqlite":
        return func.length(cast(RECORDS.c.entry, LargeBinary))
    return func.octet_length(RECORDS.c.entry)
