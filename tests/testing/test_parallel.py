"""Cases in several processes. Each test starts a command of its own: none is forked where other threads run."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.testing.parcels import HEAD, write_bundle

from policyengine.testing.parallel import WORTH_A_PROCESS, worthwhile_jobs

ROWS = 120
KILL = "os.kill(os.getpid(), signal.SIGKILL)"

# Runs the command with another `CaseRunner.run`, which says by which process each case was decided.
COMMAND = """
import os, signal, sys
from policyengine.testing.deciding import CaseRunner
from policyengine.cli.main import main

parent, decide, made = os.getpid(), CaseRunner.run, CaseRunner.__init__

def run(self, case):
    with open({log!r}, "a") as log:
        print("here" if os.getpid() == parent else "worker", os.getpid(), case.name, file=log)
    if os.getpid() != parent and case.name in {deadly!r}:
        {how}
    return decide(self, case)

def make(self, *given, **more):
    if {unable!r} and os.getpid() != parent:
        {how}
    made(self, *given, **more)

CaseRunner.run, CaseRunner.__init__ = run, make
sys.argv = ["policyengine", "test", *{words!r}]
main()
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    """120 cases of which every tenth fails, and the 7th cannot be decided."""
    rows = "".join(
        f"  - {{name: c{n}, as_of: 2025-01-0{1 + n % 9}, facts: {{items: [{{id: a, loss: broken, value: {n} EUR}}"
        f"{', {id: a}' if n == 7 else ''}]}}, expect: {{amount: {n + (n % 10 == 0)} EUR}}}}\n"
        for n in range(ROWS)
    )
    text = HEAD.replace("report.papers:", "report.filed_on: 2025-01-05\n  report.papers:")
    return write_bundle(tmp_path / "b", one=f"{text}cases:\n{rows}")


@pytest.fixture
def start(folder, tmp_path):
    def run(
        *words: object,
        deadly: tuple[str, ...] = (),
        unable: bool = False,
        how: str = "os.kill(os.getpid(), signal.SIGKILL)",
    ) -> subprocess.CompletedProcess[str]:
        given = [str(folder), *map(str, words)]
        code = COMMAND.format(log=str(tmp_path / "log"), deadly=deadly, unable=unable, how=how, words=given)
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)

    return run


@pytest.fixture
def decided(tmp_path):
    def by() -> tuple[set[str], list[str]]:
        """Where cases were decided, and which, as often as each was."""
        lines = [line.split() for line in (tmp_path / "log").read_text().splitlines()]
        (tmp_path / "log").unlink()
        return {where for where, _, _ in lines}, sorted(name for _, _, name in lines)

    return by


ALL = sorted(f"c{n}" for n in range(ROWS))


@pytest.mark.parametrize("format_", ["text", "json"])
def test_the_output_is_the_same_for_any_number_of_processes(start, decided, format_):
    alone = start("--jobs", 1, "--format", format_, "--why", "all")
    assert decided() == ({"here"}, ALL)
    for jobs in (2, 5):
        together = start("--jobs", jobs, "--format", format_, "--why", "all")
        assert decided() == ({"worker"}, ALL)
        assert (together.returncode, together.stdout, together.stderr) == (1, alone.stdout, "")


@pytest.mark.parametrize(
    ("how", "told"),
    [
        (KILL, "was ended by signal SIGKILL"),
        ("os._exit(5)", "ended with exit code 5"),
        ("os._exit(0)", "ended with exit code 0"),
    ],
)
def test_a_case_at_which_a_process_dies_is_an_error_and_no_other_is_lost(start, how, told):
    whole = json.loads(start("--format", "json").stdout)["bundles"][0]
    done = start("--jobs", 3, "--format", "json", deadly=("c11", "c12", "c119"), how=how)
    assert done.returncode == 1
    data = json.loads(done.stdout)["bundles"][0]
    dead = {
        c["name"]: c["error"] for c in data["cases"] if c["status"] == "error" and c["error"].startswith("the process")
    }
    assert dead == dict.fromkeys(("c11", "c12", "c119"), f"the process that was to decide it {told}")
    others = [c for c in whole["cases"] if c["name"] not in dead]
    assert [c for c in data["cases"] if c["name"] not in dead] == others
    assert [c["name"] for c in data["cases"]] == [f"c{n}" for n in range(ROWS)]


def test_every_case_is_an_error_when_no_process_can_begin(start):
    data = json.loads(start("--jobs", 2, "--format", "json", unable=True).stdout)["bundles"][0]
    assert (data["error"], data["passed"]) == (ROWS, 0)


def test_engines_that_cannot_be_made_are_told_in_a_sentence(start):
    done = start("--jobs", 2, unable=True, how="raise ValueError('no memory')")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "Error: the engines cannot be made: ValueError: no memory\n"


def test_the_first_failure_is_the_same_for_any_number_of_processes(start):
    outputs = {start("--jobs", jobs, "--fail-fast").stdout for jobs in (1, 2, 4)}
    (text,) = outputs
    assert text.endswith("1 failed, 119 not run after the first failure\n")


def test_few_cases_are_not_worth_a_process():
    assert worthwhile_jobs(0) == worthwhile_jobs(WORTH_A_PROCESS) == worthwhile_jobs(2 * WORTH_A_PROCESS - 1) == 1
    assert worthwhile_jobs(10**6) >= worthwhile_jobs(2 * WORTH_A_PROCESS) >= 1
