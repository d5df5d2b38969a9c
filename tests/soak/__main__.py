"""A service that is asked for long: its memory stays flat. ``python -m tests.soak --minutes 10``.

Flat: of the samples of all its processes' memory, the median of the last fifth is at most 5 % above that of the second
fifth. The first fifth is the time in which caches fill.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import httpx
from tests.chaos.load import Cases
from tests.chaos.service import Service, make_bundle

#: The most that memory may grow from the second fifth to the last.
ALLOWED = 1.05
_EVERY = 5.0
_ALSO = ("/readyz", "/metrics", "/v1/bundles", "/openapi.json")


@dataclass
class Found:
    """Megabytes of all processes at each sample, milliseconds of each request, and answers that were not right."""

    memory: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def fifth(self, number: int) -> float:
        """The median of a fifth of the samples, counted from 0."""
        size = max(1, len(self.memory) // 5)
        return median(self.memory[number * size : (number + 1) * size] if number < 4 else self.memory[-size:])

    @property
    def growth(self) -> float:
        return self.fifth(4) / self.fifth(1)


def soak(service: Service, minutes: float, rate: float) -> Found:
    """Ask so often a second: single decisions and batches, with keys and without, and now and then all the rest."""
    found, cases = Found(), Cases(service.bundle)
    end, sample, turn = time.monotonic() + 60 * minutes, 0.0, 0
    while time.monotonic() < end:
        with service.client() as client:
            for _ in range(100):
                began = time.monotonic()
                if began >= sample:
                    found.memory.append(_megabytes(service.processes()))
                    sample = began + _EVERY
                turn += 1
                _ask(client, cases, turn, found)
                time.sleep(max(0.0, 1 / rate - (time.monotonic() - began)))
    return found


def _ask(client: httpx.Client, cases: Cases, turn: int, found: Found) -> None:
    request = cases.request(0, turn)
    headers = {"Idempotency-Key": request.key} if request.key else {}
    body = request.body | ({"explain": True} if turn % 50 == 0 else {})
    began = time.perf_counter()
    answer = client.post(request.path, json=body, headers=headers)
    found.times.append(1000 * (time.perf_counter() - began))
    if answer.status_code != 200 or not all(expected in answer.content for expected in request.expected):
        found.wrong.append(f"{answer.status_code}: {answer.text[:200]}")
    if turn % 20 == 0:
        other = _ALSO[turn // 20 % len(_ALSO)]
        told = client.get(other)
        if told.status_code != 200:
            found.wrong.append(f"{other}: {told.status_code}: {told.text[:200]}")


def _megabytes(processes: list[int]) -> float:
    """What all of them hold together; what they share is counted once."""
    lines = [line for pid in processes for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def main() -> None:
    """Print what was found; exit code 1 if memory grew, or an answer was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=50, help="requests a second")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="policyengine-soak-") as name:
        folder = Path(name)
        service = Service(make_bundle(folder), str(folder / "log.sqlite"), folder)
        try:
            found = soak(service, given.minutes, given.rate)
        finally:
            code = service.stop()
    cuts = quantiles(found.times, n=100)
    print(f"{len(found.times):,} requests in {given.minutes:g} minutes, {len(found.wrong)} wrong {found.wrong[:3]}")
    print(f"p50 {cuts[49]:.1f} ms, p99 {cuts[98]:.1f} ms; load average {os.getloadavg()[0]:.1f}")
    tenth = max(1, len(found.memory) // 10)
    print("megabytes of all processes:", " ".join(f"{m:.1f}" for m in found.memory[::tenth]))
    print(
        f"from the second fifth to the last: {100 * (found.growth - 1):+.1f} %, {100 * (ALLOWED - 1):.0f} % are allowed"
    )
    raise SystemExit(1 if found.wrong or code or found.growth > ALLOWED else 0)


if __name__ == "__main__":
    main()
