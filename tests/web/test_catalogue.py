"""The exchange of editions inside a worker: whole, never under a request's feet, and leaving nothing behind."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest
from tests.web.editions import BUNDLE, write

from policyengine import Engine, load_bundle
from policyengine.web.catalogue import Catalogue, Edition, Generation


@pytest.fixture
def editions(tmp_path):
    """Makes the edition of a number."""

    def made(number: int) -> Edition:
        write(tmp_path, number)
        bundle = load_bundle(tmp_path)
        return Edition(bundle, Engine(bundle, "compiled", check=False, sample=0), {})

    return made


def decide(edition: Edition) -> int:
    made = edition.engine.decide("number", {"case": {"size": 10**6}}, as_of="2025-06-01")
    return int(made.values["edition"])


def is_open(edition: Edition) -> bool:
    try:
        decide(edition)
    except Exception:  # noqa: BLE001 - a closed engine says so by an error
        return False
    return True


def test_an_edition_is_closed_when_the_last_request_that_took_it_has_ended(editions):
    first, second = editions(1), editions(2)
    catalogue = Catalogue(Generation(1, {BUNDLE: first}))
    with catalogue.take(BUNDLE) as one:
        with catalogue.take(BUNDLE) as other:
            catalogue.swap(Generation(2, {BUNDLE: second}))
            assert one is other is first
            assert decide(one) == 1
        assert decide(one) == 1
        with catalogue.take(BUNDLE) as new:
            assert decide(new) == 2
    assert not is_open(first)
    assert is_open(second)


def test_an_edition_that_nobody_uses_is_closed_at_once_and_one_that_stays_is_not(editions):
    stays, goes = editions(1), editions(2)
    catalogue = Catalogue(Generation(1, {"stays": stays, "goes": goes}))
    catalogue.swap(Generation(2, {"stays": stays}))
    assert not is_open(goes)
    assert is_open(stays)
    assert catalogue.take("goes") is None
    goes.retire()
    assert not goes.taken()


def test_a_fault_in_closing_touches_nobody(editions, caplog):
    first, second = editions(1), editions(2)
    first.engine.close = lambda: 1 / 0
    catalogue = Catalogue(Generation(1, {BUNDLE: first}))
    with catalogue.take(BUNDLE) as taken:
        catalogue.swap(Generation(2, {BUNDLE: second}))
        assert decide(taken) == 1
    assert "could not be closed" in caplog.text


def test_no_thread_ever_takes_an_edition_that_is_closed(editions):
    catalogue = Catalogue(Generation(0, {BUNDLE: editions(0)}))
    end, faults, least = threading.Event(), [], [0]

    def ask() -> None:
        try:
            while not end.is_set():
                floor = least[0]
                with catalogue.take(BUNDLE) as edition:
                    assert decide(edition) == int(edition.bundle.version.rpartition(".")[2]) >= floor
        except Exception as e:  # noqa: BLE001 - told below
            faults.append(e)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(1, 25):
        catalogue.swap(Generation(number, {BUNDLE: editions(number)}))
        least[0] = number
    end.set()
    for thread in threads:
        thread.join()
    assert faults == []


_GROWTH = """
import json
import sys
from pathlib import Path
from tests.web.editions import write
from policyengine import load_bundle
from policyengine.web.catalogue import Generation
from datetime import UTC, datetime
from policyengine.decision_log.entry import Asked
from policyengine.web.engines import Engines
from policyengine.web.logbook import Logbook
from policyengine.web.metrics import Metrics
from policyengine.web.service import Service, desk_of
from policyengine.web.visits import Visit

def memory():
    return int(Path("/proc/self/status").read_text().split("VmRSS:")[1].split()[0])

folder = Path(sys.argv[1])
write(folder, 0)
metrics = Metrics()
service = Service({"editions": load_bundle(folder)}, metrics, Engines(), Logbook(None, metrics.log))
visit = Visit(Asked(datetime.now(UTC)), 0, "/")
seen = []
for number in range(1, 401):
    write(folder, number)
    edition = service.edition(load_bundle(folder))
    service.catalogue.swap(Generation(number, {"editions": edition}))
    with service.take("editions") as taken:
        reply = desk_of(taken, "number").decide({"facts": {"case": {"size": 10**6}}, "answer": "short"}, visit)
        assert json.loads(reply.body)["decision"]["rules"] == [f"E-{number}"]
    if number in (200, 400):
        seen.append(memory())
print(*seen)
"""


def test_memory_does_not_grow_with_the_number_of_reloads(tmp_path):
    """With durable-rules, whose rulesets of this size take about 0.4 MB each when they are never given back."""
    command = [sys.executable, "-c", _GROWTH, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    after_200, after_400 = map(int, done.stdout.split())
    assert after_400 - after_200 < 8_000, done.stdout
