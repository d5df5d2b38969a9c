"""Say what keeps the Python that runs this from building the environment, and how to mend it.

Prints nothing and exits 0 when nothing is missing; prints the sentences and exits 1 otherwise.
`.ci/environment` runs it with every Python it finds, so it keeps to what Python 3.7 can read.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import NamedTuple

LOWEST = (3, 11)
HIGHEST = (3, 13)
THIS = "Python {}.{}".format(*sys.version_info)
PACKAGE = "python{}.{}".format(*sys.version_info)
OF_THE_SYSTEM = sys.base_prefix == "/usr"
INCLUDE = sysconfig.get_paths()["include"]
COMPILER = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")


class Obstacle(NamedTuple):
    """What is missing, and the Debian package that brings it."""

    sentence: str
    package: str


def environments() -> list[Obstacle]:
    """Debian keeps the means to make virtual environments in a package of its own."""
    try:
        from ensurepip import bootstrap  # noqa: F401
        from venv import EnvBuilder  # noqa: F401
    except ImportError:
        return [Obstacle(f"{THIS} ({sys.executable}) cannot make virtual environments", f"{PACKAGE}-venv")]
    return []


def headers() -> list[Obstacle]:
    """The rules engine is a C module, so Python's headers are needed."""
    if Path(INCLUDE, "Python.h").exists():
        return []
    return [Obstacle(f"the C headers of {THIS} are missing ({INCLUDE}/Python.h)", f"{PACKAGE}-dev")]


def compiler() -> list[Obstacle]:
    """A C compiler must be there."""
    if shutil.which(COMPILER[0]):
        return []
    return [Obstacle(f"the C compiler `{COMPILER[0]}` is missing", "gcc")]


def compiling() -> list[Obstacle]:
    """A compiler without the C library's headers is there, and useless."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "trial.c")
        source.write_text("#include <Python.h>\n")
        command = [*COMPILER, f"-I{INCLUDE}", "-c", str(source), "-o", str(source.with_suffix(".o"))]
        trial = subprocess.run(command, capture_output=True, text=True, check=False)
    if trial.returncode == 0:
        return []
    said = next((line for line in trial.stderr.splitlines() if "error" in line), "it gave no reason")
    return [Obstacle(f"`{COMPILER[0]}` cannot compile a file that includes Python.h: {said}", "libc6-dev")]


def remedy(packages: list[str]) -> list[str]:
    """What to do about the missing packages; only Debian's own Python gets its parts from Debian."""
    from_debian = [name for name in packages if OF_THE_SYSTEM or not name.startswith("python")]
    lines = []
    if from_debian:
        lines.append("On Debian: apt-get install " + " ".join(from_debian))
    if from_debian != packages:
        lines.append("That Python is not Debian's own: install it whole, or name another, as in `make test PYTHON=...`")
    return lines


def report() -> list[str]:
    """The lines to print: every obstacle, then the remedy."""
    if not LOWEST <= sys.version_info[:2] <= HIGHEST:
        return [
            f"Python 3.11, 3.12 or 3.13 is needed, and {sys.executable} is {THIS}",
            "Debian 12 and newer have one as `python3`; name another with `make test PYTHON=...`",
        ]
    found = environments() + headers() + compiler()
    found = found or compiling()
    return [obstacle.sentence for obstacle in found] + remedy([obstacle.package for obstacle in found])


def main() -> int:
    """Print the report; 1 if there is anything in it."""
    lines = report()
    print("\n".join(lines), end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
