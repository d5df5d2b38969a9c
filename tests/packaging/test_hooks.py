"""The hooks and the workflow: judged by pre-commit itself, and run in repositories of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from pre_commit.clientlib import load_config, load_manifest

from policyengine.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
WORKFLOW = ROOT / ".github" / "workflows" / "policies.yml"
HOOKS = {hook["id"]: hook for hook in load_manifest(str(MANIFEST))}
BIN = Path(sys.executable).parent


def test_the_manifest_offers_both_hooks():
    assert set(HOOKS) == {"policyengine-check", "policyengine-test"}
    for hook in HOOKS.values():
        assert hook["language"] == "python"
        assert hook["pass_filenames"], "the changed files tell which bundles to look at"
        assert hook["require_serial"], "a bundle must not be looked at once for every few files"


def test_this_repository_uses_the_hooks_that_it_offers():
    (repo,) = load_config(str(ROOT / ".pre-commit-config.yaml"))["repos"]
    for hook in repo["hooks"]:
        offered = HOOKS[hook["id"]]
        assert hook["entry"] == f".venv/bin/{offered['entry']}"
        assert (hook["name"], hook["require_serial"]) == (offered["name"], offered["require_serial"])


@pytest.fixture
def repository(tmp_path):
    """A git repository with a bundle, something else in YAML, and the hooks as the manifest has them."""
    home = tmp_path / "repository"
    home.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PRE_COMMIT"))}
    reader = {f"GIT_{who}_{what}": "reader@localhost" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    own = {"GIT_CONFIG_GLOBAL": os.devnull, "XDG_CACHE_HOME": str(tmp_path / "cache"), "PATH": f"{BIN}:{kept['PATH']}"}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, cwd=home, env={**kept, **reader, **own}, capture_output=True, text=True, check=False, timeout=120
        )

    # The environment that pre-commit would build takes minutes: the commands of this one are run.
    hooks = [{**hook, "language": "system"} for hook in yaml.safe_load(MANIFEST.read_text(encoding="utf-8"))]
    config = {"repos": [{"repo": "local", "hooks": hooks}]}
    (home / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (home / "compose.yaml").write_text("services: {}\n", encoding="utf-8")
    assert CliRunner().invoke(cli, ["init", str(home / "policies" / "returns")]).exit_code == 0
    for words in (("git", "init", "-q"), ("git", "add", "-A"), ("git", "commit", "-q", "-m", "first")):
        done = run(*words)
        assert done.returncode == 0, done.stderr
    assert run("pre-commit", "install").returncode == 0
    run.home = home
    return run


def commit(repository, file: str, old: str, new: str) -> tuple[int, str]:
    path = repository.home / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    done = repository("git", "commit", "-q", "-a", "-m", "change")
    return done.returncode, done.stdout + done.stderr


def test_a_commit_with_a_mistake_is_refused_with_its_place(repository):
    code, told = commit(repository, "policies/returns/coverage.yaml", "cause: wind", "cause: winds")
    assert code == 1
    assert "policies/returns/coverage.yaml:10:30: error[type/member]" in told


def test_a_commit_after_which_a_case_fails_is_refused_with_what_differs(repository):
    code, told = commit(repository, "policies/returns/parameters.yaml", "0.5", "0.4")
    assert code == 1
    assert "check policies...........................................................Passed" in told
    assert "failed: refund::wind is paid in part" in told


def test_a_good_commit_and_one_of_other_files_pass(repository):
    code, told = commit(repository, "policies/returns/tests/refund.test.yaml", "a seam is paid", "a seam is all paid")
    assert (code, told.count("Passed")) == (0, 2), told
    code, told = commit(repository, "compose.yaml", "{}", "{web: {}}")
    assert (code, told.count("Passed")) == (0, 2), told


def test_the_workflow_runs_commands_that_work(tmp_path):
    steps = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]["policies"]["steps"]
    shutil.copytree(ROOT / "policies", tmp_path / "policies")
    commands = [s["run"] for s in steps if "run" in s and s["run"].startswith("policyengine")]
    assert len(commands) == 2
    for words in commands:
        done = subprocess.run(
            [BIN / "policyengine", *words.split()[1:]], cwd=tmp_path, capture_output=True, text=True, check=False,
            env={**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache")}, timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
    (report,) = [s["with"]["path"] for s in steps if "upload-artifact" in s.get("uses", "")]
    assert (tmp_path / report).read_text(encoding="utf-8").startswith('<?xml version="1.0"')
    (setup,) = [s["run"].splitlines()[0].split() for s in steps if s.get("name") == "set up"]
    assert (ROOT / setup[0]).is_file()
