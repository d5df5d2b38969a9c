"""Runs: the same whatever the number of processes, refused where the cases fail, and honest about what is left out."""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures.process import BrokenProcessPool
from fractions import Fraction

import pytest
from tests.mutation.twins import Twin, run_of
from tests.orphans import outlive

from policyengine.errors import UnknownName
from policyengine.mutation.formats import as_github, as_json, as_text, summary
from policyengine.mutation.laboratory import Laboratory
from policyengine.mutation.proofs import SAME, UNREAD
from policyengine.mutation.report import Report, Result, Status, percent, room
from policyengine.mutation.run import FailingSuiteError, LostProcessError, Selection

_CASES = """- {name: three, facts: {a: {count: 3}}, expect: {verdict: no}}
- {name: two, facts: {a: {count: 2}}, expect: {verdict: yes}}"""
COUNTED = Twin("", _CASES, "when: {§.count: at least 3}")


def ends(report: Report) -> dict[str, Status]:
    return {r.mutant.sentence.removeprefix("no test notices if "): r.status for r in report.results}


def of_side_a(report: Report) -> dict[str, Status]:
    return {sentence: end for sentence, end in ends(report).items() if "rule R-A" in sentence}


def result_of(report: Report, words: str) -> Result:
    (found,) = (r for r in report.results if words in r.mutant.sentence)
    return found


def test_all_slips_of_a_rule_are_known_by_hand(tmp_path):
    report = run_of(COUNTED.written(tmp_path)).report(Selection(rule="R-A"))
    killed = Status.KILLED
    assert ends(report) == {
        "exclusion R-A is missing": killed,
        "rule R-A gives `never` instead of `no`": killed,
        "rule R-A gives `wait` instead of `no`": killed,
        "the limit of `a.count: at least 3` in rule R-A falls on the other side": killed,
        "`a.count: at least 3` in rule R-A is turned into its opposite": killed,
        "`a.count: at least 3` in rule R-A counts as false while `a.count` is not known": Status.SURVIVED,
        "`a.count: at least 3` in rule R-A has 4 instead of 3": killed,
        "`a.count: at least 3` in rule R-A has 2 instead of 3": killed,
    }
    assert report.score == Fraction(700, 8)
    assert summary(report).endswith(": 8 mutants: 7 killed, 1 survived; score 87.5 %")


def test_a_survivor_comes_with_the_test_that_would_notice(tmp_path):
    report = run_of(COUNTED.written(tmp_path)).report(Selection(rule="R-A"))
    survivor = result_of(report, "counts as false while")
    assert str(survivor.suggestion) == (
        "`cases::three` with `a.count` left out has verdict undetermined, with this slip yes"
    )
    assert f"rules_a.yaml:10: survived: {survivor.mutant.sentence}\n  would notice: `cases::three`" in as_text(report)
    assert as_github(report).startswith(f"::warning file={tmp_path}/rules_a.yaml,line=10,col=16,title=mutate/unknown")


def test_a_case_under_review_counts_for_nothing(tmp_path):
    twin = Twin("", _CASES.replace("name: two,", "name: two, review: true,"), COUNTED.rule)
    report = run_of(twin.written(tmp_path)).report(Selection(rule="R-A"))
    assert report.cases == 1
    assert of_side_a(report)["`a.count: at least 3` in rule R-A has 2 instead of 3"] is Status.SURVIVED


def test_the_output_is_the_same_for_any_number_of_processes(tmp_path):
    folder = COUNTED.written(tmp_path)
    one, two = run_of(folder, jobs=1).report(), run_of(folder, jobs=2).report()
    assert one.to_dict() == two.to_dict()
    assert as_text(one) == as_text(two)
    assert len({r.mutant.owner for r in one.results}) > 1, "there is too little for two processes"


def test_a_process_that_dies_is_told_with_the_remedy(tmp_path, monkeypatch):
    def dies(*_: object) -> None:
        raise BrokenProcessPool

    monkeypatch.setattr("policyengine.mutation.laboratory.ProcessPoolExecutor.map", dies)
    with pytest.raises(LostProcessError, match="a process that tried mutants has died; try again with --jobs 1"):
        run_of(COUNTED.written(tmp_path), jobs=2).report()


KILLED = """
import multiprocessing, pathlib, sys
from tests.mutation.twins import run_of

def stopped(*_):
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    sys.stdin.read()

if __name__ == "__main__":
    run_of(pathlib.Path(sys.argv[1]), jobs=2).report(progress=stopped)
"""


def test_no_process_outlives_the_one_that_started_it(tmp_path):
    (tmp_path / "killed.py").write_text(KILLED)
    words = [sys.executable, str(tmp_path / "killed.py"), str(COUNTED.written(tmp_path / "bundle"))]
    where = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    assert outlive(words, where) == (2, 0)


def test_every_case_names_all_that_notice(tmp_path):
    folder = COUNTED.written(tmp_path)
    first, every = (run_of(folder, every=e).report(Selection(rule="R-A")) for e in (False, True))
    negation = "is turned into its opposite"
    assert result_of(first, negation).killers == ("cases::three",)
    assert result_of(every, negation).killers == ("cases::three", "cases::two")
    assert of_side_a(first) == of_side_a(every)
    assert first.evaluations < every.evaluations == 2 * len(every.results)


def test_cases_that_cannot_see_a_slip_are_not_asked(tmp_path):
    report = run_of(COUNTED.written(tmp_path), every=True).report(Selection(rule="R-B"))
    assert {r.mutant.decisions for r in report.results} == {("db",)}
    assert report.evaluations == 0
    assert set(ends(report).values()) == {Status.SURVIVED}


def test_cases_that_fail_are_refused_before_any_slip(tmp_path):
    twin = Twin("", _CASES.replace("verdict: yes", "verdict: no"), COUNTED.rule)
    with pytest.raises(FailingSuiteError, match="cases fail without any mutant: `cases::two`; run `policyengine test"):
        run_of(twin.written(tmp_path)).report()


def test_no_case_is_refused(tmp_path):
    folder = COUNTED.written(tmp_path)
    (folder / "tests" / "cases.test.yaml").unlink()
    with pytest.raises(FailingSuiteError, match="no case was found"):
        run_of(folder).report()


def test_a_slip_under_which_a_case_cannot_be_decided_is_killed(tmp_path, monkeypatch):
    run = run_of(COUNTED.written(tmp_path))

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("policyengine.mutation.suite.Suite.failing", lambda _: ())
    monkeypatch.setattr("policyengine.mutation.suite.Variant.decide", fails)
    assert set(ends(run.report(Selection(rule="R-A"))).values()) == {Status.KILLED}


def test_a_slip_under_which_the_facts_of_a_case_are_refused_is_killed(tmp_path):
    cases = "- {name: euros, facts: {a: {cash: 3 EUR}}, expect: {verdict: yes}}"
    folder = Twin("", cases, "when: {§.flag: true, §.sure: true}").written(tmp_path)
    facts = folder / "facts.yaml"
    cash = "  a.cash: {type: money, currency: if a.sure then USD else EUR}\n"
    facts.write_text(facts.read_text("utf-8") + cash, "utf-8")
    report = run_of(folder).report(Selection(text="fact `a.cash`"))
    assert {s: e for s, e in ends(report).items() if "opposite" in s} == {
        "`a.sure` in fact `a.cash` is turned into its opposite": Status.KILLED
    }


@pytest.mark.parametrize(
    ("selection", "told"),
    [
        (Selection(decision="dz"), "there is no decision `dz`"),
        (Selection(operator="boundry"), "there is no operator `boundry`"),
        (Selection(rule="R-C"), "there is no rule `R-C`"),
    ],
)
def test_what_is_not_there_cannot_be_selected(selection, told, tmp_path):
    with pytest.raises(UnknownName, match=told) as raised:
        run_of(COUNTED.written(tmp_path)).report(selection)
    assert raised.value.help


def test_slips_are_selected_by_decision_and_text(tmp_path):
    run = run_of(COUNTED.written(tmp_path))
    assert all("da" in r.mutant.decisions for r in run.report(Selection(decision="da")).results)
    assert not [r for r in run.report(Selection(decision="da")).results if "R-B" in r.mutant.sentence]
    found = run.report(Selection(text="INSTEAD OF 3"))
    assert [r.mutant.operator for r in found.results] == ["limit-shifted"] * 4


# --- what is left out ---

_SETTLED = Twin(
    "",
    _CASES,
    "when: {where: 'if limit_§ = 5 then §.count >= 3 else §.count >= 9'}",
    files={"parameters": "  limit_§: {type: integer, value: 5}\n"},
)


def test_a_slip_where_nothing_leads_is_left_out_by_proof(tmp_path):
    folder = _SETTLED.written(tmp_path)
    report = run_of(folder).report()
    dead = [r for r in report.results if "9 instead" in r.mutant.sentence or "instead of 9" in r.mutant.sentence]
    assert len(dead) == 2 * 2
    assert {r.why for r in dead} == {SAME}


def test_what_no_decision_reads_is_left_out_by_proof(tmp_path):
    folder = COUNTED.written(tmp_path)
    (folder / "parameters.yaml").write_text(
        "kind: parameters\nparameters:\n  idle: {type: integer, value: 5}\n", "utf-8"
    )
    report = run_of(folder).report(Selection(text="`idle`"))
    assert {r.why for r in report.results} == {UNREAD}


def test_an_exhausted_grid_is_told_with_its_size(tmp_path):
    twin = Twin("", _CASES, "when: {§.count: at least 3, where: '§.count >= 2'}")
    report = run_of(twin.written(tmp_path)).report(Selection(rule="R-A", operator="condition-dropped"))
    beside = result_of(report, "`a.count >= 2` in rule R-A is left out")
    assert beside.why is not None
    assert beside.why.startswith("nothing that a case can expect differs on the boundary grid of `a.count`: ")
    assert beside.why.endswith(" documents made of 2 cases")


#: Tests that stand beside a stricter one: their slips change nothing, which no proof says.
_BESIDE = Twin("", _CASES, "when: {§.count: at least 3, where: '§.count >= 2 and §.count >= 1 and §.count >= 0'}")


def test_of_a_hundred_slips_three_are_left_out_at_most_without_a_proof(tmp_path):
    report = run_of(_BESIDE.written(tmp_path)).report()
    out = report.with_status(Status.LEFT_OUT)
    unproved = [r for r in out if not r.is_proved]
    assert report.too_many == len(unproved) - len(report.results) * 3 // 100 > 0
    killed, survived = (len(report.with_status(s)) for s in (Status.KILLED, Status.SURVIVED))
    assert report.score == Fraction(100 * killed, killed + survived + report.too_many)
    told = f"{len(out)} left out ({report.too_many} of them counted as survivors: too many without a proof)"
    assert told in summary(report)


def test_what_is_proved_is_left_out_however_many_there_are(tmp_path):
    report = run_of(_SETTLED.written(tmp_path)).report()
    out = report.with_status(Status.LEFT_OUT)
    assert {r.is_proved for r in out} == {True}
    assert len(out) > room(len(report.results))
    assert report.too_many == 0


def test_what_becomes_of_a_slip_does_not_depend_on_what_was_selected(tmp_path):
    run = run_of(_BESIDE.written(tmp_path))
    whole = {r.mutant.id: r.to_dict() for r in run.report().results}
    assert "left out" in {r["status"] for r in whole.values()}
    for selection in (Selection(rule="R-A"), Selection(operator="condition-dropped"), Selection(text="R-A is left")):
        report = run.report(selection)
        assert {r.mutant.id: r.to_dict() for r in report.results}.items() <= whole.items()
        assert report.all_mutants == len(whole)


def test_where_no_test_was_found_it_is_told_how_much_was_tried(tmp_path):
    twin = Twin("", _CASES, "when: {where: 'round(§.count, 1, half_up) >= 3'}")
    report = run_of(twin.written(tmp_path)).report(Selection(rule="R-A", operator="rounding-swapped"))
    for result in report.results:
        assert result.tried is not None
        count = int(result.tried.split(": ")[1].split(" documents tried")[0])
        assert count > len(_CASES.splitlines())
        assert f"  {result.tried}\n" in as_text(report)
        assert result.to_dict()["tried"] == result.tried


def test_what_the_cases_themselves_could_expect_is_told_without_a_change(tmp_path):
    twin = Twin("", _CASES, COUNTED.rule, decision=COUNTED.decision + "    report: [§.count]\n")
    report = run_of(twin.written(tmp_path)).report(Selection(decision="da", operator="report-dropped"))
    (result,) = report.results
    assert str(result.suggestion) == '`cases::three` has values {"a.count": 3}, with this slip {}'


def test_a_condition_of_several_lines_is_put_into_words(tmp_path):
    folder = COUNTED.written(tmp_path)
    rules = folder / "rules_a.yaml"
    lines = "when:\n          any:\n            - {a.count: at least 3}\n            - {a.count: 7}"
    rules.write_text(rules.read_text("utf-8").replace("when: {a.count: at least 3}", lines), "utf-8")
    sentences = [m.sentence for m in Laboratory(run_of(folder).bundle, ()).mutants]
    negated = "`a.count is at least 3 or a.count is 7` in rule R-A is turned into its opposite"
    assert f"no test notices if {negated}" in sentences
    assert not any("`- " in sentence for sentence in sentences)


def test_rounding_is_never_left_out_by_a_grid(tmp_path):
    twin = Twin("", _CASES, "when: {where: 'round(§.count, 1, half_up) >= 3'}")
    report = run_of(twin.written(tmp_path)).report(Selection(rule="R-A", operator="rounding-swapped"))
    assert {r.status for r in report.results} == {Status.SURVIVED}


# --- formats ---


def test_the_shape_of_the_json(tmp_path):
    report = run_of(COUNTED.written(tmp_path)).report(Selection(rule="R-A"))
    (data,) = json.loads(as_json([report]))["bundles"]
    assert list(data) == [
        "bundle",
        "score",
        "cases",
        "mutants",
        "killed",
        "survived",
        "left_out",
        "left_out_but_counted",
        "evaluations",
        "results",
    ]
    assert (data["score"], data["cases"], data["mutants"], data["killed"]) == ("87.5", 2, 8, 7)
    killed = next(r for r in data["results"] if r["operator"] == "boundary")
    assert killed == {
        "id": "boundary:rules_a.yaml:10:16:1",
        "operator": "boundary",
        "in": "rule R-A",
        "decisions": ["da"],
        "file": f"{tmp_path}/rules_a.yaml",
        "line": 10,
        "column": 16,
        "status": "killed",
        "message": "no test notices if the limit of `a.count: at least 3` in rule R-A falls on the other side",
        "evaluations": killed["evaluations"],
        "killed_by": ["cases::three"],
    }
    survivor = next(r for r in data["results"] if r["status"] == "survived")
    assert survivor["suggestion"] == {
        "case": "cases::three",
        "changes": {"a.count": None},
        "key": "verdict",
        "expected": "undetermined",
        "mutant": "yes",
    }
    assert len({r["id"] for r in data["results"]}) == len(data["results"])


def test_a_score_is_cut_and_not_rounded():
    assert percent(Fraction(94_999, 1000)) == "94.9"
    assert percent(Fraction(95)) == "95.0"
    assert percent(Fraction(100)) == "100.0"
