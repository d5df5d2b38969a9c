"""The engine and the reference interpreter give the same answers, word for word, on random bundles and facts."""

from __future__ import annotations

import pytest
from tests.engine.build import TODAY, Asking
from tests.engine.random_cases import Cases

from policyengine.backends import Backend
from policyengine.engine.engine import Engine
from policyengine.reference import decide


def compare(seed: int, backend: str | Backend) -> list[str]:
    """Decide some random cases both ways; the classes of the verdicts, once they agree."""
    cases = Cases(seed)
    checked = cases.bundle()
    classes = []
    with Engine(checked, backend, check=False, twin=None) as engine:
        for unknown in (0.0, 0.0, 0.1, 0.2, 0.4):
            facts = cases.facts(unknown)
            got = engine.decide("coverage", facts, as_of=TODAY)
            assert got.to_dict() == decide(checked, "coverage", facts, TODAY).to_dict(), facts
            classes.append(got.verdict_class)
    return classes


@pytest.mark.parametrize("start", range(0, 1000, 200))
def test_the_request_path_agrees_with_the_reference(start: int) -> None:
    classes = [c for seed in range(start, start + 200) for c in compare(seed, Asking())]
    assert set(classes) == {"refused", "pending", "partly", "granted", "undetermined"}


def test_the_durable_engine_agrees_with_the_reference() -> None:
    classes = [c for seed in range(5000, 5150) for c in compare(seed, "durable")]
    assert set(classes) == {"refused", "pending", "partly", "granted", "undetermined"}
