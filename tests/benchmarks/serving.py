"""Requests a second over HTTP on 127.0.0.1.

Servers are started one after the other and asked by `wrk`, which shares their cores. Ours has two workers, and so
have the floors; the rival on Node.js is one process, as such services are.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.bundle import BUNDLE, DECISION
from tests.benchmarks.environment import HOME, NODE, ROOT
from tests.benchmarks.ours import DAY, SETTINGS, has_setting, options
from tests.benchmarks.rivals import zen_table_json
from tests.benchmarks.workload import BASE, documents, oracle

HERE = Path(__file__).parent
BATCH = 100
_CONNECTIONS = 16
_TEXT = re.compile(r"Requests/sec:\s+([\d.]+)")
_PERCENTILE = re.compile(r"^\s+(50|99)%\s+([\d.]+)(us|ms|s)$", re.MULTILINE)
_FAULTS = re.compile(r"Non-2xx.*|Socket errors.*")
_MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0}


class Untrue(Exception):  # noqa: N818 - it is told, not handled
    """A server did not answer as the oracle does, or not at all."""


@dataclass(frozen=True, slots=True)
class Load:
    """One kind of request to a server: its path, its bodies, and the check of an answer to the body of a number."""

    path: str
    bodies: list[bytes]
    check: Callable[[int, Any], bool]
    decisions: int = 1


@dataclass(frozen=True, slots=True)
class Server:
    """A server under test. ``command`` holds ``PORT`` where its port is to stand."""

    title: str
    command: list[str]
    loads: Mapping[str, Load]


def servers(folder: Path, work: Path) -> Iterator[Server]:
    """Everything that is measured, for the bundle in ``folder``; ``work`` takes the files that they need."""
    for setting in SETTINGS:
        if has_setting(setting):
            yield _ours(setting, folder)
    if (NODE / "node_modules").is_dir():
        yield _node(work)
    yield _floor("Flask that decides nothing, in granian", "flask_app")
    yield _floor("bare WSGI that decides nothing, in granian", "bare_app")


def _ours(setting: str, folder: Path) -> Server:
    command = [str(Path(sys.executable).parent / "policyengine"), "serve", str(folder), "--port", "PORT", "--no-log"]
    command += ["--workers", "2", *options(setting)]
    path = f"/v1/bundles/{BUNDLE}/decisions/{DECISION}"
    return Server(f"policyengine, {setting}", command, _our_loads(path))


def _our_loads(path: str) -> dict[str, Load]:
    facts = documents(BATCH)
    day = DAY.isoformat()
    expected = [oracle(f)[0] for f in facts]

    def one(n: int, answer: Any) -> bool:
        return answer["decision"]["verdict"] == expected[n]

    def many(_: int, answer: Any) -> bool:
        return [item["decision"]["verdict"] for item in answer["items"]] == expected

    loads = {}
    for form, more in (("full", {}), ("short", {"answer": "short"})):
        singles = [_json({"as_of": day, "facts": f, **more}) for f in facts]
        batch = [_json({"items": [{"id": n, "as_of": day, "facts": f} for n, f in enumerate(facts)], **more})]
        loads[f"single, {form}"] = Load(path, singles, one)
        loads[f"batch, {form}"] = Load(f"{path}/batch", batch, many, BATCH)
    return loads


def _node(work: Path) -> Server:
    table = work / "table.json"
    table.write_text(zen_table_json(BASE), encoding="utf-8")
    facts = documents(BATCH)
    expected = [oracle(f)[1] for f in facts]
    load = Load("/", [_json(f) for f in facts], lambda n, answer: sorted(answer["matched"]) == expected[n])
    command = ["node", str(HERE / "node" / "server.mjs"), "PORT", str(table), str(NODE)]
    return Server("ZEN decision table on node:http", command, {"single": load})


def _floor(title: str, app: str) -> Server:
    facts = documents(BATCH)
    command = [str(HOME / "bin" / "granian"), "--interface", "wsgi", "--host", "127.0.0.1", "--port", "PORT"]
    command += ["--workers", "2", "--blocking-threads", "1", "--no-ws", "--log-level", "error"]
    loads = {
        "single": Load("/decide", [_json({"facts": f}) for f in facts], lambda *_: True),
        "batch": Load("/decide", [_json({"items": [{"facts": f} for f in facts]})], lambda *_: True, BATCH),
    }
    return Server(title, [*command, f"tests.benchmarks.floors:{app}"], loads)


def _json(data: object) -> bytes:
    return json.dumps(data, separators=(",", ":")).encode()


def measure(folder: Path, work: Path, rounds: int, seconds: float, say: Callable[[str], None]) -> dict[str, Any]:
    """By server and load: a list with the figures of each round. A server that fails has its reason instead."""
    if shutil.which("wrk") is None:
        return {"failed": "wrk is not here (Debian: apt-get install wrk)"}
    found: dict[str, Any] = {}
    for number in range(rounds):
        for server in servers(folder, work):
            kept = found.setdefault(server.title, {})
            if "failed" in kept:
                continue
            say(f"HTTP round {number + 1} of {rounds}: {server.title}")
            try:
                for name, figures in _round(server, work, seconds, prove=number == 0).items():
                    kept.setdefault(name, []).append(figures)
            except (Untrue, OSError) as e:
                kept["failed"] = str(e)
    return found


def _round(server: Server, work: Path, seconds: float, *, prove: bool) -> dict[str, dict[str, Any]]:
    with _running(server, work) as port:
        if prove:
            for load in server.loads.values():
                _prove(server, load, port)
        return {name: _wrk(load, port, work, seconds) for name, load in server.loads.items()}


@contextmanager
def _running(server: Server, work: Path) -> Iterator[int]:
    """The server, listening on a free port and started in ``work``; ended afterwards with all its processes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(port) if part == "PORT" else part for part in server.command]
    quiet = subprocess.DEVNULL
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, cwd=work, env=environment, stdout=quiet, stderr=quiet, start_new_session=True)
    try:
        _wait_for(port, process)
        yield port
    finally:
        _end(process)


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise Untrue(f"the server ended at once with code {process.returncode}")
        try:
            socket.create_connection(("127.0.0.1", port), 0.2).close()
        except OSError:
            time.sleep(0.1)
        else:
            time.sleep(0.5)  # until every worker is there
            return
    raise Untrue("the server did not listen within 30 seconds")


def _end(process: subprocess.Popen[bytes]) -> None:
    """The process and those that it started: they are a session of their own."""
    for sent in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sent)
            process.wait(15)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
        return


def _prove(server: Server, load: Load, port: int) -> None:
    for n, body in enumerate(load.bodies):
        asked = urllib.request.Request(
            f"http://127.0.0.1:{port}{load.path}", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=20) as answer:  # noqa: S310 - 127.0.0.1
            if not load.check(n, json.load(answer)):
                raise Untrue(f"{server.title} does not answer document {n} as the oracle does")


def _wrk(load: Load, port: int, work: Path, seconds: float) -> dict[str, Any]:
    bodies = work / "bodies.txt"
    bodies.write_bytes(b"\n".join(load.bodies) + b"\n")
    address = f"http://127.0.0.1:{port}{load.path}"
    _run_wrk(address, bodies, 1)
    told = _run_wrk(address, bodies, seconds)
    rate = _TEXT.search(told)
    faults = _FAULTS.findall(told)
    if rate is None or faults:
        raise Untrue("wrk saw: " + ("; ".join(faults) or told[-200:]))
    latency = {f"p{p}": float(value) * _MILLISECONDS[unit] for p, value, unit in _PERCENTILE.findall(told)}
    requests = float(rate.group(1))
    return {"requests": requests, "decisions": requests * load.decisions, **latency}


def _run_wrk(address: str, bodies: Path, seconds: float) -> str:
    command = ["wrk", "-t1", f"-c{_CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--latency"]
    command += ["-s", str(HERE / "post.lua"), address]
    environment = {**os.environ, "BODIES": str(bodies)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False).stdout
