"""A service in a process of its own, as users start it, and a client for it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from policyengine.cli.main import cli
from policyengine.shipped import shipped_policies
from policyengine.web import fitness


@pytest.fixture(scope="session")
def bundles(tmp_path_factory) -> Path:
    """A folder of two bundles: the one that `init` writes, under the name `umbrella`, and the shipped programme."""
    folder = tmp_path_factory.mktemp("bundles")
    done = CliRunner().invoke(cli, ["init", str(folder / "umbrella")])
    assert done.exit_code == 0, done.output
    shutil.copytree(shipped_policies() / "trade_assurance", folder / "trade_assurance")
    return folder


@pytest.fixture
def short_folder() -> Iterator[Path]:
    """A folder with a path that has room for a socket in it; pytest's own may have none."""
    with tempfile.TemporaryDirectory(prefix="pe-") as folder:
        yield Path(folder)


@pytest.fixture
def forgetful(monkeypatch) -> None:
    """``/readyz`` tries everything each time, in this process."""
    monkeypatch.setattr(fitness, "KEPT_SECONDS", 0.0)


class Server:
    """A running ``policyengine serve`` on a free port. It logs no decisions unless it is told where."""

    def __init__(self, *arguments: str, under: tuple[str, ...] = ()) -> None:
        """``under`` are the words of a command that starts it, such as a tracer."""
        log = [] if "--log" in arguments else ["--no-log"]
        command = [*under, sys.executable, "-m", "policyengine", "serve", "--port", "0", *log, *arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "NO_COLOR": "1"}
        )
        self.printed: list[str] = []
        assert self.process.stdout
        for line in self.process.stdout:
            self.printed.append(line.rstrip())
            if line.startswith("listening on"):
                break
        else:
            pytest.fail(f"the server did not start: {self.process.communicate()[1]}")
        self.address = re.search(r"http://\S+", self.printed[-1])[0]

    def client(self) -> httpx.Client:
        # The announcement comes just before the first connection is accepted.
        return httpx.Client(base_url=self.address, transport=httpx.HTTPTransport(retries=5), timeout=20)

    def stop(self) -> tuple[int, str]:
        """End it as a service manager does; its exit code and what it logged."""
        self.process.terminate()
        try:
            errors = self.process.communicate(timeout=60)[1]
        finally:
            self.process.kill()
        # Now and then the server's own shutdown does not finish once all is answered; README "Limits" tells of it.
        told = [line for line in errors.splitlines(keepends=True) if "refused to gracefully stop" not in line]
        return self.process.returncode, "".join(told)


@pytest.fixture(scope="session")
def server(bundles) -> Iterator[Server]:
    running = Server(str(bundles))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def client(server) -> Iterator[httpx.Client]:
    with server.client() as found:
        yield found
