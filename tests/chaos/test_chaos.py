"""What was acknowledged stays: under kills, without PostgreSQL, on a full disk. `make chaos` does this for longer."""

from __future__ import annotations

import os
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.chaos import room, runs
from tests.chaos.load import Cases, Seen
from tests.chaos.outcome import Outcome, compare, table
from tests.chaos.service import Service, make_bundle


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not in pytest's own folder: that is closed to the user that PostgreSQL runs as.
    with tempfile.TemporaryDirectory(prefix="policyengine-chaos-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_kills_at_any_pace(folder):
    found = runs.kill_run(7, folder)
    assert found.wrong == []
    assert found.acknowledged >= 30


def test_postgresql_is_stopped_and_started(folder):
    found = runs.postgres_run(1, folder)
    assert found.wrong == []
    assert found.unavailable >= 5


# Whoever may mount tries a file system of its own; anybody else a limit on the size of files.
@pytest.mark.parametrize("kind", room.kinds()[:1], ids=lambda kind: kind.__name__)
def test_the_disk_is_full(folder, kind):
    found = runs.full_run(folder, kind)
    assert found.wrong == []
    assert found.unavailable >= 20


def test_what_is_lost_doubled_or_changed_is_seen(folder):
    """The checks of the runs themselves: each kind of damage is found."""
    log = str(folder / "log.sqlite")
    service = Service(make_bundle(folder), log, folder)
    request, twice = (Cases(service.bundle).request(0, turn) for turn in (1, 2))
    seen = Seen()
    try:
        with service.client() as client:
            for asked in (request, twice, twice):
                told = client.post(asked.path, json=asked.body, headers={"X-Request-ID": asked.id}).json()
                seen.acknowledged[told["envelope"]["decision_id"]] = asked.expected[0]
                seen.answered[asked.id] = 1
    finally:
        service.stop()
    first = next(iter(seen.acknowledged))
    seen.acknowledged |= {first: twice.expected[0], "lost": b""}
    outcome = Outcome("damage")
    compare(outcome, seen, log)
    assert outcome.wrong == [
        f"the log has another decision under {first}",
        "lost was acknowledged and is not in the log",
        f"{twice.id} has 2 decisions in the log, not 1",
    ]
    assert "damage: lost was" in table([outcome])


def test_a_service_that_was_killed_leaves_no_worker(folder):
    service = Service(make_bundle(folder), str(folder / "log.sqlite"), folder)
    left = service.workers()
    assert len(left) == 2
    os.kill(service.process.pid, signal.SIGKILL)
    # Its workers hold the other end of this pipe: it ends when they have ended.
    service.process.communicate(timeout=30)
    assert not [pid for pid in left if _answers(pid)]


def _answers(pid: int) -> bool:
    """Whether the process is there; one that has ended and that nobody has asked about does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
