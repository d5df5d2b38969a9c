"""A whole public programme of another kind, written in YAML alone. Its cases run as pytest items of their own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from policyengine.diagnostics import Diagnostics
from policyengine.loading import check_folder
from policyengine.model.bundle import CheckedBundle
from policyengine.testing.cases import read_cases
from policyengine.testing.model import Case
from policyengine.testing.reachability import all_ids, unexpected_ids

FOLDER = Path(__file__).parent / "consumer_withdrawal"
DECISIONS = {"withdrawal", "refund_due", "send_back", "return_costs", "next_step"}
FEWEST_CASES = 60


@pytest.fixture(scope="module")
def programme() -> tuple[CheckedBundle, tuple[Case, ...]]:
    bundle, sink = check_folder(FOLDER, lint=True)
    assert [d.render() for d in sink.sorted()] == []
    assert bundle is not None
    faults = Diagnostics()
    cases = read_cases(bundle, FOLDER, faults)
    assert [d.render() for d in faults.sorted()] == []
    return bundle, cases


def test_it_has_its_decisions_and_enough_cases_for_each(programme):
    bundle, cases = programme
    assert set(bundle.decisions) == DECISIONS == {c.decision for c in cases}
    assert len(cases) >= FEWEST_CASES


def test_every_rule_and_every_verdict_has_a_case(programme):
    bundle, cases = programme
    assert unexpected_ids(bundle, cases) == ()
    expected = {(c.decision, e.value) for c in cases for e in c.expected if e.key == "verdict"}
    for decision in bundle.decisions.values():
        words = decision.value.type.members if decision.value is not None else decision.verdicts
        assert [w for w in words if (decision.name, w) not in expected] == []


def test_every_case_cites_what_it_tests(programme):
    _, cases = programme
    assert [c.id for c in cases if not c.cites] == []


def test_every_exception_of_article_16_is_written_down(programme):
    bundle, _ = programme
    letters = {rule[6:] for ids in all_ids(bundle).values() for rule in ids if rule.startswith("EU-16-")}
    assert letters == set("ABCDEFGHIJKLM")


def test_the_readme_names_only_files_and_rules_that_exist(programme):
    bundle, _ = programme
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    rules = {rule for ids in all_ids(bundle).values() for rule in ids}
    assert [f for f in re.findall(r"`([a-z_]+\.yaml)`", text) if not (FOLDER / f).is_file()] == []
    assert [r for r in re.findall(r"`(EU-[A-Z0-9-]+)`", text) if r not in rules] == []
