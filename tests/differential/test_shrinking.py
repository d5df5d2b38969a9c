"""A find is made small, and its folder is a test that fails for as long as the fault is there."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest
from tests.differential.case_files import write_find
from tests.differential.compare import Bench, Difference
from tests.differential.faults_in_lowering import LOWERING
from tests.differential.pieces import facts_in, pieces_of, tidied, without
from tests.differential.shrinking import shrunk
from tests.differential.sizes import SMALL, size_of

from policyengine.testing.run import run_cases

FAULT = LOWERING["an unknown flag counts as false"]
#: Pieces of a find: the entries of its files at any depth. A generated bundle has several hundred.
FEW_PIECES, FEW_FACTS = 60, 4


def first_difference() -> Difference:
    """The first one in a bundle that is not small, so that there is something to drop."""
    for seed in (s for s in count() if size_of(s) is not SMALL):
        bench = Bench.of(seed)
        for _ in bench.answers(40):
            pass
        bench.close()
        if bench.found:
            return bench.found[0]
    raise AssertionError


def test_a_find_is_shrunk_and_its_folder_fails_with_the_fault_and_passes_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        FAULT(patch)
        found = first_difference()
        smaller = shrunk(found)
        place = write_find(smaller, tmp_path)
        assert not run_cases(place).ok
    assert smaller.difference.lines
    assert len(list(pieces_of(smaller.generated.files))) < FEW_PIECES
    assert len(list(facts_in(smaller.difference.request.facts))) <= FEW_FACTS
    results = run_cases(place)
    assert results.ok, results


def test_what_speaks_of_a_dropped_policy_goes_with_it() -> None:
    rules = {"kind": "exclusions", "decision": "d", "policies": {"p": {"rules": []}, "q": {"rules": []}}}
    files = {"bundle": {"kind": "bundle", "decisions": {"d": {"steps": [["p", "q"], "p"]}}}, "rules": rules}
    left = without(files, ("rules", "policies", "p"))
    assert left is not None
    assert tidied(left)["bundle"]["decisions"]["d"]["steps"] == [["q"]]


def test_a_file_of_a_dropped_decision_goes_with_it() -> None:
    files = {
        "bundle": {"kind": "bundle", "decisions": {"d": {"steps": ["p"]}}},
        "rules": {"kind": "exclusions", "decision": "other", "policies": {"p": {"rules": []}}},
    }
    assert list(tidied(files)) == ["bundle"]
