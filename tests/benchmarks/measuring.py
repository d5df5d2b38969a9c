"""The measurements: every engine at every rule count in interleaved rounds, then memory, then HTTP."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.benchmarks import machine, serving
from tests.benchmarks.bundle import write_bundle
from tests.benchmarks.ours import SETTINGS
from tests.benchmarks.processes import Failed, Worker
from tests.benchmarks.rivals import NOT_MEASURED, RIVALS
from tests.benchmarks.workload import scaled

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured.

    ``loads``: times that loading is measured in a new process. ``soak``: decisions, and bundles read anew,
    while the memory is watched.
    """

    name: str
    counts: tuple[int, ...]
    rounds: int
    seconds: float
    rivals: tuple[str, ...]
    loads: int
    soak: tuple[int, int] | None
    http_rounds: int
    http_seconds: float


FULL = Plan("full", (24, 72, 240, 720, 2400), 7, 0.7, tuple(RIVALS), 5, (2_000_000, 10_000), 3, 4)
QUICK = Plan("quick", (24, 2400), 3, 0.4, ("generated", "datalogic", "zen_expressions", "zen_table"), 1, None, 1, 2)
#: An engine that takes longer than this to load, in seconds, is given up.
PATIENCE = 60.0


def measured(plan: Plan, say: Say) -> dict[str, Any]:
    """Everything, as JSON data."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="policyengine-bench-") as name:
        work = Path(name)
        folders = {count: write_bundle(work / str(count), scaled(count)) for count in plan.counts}
        engines: dict[str, Any] = {name: {} for name in (*SETTINGS, *plan.rivals)}
        for count in plan.counts:
            _at_count(plan, count, folders[count], engines, say)
        data = {
            "plan": plan.name,
            "counts": list(plan.counts),
            **machine.described(),
            "engines": engines,
            "not_measured": dict(_not_measured(plan)),
            "memory": dict(_memory(plan, folders[plan.counts[0]], say)) if plan.soak else {},
            "http": serving.measure(folders[plan.counts[0]], work, plan.http_rounds, plan.http_seconds, say),
        }
    return data | {"minutes": round((time.perf_counter() - started) / 60, 1)}


def _not_measured(plan: Plan) -> Iterator[tuple[str, str]]:
    yield from NOT_MEASURED.items()
    for name, rival in RIVALS.items():
        if name not in plan.rivals:
            yield rival.title, "left out of the quick run"


def _at_count(plan: Plan, count: int, folder: Path, engines: dict[str, Any], say: Say) -> None:
    with ExitStack() as stack:
        workers: dict[str, Worker] = {}
        for name, by_count in engines.items():
            say(f"{count} rules: loading {name}")
            found = by_count[str(count)] = {}
            try:
                found["told"] = _loaded(name, count, folder, plan.loads - 1)
                workers[name] = stack.enter_context(Worker(name, count, folder, PATIENCE))
                found["told"].append(workers[name].told)
            except Failed as e:
                found["failed"] = str(e)
        for number in range(plan.rounds):
            say(f"{count} rules: round {number + 1} of {plan.rounds}")
            found = {name: engines[name][str(count)] for name in workers}
            _round(workers, plan, found, shipped=count == plan.counts[0])


def _loaded(name: str, count: int, folder: Path, times: int) -> list[dict[str, Any]]:
    """What so many new processes tell of their loading."""
    told = []
    for _ in range(times):
        with Worker(name, count, folder, PATIENCE) as worker:
            told.append(worker.told)
    return told


def _round(workers: dict[str, Worker], plan: Plan, found: dict[str, Any], *, shipped: bool) -> None:
    """One turn of every engine; ``shipped``: ours also decide the shipped dispute."""
    ours = {"decide": "time decide", "match": "time match", **({"shipped": "shipped"} if shipped else {})}
    for name in list(workers):
        for what, command in (ours if name in SETTINGS else {"decide": "time decide"}).items():
            try:
                figures = workers[name].ask(f"{command} {plan.seconds}", PATIENCE)
            except Failed as e:
                found[name]["failed"] = str(e)
                del workers[name]
                break
            found[name].setdefault(what, []).append(figures)


def _memory(plan: Plan, folder: Path, say: Say) -> Iterator[tuple[str, Any]]:
    """By setting, the looks at the memory of each soak."""
    for setting in SETTINGS:
        found: dict[str, Any] = {}
        for what, count in zip(("soak", "reload"), plan.soak or (), strict=False):
            say(f"memory: {setting}, {what} {count}")
            try:
                with Worker(setting, plan.counts[0], folder, PATIENCE) as worker:
                    found[what] = worker.ask(f"{what} {count}", 3600)
            except Failed as e:
                found[what] = {"failed": str(e)}
        yield setting, found


def without_soak(plan: Plan) -> Plan:
    """The same without watching the memory."""
    return replace(plan, soak=None)
