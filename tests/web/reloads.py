"""Reloads under load, good and bad ones in turn: no request fails, and no answer comes from a mixture or too late.

``python -m tests.web.reloads 200`` makes so many, and prints what was found.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx
from tests.web.conftest import Server
from tests.web.editions import ask, ask_batch, ask_short, damage, write

RELOAD = "/v1/admin/reload"
_CALLERS = 4


@dataclass
class Found:
    """What was counted. ``wrong`` has every request that failed, and every answer that was not as it must be."""

    requests: int = 0
    reloads: int = 0
    refusals: int = 0
    generations: set[int] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    slowest_skew: float = 0.0
    memory: list[int] = field(default_factory=list)


class Load:
    """Callers that ask one after the other. Every later answer must come from the ``newest`` edition, at least."""

    def __init__(self, server: Server, found: Found, pause: float) -> None:
        self._server, self._found, self._pause = server, found, pause
        self._lock = threading.Lock()
        self._end = threading.Event()
        self.digests: dict[int, str] = {}
        self.newest = 0
        self._threads = [threading.Thread(target=self._call, args=(n,)) for n in range(_CALLERS)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()

    def _call(self, caller: int) -> None:
        ways = (ask, ask_short, ask_batch)
        turn = caller
        while not self._end.wait(self._pause):
            # A new connection now and then: any worker may take it.
            with self._server.client() as client:
                for _ in range(20):
                    self._once(client, ways[turn % len(ways)])
                    turn += 1
                    self._end.wait(self._pause)

    def _once(self, client: httpx.Client, way) -> None:
        least = self.newest
        try:
            number, digest = way(client)
            with self._lock:
                assert self.digests.setdefault(number, digest) == digest, "one edition has two digests"
            assert number >= least, f"edition {number} answered after all workers had edition {least}"
        except Exception as e:  # noqa: BLE001 - counted, and told in the end
            self._found.wrong.append(f"{way.__name__}: {type(e).__name__}: {e}")
        with self._lock:
            self._found.requests += 1


def run(rounds: int, folder: Path, pause: float = 0) -> Found:
    """So many reloads of a service with two workers, under load; callers pause so many seconds after an answer."""
    bundle, found = folder / "editions", Found()
    write(bundle, 1)
    server = Server(str(bundle), "--workers", "2", "--no-differences")
    try:
        with server.client() as client, Load(server, found, pause) as load:
            load.newest = number = 1
            for round_ in range(rounds):
                if round_ % 2 == 0:
                    number += 1
                    write(bundle, number)
                    _good(client.post(RELOAD, timeout=120), number, load, found)
                else:
                    damage(bundle, round_)
                    _bad(client.post(RELOAD, timeout=120), number, found)
                    write(bundle, number)
                found.memory.append(_memory(client))
    finally:
        code, errors = server.stop()
    assert code == 0, errors
    return found


def _good(answer: httpx.Response, number: int, load: Load, found: Found) -> None:
    found.reloads += 1
    told = answer.json()
    if answer.status_code != 200 or told["bundles"][0]["to"]["version"] != f"0.0.{number}":
        found.wrong.append(f"reload: {answer.text}")
        return
    found.generations.add(told["generation"])
    found.slowest_skew = max(found.slowest_skew, told["skew_seconds"])
    digest = told["bundles"][0]["to"]["digest"]
    assert load.digests.setdefault(number, digest) == digest
    load.newest = number


def _bad(answer: httpx.Response, number: int, found: Found) -> None:
    found.refusals += 1
    told = answer.json()
    if answer.status_code != 422 or told["refused"][0]["serving"]["version"] != f"0.0.{number}":
        found.wrong.append(f"reload of a bad bundle: {answer.text}")


def _memory(client: httpx.Client) -> int:
    """The memory of all workers, in kilobytes."""
    workers = [worker["pid"] for worker in client.get("/readyz").json()["workers"]]
    texts = [Path(f"/proc/{pid}/status").read_text() for pid in workers]
    return sum(int(text.split("VmRSS:")[1].split()[0]) for text in texts)


def main() -> None:
    """Print what was found, as JSON; exit code 1 if anything was wrong."""
    parser = argparse.ArgumentParser()
    parser.add_argument("rounds", type=int, nargs="?", default=200)
    parser.add_argument("--pause", type=float, default=0, help="seconds that a caller waits after each answer")
    given = parser.parse_args()
    rounds = given.rounds
    with tempfile.TemporaryDirectory() as folder:
        found = run(rounds, Path(folder), given.pause)
    tenth = max(1, rounds // 10)
    report = {
        "requests": found.requests,
        "reloads": found.reloads,
        "refusals": found.refusals,
        "generations": len(found.generations),
        "wrong": len(found.wrong),
        "first_wrong": found.wrong[:5],
        "slowest_skew_seconds": found.slowest_skew,
        "workers_kilobytes": found.memory[::tenth],
    }
    print(json.dumps(report, indent=2))
    raise SystemExit(1 if found.wrong else 0)


if __name__ == "__main__":
    main()
