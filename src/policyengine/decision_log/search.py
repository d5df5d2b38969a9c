"""Finding records: by time, bundle, decision, verdict and rule, page after page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, Select, func, select

from policyengine.api_schema.log import MOST_ON_PAGE, USUAL_ON_PAGE
from policyengine.decision_log.errors import LogError
from policyengine.decision_log.ids import least_id
from policyengine.decision_log.portions import portion
from policyengine.decision_log.schema import DECISION, RECORDS, RULES
from policyengine.decision_log.store import Store

_FIRST, _LAST = datetime.min, datetime.max  # noqa: DTZ901 - the zone is put to them where they are used
_MOMENTS: Final = "give a day, such as 2025-04-01, or a time with its offset, such as 2025-04-01T09:00:00Z"


class Record(NamedTuple):
    """A record as it is stored: its entry is one line of JSON."""

    sequence: int
    decision_id: str
    entry: str
    hash: str

    @property
    def line(self) -> str:
        """The entry with its place in the chain, as it is given out. Without ``chain`` it is what was hashed."""
        return f'{self.entry[:-1]},"chain":{{"sequence":{self.sequence},"hash":"{self.hash}"}}}}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Which decisions are looked for; None: any. ``since`` is included, ``until`` is not."""

    since: datetime | None = None
    until: datetime | None = None
    bundle: str | None = None
    decision: str | None = None
    verdict: str | None = None
    rule: str | None = None
    digest: str | None = None
    oldest_first: bool = False


class Page(NamedTuple):
    """Records, and the cursor for the next page; None: there are no more."""

    records: tuple[Record, ...]
    cursor: str | None


def page(connection: Connection, query: Query, limit: int = USUAL_ON_PAGE, cursor: str | None = None) -> Page:
    """The records that follow the cursor, the id of the last one of the page before: fewer where they are large.

    Records that are added meanwhile move nothing: pages together hold each record of the beginning exactly once.
    """
    rows, more = portion(connection, _statement(query, cursor), limit)
    records = tuple(_record(row) for row in rows)
    return Page(records, records[-1].decision_id if more else None)


def found(store: Store, query: Query, chunk: int = MOST_ON_PAGE) -> Iterator[Record]:
    """All records, a chunk at a time, so that no transaction lasts longer than its chunk."""
    cursor: str | None = None
    while True:
        with store.reading() as connection:
            records, cursor = page(connection, query, chunk, cursor)
        yield from records
        if cursor is None:
            return


def digests(connection: Connection, query: Query) -> list[str]:
    """The digests of the policies that made the decisions, those that came first first."""
    decisions = _statement(replace(query, oldest_first=True), None).add_columns(RECORDS.c.digest).subquery()
    first = func.min(decisions.c.decision_id)
    return list(connection.execute(select(decisions.c.digest).group_by(decisions.c.digest).order_by(first)).scalars())


def moment(text: str) -> datetime:
    """The moment that a text names: a day (its beginning in UTC), or a time with its offset. Raises LogError."""
    try:
        # Of letters RFC 3339 takes either case.
        found = datetime.fromisoformat(text.upper())
    except ValueError as e:
        raise LogError(f"`{text[:40]}` is no moment; {_MOMENTS}") from e
    if found.tzinfo is None and len(text) > len("2025-04-01"):
        raise LogError(f"`{text[:40]}` does not say its offset from UTC; {_MOMENTS}")
    try:
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except OverflowError:  # hours before the first year, or after the last: no record is near
        return (_FIRST if found.year == 1 else _LAST).replace(tzinfo=UTC)


def record(connection: Connection, decision_id: str) -> Record | None:
    """The record of a decision."""
    row = connection.execute(
        select(*_COLUMNS).where(RECORDS.c.decision_id == decision_id, RECORDS.c.kind == DECISION)
    ).first()
    return None if row is None else _record(row)


def oldest_first(query: Query) -> Query:
    """The same, in the order of time."""
    return replace(query, oldest_first=True)


_COLUMNS: Final = (RECORDS.c.sequence, RECORDS.c.decision_id, RECORDS.c.entry, RECORDS.c.hash)


def _statement(query: Query, cursor: str | None) -> Select[tuple[Any, ...]]:
    made = select(*_COLUMNS)
    key = RECORDS.c.decision_id
    if query.rule is None:
        made = made.where(RECORDS.c.kind == DECISION)
    else:
        # From the rule's side: its index is in the order of the pages, and only decisions have rules.
        key = RULES.c.decision_id
        made = made.join(RULES, RULES.c.decision_id == RECORDS.c.decision_id).where(RULES.c.rule == query.rule)
    for name in ("bundle", "decision", "verdict", "digest"):
        wanted = getattr(query, name)
        if wanted is not None:
            made = made.where(RECORDS.c[name] == wanted)
    if query.since is not None:
        made = made.where(key >= least_id(query.since))
    if query.until is not None:
        made = made.where(key < least_id(query.until))
    if cursor is not None:
        made = made.where(key > cursor if query.oldest_first else key < cursor)
    return made.order_by(key if query.oldest_first else key.desc())


def _record(row: Row[*tuple[Any, ...]]) -> Record:
    return Record(row.sequence, row.decision_id, row.entry, row.hash)
