"""Slips made in copies of the shipped programmes, as edits of their files, are each noticed by the shipped cases."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.mutation.slips import ALIBABA_TERMS, TRADE_ASSURANCE, Slip

from policyengine.diagnostics import Diagnostics
from policyengine.loading import load_bundle
from policyengine.mutation.suite import Suite
from policyengine.shipped import shipped_policies
from policyengine.testing.cases import read_cases
from policyengine.testing.model import Case

PROGRAMMES = {"trade_assurance": TRADE_ASSURANCE, "alibaba_terms": ALIBABA_TERMS}


@pytest.fixture(scope="module")
def cases() -> dict[str, tuple[Case, ...]]:
    found = {}
    for name in PROGRAMMES:
        folder = shipped_policies() / name
        found[name] = read_cases(load_bundle(folder), folder, Diagnostics())
    return found


def made_in(folder: Path, slip: Slip) -> None:
    for file, old, new in ((slip.file, slip.old, slip.new), *slip.also):
        path = folder / file
        text = path.read_text("utf-8") if path.exists() else ""
        assert text.count(old) == 1, f"{file}: {old!r} stands there {text.count(old)} times"
        path.write_text(text.replace(old, new), "utf-8")


def test_there_are_enough_of_them():
    assert len(TRADE_ASSURANCE) >= 30
    assert len({(s.file, s.old, s.new) for s in TRADE_ASSURANCE.values()}) == len(TRADE_ASSURANCE)


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_the_cases_pass_without_a_slip(programme, cases):
    assert Suite(load_bundle(shipped_policies() / programme), cases[programme]).failing() == ()


@pytest.mark.parametrize(("programme", "name"), [(p, name) for p, slips in PROGRAMMES.items() for name in slips])
def test_a_slip_is_noticed(programme, name, cases, tmp_path):
    copy = tmp_path / programme
    copy.mkdir()
    for file in (shipped_policies() / programme).glob("*.yaml"):
        shutil.copy(file, copy)
    made_in(copy, PROGRAMMES[programme][name])
    assert Suite(load_bundle(copy), cases[programme]).failing(), f"no case of {programme} notices: {name}"
