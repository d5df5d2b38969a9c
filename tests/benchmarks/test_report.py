"""What is told of a run: the targets, and that the README page tells what was measured."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests.benchmarks import report, shipped
from tests.benchmarks.ours import SETTINGS
from tests.benchmarks.targets import Row, rows

from policyengine.values.money import Money

RESULTS = Path(report.__file__).parent / "results"
DATA = json.loads((RESULTS / "results.json").read_text(encoding="utf-8"))


@pytest.fixture
def page(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(f"before\n\n{report.START}\nold\n{report.END}\n\nafter\n", encoding="utf-8")
    return page


def test_the_readme_tells_the_saved_results(page):
    assert report.written(DATA, page)
    figures = page.read_text(encoding="utf-8").removeprefix("before\n\n").removesuffix("\n\nafter\n")
    assert figures in report.README.read_text(encoding="utf-8"), "run `python -m tests.benchmarks report`"
    assert report.markdown(DATA) == (RESULTS / "results.md").read_text(encoding="utf-8")


def test_a_page_without_a_place_for_figures_is_told(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("nothing\n", encoding="utf-8")
    assert not report.written(DATA, page)
    assert page.read_text(encoding="utf-8") == "nothing\n"


def test_every_target_has_a_row_for_both_settings():
    told = {(row.what, row.setting) for row in rows(DATA)}
    assert {setting for _, setting in told} == set(SETTINGS)
    for part in ("match,", "decide,", "24 to 2400", "ready engine, 2400", "YAML", "HTTP, one", "HTTP, batch"):
        assert all(any(part in what and of == setting for what, of in told) for setting in SETTINGS), part


def test_a_target_is_met_or_missed_or_was_not_measured():
    most = Row("what", "default", 5.0, 8.0, "x")
    assert most.met is True
    assert Row("what", "default", 8.1, 8.0, "x").met is False
    assert Row("what", "default", 5.0, 8.0, "x", least=True).met is False
    assert Row("what", "default", None, 8.0, "x", "why").met is None


def test_a_shipped_dispute_stands_beside_the_benchmarks_own_decision():
    data = json.loads(json.dumps(DATA))
    for setting in SETTINGS:
        data["engines"][setting]["24"] |= {"decide": [{"median": 10.0, "p99": 11.0}], "shipped": [{"median": 75.0}]}
    cell = "75.0 us, 7.50 x the time of decide, 24 rules"
    assert f"| {report.SHIPPED} | {cell} | {cell} |" in report.readme_figures(data)
    assert report.markdown(data).count(f"| {cell} | - |") == len(SETTINGS)


def test_a_run_without_the_shipped_dispute_has_no_row_for_it():
    data = json.loads(json.dumps(DATA))
    for setting in SETTINGS:
        data["engines"][setting]["24"].pop("shipped", None)
    assert report.SHIPPED not in report.readme_figures(data)


def test_the_shipped_dispute_is_the_first_example_of_the_readme():
    body = re.search(r"<<'END' \| python3[^\n]*\n(.*?)\nEND", report.README.read_text(encoding="utf-8"), re.DOTALL)[1]
    assert json.loads(body) == {"as_of": shipped.DAY.isoformat(), "facts": shipped.DISPUTE}


@pytest.mark.parametrize("setting", SETTINGS)
def test_the_shipped_dispute_is_decided_as_the_readme_says(setting):
    decision = shipped.decider(setting)(shipped.DISPUTE)
    assert (decision.verdict, decision.amount) == ("covered", Money.of("1500", "USD"))
    assert decision.deadlines


@pytest.mark.parametrize(
    ("plan", "load", "told"),
    [("full", 1.1, ""), ("full", 3.0, " (load 3.0)"), ("shortened", 1.1, " (a shortened run, load 1.1)")],
)
def test_a_short_run_and_a_busy_machine_are_told(plan, load, told):
    data = {**DATA, "plan": plan, "machine": {**DATA["machine"], "cores": 2, "load": load}}
    assert (
        report.readme_figures(data)
        .splitlines()[0]
        .endswith(f"{data['machine']['python']}{told}. Less is better, except over HTTP:")
    )


def test_a_ratio_says_of_what_and_so_which_way_is_better():
    for row in rows(DATA):
        if row.unit.startswith("x "):
            assert row.unit.startswith("x the requests of" if row.least else "x the time")


def test_what_fails_is_named():
    data = json.loads(json.dumps(DATA))
    data["engines"]["cedar"]["24"] = {"failed": "it is broken"}
    data["http"] = {"failed": "wrk is not here"}
    told = report.markdown(data)
    assert "Cedar (Rust): at 24 rules: it is broken" in told
    assert "wrk is not here" in told
    assert "not measured" in told
