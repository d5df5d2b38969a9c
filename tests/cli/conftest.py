"""A small bundle, and ways to run the command: in this process, and as users do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from policyengine.cli.main import cli

SEAM = {
    "umbrella": {"price": "40 EUR", "bought_on": "2025-03-01"},
    "damage": {"cause": "seam"},
    "report": {"has_receipt": True},
}


@pytest.fixture
def run() -> Callable[..., Result]:
    """Run the command in this process; separate output and errors."""

    def invoke(*arguments: object, facts: object = None) -> Result:
        done = CliRunner().invoke(
            cli, [str(a) for a in arguments], input=None if facts is None else json.dumps(facts), catch_exceptions=False
        )
        assert "Traceback" not in done.output
        return done

    return invoke


@pytest.fixture
def command() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the command in a process of its own."""

    def start(*arguments: object, **more) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "policyengine", *(str(a) for a in arguments)]
        environment = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
        return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60, env=environment, **more)

    return start


@pytest.fixture(scope="session")
def umbrella(tmp_path_factory) -> Path:
    """The bundle that `init` writes."""
    folder = tmp_path_factory.mktemp("written") / "umbrella"
    assert CliRunner().invoke(cli, ["init", str(folder)]).exit_code == 0
    return folder


@pytest.fixture
def bad(tmp_path) -> Path:
    """A bundle with two faults in it."""
    folder = tmp_path / "bad"
    assert CliRunner().invoke(cli, ["init", str(folder)]).exit_code == 0
    rules = folder / "coverage.yaml"
    rules.write_text(rules.read_text().replace("cause: wind", "cause: winds").replace("cause: seam", "cose: seam"))
    return folder


@pytest.fixture(autouse=True)
def cache_of_its_own(tmp_path_factory, monkeypatch) -> None:
    """What failed in a test is not remembered for whoever runs it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "caches"))
