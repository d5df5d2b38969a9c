"""The comparison is worth something only if it finds what is wrong: each seeded fault must show, and soon."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import pytest
from tests.differential.compare import differences, load
from tests.differential.faults import Fault
from tests.differential.generator import generate
from tests.differential.mutants import AREAS, ASKED, all_faults
from tests.differential.requests import Request, Requests
from tests.differential.sides import Answer, Production, Refused, expected

from policyengine.backends import BACKENDS
from policyengine.model.bundle import CheckedBundle

SEEDS = 300
REQUESTS = 10
LEAST_IN_AN_AREA = 10


@dataclass(frozen=True)
class Question:
    decision: str
    request: Request
    wanted: Answer


@cache
def bundle_of(seed: int) -> tuple[CheckedBundle, tuple[Question, ...]]:
    """A bundle, and what the reference says to some requests; made once, for faults are seeded in production only."""
    generated = generate(seed)
    bundle = load(generated)
    requests = Requests(bundle, generated.constants, seed)
    asked = [requests.next() for _ in range(REQUESTS)]
    return bundle, tuple(Question(d, r, expected(bundle, d, r)) for r in asked for d in bundle.decisions)


def comparisons_until_a_difference(backend: str) -> tuple[int, str] | None:
    """How many comparisons it took, and the first line that differed; None if nothing did."""
    compared = 0
    for seed in range(SEEDS):
        bundle, questions = bundle_of(seed)
        try:
            production = Production(bundle, backend)
        except Exception as e:  # noqa: BLE001 - a fault may well make the engine fail
            return compared, f"seed {seed}: cannot be compiled: {e}"
        for q in questions:
            compared += 1
            found = differs(bundle, production, q)
            if found:
                return compared, f"seed {seed}, {q.decision}: {found}"
        production.close()
    return None


def differs(bundle: CheckedBundle, production: Production, q: Question) -> str | None:
    try:
        lines = differences(bundle, q.wanted, production.ask(q.decision, q.request), production.name)
    except Refused:
        return None
    except Exception as e:  # noqa: BLE001 - the reference answered, so this is a difference
        return f"raises {type(e).__name__}: {e}"
    return lines[0] if lines else None


@pytest.mark.parametrize(("area", "name", "fault"), [pytest.param(*f, id=f"{f[0]}: {f[1]}") for f in all_faults()])
def test_a_seeded_fault_is_found(
    area: str, name: str, fault: Fault, monkeypatch: pytest.MonkeyPatch, record_property: pytest.RecordProperty
) -> None:
    fault(monkeypatch)
    found = comparisons_until_a_difference(ASKED[area])
    assert found, f"`{name}` in {area} is not found by {SEEDS} bundles"
    record_property("found after", found[0])
    print(f"{area}: {name}: found after {found[0]} comparisons: {found[1][:100]}")  # noqa: T201 - shown by `pytest -rP`


def test_there_are_enough_faults_in_every_area() -> None:
    assert all(len(faults) >= LEAST_IN_AN_AREA for faults in AREAS.values())


@pytest.mark.parametrize("backend", list(BACKENDS))
def test_without_a_fault_nothing_differs(backend: str) -> None:
    for seed in range(20):
        bundle, questions = bundle_of(seed)
        production = Production(bundle, backend)
        assert [q for q in questions if differs(bundle, production, q)] == []
        production.close()
