"""What no service survives by luck: ``python -m tests.chaos kill 200 pg 5 full reload 200``, each with its number."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.chaos import room, runs
from tests.chaos.outcome import Outcome, table

_USUAL = {"kill": 200, "pg": 5, "full": 1, "reload": 200}
Run = Callable[[Path], Outcome]


def _runs(words: list[str], seed: int) -> Iterator[Run]:
    given = list(words)
    while given:
        name = given.pop(0)
        if name not in _USUAL:
            raise SystemExit(f"`{name}` is none of {', '.join(_USUAL)}")
        times = int(given.pop(0)) if given and given[0].isdigit() else _USUAL[name]
        match name:
            case "kill":
                yield lambda folder, n=times: runs.kill_run(n, folder, seed)
            case "pg":
                yield lambda folder, n=times: runs.postgres_run(n, folder)
            case "full":
                for kind in room.kinds() * times:
                    yield lambda folder, k=kind: runs.full_run(folder, k)
            case _:
                yield lambda folder, n=times: runs.reload_run(n, folder)


def main() -> None:
    """Print a table of what was seen; exit code 1 if anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="*", default=list(_USUAL), help="kill N, pg N, full, reload N; all without any")
    parser.add_argument("--seed", type=int, default=0, help="chooses whom the kills hit, and when")
    given = parser.parse_args()
    outcomes = []
    for run in _runs(given.runs, given.seed):
        with tempfile.TemporaryDirectory(prefix="policyengine-chaos-") as name:
            # Open to the user that PostgreSQL runs as.
            Path(name).chmod(0o755)
            outcomes.append(run(Path(name)))
        print(table(outcomes[-1:]), flush=True)
    print("", table(outcomes), sep="\n")
    raise SystemExit(1 if any(outcome.wrong for outcome in outcomes) else 0)


if __name__ == "__main__":
    main()
