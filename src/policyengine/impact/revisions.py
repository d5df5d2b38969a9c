"""Folders as they were at a git revision, written to a folder of their own. The work tree is never touched."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from policyengine.errors import PolicyEngineError

_BLOB: Final = "blob"
_LINK: Final = "120000"


class RevisionError(PolicyEngineError):
    """A revision cannot be read; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Repository:
    """A git repository, found from a folder inside its work tree (``inside``: the path of that folder in it)."""

    folder: Path
    inside: str

    @classmethod
    def around(cls, folder: Path, wanted: str) -> Repository:
        """The repository that ``folder`` lies in; ``wanted`` is what is to be read from it. Raises RevisionError."""
        if shutil.which("git") is None:
            raise RevisionError(
                f"there is no folder `{wanted}`, and git, which could read it as a revision, is missing"
            )
        done = _git(folder, "rev-parse", "--show-prefix")
        if done.returncode:
            told = f"there is no folder `{wanted}`, and in `{folder}` git cannot look for a revision of this name"
            raise RevisionError(f"{told}: {_reason(done)}")
        return cls(folder, done.stdout.decode().strip().rstrip("/"))

    def tree(self, revision: str, path: str | None) -> str | None:
        """The id of the folder ``path`` (None: the one this was found from) at a revision; None if it was not there.

        Raises RevisionError if there is no such revision, or the path is not a folder in it.
        """
        commit = self._id(f"{revision}^{{tree}}")
        if commit is None:
            raise RevisionError(f"there is neither a folder nor a git revision `{revision}`")
        inside = self.inside if path is None else path.rstrip("/")
        found = self._id(f"{revision}:{inside}")
        if found is not None and self._kind(found) == _BLOB:
            raise RevisionError(f"`{inside}` is a file at revision `{revision}`; name the folder of the bundle")
        return found

    def write(self, tree: str, folder: Path) -> None:
        """Write the ``*.yaml`` files of a tree into a folder. Raises RevisionError."""
        listed = _checked(_git(self.folder, "ls-tree", "--full-tree", "-r", "-z", tree)).decode(
            "utf-8", "surrogateescape"
        )
        for entry in listed.split("\0")[:-1]:
            about, path = entry.split("\t", 1)
            mode, kind, id_ = about.split()
            if kind != _BLOB or not path.endswith(".yaml"):
                continue
            if mode == _LINK:
                raise RevisionError(f"`{path}` is a link, and links are not followed in git; put the file itself there")
            target = folder.joinpath(*PurePosixPath(path).parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            # Byte for byte: other ways to read a tree may leave files out, or put other text into them.
            target.write_bytes(_checked(_git(self.folder, "cat-file", _BLOB, id_)))

    def _id(self, name: str) -> str | None:
        done = _git(self.folder, "rev-parse", "--verify", "--quiet", "--end-of-options", name)
        return None if done.returncode else done.stdout.decode().strip()

    def _kind(self, id_: str) -> str:
        return _checked(_git(self.folder, "cat-file", "-t", id_)).decode().strip()


def _git(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    # In a hook, git speaks of its own repository by these; the one meant here is that of the folder.
    environment = {k: v for k, v in os.environ.items() if k not in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE")}
    command = ["git", "--literal-pathspecs", *words]
    return subprocess.run(  # noqa: S603 - git, with words that it takes as names
        command, cwd=folder, env=environment, capture_output=True, check=False, stdin=subprocess.DEVNULL
    )


def _checked(done: subprocess.CompletedProcess[bytes]) -> bytes:
    if done.returncode:
        raise RevisionError(f"git cannot read the revision: {_reason(done)}")
    return done.stdout


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return (lines[0] if lines else "it gave no reason").removeprefix("fatal: ")
