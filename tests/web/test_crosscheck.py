"""The cross-check in the service: what is counted, what is told, what is kept, and a worker that crashes."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from tests.engine.build import Asking
from tests.engine.faulty import Faulty, fine, lying, raising
from tests.web.conftest import Server

from policyengine import load_bundle
from policyengine.engine.engine import Engine
from policyengine.engine.settings import EngineSettings
from policyengine.testing.difference_store import DifferenceStore
from policyengine.web.app import create_app
from policyengine.web.engines import Engines
from policyengine.web.metrics import _forget_ended_workers

REFUND = "/v1/bundles/umbrella/decisions/refund"
BODY = {"facts": {"damage": {"cause": "wind"}}, "as_of": "2025-06-01"}


def app(bundles, primary, twin=None, **more):
    def engine(bundle):
        return Engine(bundle, primary, twin=twin or Faulty("twin", Asking(), fine), **more)

    return create_app({"umbrella": load_bundle(bundles / "umbrella")}, engine).test_client()


def counts(text: str) -> dict[str, float]:
    """The samples of the cross-check, which all have the same two labels."""
    samples = [s for family in text_string_to_metric_families(text) for s in family.samples]
    found = [s for s in samples if s.name.startswith("policyengine_crosscheck") and not s.name.endswith("_created")]
    assert all(s.labels == {"bundle": "umbrella", "decision": "refund"} for s in found)
    return {s.name.removeprefix("policyengine_crosscheck_"): s.value for s in found}


NOTHING = dict.fromkeys(("compared_total", "sampled_total", "differences_total", "faults_total", "set_aside"), 0.0)


def test_what_is_compared_is_counted(bundles):
    client = app(bundles, Asking(), sample=4)
    assert counts(client.get("/metrics").text) == NOTHING
    client.post(REFUND, json=BODY)
    assert counts(client.get("/metrics").text) == NOTHING | {"compared_total": 1, "sampled_total": 1}
    client.post(f"{REFUND}/batch", json={"items": [{"id": n, **BODY} for n in range(8)]})
    assert counts(client.get("/metrics").text) == NOTHING | {"compared_total": 9, "sampled_total": 3}


def test_a_difference_is_counted_and_kept_and_answered_by_the_reference(bundles, tmp_path, caplog):
    right = app(bundles, Asking()).post(REFUND, json=BODY).data
    client = app(bundles, Faulty("liar", Asking(), lying(0)), differences=DifferenceStore(tmp_path / "kept"))
    assert client.post(REFUND, json=BODY).data == right
    assert counts(client.get("/metrics").text) == NOTHING | {"compared_total": 1, "differences_total": 1}
    (path,) = (tmp_path / "kept").iterdir()
    (case,) = yaml.safe_load(path.read_text())["cases"]
    assert case["facts"] == BODY["facts"]
    assert f"the facts are kept in {path}" in caplog.text


def test_an_engine_that_is_set_aside_is_told_and_the_service_is_ready(bundles, caplog):
    right = app(bundles, Asking()).post(REFUND, json=BODY).data
    client = app(bundles, Faulty("faulty", Asking(), raising(MemoryError())))
    assert [client.post(REFUND, json=BODY).data for _ in range(5)] == [right] * 5
    assert counts(client.get("/metrics").text) == NOTHING | {"faults_total": 3, "set_aside": 1, "sampled_total": 1}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["status"], ready.json["set_aside"]) == (200, "ready", ["umbrella/refund"])


def test_nothing_is_kept_unless_it_is_asked_for(bundles, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bundle = load_bundle(bundles / "umbrella")
    with Engines()(bundle) as engine:
        assert engine._referee._keep(None) is None
        assert not engine.differences
    with Engines(EngineSettings("compiled", check=False, sample=7), "kept")(bundle) as engine:
        assert engine._referee._keep.folder == Path("kept")
        assert engine._sample == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("engines", "labels"),
    [
        (None, {"engine": "durable", "check": "true", "sample": "1000"}),
        (Engines(EngineSettings(sample=7)), {"engine": "durable", "check": "true", "sample": "7"}),
        (Engines(EngineSettings(check=False)), {"engine": "durable", "check": "false", "sample": "0"}),
        (Engines(EngineSettings("compiled")), {"engine": "compiled", "check": "false", "sample": "1000"}),
        (Engines(EngineSettings("reference")), {"engine": "reference", "check": "false", "sample": "0"}),
    ],
)
def test_how_decisions_are_made_is_among_the_metrics(bundles, engines, labels):
    client = create_app({"umbrella": load_bundle(bundles / "umbrella")}, engines).test_client()
    families = text_string_to_metric_families(client.get("/metrics").text)
    found = [s for family in families for s in family.samples if s.name == "policyengine_engine_info"]
    assert [(s.labels, s.value) for s in found] == [(labels, 1)]


def test_who_starts_a_service_is_told_how_it_is_set(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    usual = "engine durable, checked, every 1,000th answer by the reference"
    assert str(Engines(differences="kept")) == f"{usual}; differences in {tmp_path}/kept (facts may be personal data)"
    assert str(Engines()) == f"{usual}; facts on which engines differ are not kept"
    assert str(Engines(EngineSettings(check=False), "kept")) == "engine durable, not checked"


def test_the_state_of_a_worker_ends_with_it(tmp_path):
    gone = 2**22 + 1
    names = [
        f"gauge_livesum_{os.getpid()}.db",
        f"gauge_livesum_{gone}.db",
        f"gauge_max_{gone}.db",
        f"counter_{gone}.db",
    ]
    for name in names:
        (tmp_path / name).write_bytes(b"")
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(tmp_path)
    try:
        _forget_ended_workers(tmp_path)
    finally:
        del os.environ["PROMETHEUS_MULTIPROC_DIR"]
    assert {f.name for f in tmp_path.iterdir()} == {names[0], *names[2:]}


# --- the real server


@pytest.mark.parametrize("options", [(), ("--engine", "compiled"), ("--engine", "reference"), ("--no-check",)])
def test_the_server_decides_by_the_engine_that_is_chosen(bundles, client, options, tmp_path):
    running = Server(str(bundles / "umbrella"), *options)
    try:
        with running.client() as own:
            assert own.post(REFUND, json=BODY).content == client.post(REFUND, json=BODY).content
            compared = counts(own.get("/metrics").text)["compared_total"]
    finally:
        code, log = running.stop()
    assert (code, log) == (0, "")
    assert compared == (0 if options else 1)


def test_an_engine_that_does_not_exist_is_told_before_anything_is_started(bundles):
    import subprocess
    import sys

    command = [sys.executable, "-m", "policyengine", "serve", str(bundles), "--engine", "durible"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: there is no engine `durible`; did you mean `durable`?\n"


def workers(running: Server) -> set[int]:
    """The processes that listen: those of the server's children that run Python themselves."""
    pid = running.process.pid
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


class Caller:
    """Asks again and again, each time on a connection of its own, until it is stopped."""

    def __init__(self, address: str) -> None:
        self.answers: list[bytes] = []
        self.lost = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(address,))
        self._thread.start()

    def _run(self, address: str) -> None:
        while not self._stop.is_set():
            try:
                self.answers.append(httpx.post(f"{address}{REFUND}", json=BODY, timeout=10).content)
            except httpx.TransportError:
                self.lost += 1  # The worker crashed while it was answering this one.

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()


def test_a_worker_that_crashes_takes_no_other_with_it_and_comes_back(bundles):
    running = Server(str(bundles / "umbrella"), "--workers", "2")
    try:
        with running.client() as one:
            expected = one.post(REFUND, json=BODY).content
        before = workers(running)
        assert len(before) == 2
        callers = [Caller(running.address) for _ in range(4)]
        time.sleep(0.5)
        victim = min(before)
        os.kill(victim, signal.SIGSEGV)
        at_the_crash = sum(len(a.answers) for a in callers)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and (len(workers(running)) < 2 or victim in workers(running)):
            time.sleep(0.1)
        while time.monotonic() < deadline and sum(len(a.answers) for a in callers) < at_the_crash + 50:
            time.sleep(0.1)
        for one in callers:
            one.stop()
        after = workers(running)
        with running.client() as one:
            # Its counts go on from where they were.
            assert counts(one.get("/metrics").text)["compared_total"] >= sum(len(a.answers) for a in callers)
            assert one.get("/readyz").status_code == 200
    finally:
        running.stop()
    assert {answer for a in callers for answer in a.answers} == {expected}
    assert sum(len(a.answers) for a in callers) >= at_the_crash + 50
    assert sum(a.lost for a in callers) < 50
    assert len(after) == 2
    assert victim not in after
    assert before - {victim} <= after
