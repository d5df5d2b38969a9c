"""Editions that are read from git: just as they were, wherever git is asked from, and never through the work tree."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.impact.library import FILES, write

from policyengine.errors import BundleError
from policyengine.frontend.yaml_reader import bundle_digest
from policyengine.impact.revisions import Repository, RevisionError
from policyengine.impact.sides import Side, editions


def git(folder: Path, *words: str) -> str:
    settings = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("GIT_")}
    environment = {**clean, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", *settings, *words], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def repository(tmp_path) -> Path:
    """A repository with the library in `policies/library`; its first commit is tagged `first`."""
    top = tmp_path / "work"
    write(top / "policies" / "library")
    git(top.parent, "init", "-q", str(top))
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "First")
    git(top, "tag", "first")
    parameters = top / "policies" / "library" / "parameters.yaml"
    parameters.write_text(parameters.read_text().replace("40 days", "30 days"))
    git(top, "commit", "-q", "-a", "-m", "Second")
    return top


def written(repository: Repository, revision: str, path: str | None, target: Path) -> Path:
    target.mkdir()
    repository.write(repository.tree(revision, path), target)
    return target


def test_a_revision_is_written_byte_for_byte(repository, tmp_path):
    # What would leave files out, or change them, in other ways to read a tree.
    (repository / ".gitattributes").write_text("tests export-ignore\n*.yaml text eol=crlf\n")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "Attributes")
    folder = repository / "policies" / "library"
    old = written(Repository.around(folder, "first"), "first", None, tmp_path / "old")
    assert {p.relative_to(old).as_posix() for p in old.rglob("*.yaml")} == set(FILES)
    assert all((old / name).read_text() == text.lstrip() for name, text in FILES.items())
    new = written(Repository.around(folder, "HEAD"), "HEAD", None, tmp_path / "new")
    assert "30 days" in (new / "parameters.yaml").read_text()
    assert bundle_digest(old) != bundle_digest(new)


@pytest.mark.parametrize("inside", [".", "policies", "policies/library/tests"])
def test_paths_are_those_of_the_repository_wherever_it_is_asked_from(repository, tmp_path, inside):
    found = written(Repository.around(repository / inside, "first:x"), "first", "policies/library", tmp_path / "old")
    assert (found / "bundle.yaml").exists()


@pytest.mark.parametrize(("top", "shown"), [("HEAD:", "HEAD:library"), ("HEAD:policies", "HEAD:policies/library")])
def test_a_folder_at_the_top_of_a_revision_has_no_slash_before_it(top, shown, tmp_path):
    write(tmp_path / "library")
    assert [e.shown for e in editions(Side(tmp_path, top)).values()] == [shown]


def test_neither_work_tree_nor_index_is_touched(repository, tmp_path):
    changed = repository / "policies" / "library" / "cover.yaml"
    changed.write_text("not yet ready")
    before = (
        git(repository, "status", "--porcelain"),
        git(repository, "rev-parse", "HEAD"),
        git(repository, "stash", "list"),
    )
    written(Repository.around(repository, "first"), "first", "policies/library", tmp_path / "old")
    assert (
        git(repository, "status", "--porcelain"),
        git(repository, "rev-parse", "HEAD"),
        git(repository, "stash", "list"),
    ) == before
    assert changed.read_text() == "not yet ready"


def test_the_environment_of_a_hook_does_not_lead_astray(repository, tmp_path, monkeypatch):
    other = tmp_path / "other"
    git(tmp_path, "init", "-q", str(other))
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    assert Repository.around(repository, "first").tree("first", "policies/library") is not None


def test_a_path_that_was_not_there_is_none(repository):
    assert Repository.around(repository, "first").tree("first", "policies/other") is None


@pytest.mark.parametrize(
    ("revision", "path", "says"),
    [
        ("firts", None, "neither a folder nor a git revision `firts`"),
        ("--help", None, "neither a folder nor a git revision `--help`"),
        ("first", "policies/library/bundle.yaml", "`policies/library/bundle.yaml` is a file at revision `first`"),
    ],
)
def test_what_is_no_revision_or_no_folder_is_told(repository, revision, path, says):
    with pytest.raises(RevisionError) as caught:
        Repository.around(repository, revision).tree(revision, path)
    assert says in str(caught.value)


def test_links_are_not_followed(repository, tmp_path):
    (repository / "policies" / "library" / "linked.yaml").symlink_to("/etc/hostname")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", "Link")
    with pytest.raises(RevisionError, match=r"`linked\.yaml` is a link"):
        written(Repository.around(repository, "HEAD"), "HEAD", "policies/library", tmp_path / "new")


def test_outside_of_a_repository(tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(RevisionError, match=r"there is no folder `first`, and in .* git cannot look for a revision"):
        Repository.around(tmp_path, "first")


def test_without_git(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RevisionError, match=r"there is no folder `first`, and git, which could read it .* is missing"):
        Repository.around(tmp_path, "first")


def test_faults_are_told_with_the_folder_as_people_know_it(tmp_path):
    folder = write(tmp_path / "hidden", ("cover.yaml", "{book.state: whole}", "{book.state: hole}"))
    with pytest.raises(BundleError) as caught:
        editions(Side(folder, "first:policies/library"))
    (fault,) = caught.value.diagnostics
    assert fault.span.place.startswith("first:policies/library/cover.yaml:7:")
    assert "hidden" not in str(caught.value)


def test_faults_of_test_files_give_no_cases_and_are_kept(tmp_path):
    folder = write(tmp_path / "hidden", ("tests/refund.test.yaml", "verdict: wait", "verdict: weit"))
    (edition,) = editions(Side(folder, "first:library")).values()
    assert edition.cases == ()
    assert [u.place for u in edition.unread] == ["first:library/tests/refund.test.yaml:19:23"]


def test_a_folder_of_bundles_holds_several(tmp_path):
    write(tmp_path / "all" / "one")
    write(tmp_path / "all" / "two", ("bundle.yaml", "bundle: library", "bundle: archive"))
    (tmp_path / "all" / "empty").mkdir()
    found = editions(Side(tmp_path / "all", "all"))
    assert {id_: e.shown for id_, e in found.items()} == {"library": "all/one", "archive": "all/two"}
