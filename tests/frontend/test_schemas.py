"""The schemas: valid, fresh, explained on every key; and samples of every kind that fit them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from policyengine.diagnostics import Diagnostics
from policyengine.frontend.schema import check_schema
from policyengine.frontend.schema_words import KINDS
from policyengine.frontend.schemagen import schema_for, schema_text, write_schemas
from policyengine.frontend.yaml_reader import read_bundle_files, read_document
from policyengine.shipped import shipped_schemas
from policyengine.source import SourceFile

SAMPLE = Path(__file__).with_name("sample")


def pieces(schema: object) -> Iterator[dict]:
    if isinstance(schema, dict):
        yield schema
    for part in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from pieces(part)


@pytest.mark.parametrize("kind", KINDS)
def test_schema_is_valid_and_its_file_is_fresh(kind):
    Draft202012Validator.check_schema(schema_for(kind))
    file = shipped_schemas() / f"{kind}.schema.json"
    # When this fails: python -m policyengine.frontend.schemagen
    assert file.read_text(encoding="utf-8") == schema_text(kind)


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_is_explained(kind):
    for piece in pieces(schema_for(kind)):
        # A record names its keys; in a branch `properties` only narrows keys that are explained elsewhere.
        if piece.get("additionalProperties") is False:
            for key, value in piece["properties"].items():
                assert len(value.get("description", "")) > 5, key


@pytest.mark.parametrize("kind", KINDS)
def test_either_or_is_always_one_sentence_about_keys(kind):
    for piece in pieces(schema_for(kind)):
        if "oneOf" in piece:
            assert "has either" in piece["$comment"]
            assert all(list(branch) == ["required"] for branch in piece["oneOf"])


def test_written_files_are_json_with_the_dialect(tmp_path):
    files = write_schemas(tmp_path / "schemas")
    assert [f.name for f in files] == [f"{k}.schema.json" for k in KINDS]
    for file in files:
        schema = json.loads(file.read_text(encoding="utf-8"))
        assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert schema["additionalProperties"] is False


def test_a_returned_schema_may_be_changed_by_the_caller():
    schema_for("facts")["properties"].clear()
    assert schema_for("facts")["properties"]


def test_samples_of_every_kind_fit():
    sink = Diagnostics()
    # The tests are kept as `cases.yaml`: they are a sample of the shape, not cases to be run.
    documents = read_bundle_files(SAMPLE, sink)
    kinds = {check_schema(document, sink) for _, document in documents}
    assert [d.render() for d in sink] == []
    assert kinds == set(KINDS)


@pytest.mark.parametrize("word", ["not", "unless"])
def test_conditions_may_be_as_deep_as_a_file_may_be(word):
    depth = 40
    condition = f"{{{word}: " * depth + "{a.b: c}" + "}" * depth
    rule = f"{{id: A-1, because: x, when: {condition}}}"
    text = f"kind: coverage\ndecision: d\npolicies:\n  p:\n    rules: [{rule}]\n"
    sink = Diagnostics()
    document = read_document(SourceFile("f.yaml", text), sink)
    assert document
    assert check_schema(document, sink) == "coverage"
    assert len(sink) == 0
