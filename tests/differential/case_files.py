"""Finds as folders: the bundle, and beside it the request as a test case that expects the reference's answer."""

from __future__ import annotations

from pathlib import Path

from tests.differential.compare import load
from tests.differential.shrinking import Find
from tests.differential.sides import expected

from policyengine.engine.referee import Difference as Kept
from policyengine.testing.difference_store import case_text
from policyengine.testing.folders import SUFFIX


def write_find(find: Find, folder: Path) -> Path:
    """The folder of a find, which ``policyengine test`` runs: its case fails for as long as the sides differ."""
    difference = find.difference
    place = find.generated.write(folder / f"seed_{difference.seed}_{difference.decision}")
    bundle = load(find.generated)
    kept = Kept(
        bundle=bundle,
        decision=difference.decision,
        as_of=difference.request.as_of,
        facts=difference.request.facts,
        found=f"Engines differ: {difference.lines[0]}",
        expected=expected(bundle, difference.decision, difference.request).decision,
    )
    (place / "tests").mkdir(exist_ok=True)
    (place / "tests" / f"found{SUFFIX}").write_text(case_text(kept), "utf-8")
    return place
