"""``python -m tests.differential N [--seed S] [--jobs J] [--write FOLDER]``: compare for as long as you like."""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from pathlib import Path

from tests.differential.compare import Difference
from tests.differential.coverage import report, unmet
from tests.differential.generator import generate
from tests.differential.runs import REQUESTS, Run, run_seed
from tests.differential.shrinking import shrunk


def main() -> int:
    """Compare, tell how it goes, and show what was seen."""
    options = _options()
    total = Run()
    started = time.monotonic()
    with ProcessPoolExecutor(options.jobs) as pool:
        batch = options.jobs * 4
        for first in count(options.seed, batch):
            for run in pool.map(run_seed, range(first, first + batch), [options.requests] * batch):
                total.add(run)
                if run.differences:
                    sys.stderr.write(f"\n{run.differences[0]}\n")
            speed = total.compared / (time.monotonic() - started)
            sys.stderr.write(
                f"\r{total.compared:,} of {options.comparisons:,} comparisons, {total.bundles} bundles, "
                f"{len(total.differences)} differences, {speed:.0f}/s"
            )
            if total.compared >= options.comparisons:
                break
    sys.stderr.write("\n")
    _say(report(total.seen))
    _say(f"\ncompared {total.compared:,} decisions of {total.bundles} bundles; {total.refused:,} were refused")
    _say("never seen: " + (", ".join(unmet(total.seen)) or "nothing"))
    for found in total.differences[:5]:
        smaller = shrunk(found)
        _say(f"\n{smaller}")
        if options.write:
            _write(smaller, options.write)
    return 1 if total.differences else 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__)
    parser.add_argument("comparisons", type=int, help="how many decisions to compare, at least")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--requests", type=int, default=REQUESTS, help="requests for each bundle")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--write", type=Path, help="folder to write bundles and facts of differences to")
    return parser.parse_args()


def _write(found: Difference, folder: Path) -> None:
    """The bundle and the request, to be decided again by hand."""
    place = generate(found.seed).write(folder / f"seed_{found.seed}")
    request = {"decision": found.decision, "as_of": found.request.as_of.isoformat(), "facts": found.request.facts}
    (place / f"{found.decision}.json").write_text(json.dumps(request, indent=2, default=str), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
