"""Whatever stands in a database: verifying it never fails, and every change of it is told."""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from tests.decision_log.build import log

from policyengine.decision_log.migrate import migrate
from policyengine.decision_log.retention import retain
from policyengine.decision_log.store import Store
from policyengine.decision_log.verify import verify
from policyengine.signatures import PrivateKey

CASES = 400
KEY = PrivateKey.new()
COLUMNS = {
    "records": (
        "sequence", "decision_id", "kind", "bundle", "digest", "decision", "verdict", "class", "entry", "hash",
    ),
    "record_rules": ("rule", "decision_id"),
    "chain": ("id", "sequence", "hash"),
}  # fmt: skip
#: What SQLite takes in a column of text, besides the values of other columns.
ODD = (
    None, "", "x", 0, 1, -1, 7, 2**62, -(2**62), 0.5, b"", b"\xff\xfe", b"{}", "{}", "[]", "null", "\x00", "é" * 50,
    '{"rules":[{}]}', '{"retention":{"through":1}}', '{"path":1,"bundles":{"1":[]}}', "[" * 5_000, "9" * 5_000,
)  # fmt: skip


@pytest.fixture(scope="module")
def whole(decisions, tmp_path_factory):
    """A log of seven records, as a file: before them three were deleted, and the last one says so."""
    file = tmp_path_factory.mktemp("whole") / "log.sqlite"
    store = Store(str(file))
    migrate(store)
    now = datetime.now(UTC)
    log(store, [decisions.entry(n, received=now - timedelta(days=9 * (n < 3))) for n in range(9)])
    assert retain(store, now - timedelta(days=5), "0", KEY).deleted == 3
    assert verify(store, keys=[KEY.public()]).faults == []
    store.close()
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    return file


def damaged(value: object, rng: random.Random) -> object:
    """Another value: odd, of another type, or the same with a part changed."""
    way = rng.randrange(5)
    if way == 0 or value is None:
        return rng.choice(ODD)
    if way == 1:
        return str(value).encode()
    text = str(value)
    at = rng.randrange(len(text) + 1)
    if way == 2:
        return text[:at] + rng.choice('"{}[],:0aé') + text[at + 1 :]
    if way == 3:
        return text[:at] + text[at + rng.randrange(1, 5) :]
    # A part of the entry in another shape: what is a list of names becomes one of objects.
    return text.replace('"UM-', rng.choice(['{"a":"', "1", '["'])).replace("[", rng.choice("[{"), rng.randrange(3))


def contents(connection) -> list[object]:
    """All there is, with its types; text that is none as well."""
    connection.text_factory = bytes
    try:
        return [
            connection.execute(f"SELECT {','.join(f'{c}, typeof({c})' for c in columns)} FROM {table}").fetchall()  # noqa: S608 - ours
            for table, columns in COLUMNS.items()
        ]
    finally:
        connection.text_factory = lambda raw: raw.decode(errors="replace")


def damage(connection, rng: random.Random) -> str:
    """Change one value, unless the database does not take the new one; what was done."""
    table = rng.choice([*COLUMNS, "records", "records"])
    column = rng.choice(COLUMNS[table])
    keys = [name for _, name, *_ in connection.execute(f"PRAGMA table_info({table})")]
    old, *row = rng.choice(connection.execute(f"SELECT {column}, * FROM {table}").fetchall())  # noqa: S608 - ours
    given = damaged(old, rng)
    # Bytes may be put in as text that is none, too.
    place = "CAST(? AS TEXT)" if isinstance(given, bytes) and rng.random() < 0.5 else "?"
    where = " AND ".join(f"{key} IS ?" for key in keys)
    with contextlib.suppress(sqlite3.IntegrityError):
        connection.execute(f"UPDATE {table} SET {column} = {place} WHERE {where}", [given, *row])  # noqa: S608 - ours
    return f"{table}.{column} became {given!r}"


@pytest.mark.parametrize("seed", range(CASES))
def test_any_damage_is_a_fault(whole, tmp_path, seed):
    rng = random.Random(seed)
    file = shutil.copy(whole, tmp_path / "log.sqlite")
    connection = sqlite3.connect(file)
    before, done = contents(connection), ""
    while contents(connection) == before:
        done = "; ".join(damage(connection, rng) for _ in range(rng.choice((1, 1, 1, 2, 5))))
    connection.commit()
    connection.close()
    store = Store(str(file))
    faults = verify(store, keys=[KEY.public()][: seed % 2]).faults
    store.close()
    assert faults, done
