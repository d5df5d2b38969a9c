"""The results as Markdown and as text, and the tables on the README page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from tests.benchmarks.environment import ROOT
from tests.benchmarks.ours import SETTINGS
from tests.benchmarks.rivals import RIVALS
from tests.benchmarks.targets import Row, Times, rows

README = ROOT / "README.md"
START, END = "<!-- figures: written by `make bench` -->", "<!-- end of the figures -->"
SHIPPED = "a shipped dispute, whole decision"
_README_ROWS = ("match", "decide", "checked bundle", "YAML", "HTTP")

Table = list[list[str]]


def markdown(data: dict[str, Any]) -> str:
    """The whole report."""
    parts = [
        f"# Benchmark of {data['date']} ({data['plan']} run)",
        _setting(data),
        "## Targets",
        _markdown(target_table(data)),
        "## One decision, in microseconds (ratio to generated Python in the same round)",
        _markdown(engine_table(data)),
        "## Loading, in milliseconds",
        _markdown(load_table(data)),
        "## HTTP",
        _markdown(http_table(data)),
        *_not_measured(data),
    ]
    return "\n\n".join(parts) + "\n"


def text(data: dict[str, Any]) -> str:
    """The same for a terminal."""
    tables = (target_table(data), engine_table(data), load_table(data), http_table(data))
    return "\n\n".join([_setting(data), *map(_aligned, tables), *_not_measured(data)])


def _setting(data: dict[str, Any]) -> str:
    machine, versions = data["machine"], data["versions"]
    named = ", ".join(f"{name} {v}" for name, v in versions.items() if v and name != "wrk")
    return (
        f"{data['date']}; {machine['processor']}, {machine['cores']} cores (load {machine['load']} at the end of the "
        f"rounds), {machine['system']}, Python {machine['python']}; {named}. The run took {data['minutes']} minutes."
    )


def _not_measured(data: dict[str, Any]) -> list[str]:
    told = dict(data["not_measured"])
    for name, rival in RIVALS.items():
        failed = [(c, f["failed"]) for c, f in data["engines"].get(name, {}).items() if "failed" in f]
        if failed:
            told[rival.title] = "; ".join(f"at {count} rules: {why}" for count, why in failed)
    for server, found in data["http"].items():
        if isinstance(found, dict) and "failed" in found:
            told[server] = found["failed"]
    return ["Not measured:\n\n" + "\n".join(f"- {name}: {why}" for name, why in told.items())] if told else []


def target_table(data: dict[str, Any]) -> Table:
    """Every target beside its figure."""
    head = ["what", "setting", "measured", "target", "", "figures"]
    lines = [[r.what, r.setting, _value(r), _target(r), _met(r), r.note] for r in rows(data)]
    return [head, *lines, *([SHIPPED, setting, cell, "-", "", ""] for setting, cell in shipped_cells(data).items())]


def _met(row: Row) -> str:
    return {True: "met", False: "missed", None: "not measured"}[row.met]


def _value(row: Row) -> str:
    return "-" if row.value is None else f"{_number(row.value)} {row.unit}"


def _target(row: Row) -> str:
    return f"{'at least' if row.least else 'at most'} {_number(row.target)}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.{1 if abs(value) >= 10 else 2}f}"


def engine_table(data: dict[str, Any]) -> Table:
    """Ours and the rivals, at every rule count; fastest first."""
    counts = data["counts"]
    head = [
        "engine",
        *(f"{c} rules" for c in counts),
        f"99 % at {counts[0]} within",
        f"x from {counts[0]} to {counts[-1]}",
    ]
    lines = []
    for name in data["engines"]:
        for what in ("match", "decide") if name in SETTINGS else ("decide",):
            times = Times(data, name)
            first = times.median(what, counts[0])
            if first is None:
                continue
            last = times.median(what, counts[-1])
            cells = [_with_ratio(times, what, count) for count in counts]
            p99, growth = f"{times.p99(what, counts[0]):.1f}", f"{last / first:.0f}" if last else "-"
            lines.append((first, [_title(data, name, what), *cells, p99, growth]))
    return [head, *(line for _, line in sorted(lines, key=lambda pair: pair[0]))]


def _title(data: dict[str, Any], name: str, what: str) -> str:
    if name in SETTINGS:
        return f"policyengine, {name}: {'match only' if what == 'match' else 'the whole decision'}"
    told = next((t for f in data["engines"][name].values() for t in f.get("told", [])), {})
    return RIVALS[name].title + (f" {told['version']}" if told.get("version") else "")


def shipped_cells(data: dict[str, Any]) -> dict[str, str]:
    """By setting, the time of the shipped dispute beside the benchmark's decision; empty for runs without it."""
    few, cells = data["counts"][0], {}
    for setting in SETTINGS:
        times = Times(data, setting)
        time, ratios = times.median("shipped", few), times.beside_decide("shipped", few)
        if time is not None and ratios:
            cells[setting] = f"{time:,.1f} us, {_number(median(ratios))} x the time of decide, {few} rules"
    return cells


def _with_ratio(times: Times, what: str, count: int) -> str:
    time, ratios = times.median(what, count), times.ratios(what, count)
    return "-" if time is None or not ratios else f"{time:,.1f} ({median(ratios):.1f})"


def load_table(data: dict[str, Any]) -> Table:
    """From rules, or from the checked bundle, to an engine that has answered or can be asked."""
    counts = data["counts"]
    lines = [["engine", *(f"{c} rules" for c in counts)]]
    for name in data["engines"]:
        found = [Times(data, name).loads("load", count) for count in counts]
        title = f"policyengine, {name}: from the checked bundle" if name in SETTINGS else _title(data, name, "decide")
        lines.append([title, *("-" if ms is None else f"{ms:,.1f}" for ms in found)])
    return lines


def http_table(data: dict[str, Any]) -> Table:
    """Every server and load."""
    lines = [["server", "request", "requests/s", "decisions a second", "half within", "99 % within"]]
    if "failed" in data["http"]:
        return [*lines, ["-", data["http"]["failed"], "", "", "", ""]]
    for server, loads in data["http"].items():
        for load, found in loads.items():
            if load != "failed":
                figures = [median(r[k] for r in found) for k in ("requests", "decisions", "p50", "p99")]
                cells = [f"{figures[0]:,.0f}", f"{figures[1]:,.0f}", f"{figures[2]:.1f} ms", f"{figures[3]:.1f} ms"]
                lines.append([server, load, *cells])
    return lines


def _markdown(table: Table) -> str:
    head, *lines = table
    return "\n".join(_line(cells) for cells in (head, ["---"] * len(head), *lines))


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _aligned(table: Table) -> str:
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table
    )


# --- the README page --------------------------------------------------------------------------------------------------


def readme_figures(data: dict[str, Any]) -> str:
    """What stands between the marks on the page."""
    machine = data["machine"]
    lead = (
        f"Measured on {data['date']} on {machine['cores']} cores of an {machine['processor']} with Python "
        f"{machine['python']}{_limits_of(data)}. Less is better, except over HTTP:"
    )
    return "\n\n".join([lead, _markdown(list(_readme_targets(data))), _markdown(list(_readme_engines(data)))])


def _limits_of(data: dict[str, Any]) -> str:
    """What to hold against the figures: a run that was no full one, and a machine that did other work."""
    plan, machine = data["plan"], data["machine"]
    told = [f"a {plan} run"] if plan != "full" else []
    if told or machine["load"] > machine["cores"]:
        told.append(f"load {machine['load']}")
    return f" ({', '.join(told)})" if told else ""


def _readme_targets(data: dict[str, Any]) -> Iterator[list[str]]:
    yield ["", "compiled", "default"]
    found = {(r.what, r.setting): r for r in rows(data) if r.what.startswith(_README_ROWS)}
    for what in dict.fromkeys(what for what, _ in found):
        cells = (found.get((what, setting)) for setting in ("compiled", "default"))
        yield [what, *("-" if row is None else _value(row) for row in cells)]
    shipped = shipped_cells(data)
    if shipped:
        yield [SHIPPED, *(shipped.get(setting, "-") for setting in ("compiled", "default"))]


def _readme_engines(data: dict[str, Any]) -> Iterator[list[str]]:
    table = engine_table(data)
    few, many = data["counts"][0], data["counts"][-1]
    yield ["microseconds a decision (x the time of generated Python)", f"{few} rules", f"{many} rules"]
    for line in table[1:]:
        yield [line[0], line[1], line[len(data["counts"])]]


def written(data: dict[str, Any], page: Path = README) -> bool:
    """Write the figures into the page; whether it has a place for them."""
    old = page.read_text(encoding="utf-8")
    marks = re.compile(f"({re.escape(START)}\n).*?(\n{re.escape(END)})", re.DOTALL)
    if not marks.search(old):
        return False
    page.write_text(marks.sub(lambda m: m[1] + readme_figures(data) + m[2], old), encoding="utf-8")
    return True
