"""``python -m tests.differential N [--seed S] [--jobs J] [--found FOLDER]``: compare for as long as you like."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

from tests.differential.case_files import write_find
from tests.differential.coverage import report, unmet
from tests.differential.runs import Run
from tests.differential.shrinking import shrunk
from tests.differential.workers import run_each

#: Of the finds, so many are made small and written.
MOST_SHRUNK = 5
#: Seconds between two lines of progress; on a terminal there is one line that changes.
BETWEEN = 60.0


def main() -> int:
    """Compare, tell how it goes, and show what was seen; 1 if anything differed or broke."""
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # told to stop, it says what it has
    fuzz = Fuzz(options.comparisons, options.seed)
    try:
        fuzz.run(options.jobs)
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped")
    sys.stderr.write("\n")
    fuzz.tell()
    _write_finds(fuzz.total, options.found)
    return 1 if fuzz.total.failed else 0


class Fuzz:
    """A run until ``comparisons`` decisions have been compared, from a first seed on."""

    def __init__(self, comparisons: int, seed: int) -> None:
        self.comparisons, self.first = comparisons, seed
        self.total = Run()
        self._seeds = count(seed)
        self._given = seed
        self._started = self._told = time.monotonic()

    def run(self, jobs: int) -> None:
        """Run seeds, and tell how it goes."""
        for seed, run in run_each(self._until_enough(), jobs):
            self.total.add(run)
            for found in (*run.broken, *run.differences[:1]):
                _say(f"\n{found}\n")
            self._progress(seed)

    def tell(self) -> None:
        """What was compared and seen."""
        total = self.total
        _say(report(total.seen))
        _say(f"\ncompared {total.compared:,} decisions of {total.bundles:,} bundles, {self._speed:.0f}/s")
        _say(f"refused: {total.refused:,}; watched for the forms above: {total.watched:,} bundles")
        _say(f"seeds {self.first} to {self._given}; go on with seed {self._given + 1}")
        _say(f"differences: {len(total.differences)}; seeds that broke: {len(total.broken)}")
        _say("never seen: " + (", ".join(unmet(total.seen)) or "nothing"))

    def _until_enough(self) -> Iterator[int]:
        while self.total.compared < self.comparisons:
            self._given = next(self._seeds)
            yield self._given

    @property
    def _speed(self) -> float:
        return self.total.compared / (time.monotonic() - self._started)

    def _progress(self, seed: int) -> None:
        terminal = sys.stderr.isatty()
        if time.monotonic() - self._told < (0.5 if terminal else BETWEEN):
            return
        self._told = time.monotonic()
        told = (
            f"{self.total.compared:,} of {self.comparisons:,} comparisons, {self.total.bundles:,} bundles, "
            f"seed {seed}, {len(self.total.differences)} differences, {len(self.total.broken)} broken, "
            f"{self._speed:.0f}/s"
        )
        sys.stderr.write(f"\r{told}" if terminal else f"{told}\n")
        sys.stderr.flush()


def _write_finds(total: Run, folder: Path | None) -> None:
    """The finds, one of each decision of a bundle, made small; as folders with a case each, if there is a place."""
    first = {(found.seed, found.decision): found for found in reversed(total.differences)}
    for found in list(reversed(first.values()))[:MOST_SHRUNK]:
        smaller = shrunk(found)
        _say(f"\n{smaller}")
        if folder is not None:
            _say(f"written to {write_find(smaller, folder)}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__)
    parser.add_argument("comparisons", type=int, help="how many decisions to compare, at least")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--found", type=Path, help="folder for finds: each a bundle with a case that fails")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
