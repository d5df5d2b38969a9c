"""What `check` and `test` take: folders, files, places in files of cases, changed files."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest


@pytest.fixture
def bundles(run, tmp_path, monkeypatch) -> Path:
    """Two bundles in a folder `policies` of the current folder, the second with a failing case."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for name in ("good", "bad"):
        assert run("init", f"policies/{name}").exit_code == 0
    cases = tmp_path / "policies" / "bad" / "tests" / "refund.test.yaml"
    cases.write_text(cases.read_text().replace("amount: 20 EUR", "amount: 21 EUR"))
    (tmp_path / "compose.yaml").write_text("services: {}\n")
    return tmp_path / "policies"


CASES = "policies/bad/tests/refund.test.yaml"


def failed_place(run) -> str:
    """The place of the failure, as it is printed."""
    text = run("test", "policies/bad").stdout
    return text.partition(": failed")[0]


def test_a_place_that_a_failure_prints_can_be_given_back(run, bundles):
    place = failed_place(run)
    assert place.startswith(f"{CASES}:")
    last = "policies/bad: 1 failed, 1 of 10 cases selected"
    whole_line = run("test", "policies/bad").stdout.splitlines()[0]
    for said in (place, whole_line, f"{CASES}::wind is paid in part"):
        done = run("test", said)
        assert (done.exit_code, done.stdout.splitlines()[-1]) == (1, last)


def test_a_file_of_cases_stands_for_its_cases_and_another_for_its_bundle(run, bundles):
    (bundles / "good" / "tests" / "more.test.yaml").write_text(
        (bundles / "good" / "tests" / "refund.test.yaml").read_text()
    )
    one = run("test", "policies/good/tests/more.test.yaml")
    assert one.stdout == "policies/good: 10 passed, 10 of 20 cases selected\n"
    assert run("test", "policies/good/facts.yaml").stdout == "policies/good: 20 passed\n"
    both = run("test", "policies/good/tests/more.test.yaml", "policies/good")
    assert both.stdout == "policies/good: 20 passed\n"


def test_places_in_two_bundles_are_run_together(run, bundles):
    done = run("test", "policies/good/tests/refund.test.yaml:9", "policies/bad/tests/refund.test.yaml")
    assert done.exit_code == 1
    assert "no case stands at `policies/good/tests/refund.test.yaml:9`; the first one is at line" in done.stdout


def test_no_bundle_of_a_folder_is_missed(run, bundles):
    for name in ("team/deep/third", "team/fourth"):
        assert run("init", f"policies/{name}").exit_code == 0
    told = [line.split(":")[0] for line in run("check", "policies").stdout.splitlines()]
    assert told == ["policies/bad", "policies/good", "policies/team/deep/third", "policies/team/fourth"]
    assert "policies/team/deep/third: 10 passed\n" in run("test", "policies").stdout


@pytest.mark.parametrize("name", ["compose.yaml", "compose.yaml:1"])
@pytest.mark.parametrize("command", ["check", "test"])
def test_a_file_in_no_bundle_is_wrong_usage(run, bundles, command, name):
    done = run(command, name)
    assert done.exit_code == 1
    assert "`compose.yaml` is in no bundle: no folder above it has a file of kind `bundle`" in done.stderr


def test_a_file_that_is_not_there_is_wrong_usage(run, bundles):
    assert "there is no folder `policies/gone.yaml:3`" in run("test", "policies/gone.yaml:3").stderr


def test_changed_files_stand_for_their_bundles(run, bundles):
    gone = "policies/good/gone.yaml"  # deleted files are changed, too
    done = run("check", "--changed", CASES, gone, "policies/bad/facts.yaml", "compose.yaml")
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == ["policies/bad", "policies/good"]
    done = run("test", "--changed", CASES, "compose.yaml")
    assert (done.exit_code, done.stdout.splitlines()[-1]) == (1, "policies/bad: 9 passed, 1 failed")


@pytest.mark.parametrize("command", ["check", "test"])
@pytest.mark.parametrize("files", [(), ("compose.yaml",), ("compose.yaml", "gone/x.yaml")])
def test_changed_files_in_no_bundle_are_well_and_said_so(run, bundles, command, files):
    done = run(command, "--changed", *files)
    assert (done.exit_code, done.stdout) == (0, "")
    assert "so there is nothing to do" in done.stderr


def test_only_what_failed_last_time(run, bundles):
    assert run("test", "policies", "--last-failed").stderr == "no case is known to have failed last time: all are run\n"
    done = run("test", "policies", "--last-failed")
    assert done.stdout.splitlines()[-1] == "policies/good: 0 of 10 cases selected"
    assert "policies/bad: 1 failed, 1 of 10 cases selected" in done.stdout
    cases = bundles / "bad" / "tests" / "refund.test.yaml"
    cases.write_text(cases.read_text().replace("amount: 21 EUR", "amount: 20 EUR"))
    mended = run("test", "policies", "--last-failed")
    assert (mended.exit_code, mended.stdout.splitlines()[0]) == (0, "policies/bad: 1 passed, 1 of 10 cases selected")
    assert not list(bundles.rglob("*last*"))


def test_a_junit_report_beside_what_is_printed(run, bundles, tmp_path):
    done = run("test", "policies", "--junit", "report.xml")
    root = ET.parse(tmp_path / "report.xml").getroot()  # noqa: S314 - our own text
    assert (root.get("tests"), root.get("failures")) == ("20", "1")
    assert done.stdout.endswith("policies/good: 10 passed\n")
    assert json.loads(run("test", "policies", "--format", "json").stdout)["bundles"][0]["failed"] == 1


@pytest.mark.parametrize("words", [("--jobs", "0"), ("--jobs", "x"), ("--rule",), ("--why", "some")])
def test_wrong_usage_is_a_failure(run, bundles, words):
    assert run("test", "policies", *words).exit_code == 1


def test_nothing_but_results_is_printed_where_nobody_watches(command, bundles):
    done = command("test", "policies/good", "--jobs", 2)
    assert (done.stdout, done.stderr) == ("policies/good: 10 passed\n", "")
