"""The quick check of shapes agrees with jsonschema, which gives the reasons, on every kind of document."""

from __future__ import annotations

import copy
from functools import cache
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.damage import damaged

from policyengine.diagnostics import Diagnostics
from policyengine.frontend.nodes import plain
from policyengine.frontend.schema_fit import compiled
from policyengine.frontend.schema_words import KINDS
from policyengine.frontend.schemagen import schema_for
from policyengine.frontend.yaml_reader import read_bundle_files, read_document
from policyengine.source import SourceFile

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BROKEN = yaml.safe_load((HERE / "broken_documents.yaml").read_text("utf-8"))
BUNDLES = sorted(p.parent for p in (*ROOT.glob("policies/*/bundle.yaml"), *ROOT.glob("tests/**/bundle.yaml")))


@cache
def quick(kind):
    return compiled(schema_for(kind))


@cache
def oracle(kind):
    return Draft202012Validator(schema_for(kind))


def agree(data):
    """Whether the two agree on plain data, taken for each kind of file if it is of none."""
    kind = data.get("kind")
    for one in [kind] if kind in KINDS else KINDS:
        assert quick(one)(data) == oracle(one).is_valid(data), (one, data)
    return True


def documents(folder):
    return [plain(document) for _, document in read_bundle_files(folder, Diagnostics())]


SAMPLES = documents(HERE / "sample")


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda f: f"{f.parent.name}/{f.name}")
def test_both_agree_on_every_bundle(folder):
    assert all(agree(data) for data in documents(folder))


def test_both_find_nothing_in_the_samples():
    assert {d["kind"] for d in SAMPLES} == set(KINDS)
    assert all(quick(d["kind"])(d) and oracle(d["kind"]).is_valid(d) for d in SAMPLES)


def test_both_agree_on_broken_documents():
    texts = [text for text in _texts(BROKEN) if "\n" in text]
    read = [read_document(SourceFile("f.yaml", text), Diagnostics()) for text in texts]
    good = [plain(document) for document in read if document is not None]
    assert len(good) > 100
    assert all(agree(data) for data in good)
    assert sum(not quick(d["kind"])(d) for d in good if d.get("kind") in KINDS) > 50


def test_both_agree_on_damaged_documents():
    refused = 0
    for seed in range(150):
        files, (bundle, *_) = damaged(seed)
        for name, text in files.items():
            whole = ROOT / "policies" / bundle / name
            if whole.exists() and whole.read_text("utf-8") == text:
                continue
            document = read_document(SourceFile(name, text), Diagnostics())
            data = plain(document) if document else {}
            assert agree(data)
            refused += data.get("kind") in KINDS and not quick(data["kind"])(data)
    assert refused > 20


STRANGE = (
    None,
    True,
    False,
    0,
    1,
    -1,
    13,
    "",
    "x",
    "X-1",
    "a.b",
    "true",
    "enum",
    "list",
    "in\nfact",
    [],
    ["a"],
    {},
    {"a": "b"},
)
KEYS = ("is", "when", "table", "values", "value", "of", "type", "id", "each", "Bad key", "not", "verdicts", "default")


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.data())
def test_both_agree_when_any_part_is_changed(data):
    document = copy.deepcopy(data.draw(st.sampled_from(SAMPLES)))
    for _ in range(data.draw(st.integers(1, 3))):
        parts = [part for part in _containers(document) if part]
        part = data.draw(st.sampled_from(parts))
        at = data.draw(st.sampled_from(list(part) if isinstance(part, dict) else range(len(part))))
        match data.draw(st.sampled_from(["change", "drop", "add"])):
            case "change":
                part[at] = copy.deepcopy(data.draw(st.sampled_from(STRANGE)))
            case "drop":
                del part[at]
            case "add" if isinstance(part, dict):
                part[data.draw(st.sampled_from(KEYS))] = copy.deepcopy(data.draw(st.sampled_from(STRANGE)))
            case _:
                part.append(copy.deepcopy(data.draw(st.sampled_from(STRANGE))))
        if not document:
            break
    agree(document)


def test_a_keyword_that_is_not_known_is_never_passed_over():
    with pytest.raises(KeyError):
        compiled({"type": "object", "properties": {"a": {"maxLength": 3}}})


def _containers(data):
    if isinstance(data, dict | list):
        yield data
        for part in data.values() if isinstance(data, dict) else data:
            yield from _containers(part)


def _texts(data):
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict | list):
        for part in data.values() if isinstance(data, dict) else data:
            yield from _texts(part)
