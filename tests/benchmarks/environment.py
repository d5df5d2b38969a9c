"""The rivals' own environment, inside the project's: ``.venv/bench``, from the lock ``requirements-bench.txt``.

What cannot be installed does not keep the others from being measured: it is told, and named in the tables.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".venv" / "bench"
PYTHON = HOME / "bin" / "python"
NODE = HOME / "node"
_LOCK = ROOT / "requirements-bench.txt"
_PACKAGE = Path(__file__).parent / "node" / "package.json"
_PIP = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "--only-binary", ":all:")


def prepare() -> None:
    """Bring the environment up to date."""
    wanted = _sum_of([_LOCK, _PACKAGE])
    stamp = HOME / "bench.sum"
    if PYTHON.exists() and stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return
    print("bench: fetching the rivals into .venv/bench", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", HOME], check=True)
    _install_python()
    _install_node()
    stamp.write_text(wanted, encoding="ascii")


def _sum_of(files: list[Path]) -> str:
    content = b"".join(file.read_bytes() for file in files)
    return hashlib.sha256(content + sys.version.encode() + str(HOME).encode()).hexdigest()


def _install_python() -> None:
    """All at once; if that cannot be, one after the other, as many as can be had."""
    if subprocess.run([PYTHON, *_PIP, "-r", _LOCK], check=False).returncode == 0:
        return
    for number, block in enumerate(_blocks(_LOCK.read_text(encoding="utf-8"))):
        with tempfile.NamedTemporaryFile("w", suffix=f"-{number}.txt", encoding="utf-8") as one:
            one.write(block)
            one.flush()
            if subprocess.run([PYTHON, *_PIP, "--no-deps", "-r", one.name], check=False).returncode:
                print("bench: could not be had: " + block.split(" ", 1)[0], flush=True)


def _blocks(lock: str) -> list[str]:
    """The packages of the lock, each with its hashes."""
    blocks: list[str] = []
    for line in lock.splitlines(keepends=True):
        if line.startswith("#"):
            continue
        if line[:1].isspace() and blocks:
            blocks[-1] += line
        else:
            blocks.append(line)
    return blocks


def _install_node() -> None:
    if not (shutil.which("node") and shutil.which("npm")):
        print("bench: Node.js and npm are not here, so that its rival over HTTP is not measured", flush=True)
        return
    NODE.mkdir()
    shutil.copy(_PACKAGE, NODE)
    asked = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel", "error"]
    if subprocess.run(asked, cwd=NODE, check=False).returncode:
        print(
            "bench: the packages of Node.js could not be had, so that its rival over HTTP is not measured", flush=True
        )
        shutil.rmtree(NODE)
