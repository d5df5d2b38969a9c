"""Finding records: filters, pages that fit together, and queries that use an index."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from tests.decision_log.build import log

from policyengine.decision_log.canonical import read
from policyengine.decision_log.entry import Entry
from policyengine.decision_log.errors import LogError
from policyengine.decision_log.search import Query, _statement, found, moment, oldest_first, page, record

START = datetime(2026, 2, 1, 12, tzinfo=UTC)
COUNT = 40


@pytest.fixture
def entries(store, decisions):
    """Forty decisions, an hour apart, logged in another order than they came."""
    made = [decisions.entry(n, received=START + timedelta(hours=n)) for n in range(COUNT)]
    shuffled = random.Random(1).sample(made, COUNT)
    log(store, shuffled)
    return made


def ids(records) -> list[str]:
    return [r.decision_id for r in records]


QUERIES = [
    Query(),
    Query(bundle="umbrella"),
    Query(bundle="other"),
    Query(decision="refund", verdict="refunded"),
    Query(verdict="not_refunded"),
    Query(since=START + timedelta(hours=10), until=START + timedelta(hours=20)),
    Query(rule="UM-LOST"),
    Query(rule="UM-LOST", since=START + timedelta(hours=7), verdict="not_refunded"),
    Query(rule="NONE"),
]


def fits(entry, query: Query) -> bool:
    """The same question, asked of the entry itself."""
    data = read(entry.text)
    at = datetime.fromisoformat(data["timestamp"])
    return (
        (query.since is None or at >= query.since)
        and (query.until is None or at < query.until)
        and query.bundle in (None, data["path"].split("/")[0])
        and query.decision in (None, data["path"].split("/")[1])
        and query.verdict in (None, data["verdict"])
        and (query.rule is None or query.rule in data["rules"])
    )


@pytest.mark.parametrize("query", QUERIES, ids=str)
def test_what_is_found_is_what_fits_in_the_order_of_time(store, entries, query):
    expected = [e.decision_id for e in entries if fits(e, query)]
    assert ids(found(store, oldest_first(query), chunk=7)) == expected
    assert ids(found(store, query, chunk=7)) == expected[::-1]


def test_the_queries_are_no_empty_ones(entries):
    counts = [sum(fits(e, q) for e in entries) for q in QUERIES]
    assert [bool(c) for c in counts] == [True, True, False, True, True, True, True, True, False]
    assert counts[5] == 10


@pytest.mark.parametrize("query", [Query(), Query(oldest_first=True), Query(rule="UM-LOST")], ids=str)
def test_pages_hold_everything_once_while_others_add_records(store, entries, decisions, query):
    expected = [e.decision_id for e in entries if fits(e, query)]
    seen: list[str] = []
    cursor = None
    while True:
        with store.reading() as connection:
            records, cursor = page(connection, query, 3, cursor)
        seen += ids(records)
        if cursor is None:
            break
        log(store, [decisions.entry(3, received=START + timedelta(hours=COUNT + len(seen)))])
        # A safety net: with the oldest first, what is added comes last, and is found too.
        assert len(seen) < 10 * COUNT
        if query.oldest_first and len(seen) > COUNT:
            break
    old = [id_ for id_ in seen if id_ in set(expected)]
    assert sorted(old) == sorted(expected)
    assert len(set(seen)) == len(seen)


MIB = 1024 * 1024


def large(entry: Entry, size: int, sign: str = "x") -> Entry:
    """The entry with so many bytes of facts."""
    filling = sign * (size // len(sign.encode()))
    return replace(entry, text=entry.text.replace(b'"input":{', b'"input":{"filling":"%b",' % filling.encode()))


@pytest.mark.parametrize("sign", ["x", "ä", "漢"])
@pytest.mark.parametrize("query", [Query(), Query(oldest_first=True), Query(rule="UM-LOST")], ids=str)
def test_a_page_ends_early_where_records_are_large(store, decisions, query, sign):
    """By the bytes of 8 MiB; a record that has more by itself is alone on its page, and none is left out."""
    sizes = [0, 3, 3, 0, 9, 0, 5, 2, 0]
    lost = [decisions.entry(6, received=START + timedelta(hours=n)) for n in range(len(sizes))]
    made = [large(entry, size * MIB, sign) for entry, size in zip(lost, sizes, strict=True)]
    log(store, made)
    pages, cursor = [], None
    while cursor is not None or not pages:
        with store.reading() as connection:
            records, cursor = page(connection, query, 6, cursor)
        assert sum(len(r.entry.encode()) for r in records) <= 8 * MIB or len(records) == 1
        pages.append([r.decision_id for r in records])
    expected = [entry.decision_id for entry in made]
    expected = expected if query.oldest_first else expected[::-1]
    assert [id_ for one in pages for id_ in one] == expected
    assert [len(one) for one in pages] == [4, 1, 4]
    assert ids(found(store, query)) == expected


def test_one_record_and_its_line(store, entries):
    with store.reading() as connection:
        one = record(connection, entries[5].decision_id)
        none = record(connection, "0" * 36)
    assert none is None
    data = read(one.line)
    assert data.pop("chain") == {"sequence": one.sequence, "hash": one.hash}
    assert data == read(entries[5].text)
    assert one.entry.encode() == entries[5].text


@pytest.mark.parametrize("query", [q for q in QUERIES if q != Query()], ids=str)
def test_every_query_goes_by_an_index(sqlite_store, query):
    statement = _statement(query, "01" * 18).limit(10)
    with sqlite_store.reading() as connection:
        compiled = statement.compile(connection, compile_kwargs={"literal_binds": True})
        plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {compiled}")]
    assert all(("SEARCH" in step and "INDEX" in step) or "PRIMARY KEY" in step for step in plan), plan
    assert not any("TEMP B-TREE" in step for step in plan), plan


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("2026-02-01", "2026-02-01T00:00:00+00:00"),
        ("2026-02-01T12:00:00Z", "2026-02-01T12:00:00+00:00"),
        ("2026-02-01T12:00:00+02:00", "2026-02-01T10:00:00+00:00"),
        ("2026-02-01t12:00:00z", "2026-02-01T12:00:00+00:00"),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00+00:00"),
        ("9999-12-31T23:59:59-14:00", "9999-12-31T23:59:59.999999+00:00"),
    ],
)
def test_moments(given, meant):
    assert moment(given).isoformat() == meant


@pytest.mark.parametrize("given", ["soon", "2026-02-30", "2026-02-01T12:00:00", ""])
def test_moments_that_are_none(given):
    with pytest.raises(LogError, match="such as 2025-04-01"):
        moment(given)
