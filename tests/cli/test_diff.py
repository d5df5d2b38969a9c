"""``policyengine diff``: what it compares, what it prints where, and its exit codes."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from tests.impact.documents import lines
from tests.impact.library import write
from tests.impact.test_revisions import git

LATER = ("parameters.yaml", "value: 40 days", "value: 20 days")
REWORDED = ("window.yaml", "was the last day", "was the very last day")


@pytest.fixture
def old(tmp_path) -> Path:
    return write(tmp_path / "old")


@pytest.fixture
def new(tmp_path) -> Path:
    return write(tmp_path / "new", LATER)


@pytest.fixture
def recorded(tmp_path) -> Path:
    path = tmp_path / "facts.jsonl"
    path.write_text(lines(40))
    return path


# -- exit codes ---------------------------------------------------------------------------------


def test_changed_decisions_are_5(command, old, new):
    done = command("diff", old, new)
    assert (done.returncode, done.stderr) == (5, "")
    assert done.stdout.endswith("\ndecisions changed\n")


def test_no_changed_decision_is_0(run, old, tmp_path):
    assert run("diff", old, old).exit_code == 0
    done = run("diff", old, write(tmp_path / "reworded", REWORDED))
    assert done.exit_code == 0
    assert done.stdout.endswith("\nno decision changed\n")


def test_exit_zero_is_only_for_changes(run, old, new, tmp_path):
    assert run("diff", old, new, "--exit-zero").exit_code == 0
    bad = write(tmp_path / "bad", ("cover.yaml", "{book.state: whole}", "{book.state: hole}"))
    assert run("diff", old, bad, "--exit-zero").exit_code == 3
    (tmp_path / "facts").write_text("{\n")
    assert run("diff", old, old, "--facts", tmp_path / "facts", "--exit-zero").exit_code == 1


@pytest.mark.parametrize("which", ["old", "new"])
def test_an_invalid_side_is_3_with_its_faults(run, old, tmp_path, which):
    bad = write(tmp_path / "bad", ("cover.yaml", "{book.state: whole}", "{book.state: hole}"))
    done = run("diff", *((bad, old) if which == "old" else (old, bad)))
    assert (done.exit_code, done.stdout) == (3, "")
    assert "bad/cover.yaml:7:43: error[type/member]: `hole` is not a member of `book.state`" in done.stderr


def test_what_could_not_be_compared_is_1_unless_something_changed(run, old, new, tmp_path):
    facts = tmp_path / "facts"
    facts.write_text('{"decision": "refund"}\n')
    done = run("diff", old, old, "--facts", facts)
    assert done.exit_code == 1
    assert f"{facts}:1: the line has no `facts`" in done.stdout
    assert done.stdout.endswith("\nno decision changed, but not everything could be compared\n")
    assert run("diff", old, new, "--facts", facts).exit_code == 5


def test_a_test_file_that_cannot_be_read_is_told_and_1(run, old, tmp_path):
    broken = write(tmp_path / "broken", ("tests/refund.test.yaml", "verdict: wait", "verdict: weit"))
    done = run("diff", old, broken)
    assert done.exit_code == 1
    assert (
        "broken/tests/refund.test.yaml:19:23: unknown verdict of `refund` `weit` (did you mean `wait`?)" in done.stdout
    )


def test_a_question_that_only_one_side_takes_is_5(run, old, tmp_path):
    closed = write(tmp_path / "closed", ("facts.yaml", "open: true, ", ""))
    done = run("diff", old, closed)
    assert done.exit_code == 5
    assert (
        "Only the old bundle answers\n  5 documents of refund cannot be asked of the new bundle: /member/reason"
        in done.stdout
    )


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ([], "Missing argument 'OLD'"),
        (["{old}"], "Missing argument 'NEW'"),
        (["{old}", "/no/such"], "there is no folder `/no/such`"),
        (
            ["a", "b"],
            "neither `a` nor `b` is a folder; name a folder, or the folder at a revision, such as `a:policies/returns`",
        ),
        (["{old}", "{old}", "--facts", "/no/such"], "/no/such: No such file"),
        (["{old}", "{old}", "--facts", "-", "--only", "words"], "--facts has no effect with --only words"),
        (
            ["{old}", "{old}", "--decision", "refnd"],
            "for --decision: there is no decision `refnd`; did you mean `refund`?",
        ),
        (["{old}", "{old}", "--as-of", "2025-02-30"], "Invalid value for '--as-of': there is no day `2025-02-30`"),
        (["{old}", "{old}", "--engine", "compild"], "there is no engine `compild`; did you mean `compiled`?"),
        (["{old}", "{old}", "--jobs", "0"], "Invalid value for '--jobs'"),
        (["{all}", "{all}", "--facts", "-"], "standard input can be read only once"),
    ],
)
def test_wrong_usage_is_1(run, old, tmp_path, words, says):
    write(tmp_path / "all" / "one")
    write(tmp_path / "all" / "two", ("bundle.yaml", "bundle: library", "bundle: archive"))
    done = run("diff", *(word.format(old=old, all=tmp_path / "all") for word in words))
    assert (done.exit_code, done.stdout) == (1, "")
    assert says in done.stderr


# -- what is compared ---------------------------------------------------------------------------


def test_recorded_documents_from_files_and_from_standard_input(run, command, old, new, recorded):
    from_file = json.loads(run("diff", old, new, "--facts", recorded, "--format", "json").stdout)
    (bundle,) = from_file["bundles"]
    assert (bundle["behaviour"]["cases"], bundle["behaviour"]["lines"], bundle["behaviour"]["compared"]) == (5, 40, 45)
    twice = run("diff", old, new, "--facts", recorded, "--facts", recorded, "--format", "json").stdout
    assert json.loads(twice)["bundles"][0]["behaviour"]["lines"] == 80
    piped = command("diff", old, new, "--facts", "-", "--format", "json", input=recorded.read_text()).stdout
    assert json.loads(piped)["bundles"][0]["behaviour"]["by_decision"] == bundle["behaviour"]["by_decision"]


def test_bare_facts_need_a_decision_and_a_day(run, old, new, tmp_path):
    facts = tmp_path / "facts"
    facts.write_text('{"loan": {"day": "2025-01-02"}, "member": {"insured": true}}\n')
    done = run(
        "diff", old, new, "--facts", facts, "--decision", "refund", "--as-of", "2025-02-01", "--only", "decisions"
    )
    assert done.exit_code == 5
    assert (
        f"now by LI-LATE\n    at stake: 1 amount not known before\n    example: {facts}:1, as of 2025-02-01"
        in done.stdout
    )


def test_folders_of_bundles_are_matched_and_lines_find_their_bundle(run, tmp_path):
    for side, edits in (("before", ()), ("after", (LATER,))):
        write(tmp_path / side / "one", *edits)
        write(tmp_path / side / "two", ("bundle.yaml", "bundle: library", "bundle: archive"))
    facts = tmp_path / "facts"
    facts.write_text(lines(9).replace('"time"', '"bundle": "archive", "time"') + lines(1))
    data = json.loads(run("diff", tmp_path / "before", tmp_path / "after", "--facts", facts, "--format", "json").stdout)
    archive, library = (bundle["behaviour"] for bundle in data["bundles"])
    assert (archive["compared"], archive["changed"], archive["unreadable"]["count"]) == (5 + 9, 0, 1)
    assert (library["compared"], library["of_other_bundles"], library["unreadable"]["count"]) == (5, 9, 1)


def test_shipped_bundles_by_their_names(run):
    assert run("diff", "alibaba_terms", "alibaba_terms").exit_code == 0


def test_the_output_may_go_to_a_file(run, old, new, tmp_path):
    done = run("diff", old, new, "--format", "markdown", "--output", tmp_path / "comment.md")
    assert (done.exit_code, done.stdout) == (5, "")
    assert (tmp_path / "comment.md").read_text().startswith("**Decisions changed.**")


# -- git ----------------------------------------------------------------------------------------


@pytest.fixture
def repository(tmp_path, monkeypatch) -> Path:
    """A repository with one bundle, committed and then edited; the current folder."""
    top = tmp_path / "work"
    write(top / "policies" / "library")
    git(tmp_path, "init", "-q", str(top))
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "First")
    write(top / "policies" / "library", LATER)
    monkeypatch.chdir(top)
    return top


@pytest.mark.parametrize("first", ["HEAD", "HEAD:policies/library", "HEAD:./policies/library", "@"])
def test_a_revision_against_the_work_tree(run, repository, first):
    done = run("diff", first, "policies/library")
    assert done.exit_code == 5
    shown = first if ":" in first else f"{first}:policies/library"
    assert f"  old: {shown} (1.0.0, digest " in done.stdout
    assert "  new: policies/library (1.0.0, digest " in done.stdout
    assert "parameter days_to_return: moved from `40 days` to `20 days`" in done.stdout


def test_a_revision_against_a_revision(run, repository):
    git(repository, "commit", "-q", "-a", "-m", "Second")
    assert run("diff", "HEAD~1", "HEAD:policies/library").exit_code == 5
    assert run("diff", "HEAD:policies", "HEAD~1:policies").exit_code == 5
    assert run("diff", "HEAD", "policies").exit_code == 0


def test_nothing_is_left_of_what_was_read_from_git(run, repository, tmp_path, monkeypatch):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    run("diff", "HEAD", "policies/library")
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_folder_that_was_not_there_is_all_new(run, repository):
    write(repository / "policies" / "more", ("bundle.yaml", "bundle: library", "bundle: more"))
    done = run("diff", "HEAD", "policies/more")
    assert done.exit_code == 5
    assert done.stdout.startswith("more: the bundle is new\n  old: there is none\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["HEAAD", "policies/library"], "there is neither a folder nor a git revision `HEAAD`"),
        (
            ["HEAD:nowhere", "HEAD:nowhere/else"],
            "there is no folder at `HEAD:nowhere`, and none at `HEAD:nowhere/else`",
        ),
        (["HEAD:policies/library/cover.yaml", "policies/library"], "is a file at revision `HEAD`"),
    ],
)
def test_what_is_no_revision_is_1(run, repository, words, says):
    done = run("diff", *words)
    assert (done.exit_code, done.stdout) == (1, "")
    assert says in done.stderr


def test_faults_at_a_revision_are_told_with_the_revision(run, repository):
    write(repository / "policies" / "library", ("cover.yaml", "{book.state: whole}", "{book.state: hole}"))
    git(repository, "commit", "-q", "-a", "-m", "Broken")
    write(repository / "policies" / "library")
    done = run("diff", "HEAD", "policies/library")
    assert done.exit_code == 3
    assert done.stderr.startswith("HEAD:policies/library/cover.yaml:7:43: error[type/member]")


# -- progress -----------------------------------------------------------------------------------


def test_progress_is_shown_on_a_terminal_only(old, new, recorded, tmp_path):
    words = [sys.executable, "-m", "policyengine", "diff", str(old), str(new), "--facts", str(recorded)]
    ours, theirs = pty.openpty()
    with (tmp_path / "printed").open("wb") as printed:
        started = subprocess.Popen(words, stdout=printed, stderr=theirs)
    os.close(theirs)
    seen = _all_of(ours)
    assert started.wait(timeout=60) == 5
    assert "deciding" in seen
    assert "100%" in seen
    quiet = subprocess.run(words, capture_output=True, check=False, timeout=60)
    assert (quiet.stdout, quiet.stderr) == ((tmp_path / "printed").read_bytes(), b"")


def _all_of(terminal: int) -> str:
    """All that is written to a terminal until nobody has it open any more."""
    seen = b""
    with contextlib.suppress(OSError):  # which is how a terminal says so
        while data := os.read(terminal, 65_536):
            seen += data
    os.close(terminal)
    return seen.decode()
