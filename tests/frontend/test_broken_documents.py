"""Broken documents as data: all that is said about each, and the exact text underlined."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from policyengine.diagnostics import Diagnostics
from policyengine.frontend.schema import check_schema
from policyengine.frontend.yaml_reader import read_document
from policyengine.source import SourceFile

CASES = yaml.safe_load(Path(__file__).with_name("broken_documents.yaml").read_text(encoding="utf-8"))
# Words of the libraries underneath; none may reach a reader.
LIBRARY_WORDS = ("expected <", "valid under", "is not of type", "schema", "token", "NoneType", "scanning", "parsing")


def said_about(text: str) -> list[dict[str, object]]:
    sink = Diagnostics()
    document = read_document(SourceFile("f.yaml", text, "f.yaml"), sink)
    if document:
        check_schema(document, sink)
    said: list[dict[str, object]] = []
    for d in sink:
        item: dict[str, object] = {"code": d.code, "message": d.message, "line": d.span.start.line}
        said.append({**item, "underlined": d.span.underlined, **({"help": d.help} if d.help else {})})
    return said


@pytest.mark.parametrize("case", CASES, ids=lambda c: c["name"])
def test_broken_document(case):
    said = said_about(case["text"])
    assert said == case["expect"]
    assert said, "a broken document must be complained about"


def test_there_are_many_cases_with_names_of_their_own():
    assert len({c["name"] for c in CASES}) == len(CASES) >= 60


def test_sentences_are_plain():
    for case in CASES:
        for said in case["expect"]:
            message = said["message"]
            assert not message.endswith("."), message
            assert message[0] == "`" or message[0].islower(), message
            assert not [w for w in LIBRARY_WORDS if w in message], message
