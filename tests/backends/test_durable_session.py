"""Threads, forks, a misbehaving engine, memory: what a service lives through."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import threading
from pathlib import Path
from random import Random

import pytest
from tests.backends import build as b
from tests.backends import typical
from tests.truths import sparse

from policyengine.backends.base import Matches, Truths
from policyengine.backends.durable import DurableBackend
from policyengine.backends.durable import session as session_module
from policyengine.backends.durable.program import DurableProgram
from policyengine.errors import EngineFault
from policyengine.evaluation.evaluator import Evaluator
from policyengine.model.expr import And
from policyengine.model.memory import WorkingMemory


class Service:
    """A compiled bundle, cases, and the answers that the evaluator gives to them."""

    def __init__(self, rules: int = 24, cases: int = 200) -> None:
        self.bundle = typical.bundle(rules)
        self.evaluator = Evaluator(self.bundle)
        self.program: DurableProgram = DurableBackend().compile(self.bundle, self.evaluator)
        random = Random(5)
        self.cases = [typical.case(random) for _ in range(cases)]
        self.answers = [self.direct(case) for case in self.cases]

    def direct(self, case: WorkingMemory) -> Truths:
        evaluation = self.evaluator.start(case)
        return sparse(evaluation.truth(And(items=r.parts, span=b.HERE)) for r in self.bundle.decisions["d"].rules)

    def match(self, case: WorkingMemory) -> Matches:
        return self.program.match("d", self.evaluator.start(case))

    def wrong(self) -> int:
        return sum(self.match(c).document != a for c, a in zip(self.cases, self.answers, strict=True))


def resident() -> int:
    """Resident memory of this process in KiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0])


@pytest.fixture(autouse=True)
def _forgiven(monkeypatch):
    """Engines that are abandoned in one test do not count in the next."""
    monkeypatch.setattr(session_module._Process, "abandoned", 0)


@pytest.fixture(scope="module")
def service():
    made = Service()
    yield made
    made.program.close()


def test_the_cases_are_of_every_kind(service):
    seen = {answer.of(r.index) for answer in service.answers for r in service.bundle.decisions["d"].rules}
    assert seen == {True, False, None}
    assert service.wrong() == 0


def test_a_hundred_thousand_decisions_leave_memory_flat(service):
    for _ in range(50):
        service.wrong()
    before = resident()
    evaluator, match = service.evaluator, service.program.match
    for _ in range(500):
        for case in service.cases:
            match("d", evaluator.start(case))
    assert resident() - before < 1500
    assert service.wrong() == 0


def test_reloading_leaves_memory_flat():
    bundle = typical.bundle()

    def cycle() -> None:
        evaluator = Evaluator(bundle)
        program = DurableBackend().compile(bundle, evaluator)
        program.match("d", evaluator.start(b.memory({"o.units": 3})))
        program.close()

    for _ in range(100):
        cycle()
    gc.collect()
    before = resident()
    for _ in range(500):
        cycle()
    gc.collect()
    assert resident() - before < 4000


def test_a_forgotten_program_gives_its_engines_back(monkeypatch):
    deleted = []
    original = session_module.Engine.close
    monkeypatch.setattr(session_module.Engine, "close", lambda e: (deleted.append(e.ok), original(e)))
    made = Service(cases=1)
    del made
    gc.collect()
    assert deleted == [True]  # the network of second questions was never asked, so never built


def test_four_threads_share_a_program(service):
    wrong = []

    def work() -> None:
        wrong.extend(service.wrong() for _ in range(20))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert wrong == [0] * 80


def in_child(work) -> int:
    """The exit code of ``work`` in a forked child."""
    pid = os.fork()
    if pid == 0:
        code = 99
        try:
            code = work()
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_forked_child_decides_with_an_engine_of_its_own(service):
    session = service.program._decisions["d"].document.networks[0].session
    parents = session._holder.engine

    def work() -> int:
        wrong = service.wrong()
        return wrong if session._holder.engine is not parents else 77

    assert in_child(work) == 0
    assert service.wrong() == 0
    assert session._holder.engine is parents


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork.*:DeprecationWarning")
def test_forks_while_other_threads_decide(service):
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            service.wrong()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for t in threads:
        t.start()
    try:
        assert [in_child(service.wrong) for _ in range(10)] == [0] * 10
    finally:
        stop.set()
        for t in threads:
            t.join()


def test_a_closed_program_does_not_decide():
    made = Service(cases=1)
    made.program.close()
    made.program.close()
    with pytest.raises(EngineFault, match="closed"):
        made.match(made.cases[0])


def test_six_hundred_rules_are_split_and_right():
    made = Service(rules=600, cases=100)
    assert made.program.share()["d"].networks > 1
    assert made.wrong() == 0
    made.program.close()


def test_a_module_that_cannot_be_loaded_is_told_in_a_line_with_the_remedy(tmp_path):
    told = "undefined symbol: PyEval_CallObject"
    (tmp_path / "durable_rules_engine.py").write_text(f"raise ImportError({told!r})\n")
    command = [sys.executable, "-m", "policyengine", "decide", "trade_assurance", "coverage", "--facts", os.devnull]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: durable-rules cannot be loaded ({told}); compile it anew: CPPFLAGS=")
    assert "Traceback" not in done.stderr
