"""Running cases: what passes, what must fail, what is an error, and why it is told."""

from __future__ import annotations

import re

import pytest
from tests.testing.parcels import HEAD, read, write_bundle

from policyengine.engine.engine import Engine
from policyengine.loading import load_bundle
from policyengine.reference import decide
from policyengine.testing.compare import disagreements
from policyengine.testing.formats import outcome_text
from policyengine.testing.model import Outcome, Status
from policyengine.testing.reachability import all_ids, cited, unexpected_ids
from policyengine.testing.run import CaseRunner, run_cases


@pytest.fixture
def run(tmp_path):
    def run_one(expect: str, facts: str = "{}", head: str = HEAD) -> Outcome:
        text = f"{head}cases:\n  - name: one\n    cites: [P7]\n    facts: {facts}\n    expect: {expect}\n"
        (outcome,) = run_cases(write_bundle(tmp_path / "b", one=text)).outcomes
        return outcome

    return run_one


WET = "{items: [{id: a, loss: wet, value: 5 EUR, sender: x}]}"
TWO = "{items: [{id: a, loss: broken, value: 80 EUR, sender: x}, {id: b, loss: broken, value: 30 EUR, sender: x}]}"
MIXED = "{items: [{id: a, loss: wet, value: 5 EUR, sender: x}, {id: b, loss: broken, value: 5 EUR, sender: x}]}"
BOXES = HEAD.replace("decision: damage", "decision: boxes")

# Facts, an expectation that is met, and one of the same key that is not, with the label of the difference.
PAIRS = [
    ("{}", "{verdict: paid}", "{verdict: declined}", "verdict"),
    ("{}", "{reasons: [PI-BROKEN]}", "{reasons: []}", "reasons"),
    (TWO, "{reasons: [PI-LIMIT, PI-BROKEN]}", "{reasons: [PI-BROKEN]}", "reasons"),
    ("{}", "{absent_reasons: [PI-LATE, PI-W-MANY]}", "{absent_reasons: [PI-LATE, PI-BROKEN]}", "absent_reasons"),
    ("{parcel.count: 4}", "{absent_reasons: [PI-LATE]}", "{absent_reasons: [PI-W-MANY]}", "absent_reasons"),
    ("{parcel.received_on: ~}", "{missing: [parcel.received_on]}", "{missing: []}", "missing"),
    ("{items: [{id: a}]}", "{missing: ['items[a].loss']}", "{missing: ['items[b].loss']}", "missing"),
    (MIXED, "{elements: {b: paid, a: declined}}", "{elements: {a: declined}}", "elements.b"),
    (MIXED, "{elements: {a: declined, b: paid}}", "{elements: {a: paid, b: paid}}", "elements.a"),
    ("{}", "{deadlines: {PI-LATE: 2025-01-07}}", "{deadlines: {PI-LATE: 2025-01-06}}", "deadlines.PI-LATE"),
    ("{}", "{deadlines: {PI-LATE: 2025-01-07}}", "{deadlines: {}}", "deadlines.PI-LATE"),
    ("{items: []}", "{values: {total_loss: 0}}", "{values: {total_loss: 1 EUR}}", "values.total_loss"),
    ("{}", "{amount: 60.00 EUR}", "{amount: 60.01 EUR}", "amount"),
    ("{}", "{amount: 60 EUR}", "{amount: 60 USD}", "amount"),
    ("{}", "{amount: 60 EUR}", "{amount: unknown}", "amount"),
    ("{items: [{id: a, loss: broken, sender: x}]}", "{amount: unknown}", "{amount: 0 EUR}", "amount"),
    (WET, "{amount: 0 EUR}", "{amount: 0}", "amount"),
    (TWO, "{groups: {x: 100 EUR}}", "{groups: {x: 110 EUR}}", "groups.x"),
    (TWO, "{groups: {x: 100 EUR}}", "{groups: {}}", "groups.x"),
    ("{parcel.count: 4}", "{warnings: [PI-W-MANY]}", "{warnings: []}", "warnings"),
    ("{report.papers: []}", "{needs: [photo]}", "{needs: []}", "needs"),
    (TWO, "{values: {total_loss: 110 EUR}}", "{values: {total_loss: 110 USD}}", "values.total_loss"),
    ("{items: ~}", "{values: {total_loss: unknown}}", "{values: {total_loss: 0 EUR}}", "values.total_loss"),
    ("{report.filed_on: 2025-01-01}", "{remarks: [facts/order]}", "{remarks: []}", "remarks"),
    ("{items: []}", "{remarks: [decision/empty-list]}", "{remarks: [facts/order]}", "remarks"),
    ("{parcel.received_on: 9999-12-31, report.papers: ~}", "{faults: [fault/date-range]}", "{faults: []}", "faults"),
]


@pytest.mark.parametrize(("facts", "met", "unmet", "label"), PAIRS)
def test_an_expectation_that_is_met_passes_and_one_that_is_not_fails(tmp_path, facts, met, unmet, label):
    case = "  - {{name: {}, facts: {}, expect: {}}}\n"
    text = HEAD + "cases:\n" + case.format("met", facts, met) + case.format("unmet", facts, unmet)
    good, bad = run_cases(write_bundle(tmp_path / "b", one=text)).outcomes
    assert good.status is Status.PASSED, outcome_text(good)
    assert bad.status is Status.FAILED
    assert [d.key for d in bad.differences] == [label]


def test_parts_of_a_split(run):
    assert run("{verdict: several, parts: 2}", "{items: [{id: a, count: 2, value: 30 EUR}]}", BOXES).status == "passed"


def test_wrong_parts_fail(run):
    outcome = run("{parts: 1}", "{items: [{id: a, count: 2, value: 30 EUR}]}", BOXES)
    assert [(d.key, d.expected, d.actual) for d in outcome.differences] == [("parts", 1, 2)]


def test_parts_without_a_plan_fail(run):
    outcome = run("{parts: 1}", "{items: [{id: a, value: 60 EUR}]}", BOXES)
    assert [(d.expected, d.actual) for d in outcome.differences] == [(1, "none")]


def test_a_decision_that_is_a_value(run):
    head = HEAD.replace("decision: damage", "decision: next_step")
    assert run("{verdict: report, missing: []}", head=head).status == "passed"


def test_a_failure_says_what_differs_first_and_then_why(run):
    outcome = run("{verdict: paid, reasons: [PI-BROKEN]}", "{report.filed_on: 2025-01-08}")
    lines = [line.strip() for line in outcome_text(outcome).splitlines()]
    assert lines[0].endswith("one.test.yaml:9: failed: one::one")
    assert lines[1:5] == ["tests P7", "verdict: (line 12)", "expected: paid", "actual:   declined"]
    why = lines.index("why:")
    assert lines.index("too much: PI-LATE") < why
    rule = next(line for line in lines if line.startswith("rule PI-LATE is true ("))
    assert rule.endswith("rules.yaml:7)")
    assert "`report.filed_on after parcel.received_on + 5 days` is true" in lines[why:]
    told = "\n".join(lines[why:])
    assert re.search(r"^report\.filed_on = 2025-01-08 \(\S+/tests/one\.test\.yaml:11\)$", told, re.MULTILINE)
    assert re.search(r"^parcel\.received_on = 2025-01-02 \(\S+/tests/one\.test\.yaml:5\)$", told, re.MULTILINE)


def test_the_explanation_tells_of_rules_that_do_not_hold(run):
    text = outcome_text(run("{verdict: paid}", WET))
    assert "rule PI-X-WET for `a` is true" in text
    assert "rule PI-BROKEN for `a` is false" in text
    assert "item.loss = wet" in text


def test_the_explanation_tells_nothing_twice(run):
    items = ", ".join(f"{{id: {n}, loss: broken}}" for n in "abcdefghi")
    told = run("{missing: []}", f"{{report.papers: ~, items: [{items}]}}").explanation
    (whole,) = [n for n, line in enumerate(told) if line.endswith("`report.papers: contains photo` is unknown")]
    assert told[whole - 1].startswith("rule PI-PHOTO for `a` is unknown")
    assert told[whole + 1].strip() == "report.papers = unknown (not given)"
    assert sum(line.endswith("`report.papers: contains photo` is unknown, as above") for line in told) == 4
    assert sum(line.strip().startswith("report.papers = unknown") for line in told) == 1
    assert told[-1] == "… and 4 more rules"


def test_the_explanation_tells_of_what_is_open(run):
    text = outcome_text(run("{verdict: wait, missing: []}", "{report.papers: ~}"))
    assert "rule PI-PHOTO for `a` is unknown" in text
    assert "report.papers = unknown" in text


def test_the_explanation_tells_how_an_amount_came_about(run):
    text = outcome_text(run("{amount: 110 EUR}", TWO))
    assert "amount of group `x` starts at 110.00 EUR" in text
    assert "PI-LIMIT makes it 100.00 EUR" in text


def test_the_explanation_names_the_places_of_facts(run):
    text = outcome_text(run("{verdict: paid}", WET))
    assert re.search(r"item\.loss = wet \(\S+/tests/one\.test\.yaml:11\)\n", text)


def test_the_explanation_leaves_out_what_decided_nothing(tmp_path):
    """Of an `if` the branch taken, of a false `all` the false part, of a rule that does not hold what fails in it."""
    folder = write_bundle(tmp_path / "b", one=HEAD + "cases:\n  - {name: one, expect: {reasons: [PI-LONG]}}\n")
    (folder / "long.yaml").write_text(
        "kind: exclusions\ndecision: damage\ndefinitions:\n"
        "  limit: {type: integer, is: if parcel.insured then most else 7}\n"
        "policies:\n  long:\n    rules:\n"
        "      - id: PI-LONG\n        when: {parcel.insured: true, parcel.count: more than limit}\n"
        "        because: Too many.\n",
        encoding="utf-8",
    )
    (folder / "most.yaml").write_text(
        "kind: parameters\nparameters:\n  most: {type: integer, value: 5}\n", encoding="utf-8"
    )
    bundle = folder / "bundle.yaml"
    bundle.write_text(bundle.read_text().replace("steps: [window,", "steps: [window, long,"), encoding="utf-8")
    (outcome,) = run_cases(folder).outcomes
    told = "\n".join(outcome.explanation).replace(f"{folder}/", "")
    whole = told.partition("rule PI-LONG is false (long.yaml:8)\n")[2]
    assert "parcel.count = 1 (by default)" in whole
    assert "most = 5 (most.yaml:3)" in whole
    assert "parcel.insured = true" in whole, "the condition of the `if`"
    assert "`parcel.insured: true`" not in whole, "a part that holds did not make the rule fail"
    assert "else 7" not in whole


def test_the_explanation_of_a_day_of_the_decision_says_so(tmp_path):
    folder = write_bundle(tmp_path / "b", one=HEAD + "cases:\n  - {name: one, expect: {deadlines: {PI-LATE: none}}}\n")
    rules = folder / "rules.yaml"
    rules.write_text(rules.read_text().replace("        act: report.filed_on\n", ""), encoding="utf-8")
    (outcome,) = run_cases(folder).outcomes
    assert any("`the day of the decision after parcel.received_on + 5 days` is false" in x for x in outcome.explanation)


def test_facts_that_a_service_would_refuse_are_an_error(run):
    outcome = run("{verdict: declined}", "{items: [{id: a}, {id: a}]}")
    assert outcome.status is Status.ERROR
    assert "one.test.yaml:11:20: request/duplicate-id at /items/1/id" in outcome.error


def test_money_in_another_currency_is_an_error(run):
    outcome = run("{verdict: paid}", "{items: [{id: a, loss: broken, value: 5 USD, sender: x}]}")
    assert outcome.status is Status.ERROR
    assert "request/currency at /items/0/value" in outcome.error


def test_no_case_is_not_well(tmp_path):
    folder = write_bundle(tmp_path / "b")
    assert not run_cases(folder).ok


def test_nothing_selected_is_not_well(tmp_path):
    text = HEAD + "cases:\n  - {name: one, expect: {verdict: paid}}\n"
    folder = write_bundle(tmp_path / "b", one=text)
    assert run_cases(folder).ok
    assert [o.case.name for o in run_cases(folder, "ONE::o").outcomes] == ["one"]
    assert not run_cases(folder, "two").ok


def test_a_broken_file_keeps_the_run_from_being_well(tmp_path):
    good = HEAD + "cases:\n  - {name: one, expect: {verdict: paid}}\n"
    bad = good.replace("verdict: paid", "verdict: payd")
    results = run_cases(write_bundle(tmp_path / "b", good=good, bad=bad))
    assert results.count(Status.PASSED) == 1
    assert [d.code for d in results.faults] == ["names/unknown"]
    assert not results.ok


def test_a_broken_bundle_gives_its_faults(tmp_path):
    folder = write_bundle(tmp_path / "b")
    (folder / "cover.yaml").write_text("kind: coverage\n", encoding="utf-8")
    results = run_cases(folder)
    assert results.outcomes == ()
    assert results.faults
    assert not results.ok


def test_two_engines_that_differ_are_told_by_key(tmp_path):
    folder = write_bundle(tmp_path / "b")
    bundle = load_bundle(folder)
    (case,), _ = read(tmp_path / "c", HEAD + "cases:\n  - {name: one, expect: {verdict: paid}}\n")
    decision = decide(bundle, case.decision, case.facts, case.as_of)
    assert not list(disagreements({"compiled": decision}, decision, case.span))
    other = decision._replace(verdict="wait", needs=("photo",))
    found = tuple(disagreements({"durable": decision, "compiled": other}, decision, case.span))
    assert {d.engine for d in found} == {"compiled"}
    assert [(d.key, d.expected, d.actual) for d in found] == [("verdict", "paid", "wait"), ("needs", [], ["photo"])]
    text = outcome_text(Outcome(case=case, status=Status.FAILED, differences=found))
    assert "verdict: compiled and the reference do not agree" in text


def test_what_no_case_expects(tmp_path):
    text = HEAD + "cases:\n  - {name: one, cites: [P1], expect: {reasons: [PI-BROKEN], absent_reasons: [PI-LATE]}}\n"
    cases, _ = read(tmp_path / "b", text)
    bundle = load_bundle(tmp_path / "b")
    assert all_ids(bundle)["damage"] == (
        "PI-LATE",
        "PI-X-WET",
        "PI-PHOTO",
        "PI-BROKEN",
        "PI-NOTHING",
        "PI-LIMIT",
        "PI-W-MANY",
    )
    left = unexpected_ids(bundle, cases)
    assert ("damage", "PI-LATE") in left, "what must be absent is not expected"
    assert ("damage", "PI-BROKEN") not in left
    assert {rule for decision, rule in left if decision == "boxes"} == {"PI-BOXES", "PI-BIG"}
    assert cited(cases) == {"P1"}


def test_a_case_fails_when_only_the_engines_differ(run, monkeypatch):
    def mistaken(*asked: object) -> object:
        return decide(*asked)._replace(needs=("photo",))

    monkeypatch.setattr("policyengine.testing.deciding.reference_decide", mistaken)
    outcome = run("{verdict: paid}")
    assert outcome.status is Status.FAILED
    assert [(d.key, d.engine) for d in outcome.differences] == [("needs", name) for name in ("durable", "compiled")]


@pytest.mark.parametrize("engine", ["durable", "compiled"])
def test_a_case_fails_when_one_engine_differs(tmp_path, monkeypatch, engine):
    decided = Engine.decide

    def mistaken(self: Engine, *asked: object, **more: object) -> object:
        made = decided(self, *asked, **more)
        return made._replace(needs=("photo",)) if self is runner._engines[engine] else made

    bundle = load_bundle(write_bundle(tmp_path / "b"))
    (case,), _ = read(tmp_path / "c", HEAD + "cases:\n  - {name: one, expect: {verdict: paid}}\n")
    with CaseRunner(bundle) as runner:
        assert runner.run(case).status is Status.PASSED
        monkeypatch.setattr(Engine, "decide", mistaken)
        (difference,) = runner.run(case).differences
    assert (difference.key, difference.engine, difference.actual) == ("needs", engine, ["photo"])


@pytest.mark.parametrize("engine", ["durable", "compiled"])
def test_an_engine_that_fails_is_an_error_and_nothing_stands_in(tmp_path, monkeypatch, engine):
    bundle = load_bundle(write_bundle(tmp_path / "b"))
    (case,), _ = read(tmp_path / "c", HEAD + "cases:\n  - {name: one, expect: {verdict: paid}}\n")
    with CaseRunner(bundle) as runner:
        monkeypatch.setattr(runner._engines[engine]._program, "match", lambda *_: 1 / 0, raising=True)
        outcome = runner.run(case)
    assert outcome.status is Status.ERROR
    assert outcome.error == f"{engine} failed: ZeroDivisionError: division by zero"


def test_one_engine_without_checks_is_held_to_the_expectations_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("policyengine.testing.deciding.reference_decide", None)
    text = HEAD + "cases:\n  - {name: one, expect: {verdict: paid}}\n"
    assert run_cases(write_bundle(tmp_path / "b", one=text), engines=("compiled",), check=False).ok
