"""A service at one address, over one log, that is killed and started again."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx

from policyengine.decision_log.migrate import migrate
from policyengine.decision_log.store import Store

WORKERS = 2
#: Seconds within which everything that is waited for has to happen.
PATIENCE = 60.0


def make_bundle(folder: Path) -> Path:
    """The bundle that `init` writes."""
    command = [sys.executable, "-m", "policyengine", "init", str(folder / "umbrella")]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "umbrella"


class Service:
    """``policyengine serve`` with two workers. What it logs of itself goes to the file ``service.log``."""

    def __init__(self, bundle: Path, log: str, folder: Path) -> None:
        self.bundle, self.log = bundle, log
        self._said = folder / "service.log"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        if "://" in log:
            store = Store(log)
            migrate(store)
            store.close()
        self.process = self._started()

    def _started(self) -> subprocess.Popen[str]:
        """Start it as a service manager does: again, as long as the address is not free yet."""
        command = [sys.executable, "-m", "policyengine", "serve", str(self.bundle), "--port", str(self.port)]
        command += ["--log", self.log, "--no-differences", "--workers", str(WORKERS)]
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            with self._said.open("a") as said:
                process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True)
            assert process.stdout
            if any(line.startswith("listening on") for line in process.stdout):
                return process
            assert process.wait() == 1, self.said()
            assert "cannot listen" in self.said(), self.said()
        raise AssertionError(f"it did not start in {PATIENCE} seconds: {self.said()}")

    def said(self) -> str:
        """What it logged of itself so far."""
        return self._said.read_text(errors="replace")

    def client(self) -> httpx.Client:
        # Only connecting is tried again: a request is never sent twice.
        address = f"http://127.0.0.1:{self.port}"
        return httpx.Client(base_url=address, transport=httpx.HTTPTransport(retries=2), timeout=30)

    def workers(self) -> list[int]:
        """The ids of the processes that answer."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return sorted(int(child) for task in tasks for child in task.read_text().split())

    def processes(self) -> list[int]:
        return [self.process.pid, *self.workers()]

    def is_running(self) -> bool:
        return self.process.poll() is None

    def kill_all(self, *, workers_too: bool) -> None:
        """Kill the service at once: its first process, and the workers with it or left to end by themselves."""
        doomed = self.processes() if workers_too else [self.process.pid]
        for pid in doomed:
            kill(pid)
        self.process.communicate()
        self.process = self._started()

    def stop(self) -> int:
        """End it as a service manager does; its exit code."""
        self.process.terminate()
        try:
            self.process.communicate(timeout=40)
        finally:
            self.process.kill()
        return self.process.returncode


def kill(pid: int) -> None:
    """``kill -9`` of a process that may have ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
