"""A bar on the terminal of who waits for a long run, and nothing anywhere else."""

from __future__ import annotations

import io

import pytest

from policyengine.cli.output import progress
from policyengine.cli.output.progress import progress_bar


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch) -> list[float]:
    """The time, to be set by hand."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.delenv("CI", raising=False)
    return now


def drawn(clock: list[float], monkeypatch, stream: io.StringIO, *steps: float) -> str:
    monkeypatch.setattr("sys.stderr", stream)
    with progress_bar("cases") as told:
        for done, step in enumerate(steps, 1):
            clock[0] += step
            if told:
                told(done, 10_000)
    return stream.getvalue()


def test_a_long_run_shows_how_far_it_has_come_and_wipes_it_away(clock, monkeypatch):
    text = drawn(clock, monkeypatch, Terminal(), 0.5, 0.6, 0.01, 0.2)
    assert "cases [------------------------------] 2 of 10,000" in text
    assert " 3 of" not in text, "not drawn again at once"
    assert " 4 of" in text
    assert text.endswith("\r\x1b[K")


def test_a_short_run_shows_nothing(clock, monkeypatch):
    assert drawn(clock, monkeypatch, Terminal(), 0.2, 0.2, 0.2) == ""


def test_nothing_goes_into_a_file_or_a_pipe(clock, monkeypatch):
    assert drawn(clock, monkeypatch, io.StringIO(), 5, 5) == ""


def test_nothing_is_shown_to_machines(clock, monkeypatch):
    monkeypatch.setenv("CI", "true")
    assert drawn(clock, monkeypatch, Terminal(), 5, 5) == ""
