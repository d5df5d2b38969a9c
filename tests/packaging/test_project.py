"""The checkout: what lies in it, its version, its licence and its lock files."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import policyengine

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

TOP_LEVEL = {"pyproject.toml", "policies", "src", "schemas", "tests", "README.md", "Makefile", "LICENSE"}
LOCKS = {"requirements.txt", "requirements-build.txt", "requirements-dev.txt", "requirements-bench.txt"}
MADE_BY_TOOLS = {"dist", "build", "htmlcov", "policyengine-log"}  # the last by `make serve`


def locked(name: str) -> dict[str, list[str]]:
    """The pinned requirements of a lock file, each with its hashes."""
    text = re.sub(r"#.*", "", (ROOT / name).read_text()).replace("\\\n", " ")
    rows = [line.split("--hash=") for line in text.splitlines() if line.strip()]
    return {row[0].strip(): [hash_.strip() for hash_ in row[1:]] for row in rows}


def pins(name: str) -> dict[str, set[str]]:
    """The versions a lock file names for each package; more than one when they differ by Python."""
    versions: dict[str, set[str]] = {}
    for line in locked(name):
        requirement = Requirement(line)
        (specifier,) = requirement.specifier
        assert specifier.operator == "==", line
        versions.setdefault(requirement.name, set()).add(specifier.version)
    return versions


def test_the_top_level_holds_what_it_should_and_nothing_else():
    visible = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert visible - MADE_BY_TOOLS == TOP_LEVEL | LOCKS


def test_the_installed_version_is_the_one_in_pyproject():
    assert policyengine.__version__ == PROJECT["project"]["version"], "run `make dev` after changing the version"


def test_the_licence_is_apache_2_of_the_authors():
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert re.search(r"^   Copyright \d{4} the policyengine authors$", text, re.MULTILINE)
    assert PROJECT["project"]["license"] == "Apache-2.0"


@pytest.mark.parametrize("name", sorted(LOCKS))
def test_every_locked_package_has_hashes(name):
    rows = locked(name)
    assert rows
    for requirement, hashes in rows.items():
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", hash_) for hash_ in hashes), requirement


@pytest.mark.parametrize("name", sorted(LOCKS))
def test_lock_files_name_no_address_and_no_path(name):
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert not re.search(r"--(extra-)?index-url|--find-links|--trusted-host|^-e |^/", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        ("requirements.txt", PROJECT["project"]["dependencies"]),
        ("requirements-dev.txt", PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]),
        ("requirements-build.txt", PROJECT["dependency-groups"]["build"]),
        ("requirements-bench.txt", PROJECT["dependency-groups"]["bench"]),
    ],
)
def test_the_lock_files_follow_pyproject(name, declared):
    versions = pins(name)
    for line in declared:
        requirement = Requirement(line)
        assert requirement.name in versions, f"{name} lacks {line}; run `make lock`"
        for version in versions[requirement.name]:
            assert requirement.specifier.contains(version), f"{name} has {version}, not {line}; run `make lock`"


def test_tests_run_with_the_packages_that_users_get():
    tested = pins("requirements-dev.txt")
    assert {name: tested.get(name) for name in pins("requirements.txt")} == pins("requirements.txt")


def test_what_builds_the_project_is_locked():
    locked_tools = pins("requirements-build.txt")
    assert {Requirement(line).name for line in PROJECT["build-system"]["requires"]} <= locked_tools.keys()


@pytest.mark.parametrize(
    "room", ["access", "configuration", "decision_log", "explaining", "impact", "packing", "reference", "web"]
)
def test_a_room_says_what_each_of_its_modules_is_for(room):
    folder = ROOT / "src" / "policyengine" / room
    told = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf-8")))
    modules = {file.stem for file in folder.glob("*.py")} - {"__init__", "errors"}
    assert sorted(modules - set(re.findall(r"``(\w+)``", told))) == []
