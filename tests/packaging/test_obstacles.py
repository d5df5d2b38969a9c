"""What `make` says on a machine that lacks something."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

CI = Path(__file__).resolve().parents[2] / ".ci"
MAJOR_MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def script():
    """The script as a module, afresh for each test, since tests take parts of the machine away from it."""
    spec = importlib.util.spec_from_file_location("obstacles", CI / "obstacles.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["obstacles"] = module
    spec.loader.exec_module(module)
    module.OF_THE_SYSTEM = True
    yield module
    del sys.modules["obstacles"]


def environment(*, path: Path, python: str = "") -> subprocess.CompletedProcess[str]:
    """Run `.ci/environment` with only the programs in a folder, in a checkout that has no environment yet."""
    variables = {"PATH": str(path), "PYTHON": python}
    bash = "/bin/bash"
    command = [bash, str(path.parent / ".ci" / "environment"), "runtime"]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=False)


@pytest.fixture
def bare(tmp_path) -> Path:
    """A folder of programs without any Python, beside a copy of the set-up scripts."""
    (tmp_path / ".ci").mkdir()
    for name in ("environment", "obstacles.py"):
        (tmp_path / ".ci" / name).write_bytes((CI / name).read_bytes())
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("bash", "cat", "dirname", "sed"):
        (programs / name).symlink_to(f"/bin/{name}" if Path(f"/bin/{name}").exists() else f"/usr/bin/{name}")
    return programs


def test_no_python_at_all(bare):
    done = environment(path=bare)
    assert done.returncode == 1
    assert "Python 3.11, 3.12 or 3.13 is needed, and no Python was found" in done.stderr
    assert "apt-get install python3 python3-venv python3-dev gcc make" in done.stderr


def test_a_python_that_cannot_be_started(bare):
    done = environment(path=bare, python="pythonic")
    assert done.returncode == 1
    assert "PYTHON=pythonic is not a Python that can be started" in done.stderr


def test_no_compiler(bare):
    (bare / "python3").symlink_to(sys.executable)
    done = environment(path=bare)
    assert done.returncode == 1
    assert "the C compiler `" in done.stderr
    assert "On Debian: apt-get install gcc" in done.stderr
    assert not (bare.parent / ".venv").exists()


def test_nothing_is_missing_where_the_tests_run():
    done = subprocess.run(
        [sys.executable, str(CI / "obstacles.py")], capture_output=True, text=True, check=False, env=dict(os.environ)
    )
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("version", [(3, 10, 13), (3, 14, 0)])
def test_a_python_too_old_or_too_new(script, monkeypatch, version):
    monkeypatch.setattr(script, "sys", SimpleNamespace(version_info=version, executable="/opt/python"))
    first, second = script.report()
    assert first.startswith("Python 3.11, 3.12 or 3.13 is needed, and /opt/python is Python ")
    assert "PYTHON=" in second


def test_no_headers(script, monkeypatch, tmp_path):
    monkeypatch.setattr(script, "INCLUDE", str(tmp_path))
    assert script.report() == [
        f"the C headers of Python {MAJOR_MINOR} are missing ({tmp_path}/Python.h)",
        f"On Debian: apt-get install python{MAJOR_MINOR}-dev",
    ]


def test_no_virtual_environments(script, monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)
    first, second = script.report()
    assert first.endswith("cannot make virtual environments")
    assert second == f"On Debian: apt-get install python{MAJOR_MINOR}-venv"


def test_a_compiler_without_the_c_library(script, monkeypatch, tmp_path):
    compiler = tmp_path / "cc"
    compiler.write_text("#!/bin/sh\necho 'stdio.h: fatal error: No such file' >&2\nexit 1\n")
    compiler.chmod(0o755)
    monkeypatch.setattr(script, "COMPILER", [str(compiler)])
    first, second = script.report()
    assert "cannot compile a file that includes Python.h: stdio.h: fatal error" in first
    assert second == "On Debian: apt-get install libc6-dev"


def test_parts_of_a_python_from_elsewhere_do_not_come_from_debian(script, monkeypatch, tmp_path):
    monkeypatch.setattr(script, "OF_THE_SYSTEM", False)
    monkeypatch.setattr(script, "INCLUDE", str(tmp_path))
    assert script.report()[1:] == [
        "That Python is not Debian's own: install it whole, or name another, as in `make test PYTHON=...`"
    ]
