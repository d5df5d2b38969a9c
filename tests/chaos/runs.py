"""The runs: what happens to a service under load, and what must be true afterwards."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from tests.chaos import room
from tests.chaos.load import Load
from tests.chaos.outcome import Outcome, compare
from tests.chaos.service import PATIENCE, WORKERS, Service, kill, make_bundle
from tests.decision_log.postgres import Postgres
from tests.web import reloads


@contextmanager
def _under_load(outcome: Outcome, folder: Path, log: str, *, may_cut: bool = False) -> Iterator[tuple[Service, Load]]:
    """A service that is asked meanwhile; in the end it must be well, and the log have what was acknowledged."""
    started = time.monotonic()
    service = Service(make_bundle(folder), log, folder)
    try:
        with Load(service, may_cut=may_cut) as load:
            load.wait_for(200, 10)
            yield service, load
            load.wait_for(200, 20)
        _is_well(service)
    finally:
        code = service.stop()
    compare(outcome, load.seen, log)
    if code:
        outcome.wrong.append(f"it ended with exit code {code}: {service.said()[-500:]}")
    outcome.seconds = time.monotonic() - started


def _is_well(service: Service) -> None:
    """Every worker is there and ready, within some time; and the counts can be read."""
    end = time.monotonic() + PATIENCE
    told: object = None
    while time.monotonic() < end:
        try:
            with service.client() as client:
                answer = client.get("/readyz")
                told = answer.json()
                if answer.status_code == 200 and len(answer.json()["workers"]) == WORKERS:
                    assert client.get("/metrics").status_code == 200
                    return
        except httpx.TransportError as e:
            told = e
        time.sleep(0.1)
    raise AssertionError(f"it is not well again after {PATIENCE} seconds: {told}; {service.said()[-1000:]}")


def kill_run(times: int, folder: Path, seed: int = 0) -> Outcome:
    """``kill -9`` of one worker, of all workers at once, and of the whole service, at random and at any pace."""
    chance = random.Random(seed)
    whole, every = max(1, times // 10), max(1, times // 5)
    doom = [_kill_whole] * whole + [_kill_workers] * every + [_kill_worker] * (times - whole - every)
    chance.shuffle(doom)
    outcome = Outcome(f"kill {times}", events=times, note=f"of these {whole} of the service, {every} of all workers")
    with _under_load(outcome, folder, str(folder / "log.sqlite"), may_cut=True) as (service, load):
        for strike in doom:
            strike(service, chance)
            if chance.random() < 0.3:
                time.sleep(chance.uniform(0, 0.5))  # at whatever moment of the start this is
            else:
                outcome.slowest = max(outcome.slowest, load.wait_for(200, chance.randint(1, 40)))
            assert service.is_running(), f"the service ended: {service.said()[-2000:]}"
    return outcome


def _kill_worker(service: Service, chance: random.Random) -> None:
    workers = service.workers()
    if workers:
        kill(chance.choice(workers))


def _kill_workers(service: Service, _: random.Random) -> None:
    for worker in service.workers():
        kill(worker)


def _kill_whole(service: Service, chance: random.Random) -> None:
    service.kill_all(workers_too=chance.random() < 0.5)


def postgres_run(times: int, folder: Path) -> Outcome:
    """PostgreSQL is stopped and started: meanwhile 503 and nothing else, and then answers again."""
    outcome = Outcome(f"pg {times}", events=times)
    (folder / "postgres").mkdir()
    database = Postgres(folder / "postgres")
    try:
        with _under_load(outcome, folder, database.url()) as (service, load):
            for number in range(times):
                database.stop("immediate" if number % 2 == 0 else "fast")
                load.wait_for(503, 5)
                _cannot_log(service)
                database.start()
                outcome.slowest = max(outcome.slowest, load.wait_for(200, 20))
            assert service.said().count("decisions are logged again") > 0, service.said()
        return outcome
    finally:
        database.stop("immediate")


def _cannot_log(service: Service) -> None:
    """It says that it is not ready. A disk that is nearly full may take something in between, and then it is."""
    end = time.monotonic() + PATIENCE
    with service.client() as client:
        while client.get("/readyz").status_code != 503:
            assert time.monotonic() < end, "ready, though nothing can be logged"
        assert client.get("/healthz").status_code == 200


def full_run(folder: Path, kind: Callable[[Path], room.Mounted | room.Limited]) -> Outcome:
    """The disk of the log fills up: 503 and nothing else, until there is room."""
    outcome = Outcome(f"full, {kind.__name__.lower()}", events=1)
    with (
        room.made(kind, folder / "small") as place,
        _under_load(outcome, folder, str(place.folder / "log.sqlite")) as (service, load),
    ):
        place.fill(service.processes())
        load.wait_for(503, 20)
        _cannot_log(service)
        place.make_room(service.processes())
        outcome.slowest = load.wait_for(200, 20)
    return outcome


def reload_run(rounds: int, folder: Path) -> Outcome:
    """Reloads of good and bad bundles in turn, under load."""
    started = time.monotonic()
    found = reloads.run(rounds, folder)
    return Outcome(
        f"reload {rounds}",
        events=rounds,
        acknowledged=found.requests - len(found.wrong),
        slowest=found.slowest_skew,
        seconds=time.monotonic() - started,
        note="nothing is logged here; what returns slowest is the last worker that swaps",
        wrong=found.wrong,
    )
