"""Choosing cases: by place, text, rule, decision; and a choice that finds nothing says what there is instead."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.testing.parcels import HEAD, write_bundle

from policyengine.testing.formats import as_text, written
from policyengine.testing.last_failed import cache_folder, failed_last_time, remember
from policyengine.testing.run import Running, load_suite, run_suites
from policyengine.testing.selection import Place, Selection, choose

CASES = HEAD + (
    "cases:\n"
    "  - name: all is well\n"
    "    expect: {verdict: paid}\n"
    "  - name: a wet thing\n"
    "    facts: {items: [{id: a, loss: wet, value: 5 EUR, sender: x}]}\n"
    "    expect: {verdict: declined}\n"
    "  - name: no photo is expected to be absent\n"
    "    expect: {absent_reasons: [PI-PHOTO]}\n"
    "tables:\n"
    "  - name: days\n"
    "    columns: [as_of, expect.verdict]\n"
    "    rows:\n"
    "      - [2025-01-07, paid]\n"
    "      - [2025-01-08, declined]\n"
)
BOXES = HEAD.replace("decision: damage", "decision: boxes") + "cases:\n  - {name: boxes, expect: {parts: 2}}\n"


@pytest.fixture
def folder(tmp_path) -> Path:
    return write_bundle(tmp_path / "parcels", first=CASES, boxes=BOXES)


@pytest.fixture
def chosen(folder):
    suite = load_suite(folder)

    def names(**wanted: object) -> list[str]:
        found = choose([suite], Selection(**wanted))
        assert found.complaints == ()
        return [c.name for c in found.cases[0]]

    return names


@pytest.fixture
def complaints(folder):
    suite = load_suite(folder)

    def told(**wanted: object) -> list[str]:
        (found,) = run_suites([suite], Selection(**wanted))
        assert not found.ok
        assert found.outcomes == ()
        return list(found.complaints)

    return told


def at(folder: Path, *, line: int | None = None, name: str | None = None) -> dict[str, tuple[Place, ...]]:
    path = folder / "tests" / "first.test.yaml"
    return {str(folder): (Place("first", path, line, name),)}


def test_all_without_a_choice(chosen):
    assert len(chosen()) == 6


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (9, ["all is well"]),
        (10, ["all is well"]),
        (13, ["a wet thing"]),
        (20, ["days [1]"]),
        (21, ["days [2]"]),
    ],
)
def test_a_line_chooses_the_case_that_it_is_in(chosen, folder, line, names):
    assert chosen(places=at(folder, line=line)) == names


def test_a_name_chooses_the_case_or_the_rows_of_the_table(chosen, folder):
    assert chosen(places=at(folder, name="a wet thing")) == ["a wet thing"]
    assert chosen(places=at(folder, name="days")) == ["days [1]", "days [2]"]
    assert chosen(places=at(folder, name="days [2]")) == ["days [2]"]
    assert len(chosen(places=at(folder))) == 5


def test_a_rule_chooses_what_expects_it_and_what_meets_it(chosen):
    assert chosen(rules=("PI-PHOTO",)) == ["no photo is expected to be absent"]
    assert chosen(rules=("PI-X-WET",)) == ["a wet thing"]
    assert "days [2]" in chosen(rules=("PI-BROKEN", "PI-LATE"))


def test_a_decision_and_a_text(chosen):
    assert chosen(decisions=("boxes",)) == ["boxes"]
    assert chosen(text="DAYS") == ["days [1]", "days [2]"]
    assert chosen(text="days", rules=("PI-LATE",)) == ["days [1]", "days [2]"]


def test_what_names_nothing_is_complained_about(complaints, folder):
    assert complaints(rules=("PI-PHOTOS",)) == ["there is no rule `PI-PHOTOS`; did you mean `PI-PHOTO`?"]
    assert complaints(decisions=("damages",)) == ["there is no decision `damages`; did you mean `damage`?"]
    assert complaints(text="dayz") == [
        "none of 6 cases is one whose name or file contains `dayz`; did you mean `days`?"
    ]
    assert complaints(places=at(folder, line=3)) == ["no case stands at `first`; the first one is at line 9"]
    assert complaints(places=at(folder, line=99)) == ["no case stands at `first`; the file ends at line 21"]
    assert complaints(decisions=("dam",)) == ["there is no decision `dam`; did you mean `damage`?"]
    (told,) = complaints(places=at(folder, name="a wet thin"))
    assert told.endswith("; did you mean `a wet thing`?")
    assert complaints(rules=("PI-X-WET",), text="days") == [
        "none of 6 cases is one whose name or file contains `days` and that expects or meets `PI-X-WET`"
    ]


def test_the_count_says_how_many_were_chosen(folder):
    (found,) = run_suites([load_suite(folder)], Selection(text="days"))
    assert as_text(found) == f"{folder}: 2 passed, 2 of 6 cases selected\n"


def test_a_choice_may_find_its_cases_in_one_of_several_bundles(folder, tmp_path):
    other = write_bundle(tmp_path / "other", one=BOXES.replace("{name: boxes", "{name: crates"))
    results = run_suites([load_suite(folder), load_suite(other)], Selection(text="crates"))
    assert [r.ok for r in results] == [True, False]  # the second one's case fails
    assert "0 of 6 cases selected" in as_text(results[0])
    assert "<error" not in written(results[:1], "junit")


def test_the_run_ends_at_the_first_failure(tmp_path):
    cases = "".join(
        f"  - {{name: c{n}, expect: {{verdict: {'declined' if n in (2, 4) else 'paid'}}}}}\n" for n in range(6)
    )
    suites = [load_suite(write_bundle(tmp_path / name, one=f"{HEAD}cases:\n{cases}")) for name in "ab"]
    first, second = run_suites(suites, running=Running(fail_fast=True))
    assert [o.case.name for o in first.outcomes] == ["c0", "c1", "c2"]
    assert (first.not_run, second.not_run, second.ok) == (3, 6, False)
    assert as_text(first).endswith(": 2 passed, 1 failed, 3 not run after the first failure\n")


def test_what_failed_is_remembered_outside_of_the_bundle(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    before = sorted(p for p in folder.rglob("*"))
    assert failed_last_time(folder) == frozenset()
    remember(folder, ["f::a", "f::b"], ["f::a", "f::b"])
    assert failed_last_time(folder) == {"f::a", "f::b"}
    remember(folder, ["f::a"], [])
    assert failed_last_time(folder) == {"f::b"}, "what was not run is still known to have failed"
    assert sorted(p for p in folder.rglob("*")) == before
    assert cache_folder().is_relative_to(tmp_path)


def test_a_cache_that_cannot_be_used_is_none(folder, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    remember(folder, ["f::a"], ["f::a"])
    assert failed_last_time(folder) == frozenset()


def test_the_ids_that_failed_choose(chosen, folder):
    assert chosen(ids={str(folder): frozenset(["first::days [2]"])}) == ["days [2]"]
