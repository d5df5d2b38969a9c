"""What the log costs: the same server without one, on SQLite and on PostgreSQL, in turn. ``python -m tests.load``.

Client and server share the machine, and other work may disturb it. What is told is the median over the rounds of each
figure, and of its ratio to the server without a log in the same round.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.chaos.service import make_bundle
from tests.decision_log.build import DAY, facts_of
from tests.decision_log.postgres import Postgres
from tests.load.asking import CONNECTIONS, ask, request
from tests.web.conftest import Server

from policyengine.decision_log.migrate import migrate
from policyengine.decision_log.store import Store

REFUND = "/v1/bundles/umbrella/decisions/refund"
BATCH = 100
Figures = tuple[float, float, float]
_NAMES = ("requests/s", "p50 ms", "p99 ms")


@dataclass(frozen=True, slots=True)
class Kind:
    """One server under test, and what it measured in each round, by kind of request."""

    name: str
    server: Server
    rounds: dict[str, list[Figures]]


def requests() -> dict[str, list[bytes]]:
    """By kind: the requests that are sent in turn."""
    bodies = [{"as_of": DAY, "facts": facts_of(n)} for n in range(BATCH)]
    items = {"items": [{"id": n, **body} for n, body in enumerate(bodies)]}
    return {
        "single": [request(REFUND, json.dumps(body).encode()) for body in bodies],
        f"batch of {BATCH}": [request(f"{REFUND}/batch", json.dumps(items).encode())],
    }


def measure(rounds: int, seconds: float, folder: Path, more: list[str]) -> list[Kind]:
    """Every server in every round, for so many seconds each; all run all the time, and one is asked."""
    bundle = make_bundle(folder)
    (folder / "postgres").mkdir()
    with ExitStack() as stack:
        database = Postgres(folder / "postgres")
        stack.callback(database.stop, "immediate")
        store = Store(database.url())
        migrate(store)
        store.close()
        kinds = []
        for name, log in (
            ("without log", ["--no-log"]),
            ("SQLite", ["--log", str(folder / "log.sqlite")]),
            ("PostgreSQL", ["--log", database.url()]),
        ):
            server = Server(str(bundle), *log, "--workers", "2", "--no-differences", *more)
            stack.callback(server.stop)
            kinds.append(Kind(name, server, {}))
        for number in range(rounds + 1):
            for kind in kinds:
                for name, sent in requests().items():
                    figures = ask(int(kind.server.address.rpartition(":")[2]), sent, seconds)
                    if number:  # the first round only warms up
                        kind.rounds.setdefault(name, []).append(figures)
    return kinds


def told(kinds: list[Kind]) -> str:
    """The table."""
    lines = [f"{'':14}{'':14}" + "".join(f"{name:>12}" for name in _NAMES) + "   ratio to without log (each, by round)"]
    for name, floor in kinds[0].rounds.items():
        for kind in kinds:
            figures = [median(column) for column in zip(*kind.rounds[name], strict=True)]
            ratios = [
                median(mine[n] / other[n] for mine, other in zip(kind.rounds[name], floor, strict=True))
                for n in range(len(_NAMES))
            ]
            lines.append(
                f"{name:14}{kind.name:14}"
                + "".join(f"{figure:12.1f}" for figure in figures)
                + "   "
                + " ".join(f"{ratio:6.2f}" for ratio in ratios)
            )
    return "\n".join(lines)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4, help="of each server and kind of request, in a round")
    parser.add_argument("serve", nargs="*", help="more words for `policyengine serve`, after --")
    given = parser.parse_args()
    print(f"{CONNECTIONS} connections, 2 workers, {given.rounds} rounds; load average before {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory(prefix="policyengine-load-") as name:
        # Open to the user that PostgreSQL runs as.
        Path(name).chmod(0o755)
        print(told(measure(given.rounds, given.seconds, Path(name), given.serve)))
    print(f"load average after {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
