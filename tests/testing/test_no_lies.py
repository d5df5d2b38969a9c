"""How tests of policies lie elsewhere: what would pass without having been compared is told here, with its place."""

from __future__ import annotations

import shutil

import pytest
from tests.testing.parcels import HEAD, read, write_bundle

from policyengine.testing.formats import as_text
from policyengine.testing.model import Status
from policyengine.testing.run import run_cases

GOOD = HEAD + "cases:\n  - {name: one, expect: {verdict: paid}}\n"
VALUE = HEAD.replace("decision: damage", "decision: next_step")

# What a case expects (in the decision, if it is another), and what is said of it: code, message, underlined text.
NOTHING_COMPARED = [
    ("{}", "schema/type: `expect` is empty [{}]"),
    ("{values: {}}", "tests/expectation: nothing is compared by this: `values` looks at the values that it names [{}]"),
    (
        "{absent_reasons: []}",
        "tests/expectation: nothing is compared by this: `absent_reasons` looks at the rules that it names [[]]",
    ),
    ("{elements: {ghost: none}}", "names/unknown: unknown element `ghost` [{ghost: none}]"),
    ("{deadlines: {'PI-LATE[ghost]': none}}", "names/unknown: unknown element `ghost` [{'PI-LATE[ghost]': none}]"),
]
MISSPELT = [
    ("{verdict: payd}", "names/unknown: unknown verdict of `damage` `payd` [payd]"),
    ("{verdict: ~}", "names/unknown: unknown verdict of `damage` `~` [~]"),
    ("{reasons: [PI-BROKE]}", "names/unknown: unknown rule `PI-BROKE` [PI-BROKE]"),
    ("{absent_reasons: [PI-LAT]}", "names/unknown: unknown rule `PI-LAT` [PI-LAT]"),
    ("{warnings: [PI-W-MANI]}", "names/unknown: unknown rule `PI-W-MANI` [PI-W-MANI]"),
    ("{deadlines: {PI-LAT: none}}", "names/unknown: unknown rule `PI-LAT` [PI-LAT]"),
    ("{missing: [parcel.wight]}", "names/unknown: unknown fact `parcel.wight` [parcel.wight]"),
    ("{missing: ['items[a].los']}", "names/unknown: unknown field of `items` `los` ['items[a].los']"),
    ("{needs: [foto]}", "names/unknown: unknown need `foto` [foto]"),
    ("{values: {total_los: 1 EUR}}", "names/unknown: unknown reported value `total_los` [total_los]"),
    ("{elements: {a: payd}}", "names/unknown: unknown verdict of an element `payd` [payd]"),
    ("{remarks: [facts/odrer]}", "names/unknown: unknown remark `facts/odrer` [facts/odrer]"),
    ("{verdct: paid}", "schema/unknown-key: `verdct` is not a key of"),
    ("{reasons: [PI-BROKEN, PI-BROKEN]}", "tests/expectation: `PI-BROKEN` is given twice [PI-BROKEN]"),
]


@pytest.mark.parametrize(("expect", "told"), NOTHING_COMPARED + MISSPELT, ids=lambda text: text[:40])
def test_what_compares_nothing_or_is_misspelt_is_told_and_gives_no_case(tmp_path, expect, told):
    cases, said = read(tmp_path / "b", f"{HEAD}cases:\n  - {{name: one, expect: {expect}}}\n")
    assert cases == ()
    assert len(said) == 1
    assert told in said[0]


@pytest.mark.parametrize("key", ["elements: {}", "deadlines: {}", "groups: {}"])
def test_that_there_are_none_says_nothing_where_there_never_are_any(tmp_path, key):
    cases, said = read(tmp_path / "b", f"{VALUE}cases:\n  - {{name: one, expect: {{{key}}}}}\n")
    assert cases == ()
    assert [s.split(":")[0] for s in said] == ["tests/expectation"]


@pytest.mark.parametrize(
    ("key", "actual"), [("reasons", "[PI-BROKEN]"), ("missing", "[]"), ("needs", "[]"), ("warnings", "[]")]
)
def test_lists_are_compared_whole(tmp_path, key, actual):
    """Neither more nor less than what is there will do; an empty list says that there is nothing."""
    more = {
        "reasons": "[PI-BROKEN, PI-LATE]",
        "missing": "[parcel.weight]",
        "needs": "[photo]",
        "warnings": "[PI-W-MANY]",
    }
    texts = [actual, more[key], "[]"]
    cases = "".join(f"  - {{name: '{n}', expect: {{{key}: {text}}}}}\n" for n, text in enumerate(texts))
    found = run_cases(write_bundle(tmp_path / "b", one=f"{HEAD}cases:\n{cases}"))
    assert [o.status is Status.PASSED for o in found.outcomes] == [True, False, actual == "[]"]


def test_a_case_without_a_name_is_told(tmp_path):
    cases, said = read(tmp_path / "b", f"{HEAD}cases:\n  - {{name: '', expect: {{verdict: paid}}}}\n")
    assert (cases, [s.split(":")[0] for s in said]) == ((), ["tests/expectation"])


def test_two_cases_of_a_name_are_told(tmp_path):
    twice = "  - {name: one, expect: {verdict: paid}}\n" * 2
    cases, said = read(tmp_path / "b", f"{HEAD}cases:\n{twice}")
    assert (cases, said) == ((), ["tests/duplicate-name: two cases are called `one` [one] (first used at line 9)"])


def test_a_case_of_an_unknown_decision_is_told(tmp_path):
    cases, said = read(tmp_path / "b", GOOD.replace("decision: damage", "decision: damages"))
    assert cases == ()
    assert said[0] == "names/unknown: unknown decision `damages` [damages] (did you mean `damage`?)"


def test_an_element_of_the_case_may_be_expected_to_have_no_verdict(tmp_path):
    text = f"{HEAD}cases:\n  - {{name: one, facts: {{parcel.insured: ~}}, expect: {{elements: {{a: paid}}}}}}\n"
    cases, said = read(tmp_path / "b", text)
    assert (len(cases), said) == (1, [])


# Where a file of cases is put, and what is said of it.
STRAY = [
    ("tests/late.yaml", "its name does not end in `.test.yaml`", "call it `late.test.yaml`"),
    ("tests/late.test.yml", "its name does not end in `.test.yaml`", "call it `late.test.yaml`"),
    ("tests/deep/Late.TEST.YAML", "its name does not end in `.test.yaml`", "call it `Late.test.yaml`"),
    ("late.test.yaml", "it is not in the folder `tests`", "move it to `tests/late.test.yaml`"),
    ("test/late.test.yaml", "it is not in the folder `tests`", "move it to `tests/late.test.yaml`"),
    ("Tests/late.test.yaml", "it is not in the folder `tests`", "move it to `tests/late.test.yaml`"),
    ("cases.yml", "it is not in the folder `tests`", "move it to `tests/cases.test.yaml`"),
]


@pytest.mark.parametrize(("place", "why", "help_"), STRAY, ids=[s[0] for s in STRAY])
def test_a_file_of_cases_that_is_never_run_is_a_fault(tmp_path, place, why, help_):
    folder = write_bundle(tmp_path / "b", one=GOOD)
    (folder / place).parent.mkdir(parents=True, exist_ok=True)
    (folder / place).write_text(GOOD, encoding="utf-8")
    results = run_cases(folder)
    assert not results.ok
    (fault,) = results.faults
    assert (fault.code, fault.span.file.path) == ("tests/not-run", str(folder / place))
    assert why in fault.message
    assert str(fault.help).startswith(help_)


def test_a_linked_folder_of_cases_is_a_fault(tmp_path):
    folder = write_bundle(tmp_path / "b", one=GOOD)
    shutil.move(folder / "tests", tmp_path / "elsewhere")
    (folder / "tests").symlink_to(tmp_path / "elsewhere")
    (fault,) = run_cases(folder).faults
    assert fault.code == "tests/not-run"
    assert "linked folders are not entered" in fault.message


def test_a_folder_with_the_name_of_a_file_of_cases_is_a_fault(tmp_path):
    folder = write_bundle(tmp_path / "b", one=GOOD)
    (folder / "tests" / "late.test.yaml").mkdir()
    assert [f.code for f in run_cases(folder).faults] == ["tests/not-run"]


def test_copies_that_editors_keep_and_other_files_are_no_fault(tmp_path):
    folder = write_bundle(tmp_path / "b", one=GOOD)
    (folder / "tests" / ".one.test.yaml.swp").write_text("junk", encoding="utf-8")
    (folder / "tests" / ".late.yaml").write_text("junk", encoding="utf-8")
    (folder / "tests" / "README.md").write_text("# Cases\n", encoding="utf-8")
    assert run_cases(folder).ok


@pytest.mark.parametrize("text", ["", "# nothing\n", "kind: tests\n", HEAD, HEAD + "cases: []\n"])
def test_a_file_without_a_case_is_a_fault(tmp_path, text):
    assert run_cases(write_bundle(tmp_path / "b", one=GOOD, two=text)).faults


def test_what_must_fail_and_passes_is_not_counted_as_passed(tmp_path):
    found = run_cases(write_bundle(tmp_path / "b", one=GOOD.replace("paid}", "declined}")))
    assert (found.ok, found.count(Status.PASSED), found.count(Status.FAILED)) == (False, 0, 1)
    assert as_text(found).endswith(": 1 failed\n")


def test_cases_under_review_are_run_and_counted_apart(tmp_path):
    cases = (
        "cases:\n  - {name: one, review: true, expect: {verdict: paid}}\n"
        "  - {name: two, review: true, expect: {verdict: declined}}\n  - {name: three, expect: {verdict: paid}}\n"
    )
    found = run_cases(write_bundle(tmp_path / "b", one=HEAD + cases))
    assert not found.ok
    text = as_text(found)
    assert "failed: one::two (under review)\n" in text
    assert text.endswith(": 2 passed, 1 failed, 2 under review\n")
