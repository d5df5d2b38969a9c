"""Chains of names: the longest that is allowed is decided by every engine, a longer one is refused at its place."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from policyengine import Engine
from policyengine.check.graph import LONGEST_CHAIN
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


def chain(folder: Path, facts: int) -> Path:
    """A bundle in which ``facts`` names lie behind the last one: each is the default of the next."""
    names = [f"order.f{n}" for n in range(facts + 1)]
    defaults = [f"  {a}: {{type: boolean, default: 'not(not({b}))'}}" for b, a in pairwise(names)]
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
