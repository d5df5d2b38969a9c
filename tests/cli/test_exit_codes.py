"""The published exit codes, of the real command in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from tests.cli.conftest import SEAM


@pytest.mark.parametrize(
    ("change", "code", "verdict"),
    [
        ({}, 0, "refunded"),
        ({"damage": {"cause": "lost"}}, 2, "not_refunded"),
        ({"report": {"has_receipt": False}}, 4, "send_receipt"),
        ({"damage": {}}, 4, "undetermined"),
    ],
)
def test_decide_and_explain_follow_the_class_of_the_verdict(command, umbrella, change, code, verdict):
    facts = json.dumps({**SEAM, **change})
    for name in ("decide", "explain"):
        done = command(name, umbrella, "refund", "--as-of", "2025-06-01", input=facts)
        assert (done.returncode, done.stdout.split()[0], done.stderr) == (code, verdict, "")


def test_a_value_decision_is_fine_or_open(run):
    known = {"dispute": {"status": "not_opened"}}
    assert run("decide", "trade_assurance", "next_step", facts=known).exit_code == 0
    assert run("decide", "trade_assurance", "next_step", facts={}).exit_code == 4


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ('{"umbrella": {"prise": 1}}', "/umbrella/prise: error[request/unknown-fact]"),
        ('{"damage": {"cause": "winds"}}', "did you mean `wind`?"),
        ('{"damage": {}, "damage": {}}', "/damage: error[request/json]: `damage` is given twice"),
        ('{"umbrella": {"price": NaN}}', "`NaN` is not a number"),
        ("[]", "the facts: error[request/type]: an object is needed here, but this is a list"),
        ("", "error[request/json]: cannot read this as JSON at line 1"),
    ],
)
def test_bad_facts_are_1(run, umbrella, tmp_path, facts, says):
    (tmp_path / "facts.json").write_text(facts)
    done = run("decide", umbrella, "refund", "--facts", tmp_path / "facts.json")
    assert (done.exit_code, done.stdout) == (1, "")
    assert says in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "Commands:"),
        (["decid"], "No such command 'decid'"),
        (["decide"], "Missing argument 'FOLDER'"),
        (["check", "--format", "xml"], "Invalid value for '--format'"),
        (["check", "/no/such/folder"], "there is no folder `/no/such/folder`; shipped bundles:"),
        (["check", "--colour"], "No such option"),
        (["decide", "trade_assurance", "coverag"], "has no decision `coverag`; did you mean `coverage`?"),
        (["decide", "trade_assurance", "coverage", "--facts", "/no/such/file"], "/no/such/file: No such file"),
        (
            ["decide", "trade_assurance", "coverage", "--as-of", "2025-02-30"],
            "for --as-of: there is no day `2025-02-30`",
        ),
        (["explain", "trade_assurance", "coverage", "--rule", "TA-QUALTY"], "did you mean `TA-QUALITY`?"),
        (["schema", "fact"], "did you mean `facts`?"),
        (["schema", "facts", "--write", "x"], "not both"),
        (["serve", "--port", "70000"], "Invalid value for '--port'"),
        (["serve", "--workers", "0"], "Invalid value for '--workers'"),
        (["init", "Two Words"], "`Two Words` cannot be the id of a bundle"),
        (["init", "/etc"], "`/etc` exists already"),
        (["test", "trade_assurance", "-k", "there is no such case"], ""),
    ],
)
def test_wrong_usage_and_failure_are_1(run, words, says):
    done = run(*words, facts={})
    assert done.exit_code == 1
    assert says in done.stderr


def test_wrong_usage_in_a_process_of_its_own(command):
    done = command("decid")
    assert (done.returncode, done.stdout) == (1, "")
    assert "No such command 'decid'" in done.stderr


@pytest.mark.parametrize("words", [["check"], ["decide", "refund"], ["serve"]])
def test_an_invalid_bundle_is_3(command, bad, words):
    name, *more = words
    done = command(name, bad, *more, input="{}")
    assert done.returncode == 3
    told = done.stdout + done.stderr
    assert "coverage.yaml:10:30: error[type/member]: `winds` is not a member of `damage.cause`" in told
    assert "help: did you mean `wind`?" in told
    assert "coverage.yaml:14:16: error[names/unknown]" in told


@pytest.mark.parametrize("words", [["explain", "refund"], ["test"]])
def test_an_invalid_bundle_is_3_for_the_others_too(run, bad, words):
    name, *more = words
    assert run(name, bad, *more, facts={}).exit_code == 3


@pytest.mark.parametrize("words", [["--version"], ["check"]])
def test_fine_is_0(command, words):
    done = command(*words)
    assert (done.returncode, done.stderr) == (0, "")


def test_output_that_nobody_reads_is_no_error_to_tell():
    words = [sys.executable, "-m", "policyengine", "schema", "coverage"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as started:
        started.stdout.close()  # long before the first line is written
        errors = started.stderr.read()
    assert (started.returncode, errors) == (1, b"")
