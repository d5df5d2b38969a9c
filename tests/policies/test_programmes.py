"""The shipped programmes: every case passes, every reason has a case, and every statement is accounted for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from policyengine.diagnostics import Diagnostics
from policyengine.loading import load_bundle
from policyengine.model.bundle import CheckedBundle
from policyengine.shipped import shipped_policies
from policyengine.testing.cases import read_cases
from policyengine.testing.formats import as_text
from policyengine.testing.model import Case, Status
from policyengine.testing.reachability import all_ids, cited, unexpected_ids
from policyengine.testing.run import run_cases

BUNDLES = sorted(p.name for p in shipped_policies().iterdir() if (p / "bundle.yaml").is_file())
FEWEST = {"trade_assurance": 150, "alibaba_terms": 60}
STATEMENTS = [*(f"S{n}" for n in range(1, 57)), *(f"R{n}" for n in range(1, 39))]

_CODE = re.compile(r"`([^`]+)`")
_RULE = re.compile(r"[A-Z0-9]+(?:-[A-Z0-9]+)+")
_ROW = re.compile(r"\| *([SR]\d+) *\|(.*)\|")


def folder(name: str) -> Path:
    return shipped_policies() / name


def loaded(name: str) -> tuple[CheckedBundle, tuple[Case, ...]]:
    sink = Diagnostics()
    bundle = load_bundle(folder(name))
    cases = read_cases(bundle, folder(name), sink)
    assert [d.render() for d in sink] == []
    return bundle, cases


@pytest.fixture(scope="module")
def trade_assurance() -> tuple[CheckedBundle, tuple[Case, ...]]:
    return loaded("trade_assurance")


def rows_of_the_readme() -> dict[str, str]:
    """What the tables of the programme's README say of each statement, by its number."""
    text = (folder("trade_assurance") / "README.md").read_text(encoding="utf-8")
    found = [match.groups() for line in text.splitlines() if (match := _ROW.fullmatch(line.strip()))]
    assert len(found) == len(dict(found)), "a statement has two rows"
    return dict(found)


def test_the_programmes_are_there():
    assert {"trade_assurance", "alibaba_terms"} <= set(BUNDLES)


@pytest.mark.parametrize("name", BUNDLES)
def test_every_case_passes_with_every_engine(name):
    results = run_cases(folder(name))
    assert results.ok, as_text(results)
    assert results.count(Status.PASSED) == len(results.outcomes) >= FEWEST.get(name, 1)


@pytest.mark.parametrize("name", BUNDLES)
def test_every_reason_and_warning_has_a_case(name):
    bundle, cases = loaded(name)
    assert [rule for ids in all_ids(bundle).values() for rule in ids]
    assert unexpected_ids(bundle, cases) == ()


@pytest.mark.parametrize("name", BUNDLES)
def test_every_verdict_has_a_case(name):
    bundle, cases = loaded(name)
    expected = {(c.decision, e.value) for c in cases for e in c.expected if e.key == "verdict"}
    words = {(d.name, w) for d in bundle.decisions.values() for w in verdicts(bundle, d.name)}
    assert words - expected == set()


@pytest.mark.parametrize("name", BUNDLES)
def test_every_case_cites_what_it_tests(name):
    _, cases = loaded(name)
    assert [c.id for c in cases if not c.cites] == []


def test_every_statement_is_in_the_readme():
    assert sorted(rows_of_the_readme()) == sorted(STATEMENTS)


def test_every_statement_is_cited_by_a_case_or_explained(trade_assurance):
    _, cases = trade_assurance
    rows = rows_of_the_readme()
    silent = [s for s in STATEMENTS if s not in cited(cases) and "no rule" not in rows[s]]
    assert silent == []


def test_cases_cite_only_statements_that_exist(trade_assurance):
    _, cases = trade_assurance
    assert cited(cases) - set(STATEMENTS) == set()


def test_every_name_in_the_readme_exists(trade_assurance):
    bundle, _ = trade_assurance
    known = set(names_of(bundle))
    missing = {
        (statement, name)
        for statement, row in rows_of_the_readme().items()
        for name in _CODE.findall(row)
        if (_RULE.fullmatch(name) or re.fullmatch("[a-z_]+", name)) and name not in known
    }
    assert missing == set()


def test_every_file_in_the_readme_exists():
    files = {f for row in rows_of_the_readme().values() for f in re.findall(r"[a-z_]+\.yaml", row)}
    assert files
    assert [f for f in sorted(files) if not (folder("trade_assurance") / f).is_file()] == []


def verdicts(bundle: CheckedBundle, decision: str) -> Iterator[str]:
    spec = bundle.decisions[decision]
    yield from spec.value.type.members if spec.value is not None else spec.verdicts


def names_of(bundle: CheckedBundle) -> Iterator[str]:
    """Everything that a reader of the policies can look up by name."""
    yield from (rule for ids in all_ids(bundle).values() for rule in ids)
    yield from (*bundle.facts, *bundle.lists, *bundle.parameters, *bundle.definitions, *bundle.decisions)
    for spec in bundle.decisions.values():
        yield from (*spec.verdicts, *spec.element_verdicts)
        yield from (r.id for r in spec.rules)
    yield from ("time_zone", "in_force_on", "by")  # keys of policy files
