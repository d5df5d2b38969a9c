"""``python -m tests.benchmarks``: the benchmarks' command line."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.benchmarks import environment, measuring, phases, report
from tests.benchmarks.ours import SETTINGS

RESULTS = Path(__file__).parent / "results"
_PASSING = environment.HOME / "quick"


def main() -> None:
    """Run the command that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    full = commands.add_parser("full", help="everything; writes the results, the graph and the figures in README.md")
    full.add_argument("--no-soak", action="store_true", help="leave the memory out, which takes the longest")
    commands.add_parser("quick", help="the main figures, in less than two minutes")
    commands.add_parser("report", help="write the tables and the graph again from the saved results")
    profile = commands.add_parser("profile", help="where the time of one decision and of one request goes")
    profile.add_argument("--rules", type=int, nargs="+", default=[24, 2400], help="rule counts")
    profile.add_argument("--setting", choices=SETTINGS, nargs="+", default=list(SETTINGS))
    profile.add_argument("--seconds", type=float, default=2.0, help="for each column")
    asked = parser.parse_args()
    match asked.command:
        case "profile":
            print(phases.table(asked.rules, asked.setting, asked.seconds))
        case "full":
            _full(measuring.without_soak(measuring.FULL) if asked.no_soak else measuring.FULL)
        case "quick":
            _quick()
        case "report":
            _published(json.loads((RESULTS / "results.json").read_text(encoding="utf-8")))


def _full(plan: measuring.Plan) -> None:
    data = _measured(plan)
    _saved(data, RESULTS)
    _published(data)
    print(report.text(data))


def _quick() -> None:
    data = _measured(measuring.QUICK)
    _saved(data, _PASSING)
    print(report.text(data))
    print(f"\nsaved in {_PASSING.relative_to(environment.ROOT)}")


def _measured(plan: measuring.Plan) -> dict[str, Any]:
    environment.prepare()
    return measuring.measured(plan, _say)


def _say(line: str) -> None:
    """Progress, on the error stream; on a terminal in one line."""
    end = "\r\033[K" if sys.stderr.isatty() else os.linesep
    print(f"bench: {line}", end=end, file=sys.stderr, flush=True)


def _saved(data: dict[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    (folder / "results.md").write_text(report.markdown(data), encoding="utf-8")


def _published(data: dict[str, Any]) -> None:
    """The report, the graph, and the figures on the page."""
    _saved(data, RESULTS)
    draw = [environment.PYTHON, "-m", "tests.benchmarks.graph", RESULTS / "results.json", RESULTS / "growth.svg"]
    if subprocess.run(draw, cwd=environment.ROOT, check=False).returncode:
        print("bench: the graph could not be drawn")
    if not report.written(data):
        print(f"bench: README.md has no line `{report.START}`; its figures were not renewed")


if __name__ == "__main__":
    main()
