"""Engines in processes of their own, asked in turn, so that what disturbs the machine disturbs all of them alike."""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.benchmarks.environment import PYTHON, ROOT
from tests.benchmarks.rivals import RIVALS


class Failed(Exception):  # noqa: N818 - it is told, not handled
    """An engine that cannot be measured; the text says why."""


class Worker:
    """One engine at one rule count: a running process that has proved its answers.

    ``told`` is what it said of itself. Raises Failed when it does not start in time, or answers wrongly.
    """

    def __init__(self, name: str, count: int, folder: Path, patience: float) -> None:
        at_home = name not in RIVALS or RIVALS[name].at_home
        command = [sys.executable if at_home else str(PYTHON), "-m", "tests.benchmarks.worker", name, str(count)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen([*command, str(folder)], cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe)
        try:
            self.told = self._answer(patience)
            self._trust()
        except BaseException:
            self.close()
            raise

    def _trust(self) -> None:
        if self.told["differing"]:
            raise Failed(f"{self.told['differing']} of {self.told['compared']} answers are not the oracle's")

    def ask(self, command: str, patience: float) -> dict[str, Any]:
        """The answer to a line of the worker's language. Raises Failed."""
        assert self._process.stdin
        self._process.stdin.write(f"{command}\n".encode())
        self._process.stdin.flush()
        return self._answer(patience)

    def _answer(self, patience: float) -> dict[str, Any]:
        assert self._process.stdout
        with selectors.DefaultSelector() as ready:
            ready.register(self._process.stdout, selectors.EVENT_READ)
            if not ready.select(patience):
                raise Failed(f"it did not answer within {patience:.0f} seconds")
        line = self._process.stdout.readline()
        if not line:
            raise Failed(self._last_words())
        answer: dict[str, Any] = json.loads(line)
        if "failed" in answer:
            raise Failed(answer["failed"])
        return answer

    def _last_words(self) -> str:
        assert self._process.stderr
        lines = self._process.stderr.read().decode(errors="replace").strip().splitlines()
        return (lines[-1] if lines else "it ended without a word")[:200]

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()
