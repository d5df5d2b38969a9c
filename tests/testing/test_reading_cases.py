"""From test files to cases: bases, tables, removals, and every fault with its words and place."""

from __future__ import annotations

from datetime import date

import pytest
from tests.testing.parcels import HEAD, read, write_bundle

from policyengine.diagnostics import Diagnostics
from policyengine.loading import load_bundle
from policyengine.model import faults
from policyengine.source import nowhere
from policyengine.testing.cases import read_cases, stem_of
from policyengine.testing.known_words import FAULTS


def expectation(text: str) -> str:
    return f"{HEAD}cases:\n  - name: one\n    expect: {text}\n"


def given(text: str) -> str:
    return f"{HEAD}cases:\n  - name: one\n    facts: {text}\n    expect: {{verdict: paid}}\n"


def table(columns: str, *rows: str) -> str:
    lines = "".join(f"      - {row}\n" for row in rows)
    return f"{HEAD}tables:\n  - name: t\n    columns: {columns}\n    rows:\n{lines}"


# Facts


def test_facts_are_laid_over_the_base_and_the_base_over_the_file(tmp_path):
    text = (
        HEAD
        + """bases:
  late: {report: {filed_on: 2025-01-20, papers: [bill]}, parcel.count: 2}
cases:
  - name: own
    base: late
    facts: {report.papers: [photo, bill], parcel: {insured: ~}}
    expect: {verdict: paid}
"""
    )
    cases, said = read(tmp_path / "b", text)
    assert said == []
    assert cases[0].facts == {
        "parcel": {"received_on": "2025-01-02", "count": 2},
        "report": {"papers": ["photo", "bill"], "filed_on": "2025-01-20"},
        "items": [{"id": "a", "loss": "broken", "value": "60 EUR", "sender": "x"}],
    }


def test_a_tilde_takes_a_whole_group_or_list_away(tmp_path):
    cases, said = read(tmp_path / "b", given("{parcel: ~, items: ~}"))
    assert said == []
    assert cases[0].facts == {"report": {"papers": ["photo"]}}


def test_a_fact_can_be_given_again_over_a_group_that_was_taken_away(tmp_path):
    cases, said = read(tmp_path / "b", given("{parcel: ~, parcel.insured: false}"))
    assert said == []
    assert cases[0].facts["parcel"] == {"insured": False}


def test_lists_are_given_whole_and_unknown_fields_left_out(tmp_path):
    cases, _ = read(tmp_path / "b", given("{items: [{id: 1, count: 2, value: ~}]}"))
    assert cases[0].facts["items"] == [{"id": "1", "count": 2}]


def test_values_are_read_as_requests_are_never_as_yaml_would(tmp_path):
    facts = "{parcel: {count: 12, weight: 0.10, insured: true}, owner.currency: 'EUR', items: [{id: NO, sender: 1e3}]}"
    cases, said = read(tmp_path / "b", given(facts))
    assert said == []
    parcel = cases[0].facts["parcel"]
    assert (parcel["count"], parcel["weight"], parcel["insured"]) == (12, "0.10", True)
    assert cases[0].facts["items"] == [{"id": "NO", "sender": "1e3"}]


def test_money_may_be_a_mapping(tmp_path):
    cases, said = read(tmp_path / "b", given("{items: [{id: a, value: {amount: 1.50, currency: EUR}}]}"))
    assert said == []
    assert cases[0].facts["items"][0]["value"] == {"amount": "1.50", "currency": "EUR"}


# Cases


def test_a_case_knows_its_place_day_and_what_it_cites(tmp_path):
    text = HEAD + "cases:\n  - name: one\n    cites: [P1, 2]\n    review: true\n    expect: {verdict: paid}\n"
    (case,), _ = read(tmp_path / "b", text)
    assert (case.id, case.as_of, case.cites, case.review) == ("one::one", date(2025, 1, 5), ("P1", "2"), True)
    assert case.span.at == "tests/one.test.yaml:9"
    assert case.places["parcel.insured"].at == "tests/one.test.yaml:5"


@pytest.mark.parametrize(
    ("path", "stem"),
    [("tests/late.test.yaml", "late"), ("tests/more/late.test.yaml", "more/late"), ("late.test.yaml", "late")],
)
def test_the_id_begins_with_the_file(path, stem):
    assert stem_of(path) == stem


def test_expectations_are_sets_and_entries(tmp_path):
    text = expectation(
        "{missing: ['items[a].value', parcel.count], deadlines: {PI-LATE: 2025-01-07}, amount: 5 EUR,"
        " values: {total_loss: unknown}, elements: {a: none}, warnings: [PI-W-MANY], parts: 2}"
    )
    (case,), said = read(tmp_path / "b", text)
    assert said == []
    assert [(e.label, e.value) for e in case.expected] == [
        ("missing", ["items[a].value", "parcel.count"]),
        ("deadlines", {"PI-LATE": "2025-01-07"}),
        ("amount", "5.00 EUR"),
        ("values.total_loss", "unknown"),
        ("elements", {"a": "none"}),
        ("warnings", ["PI-W-MANY"]),
        ("parts", 2),
    ]


# Tables


def test_each_row_is_a_case(tmp_path):
    text = table(
        "[report.filed_on, as_of, expect.verdict, expect.elements.a, expect.deadlines.PI-LATE]",
        "[2025-01-07, '-', paid, paid, 2025-01-07]",
        "['-', 2025-01-08, declined, '-', none]",
        "[~, '-', '-', paid, '-']",
    )
    cases, said = read(tmp_path / "b", text)
    assert said == []
    assert [c.name for c in cases] == ["t [1]", "t [2]", "t [3]"]
    assert [c.as_of.day for c in cases] == [5, 8, 5]
    assert [c.facts["report"].get("filed_on") for c in cases] == ["2025-01-07", None, None]
    assert [[e.label for e in c.expected] for c in cases] == [
        ["verdict", "elements.a", "deadlines.PI-LATE"],
        ["verdict", "deadlines.PI-LATE"],
        ["elements.a"],
    ]
    assert cases[1].span.start.line == cases[0].span.start.line + 1


def test_a_column_can_name_the_rows(tmp_path):
    cases, _ = read(tmp_path / "b", table("[name, expect.verdict]", "[in time, paid]", "['-', paid]"))
    assert [c.name for c in cases] == ["t [in time]", "t [2]"]


def test_a_tilde_in_a_cell_takes_a_fact_of_the_base_away(tmp_path):
    text = table("[items, parcel.insured, expect.verdict]", "[~, '-', paid]", "['-', ~, paid]")
    cases, _ = read(tmp_path / "b", text)
    assert ["items" in c.facts for c in cases] == [False, True]
    assert ["insured" in c.facts["parcel"] for c in cases] == [True, False]


# Faults

BROKEN = [
    ("decision: damag", "names/unknown: unknown decision `damag` [damag] (did you mean `damage`?)"),
    (given("{parcel.insurd: true}"), "names/unknown: unknown fact `parcel.insurd` [parcel.insurd]"),
    (
        given("{parcel: {insurd: true}}"),
        "names/unknown: unknown fact `parcel.insurd` [insurd] (did you mean `insured`?",
    ),
    (
        given("{items: [{id: a, los: wet}]}"),
        "names/unknown: unknown field of `items` `los` [los] (did you mean `loss`?)",
    ),
    (given("{items: {id: a}}"), "schema/type: `items` must be a list of mappings [{id: a}]"),
    (given("{items: [a]}"), "schema/type: an item of `items` must be a mapping [a]"),
    (given("{parcel: 3}"), "schema/type: `parcel` holds facts, so it must be a mapping [3] (write `parcel."),
    (
        given("{parcel.insured: true, parcel: {insured: false}}"),
        "yaml/duplicate-key: `parcel.insured` is given twice [false]",
    ),
    (given("{parcel.insured: yes}"), "request/type: true or false is needed here, but this is text [yes]"),
    (given("{parcel.count: 1.5}"), "request/type: a whole number is needed here, but this is text [1.5]"),
    (given("{parcel.count: -1}"), "request/range: -1 is less than 0, the least allowed [-1]"),
    (given("{parcel.received_on: 2025-02-29}"), "request/type: there is no day `2025-02-29` [2025-02-29]"),
    (given("{report.papers: [photo, bil]}"), "request/member: `bil` is not a member [bil] (did you mean `bill`?"),
    (given("{items: [{id: a, value: {amount: x, currency: EUR}}]}"), "request/type: `x` is not a number [x]"),
    (expectation("{verdict: payd}"), "names/unknown: unknown verdict of `damage` `payd` [payd] (did you mean `paid`?)"),
    (expectation("{reasons: [PI-LAT]}"), "names/unknown: unknown rule `PI-LAT` [PI-LAT] (did you mean `PI-LATE`?)"),
    (
        expectation("{absent_reasons: [PI-LAT]}"),
        "names/unknown: unknown rule `PI-LAT` [PI-LAT] (did you mean `PI-LATE`?)",
    ),
    (
        expectation("{reasons: [PI-W-MANY]}"),
        "tests/expectation: rule `PI-W-MANY` only warns, so it cannot be expected here",
    ),
    (
        expectation("{warnings: [PI-LATE]}"),
        "tests/expectation: rule `PI-LATE` is no warning, so it cannot be expected here",
    ),
    (
        expectation("{absent_reasons: [PI-BOXES]}"),
        "names/unknown: rule `PI-BOXES` belongs to decision `boxes`, not to `damage`",
    ),
    (
        expectation("{deadlines: {PI-LTE: 2025-01-01}}"),
        "names/unknown: unknown rule `PI-LTE` [PI-LTE] (did you mean `PI-LATE`?)",
    ),
    (expectation("{deadlines: {PI-BROKEN: 2025-01-01}}"), "tests/expectation: rule `PI-BROKEN` has no deadline"),
    (expectation("{deadlines: {PI-LATE: 2025-13-01}}"), "request/type: there is no day `2025-13-01` [2025-13-01]"),
    (
        expectation("{elements: {a: pade}}"),
        "names/unknown: unknown verdict of an element `pade` [pade] (did you mean `paid`?)",
    ),
    (expectation("{missing: [parcel.cont]}"), "names/unknown: unknown fact `parcel.cont` [parcel.cont]"),
    (expectation("{missing: ['items[a].los']}"), "names/unknown: unknown field of `items` `los` ['items[a].los']"),
    (
        expectation("{missing: ['item[a].loss']}"),
        "names/unknown: unknown list `item` ['item[a].loss'] (did you mean `items`?)",
    ),
    (expectation("{needs: [foto]}"), "names/unknown: unknown need `foto` [foto] (did you mean `photo`?)"),
    (expectation("{values: {total_los: 1 EUR}}"), "names/unknown: unknown reported value `total_los` [total_los]"),
    (expectation("{values: {total_loss: 1}}"), "request/type: money is needed here"),
    (expectation("{amount: 5}"), "request/type: money is needed here"),
    (expectation("{amount: 5 EURO}"), "request/currency: `EURO` is not a currency code [5 EURO]"),
    (expectation("{groups: {x: five}}"), "request/type: money is needed here"),
    (expectation("{parts: two}"), "request/type: a whole number is needed here, but this is text [two]"),
    (
        expectation("{remarks: [facts/ordr]}"),
        "names/unknown: unknown remark `facts/ordr` [facts/ordr] (did you mean `facts/order`?)",
    ),
    (expectation("{faults: [fault/x]}"), "names/unknown: unknown fault `fault/x` [fault/x]"),
    (expectation("{reason: [PI-LATE]}"), "schema/unknown-key: `reason` is not a key of the expectation [reason]"),
    (f"{HEAD}cases:\n  - {{name: a, base: x, expect: {{verdict: paid}}}}", "names/unknown: unknown base `x` [x]"),
    (
        f"{HEAD}cases:\n  - {{name: a, as_of: soon, expect: {{verdict: paid}}}}",
        "request/type: `soon` is not a date [soon]",
    ),
    (
        f"{HEAD}cases:\n  - {{name: a, expect: {{verdict: paid}}}}\n  - {{name: a, expect: {{verdict: paid}}}}",
        "tests/duplicate-name: two cases are called `a` [a] (first used at line 9)",
    ),
    (
        "kind: tests\ndecision: damage\ncases:\n  - {name: a, expect: {verdict: paid}}",
        "schema/missing-key: case `a` has no `as_of` [a] (add it to the case or, for all cases, to the file)",
    ),
    (table("[parcel.cont, expect.verdict]", "[1, paid]"), "names/unknown: unknown fact `parcel.cont` [parcel.cont]"),
    (table("[parcel, expect.verdict]", "[1, paid]"), "names/unknown: unknown fact `parcel` [parcel]"),
    (
        table("[expect.verdit]", "[paid]"),
        "names/unknown: unknown column `expect.verdit` [expect.verdit] (did you mean `expect.verdict`?)",
    ),
    (table("[expect.verdict.a]", "[paid]"), "names/unknown: unknown column `expect.verdict.a`"),
    (table("[expect.deadlines.PI-LAT]", "[none]"), "names/unknown: unknown rule `PI-LAT`"),
    (
        table("[expect.verdict, expect.verdict]", "[paid, paid]"),
        "yaml/duplicate-key: column `expect.verdict` is there twice",
    ),
    (table("[parcel.count]", "[1]"), "tests/expectation: no column of this table expects anything"),
    (table("[parcel.count, expect.verdict]", "[1, '-']"), "tests/expectation: this row expects nothing [[1, '-']]"),
    (
        table("[parcel.count, expect.verdict]", "[1, paid]", "[2]"),
        "table/width: this row has 1 cells, but the table has 2 columns [[2]]",
    ),
    (table("[expect.reasons]", "[PI-LATE]"), "tests/expectation: a list is needed here [PI-LATE]"),
    (table("[expect.verdict]", "[[paid]]"), "tests/expectation: a single value is needed here [[paid]]"),
    (table("[expect.elements]", "[paid]"), "tests/expectation: `elements` must be a mapping [paid]"),
    (table("[name, expect.verdict]", "[[a], paid]"), "schema/type: `name` must be a single value [[a]]"),
    (
        table("[name, expect.verdict]", "[a, paid]", "[a, paid]"),
        "tests/duplicate-name: two cases are called `t [a]` [a]",
    ),
]


@pytest.mark.parametrize(("text", "told"), BROKEN, ids=[told.split(" [")[0] for _, told in BROKEN])
def test_a_fault_is_told_with_its_place_and_the_file_gives_no_case(tmp_path, text, told):
    if text.startswith("decision:"):
        text = f"kind: tests\n{text}\nas_of: 2025-01-01\ncases: [{{name: a, expect: {{verdict: paid}}}}]\n"
    cases, said = read(tmp_path / "b", text)
    assert cases == ()
    assert [s for s in said if s.startswith(told)], said
    assert len(said) == 1, said


def test_elements_and_groups_can_be_expected_only_where_there_are_some(tmp_path):
    text = (
        "kind: tests\ndecision: boxes\nas_of: 2025-01-01\n"
        "cases: [{name: a, expect: {elements: {a: one}, groups: {x: 1 EUR}}}]\n"
    )
    _, said = read(tmp_path / "b", text)
    assert said == [
        "tests/expectation: decision `boxes` has no elements [a]",
        "tests/expectation: decision `boxes` pays by no groups [x]",
    ]


def test_a_file_of_another_kind_among_the_tests_is_told(tmp_path):
    _, said = read(tmp_path / "b", "kind: parameters\nparameters: {a: {type: integer, value: 1}}\n")
    assert said[0].startswith("schema/kind: a file of kind `parameters` cannot stand among the tests")


def test_one_broken_file_does_not_hide_the_others(tmp_path):
    folder = write_bundle(tmp_path / "b", broken=expectation("{verdict: payd}"), sound=expectation("{verdict: paid}"))
    sink = Diagnostics()
    cases = read_cases(load_bundle(folder), folder, sink)
    assert [c.id for c in cases] == ["sound::one"]
    assert [d.span.file.relative for d in sink] == ["tests/broken.test.yaml"]


def test_every_fault_of_the_model_can_be_expected():
    span = nowhere("f")
    makers = [
        faults.currency_mismatch(span, "EUR", "USD"),
        faults.division_by_zero(span),
        faults.date_out_of_range(span),
        faults.empty_list(span, "min"),
        faults.empty_date(span, "a.b"),
        faults.not_in_force(span, "p"),
        faults.bad_split(span, "a"),
        faults.table_overlap(span, 1, 2),
        faults.table_no_row(span, "t"),
    ]
    assert tuple(f.code for f in makers) == FAULTS
    made_there = [n for n, f in vars(faults).items() if callable(f) and getattr(f, "__module__", "") == faults.__name__]
    assert len(made_there) == len(FAULTS) + 1  # and the class


def test_a_fault_of_the_yaml_keeps_the_file_from_giving_cases(tmp_path):
    cases, said = read(tmp_path / "b", expectation("{verdict: paid, verdict: declined}"))
    assert cases == ()
    assert [s.split(":")[0] for s in said] == ["yaml/duplicate-key"]
