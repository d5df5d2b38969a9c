"""Results as text, JSON, JUnit XML and GitHub annotations."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator
from tests.testing.parcels import HEAD, write_bundle

from policyengine.api_schema.files import api_schema
from policyengine.testing.formats import as_github, as_json, as_junit, as_text, outcome_text, written
from policyengine.testing.run import run_cases

CASES = """cases:
  - {name: good, expect: {verdict: paid}}
  - {name: "bad <&> 50%, \\x07", expect: {verdict: declined}}
  - {name: refused, facts: {items: [{id: a}, {id: a}]}, expect: {verdict: paid}}
"""


@pytest.fixture
def mixed(tmp_path):
    broken = HEAD + "cases:\n  - {name: one, expect: {verdict: payd}}\n"
    return run_cases(write_bundle(tmp_path / "b", one=HEAD + CASES, two=broken))


@pytest.fixture
def good(tmp_path):
    return run_cases(write_bundle(tmp_path / "g", one=HEAD + "cases:\n  - {name: good, expect: {verdict: paid}}\n"))


@pytest.fixture
def empty(tmp_path):
    return run_cases(write_bundle(tmp_path / "e"))


def test_text_tells_faults_failures_and_counts(mixed):
    text = as_text(mixed)
    assert "two.test.yaml:9:35: error[names/unknown]" in text
    assert "failed: one::bad" in text
    assert "error: one::refused" in text
    assert text.endswith(
        "1 passed, 1 failed, 1 could not be decided, 1 fault in bundle or test files, 1 case of 1 file not run\n"
    )


def test_text_of_a_good_run_is_one_line(good):
    assert as_text(good) == f"{good.bundle}: 1 passed\n"


def test_text_of_an_empty_run_says_so(empty):
    assert as_text(empty) == f"{empty.bundle}: no case was found, so nothing has been tested\n"


def test_json(mixed):
    data = json.loads(as_json(mixed))
    assert (data["ok"], data["passed"], data["failed"], data["error"]) == (False, 1, 1, 1)
    good, bad, refused = data["cases"]
    assert good["status"] == "passed"
    assert "differences" not in good
    told = {"key": "verdict", "expected": "declined", "actual": "paid", "line": 10, "engine": ""}
    assert bad["differences"] == [told]
    assert bad["explanation"]
    assert "request/duplicate-id" in refused["error"]
    assert data["diagnostics"][0]["code"] == "names/unknown"


def test_junit_parses_and_counts(mixed):
    root = ET.fromstring(as_junit(mixed))  # noqa: S314 - our own text
    assert root.tag == "testsuites"
    assert {s.tag for s in root} == {"testsuite"}
    for element in (root, *root):
        tests = list(element.iter("testcase"))
        assert int(element.attrib["tests"]) == len(tests)
        assert int(element.attrib["failures"]) == len(list(element.iter("failure")))
        assert int(element.attrib["errors"]) == len(list(element.iter("error")))
        assert all(t.attrib["name"] and t.attrib["classname"] for t in tests)
    assert root.attrib["tests"] == "4"
    (failure,) = root.iter("failure")
    assert failure.attrib["message"] == "verdict"
    assert "expected: declined" in (failure.text or "")
    assert [t.attrib["classname"] for t in root.iter("testcase")] == ["one", "one", "one", "bundle"]


def test_json_is_as_its_schema_says(mixed, good, empty):
    schema = api_schema("results")
    Draft202012Validator.check_schema(schema)
    results = [mixed, good, empty]
    data = json.loads(written(results, "json"))
    Draft202012Validator(schema).validate(data)
    assert [b["ok"] for b in data["bundles"]] == [False, True, False]
    for result, told in zip(results, data["bundles"], strict=True):
        assert len(told["cases"]) == told["passed"] + told["failed"] + told["error"] == told["cases_found"]
        assert told == json.loads(as_json(result))


# What the schema of Jenkins' xUnit plugin (junit-10.xsd) lets each element hold; attributes that must be there begin
# with `!`. `file` and `line` of a case are pytest's older form, which GitLab and others read.
JUNIT = {
    "testsuites": ("name time tests failures errors", {"testsuite"}),
    "testsuite": ("!name !tests !failures !errors skipped time timestamp hostname id package", {"testcase"}),
    "testcase": ("!name classname time file line", {"failure", "error", "skipped"}),
    "failure": ("type message", set()),
    "error": ("type message", set()),
}


def test_junit_has_the_usual_shape(mixed, good, empty):
    root = ET.fromstring(written([mixed, good, empty], "junit"))  # noqa: S314 - our own text
    assert root.tag == "testsuites"
    for element in root.iter():
        attributes, children = JUNIT[element.tag]
        assert set(element.keys()) <= {a.lstrip("!") for a in attributes.split()}
        assert {a.lstrip("!") for a in attributes.split() if a.startswith("!")} <= set(element.keys())
        assert {child.tag for child in element} <= children
    for count in ("tests", "failures", "errors"):
        assert int(root.attrib[count]) == sum(int(suite.attrib[count]) for suite in root)
    assert (root.attrib["tests"], root.attrib["failures"], root.attrib["errors"]) == ("6", "1", "3")


def test_junit_of_an_empty_run_has_an_error(empty):
    root = ET.fromstring(as_junit(empty))  # noqa: S314 - our own text
    assert (root.attrib["tests"], root.attrib["errors"]) == ("1", "1")


def test_junit_of_a_good_run_has_none(good):
    root = ET.fromstring(as_junit(good))  # noqa: S314 - our own text
    assert (root.attrib["tests"], root.attrib["errors"], root.attrib["failures"]) == ("1", "0", "0")


def test_github_annotations_are_one_line_each_at_their_places(mixed):
    *lines, last = as_github(mixed).splitlines()
    assert len(lines) == 3
    counts = "1 passed, 1 failed, 1 could not be decided, 1 fault in bundle or test files, 1 case of 1 file not run"
    assert last == f"{mixed.bundle}: {counts}"
    assert all(line.startswith("::error file=") for line in lines)
    assert "title=one%3A%3Abad <&> 50%25%2C" in lines[1]
    assert ",line=10,col=12," in lines[1]
    assert "%0A" in lines[1]


def parsed(line: str) -> tuple[str, dict[str, str], str]:
    """A workflow command as GitHub's runner reads it: its level, properties and text."""
    found = re.fullmatch(r"::(\w+)(?: ([^:]*(?::[^:]+)*?))?::(.*)", line)
    assert found
    level, properties, text = found.groups(default="")
    pairs = dict(p.split("=", 1) for p in properties.split(",")) if properties else {}
    return level, {k: unescaped(v) for k, v in pairs.items()}, unescaped(text)


def unescaped(text: str) -> str:
    for sign, code in ((",", "%2C"), (":", "%3A"), ("\n", "%0A"), ("\r", "%0D"), ("%", "%25")):
        text = text.replace(code, sign)
    return text


def test_github_reads_back_what_was_written(mixed):
    commands = [parsed(line) for line in as_github(mixed).splitlines() if line.startswith("::")]
    assert [level for level, _, _ in commands] == ["error"] * 3
    (fault, _, text), (_, failed, why) = commands[0], commands[1]
    assert (fault, text.splitlines()[0]) == ("error", "unknown verdict of `damage` `payd`")
    outcome = mixed.outcomes[1]
    assert failed == {
        "file": outcome.case.span.file.path,
        "line": "10",
        "col": "12",
        "title": "one::bad <&> 50%, \x07",
    }
    assert why == outcome_text(outcome)


def test_github_annotates_nothing_of_a_good_run(good):
    assert as_github(good) == f"{good.bundle}: 1 passed\n"


def test_github_tells_of_an_empty_run(empty):
    assert as_github(empty).startswith("::error::")
