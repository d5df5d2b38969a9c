"""``policyengine test --cov``: what is printed, written and returned."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator
from tests.coverage.small import folder_of, rules

from policyengine.cli.main import cli

RULE = "- {id: R, by: order.placed_on + 2 days, because: Late.}"
CASES = """
- {name: in time, facts: {order.placed_on: 2025-01-09}, expect: {verdict: grant}}
- {name: late, facts: {order.placed_on: 2025-01-07}, expect: {verdict: refuse}}
"""
REVIEWED = "- {name: last day, review: true, facts: {order.placed_on: 2025-01-08}, expect: {verdict: grant}}"
NUMBER = {"type": "integer", "minimum": 0}
COUNT = {"covered": NUMBER, "total": NUMBER, "unreachable": NUMBER, "percent": {"pattern": "^[0-9]+\\.[0-9]{2}$"}}
TEXT = {"type": "string", "minLength": 1}


def record(properties):
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


SHAPE = record(
    {
        "bundles": {
            "type": "array",
            "items": record(
                {
                    "bundle": TEXT,
                    "version": TEXT,
                    "digest": TEXT,
                    "folder": TEXT,
                    "cases": record({"counted": NUMBER, "under_review": NUMBER, "not_passed": NUMBER}),
                    **COUNT,
                    "kinds": {"type": "array", "items": record({"kind": TEXT, **COUNT})},
                    "decisions": {
                        "type": "array",
                        "items": record({"decision": {"type": ["string", "null"]}, **COUNT}),
                    },
                    "items": {
                        "type": "array",
                        "items": record(
                            {
                                "id": TEXT,
                                "kind": TEXT,
                                "decision": {"type": ["string", "null"]},
                                "file": TEXT,
                                "line": {"type": "integer", "minimum": 1},
                                "about": TEXT,
                                "needs": TEXT,
                                "state": {"enum": ["covered", "missing", "unreachable"]},
                                "cases": NUMBER,
                                "examples": {"type": "array", "items": TEXT, "maxItems": 3},
                                "proof": {"type": ["string", "null"]},
                            }
                        ),
                    },
                }
            ),
        }
    }
)


@pytest.fixture
def folder(tmp_path):
    return folder_of(tmp_path / "small", rules(RULE, "deadlines"), CASES)


def run(*arguments):
    return CliRunner().invoke(cli, ["test", *map(str, arguments)], catch_exceptions=False)


def test_the_summary_counts_and_names_what_is_missing_by_file_and_line(folder):
    done = run(folder, "--cov")
    assert done.exit_code == 0
    assert f"{folder}/rules.yaml:6: deadline of R: no case that is exactly on the last day" in done.stdout
    assert f"{folder}/bundle.yaml:9: decision `d`: no case that ends in `undetermined`" in done.stdout
    assert "rules true, false, unknown" in done.stdout


def test_too_little_is_a_failure_that_names_what_is_missing(folder):
    done = run(folder, "--cov-fail-under", "99.5", "--format", "json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)["bundles"][0]["ok"]
    assert f"{folder}/rules.yaml:6: deadline of R: no case that is exactly on the last day" in done.stderr
    assert "less than 99.50%" in done.stderr
    assert run(folder, "--cov-fail-under", "50").exit_code == 0


def test_the_limit_is_kept_to_exactly(folder):
    found = as_data(folder)
    covered, total = found["covered"], found["total"]
    assert 0 < covered < total
    exact = f"{100 * covered}/{total}"
    assert run(folder, "--cov-fail-under", exact).exit_code == 0
    assert run(folder, "--cov-fail-under", f"{100 * covered * 10**9 + 1}/{total * 10**9}").exit_code == 1


@pytest.mark.parametrize("limit", ["101", "-1", "many", "1/0"])
def test_a_limit_that_is_no_share_is_wrong_usage(folder, limit):
    assert run(folder, "--cov-fail-under", limit).exit_code == 1


def as_data(folder):
    path = folder.parent / "deep" / "cov.json"
    assert run(folder, "--cov-json", path).exit_code == 0
    return json.loads(path.read_text())["bundles"][0]


def test_the_data_have_the_documented_shape_and_add_up(folder):
    path = folder.parent / "cov.json"
    assert run(folder, "--cov-json", path).exit_code == 0
    data = json.loads(path.read_text())
    Draft202012Validator(SHAPE).validate(data)
    (bundle,) = data["bundles"]
    for group in ("kinds", "decisions"):
        for figure in ("covered", "total", "unreachable"):
            assert sum(one[figure] for one in bundle[group]) == bundle[figure]
    states = [i["state"] for i in bundle["items"]]
    assert states.count("covered") == bundle["covered"]
    assert states.count("unreachable") == bundle["unreachable"]
    assert [i["id"] for i in bundle["items"]] == sorted(i["id"] for i in bundle["items"])


def test_the_same_run_writes_the_same_bytes(folder, tmp_path):
    for name in ("one", "two"):
        assert run(folder, "--cov-json", tmp_path / f"{name}.json", "--cov-html", tmp_path / name).exit_code == 0
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    assert (tmp_path / "one" / "small.html").read_bytes() == (tmp_path / "two" / "small.html").read_bytes()


def test_a_case_under_review_is_run_and_told_and_counts_in_nothing(tmp_path):
    before = as_data(folder_of(tmp_path / "a" / "small", rules(RULE, "deadlines"), CASES))
    reviewed = folder_of(tmp_path / "b" / "small", rules(RULE, "deadlines"), CASES + REVIEWED)
    after = as_data(reviewed)
    assert after["covered"] == before["covered"]
    assert after["cases"] == {"counted": 2, "under_review": 1, "not_passed": 0}
    assert "1 under review" in run(reviewed).stdout
    changed = (reviewed / "rules.yaml").read_text().replace("2 days", "1 day")
    (reviewed / "rules.yaml").write_text(changed)
    failed = run(reviewed)
    assert failed.exit_code == 1
    assert "last day" in failed.stdout


def test_a_bundle_with_faults_is_not_measured(folder):
    (folder / "rules.yaml").write_text((folder / "rules.yaml").read_text().replace("placed_on", "plased_on"))
    assert run(folder, "--cov").exit_code == 3
