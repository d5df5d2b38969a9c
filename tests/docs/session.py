"""Following a document: its commands are run in a fresh copy of the project, its outputs are what really came out."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.docs.documents import ROOT, Block

from policyengine.frontend.yaml_reader import bundle_digest

_COPIED = (
    "src", "policies", "schemas", ".ci", ".github", "Makefile", "README.md", "pyproject.toml", ".gitignore",
    ".pre-commit-config.yaml", ".pre-commit-hooks.yaml", "LICENSE",
)  # fmt: skip
# Whoever commits while the document is followed; nothing of the machine's own settings of git.
_READER = {f"GIT_{who}_{what}": "reader@localhost" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
_GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **_READER}
_PUBLISHED_PORT = "8000"
# Of the service that the document sets up for production; it is started, and its process noted, by the commands there.
_PRODUCTION_PORT = "9000"
_PRODUCTION_PROCESS = "service/pid"
_PUBLISHED_FOLDER = "/srv/policyengine"
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
# Ids and times of logged decisions.
_OF_THE_LOG = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\b")


@dataclass
class Session:
    """A clone of the project, a shell's directory and variables, and the service once it runs.

    Some things cannot be the same everywhere, and are put as the document has them: the ports of services (free ones
    here), the folder of the project, and digests, which are compared with those worked out from the files and then
    shown as ``…``, as are the ids and times of logged decisions.
    """

    folder: Path
    _server: subprocess.Popen[str] | None = None
    _port: str = _PUBLISHED_PORT
    _production: str = _PRODUCTION_PORT
    _environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        for name in _COPIED:
            source, target = ROOT / name, self.folder / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        other = ("PYTHON", "VIRTUAL_ENV", "MAKE", "PORT", "GIT_", "PRE_COMMIT")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(other)}
        caches = {"XDG_CACHE_HOME": str(self.folder.parent / "caches")}
        # Packages come from where `make dev` keeps the locked ones, and over no network.
        pip = {
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(Path(sys.prefix, "wheelhouse")),
            "PIP_CONFIG_FILE": os.devnull,
        }
        own = {"PYTHONPATH": str(self.folder / "src"), "NO_COLOR": "1", "COLUMNS": "100"}
        self._environment = {**kept, **_GIT, **caches, **pip, **own}
        self._production = _free_port()
        self._make_clone()
        # As after `make`: an environment, which runs the files of the copy.
        (self.folder / ".venv").symlink_to(sys.prefix)

    def _make_clone(self) -> None:
        """As after `git clone`: one commit on `main`, and where it came from."""
        origin = self.folder.parent / "origin.git"
        self._run("git", "init", "--quiet", "--bare", "--initial-branch=main", str(origin))
        self._run("git", "init", "--quiet", "--initial-branch=main")
        self._run("git", "remote", "add", "origin", str(origin))
        self._run("git", "add", "--all")
        self._run("git", "commit", "--quiet", "--message=Policies")
        self._run("git", "push", "--quiet", "--set-upstream", "origin", "main")

    def shell(self, commands: str) -> tuple[int, str]:
        """Run a block of commands; its exit code and all that it printed. Variables set with ``export`` last."""
        state = self.folder / ".state"
        script = f"{self.local(commands)}\n__code=$?\nexport -p >{state}\nexit $__code\n"
        before = f". {state}\n" if state.exists() else ""
        done = subprocess.run(
            ["bash", "-c", before + script],
            cwd=self.folder, env=self._environment, text=True, timeout=120,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        return done.returncode, self._published(done.stdout)

    def python(self, program: str) -> tuple[int, str]:
        """Run a program; its exit code and all that it printed."""
        done = subprocess.run(
            [".venv/bin/python", "-c", program],
            cwd=self.folder, env=self._environment, text=True, timeout=120,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        return done.returncode, self._published(done.stdout)

    def serve(self) -> str:
        """Start the service by the command that ``make serve`` ends with; what it prints when it starts."""
        self._port = _free_port()
        planned = self._run("make", "--dry-run", "serve", f"PORT={self._port}")
        (command,) = [line for line in planned.splitlines() if "policyengine serve" in line]
        self._server = subprocess.Popen(
            command.split(), cwd=self.folder, env=self._environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        return self._published("".join(self._announced()))

    def recipe(self, target: str) -> str:
        """What ``make TARGET`` would run; fails when there is no such target."""
        return self._run("make", "--dry-run", target)

    def close(self) -> None:
        """End the services."""
        if self._server:
            self._server.terminate()
            self._server.communicate(timeout=20)
        noted = self.folder.parent / _PRODUCTION_PROCESS
        if noted.exists():
            # Of one that a document started and did not end.
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(noted.read_text()), signal.SIGTERM)

    def _announced(self) -> Iterator[str]:
        assert self._server
        assert self._server.stdout
        for line in self._server.stdout:
            yield line
            if line.startswith("listening on"):
                return

    def _run(self, *command: str) -> str:
        done = subprocess.run(
            command, cwd=self.folder, env=self._environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def local(self, text: str) -> str:
        """A text of the document with the ports that the services have here."""
        text = text.replace(f"127.0.0.1:{_PUBLISHED_PORT}", f"127.0.0.1:{self._port}")
        return re.sub(rf"(127\.0\.0\.1:|\bport: ){_PRODUCTION_PORT}\b", rf"\g<1>{self._production}", text)

    def _published(self, text: str) -> str:
        known = {bundle_digest(folder) for folder in (self.folder / "policies").iterdir() if folder.is_dir()}
        known |= {bundle_digest(head.parent) for head in self.folder.parent.glob("*/bundle.yaml")}
        assert set(_DIGEST.findall(text)) <= known, "a digest is printed that is not the one of a bundle here"
        text = text.replace(str(self.folder.resolve()), _PUBLISHED_FOLDER)
        text = _OF_THE_LOG.sub("…", _DIGEST.sub("…", text))
        text = text.replace(f"127.0.0.1:{self._production}", f"127.0.0.1:{_PRODUCTION_PORT}")
        return text.replace(f"127.0.0.1:{self._port}", f"127.0.0.1:{_PUBLISHED_PORT}")


def _free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


@dataclass(frozen=True)
class Step:
    """A block that was followed: what is wrong with it, if anything, and for outputs what really came out."""

    block: Block
    fault: str = ""
    actual: str | None = None


_OUTPUTS = ("text", "json")
_MAKE = re.compile(r"make ([a-z-]+)")
_INSTALL = re.compile(r"apt-get (?:update|install (?P<packages>.+))")


def follow(document: list[Block], session: Session) -> list[Step]:
    """Do what a document says, block by block.

    * ``sh``: run; an output that follows is what it prints, and where none follows it succeeds
    * ``python``: the same
    * ``text`` and ``json`` after one of these: its output, compared to the letter
    * ``yaml``: the first line is ``# FILE``; a file that exists holds this text, one that does not is made of it
    * ``text drawing``: names of folders and modules of the package, each ending in ``/`` or ``.py``, exist
    * ``text files``: every path in it exists
    """
    steps: list[Step] = []
    printed: str | None = None
    for number, block in enumerate(document):
        following = document[number + 1] if number + 1 < len(document) else None
        shown = following is not None and following.language in _OUTPUTS and not following.note
        if block.language in ("sh", "python"):
            code, printed = _run(block, session)
            if not shown:
                steps.append(Step(block, f"exit code {code}, and it printed:\n{printed}" if code else ""))
                printed = None
            else:
                steps.append(Step(block))
        elif block.language in _OUTPUTS and not block.note and printed is not None:
            steps.append(Step(block, "" if printed == block.text else "something else came out", printed))
            printed = None
        else:
            steps.append(Step(block, _look_at(block, session)))
    return steps


def _run(block: Block, session: Session) -> tuple[int, str]:
    if block.language == "python":
        return session.python(block.text)
    lines = block.text.splitlines()
    if not any(line.startswith(("make", "apt-get", "sudo")) for line in lines):
        return session.shell(block.text)
    return 0, "".join(_special(line, session) for line in lines)


def _special(line: str, session: Session) -> str:
    """A command that is not run as it stands: it would set up an environment, or run these tests again."""
    words = line.partition("#")[0].strip()
    install, make = _INSTALL.fullmatch(words), _MAKE.fullmatch(words)
    if install:
        asked = set((install["packages"] or "").split())
        known = set(re.findall(r"[a-z0-9-]+", (ROOT / ".ci" / "run").read_text())) | {"curl"}
        assert asked <= known, f"packages that nothing asks for: {asked - known}"
    elif make and make[1] == "serve":
        return session.serve()
    else:
        assert make, f"no rule for this command: {line}"
        assert session.recipe(make[1])
    return ""


def _look_at(block: Block, session: Session) -> str:
    if block.language == "yaml":
        return _yaml(block, session)
    if block.language == "text" and block.note == "drawing":
        names = re.findall(r"(?:[a-z_]+/)*[a-z_]+(?:\.py|/)", block.text)
        package = session.folder / "src" / "policyengine"
        missing = [n for n in names if not (package / n).exists()]
        return f"not in the package: {missing}" if missing or not names else ""
    if block.language == "text" and block.note == "files":
        paths = [line.split("  ")[0].strip() for line in block.text.splitlines()]
        missing = [p for p in paths if not list(session.folder.glob(p))]
        return f"there is no {missing}" if missing else ""
    return f"no rule for a block `{block.language} {block.note}` here"


def _yaml(block: Block, session: Session) -> str:
    name = block.first_line.removeprefix("# ")
    path = session.folder / name
    if not block.first_line.startswith("# ") or not name.endswith(".yaml"):
        return "the first line does not name the file"
    if path.exists():
        return "" if block.rest in path.read_text() else f"{name} does not hold this text"
    path.write_text(session.local(block.text))
    return ""
