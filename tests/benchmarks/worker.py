"""One engine in a process of its own: it proves that it agrees with the oracle, then measures what it is told to.

Started as ``python -m tests.benchmarks.worker NAME RULES [FOLDER]``: NAME is a rival, or a setting of ours, which reads
the bundle in FOLDER. Lines on standard input ask (``time WHAT SECONDS``, ``shipped SECONDS``, ``soak COUNT``,
``reload COUNT``), lines of JSON on standard output answer. The first line tells how long loading took and how many
answers were compared.
"""

from __future__ import annotations

import gc
import importlib
import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.benchmarks.rivals import RIVALS
from tests.benchmarks.workload import BASE, Decide, Document, documents, judged, oracle, scaled

_PAGE = os.sysconf("SC_PAGE_SIZE")
#: Documents that are compared: with the oracle, and with the plain reading of larger rule sets.
BY_ORACLE, BY_READING = 2000, 60
# A soak looks at the memory so often, after its first tenth, in which buffers fill.
_LOOKS = 10


def main() -> None:
    """Load, prove, then answer line by line; on one processor, as all the others."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    name, count = sys.argv[1], int(sys.argv[2])
    rules = scaled(count)
    if name in RIVALS:
        measured, told = _rival(name, rules)
    else:
        measured, told = _ours(name, sys.argv[3])
    told |= _compared(measured["answer"], rules)
    _tell(told)
    for line in sys.stdin:
        command, *arguments = line.split()
        _tell(_COMMANDS[command](measured, *arguments))


def _tell(data: dict[str, Any]) -> None:
    print(json.dumps(data), flush=True)


def _rival(name: str, rules: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    rival = RIVALS[name]
    facts = documents(2000)
    if rival.module:
        importlib.import_module(rival.module)
    start = time.perf_counter()
    decide = rival.load(rules)
    decide(facts[0])
    loaded = time.perf_counter() - start
    told = {"load": loaded, "version": version(rival.package) if rival.package else None}
    return {"answer": decide, "decide": (decide, facts)}, told


def _ours(setting: str, folder: str) -> tuple[dict[str, Any], dict[str, Any]]:
    from tests.benchmarks.ours import Asked, has_setting, ready

    from policyengine.loading import load_bundle

    if not has_setting(setting):
        _tell({"failed": "this version has no such engine"})
        raise SystemExit
    read = [_seconds(lambda: load_bundle(folder)) for _ in range(2)]
    bundle = load_bundle(folder)
    start = time.perf_counter()
    engine = ready(bundle, setting)
    loaded = time.perf_counter() - start
    again = _seconds(lambda: ready(bundle, setting).close())
    asked = Asked(engine)
    facts = documents(2000)
    bound = [asked.bound(f) for f in facts]
    measured = {
        "answer": asked.answer,
        "decide": (asked.decide, facts),
        "match": (asked.matcher(), bound),
        "folder": folder,
        "setting": setting,
        "bundle": bundle,
    }
    told = {"load": loaded, "load_again": again, "yaml": read[0], "yaml_again": read[1]}
    told["version"] = version("yaml-policyengine")
    return measured, told


def _seconds(call: Callable[[], object]) -> float:
    gc.collect()
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def _compared(answer: Decide, rules: Sequence[Any]) -> dict[str, Any]:
    """How many answers were compared, and how many differed."""
    pairs = list(_expected(rules))
    got = ((answer(facts), expected) for facts, expected in pairs)
    differing = sum((found[0], sorted(found[1])) != (want[0], sorted(want[1])) for found, want in got)
    return {"compared": len(pairs), "differing": differing}


def _expected(rules: Sequence[Any]) -> Iterator[tuple[Document, tuple[str, list[str]]]]:
    if len(rules) == len(BASE):
        yield from ((facts, oracle(facts)) for facts in documents(BY_ORACLE))
    else:
        yield from ((facts, judged(rules, facts)) for facts in documents(BY_READING))


def _time(measured: dict[str, Any], what: str, seconds: str) -> dict[str, Any]:
    """Single calls, one after the other; their median and 99th percentile in microseconds."""
    call, given = measured[what]
    clock, times = time.perf_counter_ns, []
    gc.collect()
    end = clock() + int(float(seconds) * 1e9)
    for facts in itertools.cycle(given):
        start = clock()
        call(facts)
        done = clock()
        times.append(done - start)
        if done > end:
            break
    times.sort()
    at = lambda share: times[int((len(times) - 1) * share)] / 1000  # noqa: E731 - a formula
    return {"median": at(0.5), "p99": at(0.99), "calls": len(times)}


def _shipped(measured: dict[str, Any], seconds: str) -> dict[str, Any]:
    """The same of a shipped dispute, for a setting of ours; its bundle is read when it is first asked for."""
    from tests.benchmarks.shipped import DISPUTE, decider

    if "shipped" not in measured:
        measured["shipped"] = (decider(measured["setting"]), [DISPUTE])
    return _time(measured, "shipped", seconds)


def _soak(measured: dict[str, Any], count: str) -> dict[str, Any]:
    """The memory in MB as so many decisions are made."""
    call, given = measured["decide"]
    return _watched(int(count), lambda n: call(given[n % len(given)]))


def _reload(measured: dict[str, Any], count: str) -> dict[str, Any]:
    """The memory in MB as the bundle is read so many times from its files, each time into an engine of its own."""
    from tests.benchmarks.bundle import DECISION
    from tests.benchmarks.ours import DAY, ready

    from policyengine.loading import load_bundle

    facts = measured["decide"][1][0]

    def again(_: int) -> None:
        with ready(load_bundle(measured["folder"]), measured["setting"]) as engine:
            engine.decide(DECISION, facts, as_of=DAY)

    return _watched(int(count), again)


def _watched(count: int, call: Callable[[int], object]) -> dict[str, Any]:
    start, looks = time.perf_counter(), []
    for n in range(count):
        call(n)
        if (n + 1) % max(1, count // _LOOKS) == 0:
            gc.collect()
            looks.append(_resident())
    return {"rss": looks, "count": count, "seconds": time.perf_counter() - start}


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * _PAGE / 2**20


_COMMANDS: dict[str, Callable[..., dict[str, Any]]] = {
    "time": _time,
    "shipped": _shipped,
    "soak": _soak,
    "reload": _reload,
}

if __name__ == "__main__":
    main()
