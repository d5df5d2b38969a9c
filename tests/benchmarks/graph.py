"""The graph: time of one decision against the number of rules.

Run: ``python -m tests.benchmarks.graph RESULTS.json OUT.svg``, in the rivals' environment: it has the drawing library.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from tests.benchmarks.rivals import RIVALS

#: Rivals in the graph: the fastest that are packages, beside the yardstick.
_SHOWN = 3
_LIMIT = "generated"
_COLOURS = {"default": "#0b5cad", "compiled": "#c2410c", _LIMIT: "#555555"}
_OTHERS = ("#2e7d32", "#7b3fa0", "#a06a00")


def drawn(data: dict[str, Any]) -> Figure:
    """The figure."""
    mpl.rcParams.update({"svg.hashsalt": "policyengine", "svg.fonttype": "none", "font.size": 10})
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.add_subplot()
    for setting in ("default", "compiled"):
        for what, style, words in (("decide", "-", "the whole decision"), ("match", ":", "match only")):
            _line(axes, data, (setting, what), f"policyengine, {setting}: {words}", (_COLOURS[setting], style))
    for name, colour in zip(fastest(data), _OTHERS, strict=False):
        _line(axes, data, (name, "decide"), RIVALS[name].title, (colour, "--"))
    _line(axes, data, (_LIMIT, "decide"), RIVALS[_LIMIT].title, (_COLOURS[_LIMIT], "-."))
    axes.set(xscale="log", yscale="log", xlabel="rules", ylabel="microseconds a decision")
    axes.set_xticks(data["counts"], [f"{c:,}" for c in data["counts"]], minor=False)
    axes.xaxis.set_minor_locator(mpl.ticker.NullLocator())
    axes.yaxis.set_major_formatter(mpl.ticker.FormatStrFormatter("%g"))
    axes.grid(visible=True, which="major", alpha=0.3)
    axes.legend(fontsize=8)
    return figure


def fastest(data: dict[str, Any]) -> list[str]:
    """The fastest rivals that are packages, at the smallest count; one engine's two forms count as two."""
    few = str(data["counts"][0])
    found = {n: data["engines"].get(n, {}).get(few, {}).get("decide") for n, r in RIVALS.items() if r.package}
    times = {name: median(r["median"] for r in rounds) for name, rounds in found.items() if rounds}
    return sorted(times, key=times.__getitem__)[:_SHOWN]


def _line(axes: Any, data: dict[str, Any], of: tuple[str, str], words: str, look: tuple[str, str]) -> None:
    (engine, what), (colour, style) = of, look
    found = [(c, data["engines"].get(engine, {}).get(str(c), {}).get(what)) for c in data["counts"]]
    points = [(count, median(r["median"] for r in rounds)) for count, rounds in found if rounds]
    if points:
        axes.plot(*zip(*points, strict=True), style, color=colour, label=words, marker="o", markersize=3)


def main() -> None:
    """Draw the results of the first argument into the file of the second."""
    data = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    drawn(data).savefig(sys.argv[2], format="svg", metadata={"Date": None, "Creator": None})
    lines = Path(sys.argv[2]).read_text(encoding="utf-8").splitlines()
    Path(sys.argv[2]).write_text("".join(f"{line.rstrip()}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
