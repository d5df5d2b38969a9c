"""Chains of names: the longest that is allowed is decided by every engine, a longer one is refused at its place."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from policyengine import Engine
from policyengine.check.graph import LONGEST_CHAIN, MOST_LEVELS
from policyengine.engine.selection import ENGINES
from policyengine.loading import check_folder, load_bundle

BUNDLE = """kind: bundle
bundle: chain
title: Chain
version: 1.0.0
decisions:
  d:
    title: D
    verdicts: {refused: refused, granted: granted}
    steps: [p]
    otherwise: {document: {verdict: granted}}
"""
RULES = """kind: exclusions
decision: d
policies:
  p: {rules: [{id: R-1, when: {where: LAST}, because: So it is.}]}
"""


def chain(folder: Path, facts: int, default: str = "not(not({}))") -> Path:
    """A bundle in which ``facts`` names lie behind the last one: each is read by the default of the next."""
    names = [f"order.f{n}" for n in range(facts + 1)]
    defaults = [f"  {a}: {{type: boolean, default: '{default.format(b)}'}}" for b, a in pairwise(names)]
    (folder / "bundle.yaml").write_text(BUNDLE, "utf-8")
    (folder / "rules.yaml").write_text(RULES.replace("LAST", names[-1]), "utf-8")
    declared = [f"  {names[0]}: {{type: boolean}}", *defaults]
    (folder / "facts.yaml").write_text("\n".join(["kind: facts", "facts:", *declared, ""]), "utf-8")
    return folder


@pytest.mark.parametrize("engine", ENGINES)
def test_the_longest_chain_is_decided(tmp_path: Path, engine: str) -> None:
    bundle = load_bundle(chain(tmp_path, LONGEST_CHAIN))
    with Engine(bundle, engine, check=False, twin=None) as made:
        decided = [
            made.decide("d", {"order": facts}, as_of="2025-01-01") for facts in ({"f0": True}, {"f0": False}, {})
        ]
    assert [d.verdict for d in decided] == ["refused", "granted", "undetermined"]


def test_a_longer_chain_is_refused_once(tmp_path: Path) -> None:
    _, sink = check_folder(chain(tmp_path, LONGEST_CHAIN + 9))
    assert [(d.code, d.span.underlined) for d in sink] == [("names/chain", f"order.f{LONGEST_CHAIN + 1}")]


# Each adds so many operations, one inside the other, to those of the fact before.
NESTED = {
    "not(" * 7 + "{}" + ")" * 7: 8,
    "if if if {0} then {0} else true then {0} else true then {0} else true": 4,
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("default", NESTED)
def test_as_many_operations_as_are_allowed_are_worked_out(tmp_path: Path, engine: str, default: str) -> None:
    bundle = load_bundle(chain(tmp_path, (MOST_LEVELS - 1) // NESTED[default], default))
    with Engine(bundle, engine, check=False, twin=None) as made:
        decided = [made.decide("d", {"order": facts}, as_of="2025-01-01") for facts in ({"f0": True}, {})]
    assert decided[1].verdict == "undetermined"


def test_more_operations_are_refused_once(tmp_path: Path) -> None:
    _, sink = check_folder(chain(tmp_path, MOST_LEVELS // 8 + 5, next(iter(NESTED))))
    assert [d.code for d in sink] == ["names/chain"]
    assert "operations" in next(iter(sink)).message
