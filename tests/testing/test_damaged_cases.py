"""Test files with words mixed up at random: never an exception; every fault has a place, every case an outcome."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.testing.parcels import HEAD, write_bundle

from policyengine.diagnostics import Diagnostics
from policyengine.loading import load_bundle
from policyengine.source import SourceFile
from policyengine.testing.cases import cases_in
from policyengine.testing.formats import as_github, as_json, as_junit, as_text
from policyengine.testing.model import Results, Status
from policyengine.testing.run import CaseRunner

TEXT = (
    HEAD
    + """bases:
  late: {report: {filed_on: 2025-01-20, papers: [bill]}, parcel.count: 2}
cases:
  - name: one
    cites: [P1]
    base: late
    facts: {parcel.weight: 1.5, items: [{id: a, loss: broken, value: 60 EUR, sender: x}, {id: b, loss: wet, count: 3}]}
    expect: {verdict: declined, reasons: [PI-LATE], deadlines: {PI-LATE: 2025-01-07}, missing: [], amount: 0 EUR}
  - name: two
    as_of: 2025-01-06
    expect: {elements: {a: paid}, groups: {x: 60 EUR}, values: {total_loss: 60 EUR}, absent_reasons: [PI-W-MANY]}
  - name: three
    facts: {report.papers: ~}
    expect: {verdict: undetermined, missing: [report.papers], needs: [], remarks: [], faults: [], amount: unknown}
tables:
  - name: days
    base: late
    columns: [report.filed_on, items, as_of, expect.verdict, expect.elements.a, expect.deadlines.PI-LATE]
    rows:
      - [2025-01-07, '-', '-', wait, wait, 2025-01-07]
      - ['-', [], 2025-01-08, declined, '-', '-']
      - [~, ~, '-', undetermined, '-', '-']
"""
)
WORD = re.compile(r"(?:PI(?:-[A-Z]+)+|[\w.]+(?:-\d+)*(?: EUR)?)|\[[^\[\]]*\]|\{[^{}]*\}")
POOL = [
    "~",
    "[]",
    "{}",
    "'-'",
    "''",
    "unknown",
    "none",
    "[[a]]",
    "{a: b}",
    "99999999999999999999",
    "0.1",
    "true",
    "tables",
]


@st.composite
def mixed_up(draw: st.DrawFn) -> str:
    text = TEXT
    for _ in range(draw(st.integers(1, 4))):
        words = list(WORD.finditer(text))
        at = draw(st.sampled_from(words))
        other = draw(st.sampled_from([w.group() for w in words]) | st.sampled_from(POOL))
        text = text[: at.start()] + other + text[at.end() :]
    return text


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CaseRunner]:
    with CaseRunner(load_bundle(write_bundle(tmp_path_factory.mktemp("damage") / "b"))) as made:
        yield made


def results(runner: CaseRunner, text: str) -> Results:
    sink = Diagnostics()
    cases = cases_in(runner.bundle, SourceFile("tests/f.test.yaml", text, "tests/f.test.yaml"), sink)
    assert bool(cases) != sink.failed
    return Results(bundle="b", outcomes=tuple(runner.run(c) for c in cases), diagnostics=sink.sorted())


def test_undamaged_the_cases_pass(runner):
    found = results(runner, TEXT)
    assert found.ok, as_text(found)
    assert len(found.outcomes) == 6


@given(text=mixed_up())
@settings(deadline=None, max_examples=600, derandomize=True)
def test_mixed_up_words_are_told_or_decided(runner, text):
    found = results(runner, text)
    for fault in found.diagnostics:
        assert fault.message
        assert 1 <= fault.span.start.line <= text.count("\n") + 1
    for outcome in found.outcomes:
        failed = outcome.status is not Status.PASSED
        assert bool(outcome.differences or outcome.error) == failed
        assert not any(d.engine for d in outcome.differences), as_text(found)
    assert all((as_text(found), as_json(found), as_junit(found))) and isinstance(as_github(found), str)  # noqa: PT018 - none raises
