"""What the language must be able to say: one small invented programme for each demand, with its cases.

Each folder is a bundle like any other. Its first comment names the demand, its cases hold both sides of every
limit, and their expectations were worked out by hand. Nothing about any of them is written in Python.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from policyengine.diagnostics import Diagnostics
from policyengine.loading import check_folder, load_bundle
from policyengine.model.bundle import CheckedBundle
from policyengine.testing.cases import read_cases
from policyengine.testing.formats import as_text
from policyengine.testing.model import Case, Status
from policyengine.testing.reachability import unexpected_ids
from policyengine.testing.run import run_cases

HERE = Path(__file__).parent
FEWEST_CASES = 4

# Folder → the demand, and forms of the language without which its bundle would not show it.
DEMANDS: dict[str, tuple[str, tuple[str, ...]]] = {
    "dated_tables": (
        "dated tables keyed on different dates in one bundle",
        ("keyed_on: application", "keyed_on: thing", "in_force_on:"),
    ),
    "two_dimensional_tables": (
        "two-dimensional tables and bands with open or closed ends",
        ("above 2 to 10", "[0..100)", "any,"),
    ),
    "regime_by_several_facts": ("a regime chosen by several facts", ("table:", "when: {regime:")),
    "earlier_of_and_longer_of": ("earlier-of and longer-of", ("earliest(", "latest(", "max(", "min(")),
    "not_before_and_pending": (
        'a not-before limit and pending answers ("not yet, from this day")',
        ("until:", "{from_day}", "pending"),
    ),
    "deadlines_chained": (
        "deadlines chained to other deadlines",
        ("is: served_on + 1 month", "last_day_to_object + 3 months"),
    ),
    "working_days": (
        "working days with a named holiday calendar, a last day rolled to the next working day",
        ("working days by bank", "roll(", "holidays:"),
    ),
    "months_and_years": (
        "months and years (29 February, month ends), end of year plus n",
        ("end_of_year(", "months(", "end_of_month("),
    ),
    "exceptions_to_exceptions": (
        "exceptions to exceptions",
        ("unless:\n          beach.is_dog_beach: true\n          unless:",),
    ),
    "fact_falls_back": ("a fact falling back to another", ("default: meter.read_on",)),
    "second_rule_set": ("falling back to a second rule set", ("when: {rule_set: law}", "when: {rule_set: promise}")),
    "items_with_sums": ("per-item verdicts with sums", ("element_verdicts:", "sum(", "partly")),
    "whole_order_conditions": (
        "whole-order conditions beside per-item verdicts",
        ("count(seeds)", "every seed in", "some seed in"),
    ),
    "groups_with_a_cap": (
        "groups with a cap per group and an override for one group",
        ("group:", "if some p in premiums"),
    ),
    "percentage_before_cap": ("percentage before cap", ("80 / 100", "limits:")),
    "stated_rounding": ("stated rounding", ("half_up", "half_even", "half_down", "mode: down", "0.01, up")),
    "scope_gate": ("a scope gate that stops everything", ("out_of_scope: refused", "steps: [scope,")),
    "several_decisions": ("several decisions over one vocabulary", ("membership:", "fee:", "boats:", "is: next_step")),
}


def loaded(name: str) -> tuple[CheckedBundle, tuple[Case, ...]]:
    sink = Diagnostics()
    bundle = load_bundle(HERE / name)
    cases = read_cases(bundle, HERE / name, sink)
    assert [d.render() for d in sink] == []
    return bundle, cases


def text_of(name: str) -> str:
    """The text of a bundle's policies, without its cases."""
    return "".join(path.read_text(encoding="utf-8") for path in sorted((HERE / name).glob("*.yaml")))


def test_every_demand_has_its_folder_and_every_folder_its_demand():
    folders = {path.parent.name for path in HERE.glob("*/bundle.yaml")}
    assert folders == set(DEMANDS)
    assert len({demand for demand, _ in DEMANDS.values()}) == len(DEMANDS) == 18


@pytest.mark.parametrize("name", DEMANDS)
def test_a_bundle_names_its_demand_and_uses_what_says_it(name):
    demand, forms = DEMANDS[name]
    told = re.search(r"^# Demand: (.*)\.$", (HERE / name / "bundle.yaml").read_text(encoding="utf-8"), re.MULTILINE)
    assert told is not None
    assert told[1].startswith(demand)
    assert [form for form in forms if form not in text_of(name)] == []


@pytest.mark.parametrize("name", DEMANDS)
def test_a_bundle_checks_without_any_diagnostic(name):
    bundle, sink = check_folder(HERE / name, lint=True)
    assert bundle is not None
    assert [d.render() for d in sink.sorted()] == []


@pytest.mark.parametrize("name", DEMANDS)
def test_every_case_passes_with_every_engine(name):
    results = run_cases(HERE / name)
    assert results.ok, as_text(results)
    assert results.count(Status.PASSED) == len(results.outcomes) >= FEWEST_CASES


@pytest.mark.parametrize("name", DEMANDS)
def test_every_rule_and_every_verdict_has_a_case(name):
    bundle, cases = loaded(name)
    assert unexpected_ids(bundle, cases) == ()
    expected = {(c.decision, e.value) for c in cases for e in c.expected if e.key == "verdict"}
    for decision in bundle.decisions.values():
        words = decision.value.type.members if decision.value is not None else decision.verdicts
        assert [w for w in words if (decision.name, w) not in expected] == []


@pytest.mark.parametrize("name", DEMANDS)
def test_some_case_leaves_a_fact_unknown(name):
    _, cases = loaded(name)
    assert any(e.key == "missing" and e.value for c in cases for e in c.expected)
