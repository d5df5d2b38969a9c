"""Differences as files: cases that can be run, private, few, and never a reason for an answer to fail."""

from __future__ import annotations

import logging
import stat
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal as Number
from pathlib import Path

import pytest
import yaml
from tests.testing.parcels import write_bundle

from policyengine import reference
from policyengine.engine.referee import Difference
from policyengine.loading import load_bundle
from policyengine.shipped import shipped_policies
from policyengine.testing import difference_store as store_module
from policyengine.testing.cases import read_cases
from policyengine.testing.difference_store import MOST_FILES, DifferenceStore, case_text
from policyengine.testing.formats import as_text
from policyengine.testing.run import run_cases


@pytest.fixture
def policies(tmp_path) -> Path:
    return write_bundle(tmp_path / "policies")


@pytest.fixture
def bundle(policies):
    return load_bundle(policies)


def made(bundle, facts: dict[str, object], decision: str = "damage", day: str = "2025-01-05") -> Difference:
    from datetime import date

    as_of = date.fromisoformat(day)
    expected = reference.decide(bundle, decision, facts, as_of)
    return Difference(
        bundle=bundle,
        decision=decision,
        as_of=as_of,
        facts=facts,
        found="durable and compiled differ",
        expected=expected,
    )


def wet(value: object = "5 EUR", key: str = "a") -> dict[str, object]:
    return {"items": [{"id": key, "loss": "wet", "value": value, "sender": "x"}]}


def test_a_kept_difference_is_a_case_that_runs(tmp_path, policies, bundle):
    store = DifferenceStore(tmp_path / "new" / "kept")
    path = Path(store(made(bundle, wet())))
    assert path.parent == tmp_path / "new" / "kept"
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    (case,) = written["cases"]
    assert (written["kind"], written["decision"], written["as_of"]) == ("tests", "damage", "2025-01-05")
    assert case["facts"] == wet()
    assert case["expect"]["verdict"] == "declined"
    assert case["review"] is True
    assert path.read_text(encoding="utf-8").startswith("# durable and compiled differ.\n")
    (policies / "tests").mkdir(exist_ok=True)
    path.rename(policies / "tests" / path.name)
    results = run_cases(policies, "engines differ")
    assert (results.ok, len(results.outcomes)) == (True, 1), as_text(results)


def test_a_wrong_expectation_would_fail(tmp_path, policies, bundle):
    difference = made(bundle, wet())
    wrong = replace(difference, expected=difference.expected._replace(verdict="paid"))
    (policies / "tests").mkdir(exist_ok=True)
    (policies / "tests" / "kept.test.yaml").write_text(case_text(wrong), encoding="utf-8")
    assert not run_cases(policies, "engines differ").ok


@pytest.mark.parametrize("name", ["trade_assurance", "alibaba_terms"])
def test_shipped_cases_could_be_kept_and_run(tmp_path, name):
    """The answers of every fourth case are written as differences would be, and read back with all they expect."""
    from policyengine.diagnostics import Diagnostics

    folder = shipped_policies() / name
    bundle = load_bundle(folder)
    kept = tmp_path / "tests"
    kept.mkdir()
    cases = read_cases(bundle, folder, Diagnostics())[::4]
    for number, case in enumerate(cases):
        difference = made(bundle, dict(case.facts), case.decision, case.as_of.isoformat())
        (kept / f"{number}.test.yaml").write_text(case_text(difference), encoding="utf-8")
    sink = Diagnostics()
    back = read_cases(bundle, tmp_path, sink)
    assert not sink.failed, [d.render() for d in sink][:3]
    assert len(back) == len(cases) > 20
    assert all(len(case.expected) > 5 for case in back)
    asked = {(c.decision, c.as_of, str(reference.decide(bundle, c.decision, c.facts, c.as_of))) for c in cases}
    assert asked == {(c.decision, c.as_of, str(reference.decide(bundle, c.decision, c.facts, c.as_of))) for c in back}


def test_alike_differences_are_written_once(tmp_path, bundle):
    store, other = DifferenceStore(tmp_path / "kept"), DifferenceStore(tmp_path / "kept")
    first = store(made(bundle, wet()))
    assert store(made(bundle, wet())) == other(made(bundle, wet())) == first
    # Null is absent, and a decimal is what it is written as.
    assert store(made(bundle, {**wet(), "parcel": {"count": None}})) != first
    assert store(made(bundle, wet(), day="2025-01-06")) != first
    assert len(list((tmp_path / "kept").iterdir())) == 3


@pytest.mark.parametrize(
    "key", ["~", "no", "2025-01-01", "a: b #", 'quote "', "ß\u2028\x85 tab\t", "]", "x" * 300, "- 1"]
)
def test_texts_come_back_as_they_were(tmp_path, bundle, policies, key):
    text = case_text(made(bundle, wet(key=key)))
    (policies / "tests").mkdir(exist_ok=True)
    (policies / "tests" / "kept.test.yaml").write_text(text, encoding="utf-8")
    results = run_cases(policies, "engines differ")
    assert results.ok, as_text(results)


def test_a_version_of_several_lines_is_told_in_one(bundle):
    difference = made(replace(bundle, version="1.0\nkind: rules"), wet())
    assert case_text(difference).splitlines()[1].endswith("by version 1.0 kind: rules of `" + bundle.id + "`.")
    assert yaml.safe_load(case_text(difference))["cases"][0]["expect"]["reasons"]


def test_numbers_keep_their_digits(bundle):
    facts = wet({"amount": Number("5.10"), "currency": "EUR"})
    (case,) = yaml.safe_load(case_text(made(bundle, facts)))["cases"]
    assert case["facts"]["items"][0]["value"] == {"amount": "5.10", "currency": "EUR"}


def test_only_the_owner_may_read_them(tmp_path, bundle):
    path = Path(DifferenceStore(tmp_path / "kept")(made(bundle, wet())))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_folder_is_filled_so_far_and_no_further(tmp_path, bundle, monkeypatch, caplog):
    monkeypatch.setattr(store_module, "MOST_FILES", 3)
    folder = tmp_path / "kept"
    store = DifferenceStore(folder)
    kept = [store(made(bundle, wet(key=f"k{n}"))) for n in range(6)]
    assert [k is not None for k in kept] == [True] * 3 + [False] * 3
    assert store(made(bundle, wet(key="k0"))) == kept[0]
    assert len(list(folder.iterdir())) == 3
    assert [r.getMessage() for r in caplog.records] == [f"{folder} holds 3 differences, and no more are written"]
    Path(kept[0]).unlink()
    assert store(made(bundle, wet(key="k5"))) is not None
    assert MOST_FILES == 100


def test_a_folder_that_cannot_be_written_costs_no_answer_and_one_line(tmp_path, bundle, caplog):
    (tmp_path / "file").write_text("")
    store = DifferenceStore(tmp_path / "file" / "kept")
    with caplog.at_level(logging.ERROR):
        assert store(made(bundle, wet())) is None
        assert store(made(bundle, wet(key="b"))) is None
    (line,) = [r.getMessage() for r in caplog.records]
    assert line.endswith("file/kept: Not a directory")


def test_a_full_disk_leaves_nothing_half_written(tmp_path, bundle, monkeypatch, caplog):
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store_module.Path, "replace", full)
    assert DifferenceStore(tmp_path / "kept")(made(bundle, wet())) is None
    assert list((tmp_path / "kept").iterdir()) == []
    assert "No space left on device" in caplog.text


def test_threads_may_keep_the_same_difference(tmp_path, bundle):
    store = DifferenceStore(tmp_path / "kept")
    with ThreadPoolExecutor(8) as pool:
        paths = set(pool.map(lambda n: store(made(bundle, wet(key=f"k{n % 3}"))), range(60)))
    assert len(paths) == 3
    assert None not in paths
    assert {str(p) for p in (tmp_path / "kept").iterdir()} == paths
