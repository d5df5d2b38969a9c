"""Every difference that was ever found stands here as a bundle with a case, and every engine gets it right now."""

from __future__ import annotations

from pathlib import Path

import pytest

from policyengine.backends import BACKENDS
from policyengine.testing.run import run_cases

FINDS = sorted(p.parent for p in Path(__file__).parent.glob("*/bundle.yaml"))


def test_there_are_finds() -> None:
    assert FINDS


@pytest.mark.parametrize("backend", list(BACKENDS))
@pytest.mark.parametrize("folder", FINDS, ids=lambda p: p.name)
def test_every_find_stays_mended(folder: Path, backend: str) -> None:
    results = run_cases(folder, engines=(backend,))
    assert results.ok, [*results.diagnostics, *results.outcomes]
