"""Broken bundles as data: all that is said about each, and the exact text underlined."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from tests.check.bundles import HERE, checked, said

from policyengine.loading import load_bundle

CASES = [
    pytest.param(case, id=f"{path.stem}: {case['name']}")
    for path in sorted((HERE / "cases").glob("*.yaml"))
    for case in yaml.safe_load(path.read_text("utf-8"))
]
SOURCE = Path(__file__).parents[2] / "src/policyengine"
GROUPS = [
    "yaml",
    "bundle",
    "schema",
    "names",
    "expr",
    "type",
    "literal",
    "facts",
    "parameters",
    "calendar",
    "table",
    "rules",
    "decisions",
    "payout",
]
CODE = re.compile(f'"((?:{"|".join(GROUPS)})/[a-z-]+)"')
# Told of single files by the reader, and tested there.
READER = {"yaml/encoding", "yaml/too-large", "yaml/unreadable", "yaml/not-read"}


@pytest.mark.parametrize("case", CASES)
def test_broken_bundle(case, tmp_path):
    assert said(checked(case, tmp_path), tmp_path) == case["expect"]
    assert case["expect"], "a broken bundle must be complained about"


def test_the_base_bundle_is_good(tmp_path):
    assert said(checked({}, tmp_path), tmp_path) == []
    assert load_bundle(tmp_path).id == "shop"


def test_there_are_many_cases_with_names_of_their_own():
    assert len({p.id for p in CASES}) == len(CASES) >= 150


def test_every_code_has_a_case():
    said_somewhere = {e["code"] for p in CASES for e in p.values[0]["expect"]}
    told = {
        code
        for folder in ("check", "frontend")
        for path in (SOURCE / folder).glob("*.py")
        for code in CODE.findall(path.read_text("utf-8"))
    }
    assert told - said_somewhere - READER == set()


def test_sentences_are_plain():
    for case in CASES:
        for item in case.values[0]["expect"]:
            assert not item["message"].endswith("."), item
            assert item["message"][0] in "`{" or item["message"][0].islower(), item
            assert not re.search(
                r"\b(?:None|True|False|dict|str|tuple|schema)\b", re.sub(r"`[^`]*`", "", item["message"])
            ), item
