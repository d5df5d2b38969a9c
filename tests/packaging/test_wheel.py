"""The wheel: built by way of the source archive, and installed into an environment that holds nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
# `make test` keeps the locked packages there as wheels, so that this needs no network and compiles nothing again.
WHEELHOUSE = Path(sys.prefix, "wheelhouse")


def run(*command: object, cwd: Path) -> str:
    """Run a command as a user would, apart from this checkout; its output, or a failure that shows it."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    done = subprocess.run(
        [str(word) for word in command], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def files_below(folder: Path) -> set[str]:
    """The files of a folder by their path inside it, without what Python leaves behind."""
    paths = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix() for path in paths}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel, made from the source archive rather than from the checkout."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    assert (folder / f"yaml_policyengine-{VERSION}.tar.gz").is_file()
    return folder / f"yaml_policyengine-{VERSION}-py3-none-any.whl"


@pytest.fixture(scope="module")
def programs(wheel, tmp_path_factory) -> Path:
    """The folder of programs of an environment with the wheel, and with what the wheel itself asks for."""
    assert WHEELHOUSE.is_dir(), f"{WHEELHOUSE} is missing; `make dev` makes it"
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", folder, cwd=folder)
    pip = [folder / "bin" / "python", "-m", "pip", "--isolated", "install", "--quiet", "--no-compile"]
    run(*pip, "--no-index", "--find-links", WHEELHOUSE, wheel, cwd=folder)
    return folder / "bin"


@pytest.fixture(scope="module")
def contents(wheel) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize("folder", ["schemas", "policies"])
def test_schemas_and_bundles_travel_inside(contents, folder):
    expected = files_below(ROOT / folder)
    assert expected
    inside = f"policyengine/_{folder}/"
    assert {name.removeprefix(inside) for name in contents if name.startswith(inside)} == expected


def test_types_and_licence_travel_inside(contents):
    assert {"policyengine/py.typed", f"yaml_policyengine-{VERSION}.dist-info/licenses/LICENSE"} <= contents


def test_nothing_else_travels(contents):
    assert {name.split("/")[0] for name in contents} == {"policyengine", f"yaml_policyengine-{VERSION}.dist-info"}


def test_what_the_wheel_asks_for_is_enough(programs, tmp_path):
    run(programs / "python", "-m", "pip", "check", cwd=tmp_path)
    run(programs / "python", "-c", "import durable_rules_engine, policyengine.web", cwd=tmp_path)


def test_the_installed_command_tells_its_version(programs, tmp_path):
    assert VERSION in run(programs / "policyengine", "--version", cwd=tmp_path).split()
    assert VERSION in run(programs / "python", "-m", "policyengine", "--version", cwd=tmp_path).split()


def test_the_installed_command_checks_the_bundles_it_came_with(programs, tmp_path):
    question = "from policyengine.shipped import shipped_policies as where; print(where())"
    shipped = Path(run(programs / "python", "-c", question, cwd=tmp_path).strip())
    assert shipped.is_relative_to(programs.parent)
    bundles = sorted(path.parent for path in shipped.glob("*/bundle.yaml"))
    assert bundles
    for bundle in bundles:
        run(programs / "policyengine", "check", bundle, cwd=tmp_path)
