"""What the supervising process does with workers that do not do as they are told, and with bundles that bite."""

from __future__ import annotations

import logging
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Client
from pathlib import Path

import pytest
from tests.web.editions import BUNDLE, damage, write

from policyengine.engine.settings import EngineSettings
from policyengine.frontend.bundle_files import read_files
from policyengine.loading import load_bundle
from policyengine.web import supervisor as module
from policyengine.web import trial
from policyengine.web.generations import Status, control_path, message, said, status_path
from policyengine.web.judging import Judge
from policyengine.web.supervisor import Supervisor
from policyengine.web.trial import Trials, Tried, tried

SETTINGS = EngineSettings("compiled", check=False, sample=0)


class Service:
    """A supervisor over one bundle that tries bundles out right here."""

    def __init__(self, folder: Path) -> None:
        self.source, self.private = folder / "editions", folder / "private"
        self.private.mkdir()
        write(self.source, 1)
        judge = Judge([self.source], (), self.private / "bundles", lambda files, _: tried(files, SETTINGS))
        bundle = load_bundle(self.source)
        identity = {"id": bundle.id, "version": bundle.version, "digest": bundle.digest}
        released = {bundle.id: judge.released(read_files(self.source), identity)}
        self.supervisor = Supervisor(self.private, judge, Trials(SETTINGS), released)
        self.supervisor.start()

    def reload(self) -> dict:
        return self.supervisor.ask("test", removes=True).wait()

    def status(self) -> Status:
        return Status.read(status_path(self.private))

    def copies(self) -> set[str]:
        return {str(folder) for folder in (self.private / "bundles").iterdir()}


class Worker:
    """A worker of which a test says what it answers: to each message, or nothing."""

    def __init__(self, service: Service, answers: Callable[[dict], dict | None]) -> None:
        self.heard: list[str] = []
        self._answers = answers
        self.connection = Client(control_path(service.private), "AF_UNIX")
        self.connection.send_bytes(message(hello=id(self)))
        self.first = said(self.connection.recv_bytes())
        self.connection.send_bytes(message(serving=self.first["serve"]))
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        try:
            while True:
                told = said(self.connection.recv_bytes())
                self.heard.append(next(iter(told)))
                answer = self._answers(told)
                if answer is not None:
                    self.connection.send_bytes(message(**answer))
        except (EOFError, OSError):
            return

    def end(self) -> None:
        # Closing alone would not wake the thread that reads, and so not reach the other side.
        with socket.socket(fileno=os.dup(self.connection.fileno())) as same:
            same.shutdown(socket.SHUT_RDWR)
        if threading.current_thread() is not self._thread:
            self._thread.join()
        self.connection.close()


def obeys(told: dict) -> dict | None:
    if "prepare" in told:
        return {"prepared": told["prepare"]}
    return {"serving": told["commit"]} if "commit" in told else None


@pytest.fixture
def service() -> Iterator[Service]:
    # A folder with a short name: the address of a socket has about a hundred characters at most.
    with tempfile.TemporaryDirectory(prefix="pe-") as folder:
        made = Service(Path(folder))
        yield made
        made.supervisor.close()


def test_workers_that_obey_swap_together(service):
    workers = [Worker(service, obeys) for _ in range(2)]
    write(service.source, 2)
    outcome = service.reload()
    assert (outcome["result"], outcome["workers"], outcome["late"]) == ("changed", 2, [])
    assert [w.heard for w in workers] == [["prepare", "commit"]] * 2
    assert set(service.status().workers.values()) == {outcome["generation"]}
    # What is no longer in service is no longer kept, and what is in service lies there.
    assert service.copies() == {released.files for released in service.status().bundles}
    for worker in workers:
        worker.end()


def test_if_one_cannot_load_it_none_swaps(service, caplog):
    def fails(told):
        return {"failed": told["prepare"], "why": "MemoryError"} if "prepare" in told else None

    good, bad = Worker(service, obeys), Worker(service, fails)
    write(service.source, 2)
    with caplog.at_level(logging.ERROR, "policyengine.reload"):
        outcome = service.reload()
    assert (outcome["result"], outcome["bundles"], outcome["generation"]) == ("refused", [], 1)
    (refused,) = outcome["refused"]
    assert (refused["bundle"], refused["first"][0]["code"]) == (BUNDLE, "bundle/engine")
    assert "a worker could not load the bundle: MemoryError" in refused["first"][0]["message"]
    assert "commit" not in good.heard + bad.heard
    assert set(service.status().workers.values()) == {1}
    # The one that failed is gone: now it goes through, under a number that no stale answer can mean.
    bad.end()
    while len(service.status().workers) > 1:
        time.sleep(0.01)
    outcome = service.reload()
    assert (outcome["result"], outcome["generation"]) == ("changed", 3)
    assert good.heard == ["prepare", "drop", "prepare", "commit"]
    good.end()


def test_a_worker_that_ends_while_it_loads_is_not_waited_for(service):
    good = Worker(service, obeys)
    ending = Worker(service, lambda _: ending.end())
    write(service.source, 2)
    assert service.reload()["result"] == "changed"
    assert service.status().workers == {id(good): 2}
    good.end()


def test_a_worker_that_loads_for_ever_stops_the_reload_not_the_service(service, monkeypatch):
    monkeypatch.setattr(module, "PREPARING", 0.2)
    stuck = Worker(service, lambda _: None)
    write(service.source, 2)
    outcome = service.reload()
    assert outcome["result"] == "refused"
    assert "it took longer than 0 seconds" in outcome["refused"][0]["first"][0]["message"]
    assert service.status().workers == {id(stuck): 1}
    stuck.end()


def test_a_worker_that_does_not_swap_is_named_and_shows(service, monkeypatch):
    monkeypatch.setattr(module, "ALLOWED_SKEW", 0.2)
    good = Worker(service, obeys)
    late = Worker(service, lambda told: obeys(told) if "prepare" in told else None)
    write(service.source, 2)
    outcome = service.reload()
    assert (outcome["result"], outcome["late"], outcome["generation"]) == ("late", [id(late)], 2)
    status = service.status()
    assert status.workers == {id(good): 2, id(late): 1}
    assert status.late(status.published + 4.9) == []
    assert status.late(status.published + 5.1) == [id(late)]
    good.end()
    late.end()


def test_a_worker_that_starts_is_told_what_is_in_service(service):
    write(service.source, 2)
    assert service.reload()["result"] == "changed"
    damage(service.source, 0)
    assert service.reload()["result"] == "refused"
    worker = Worker(service, obeys)
    assert (worker.first["serve"], worker.first["bundles"][0]["version"]) == (2, "0.0.2")
    worker.end()


def test_all_who_ask_get_an_answer_also_when_it_ends(service):
    asked = [service.supervisor.ask("test", removes=False) for _ in range(50)]
    service.supervisor.close()
    late = service.supervisor.ask("test", removes=False)
    assert {one.wait()["result"] for one in asked} <= {"unchanged", "failed"}
    assert not late.done.is_set()


def test_an_unforeseen_fault_fails_the_reload_and_shows(service, monkeypatch, caplog):
    monkeypatch.setattr(Judge, "judge", lambda *_, **__: 1 / 0)
    assert service.reload()["result"] == "failed"
    status = service.status()
    assert "ZeroDivisionError" in status.failed
    assert not status.is_current()
    assert status.reloads == {"failed": 1}
    monkeypatch.undo()
    assert service.reload()["result"] == "unchanged"
    assert service.status().is_current()


def test_a_full_disk_stops_no_reload(service, monkeypatch, caplog):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Status, "write", full)
    write(service.source, 2)
    assert service.reload()["result"] == "changed"
    assert "how the service stands could not be written" in caplog.text


# --- bundles that bite ---


def run(folder: Path, *program: str) -> Tried:
    command = [sys.executable, "-c", *program] if program else trial._COMMAND
    return Trials(SETTINGS, command).run(read_files(folder), folder)


def test_a_bundle_is_tried_out_in_another_process(tmp_path):
    write(tmp_path, 3)
    found = run(tmp_path)
    assert found.identity == {"id": BUNDLE, "version": "0.0.3", "digest": load_bundle(tmp_path).digest}
    damage(tmp_path, 2)
    found = run(tmp_path)
    assert found.identity is None
    assert [d["code"] for d in trial.errors_of(found)] == ["names/unknown"]


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import os; os.kill(os.getpid(), 11)", "ended with code -11"),
        ("raise SystemExit(7)", "ended with code 7"),
    ],
)
def test_a_bundle_that_brings_its_process_down_is_refused(tmp_path, program, why):
    write(tmp_path, 3)
    found = run(tmp_path, program)
    assert found.identity is None
    (fault,) = trial.errors_of(found)
    assert fault["code"] == "bundle/engine"
    assert why in fault["message"]


def test_a_bundle_that_never_comes_to_an_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "MOST_SECONDS", 0.3)
    write(tmp_path, 3)
    (fault,) = trial.errors_of(run(tmp_path, "import time; time.sleep(600)"))
    assert "it took longer than 0.3 seconds" in fault["message"]


def test_a_bundle_whose_engine_cannot_be_made_is_refused(tmp_path, monkeypatch):
    def fails(*_, **__):
        raise MemoryError("no room")

    monkeypatch.setattr("policyengine.engine.engine.selected_program", fails)
    write(tmp_path, 3)
    found = tried(read_files(tmp_path), SETTINGS)
    assert found.identity is None
    (fault,) = trial.errors_of(found)
    assert (fault["code"], fault["file"]) == ("bundle/engine", tmp_path.as_posix())
    assert "its engine failed with MemoryError: no room" in fault["message"]


def test_nothing_is_tried_once_the_service_ends(tmp_path):
    write(tmp_path, 3)
    trials = Trials(SETTINGS, [sys.executable, "-c", "raise SystemExit(9)"])
    trials.close()
    (fault,) = trial.errors_of(trials.run(read_files(tmp_path), tmp_path))
    assert "the service is ending" in fault["message"]
