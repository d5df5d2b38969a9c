"""The files of a bundle, read once: what is checked, hashed, packed and served is then the same bytes."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

#: The largest file of policies, in bytes.
MAX_BYTES = 5_000_000
TESTS = "tests"


@dataclass(frozen=True, slots=True)
class Unread:
    """Why a file was not read: the code and the message of a diagnostic."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class BundleFiles:
    """What was read of a bundle. ``shown`` is how its folder, or packed file, is shown to people.

    ``contents`` has, by path inside the bundle and in order of path, the bytes of its policy files and of its files of
    cases; ``unread`` those that could not be read. ``claim`` is the id and version that a packed file says it holds.
    """

    shown: str
    contents: Mapping[str, bytes]
    unread: Mapping[str, Unread] = field(default_factory=dict)
    claim: tuple[str, str] | None = None

    def policy_paths(self) -> list[str]:
        """The paths, with forward slashes and sorted, of the files that make the policies up."""
        return sorted(p for p in (*self.contents, *self.unread) if not _is_of_tests(p))

    def test_paths(self) -> list[str]:
        """The paths, sorted, of the files of cases."""
        return sorted(p for p in (*self.contents, *self.unread) if _is_of_tests(p))

    def digest(self) -> str:
        """The SHA-256, in hex, over the paths and bytes of the policy files in order of path.

        Each path and each file's bytes are preceded by their length, so no two bundles share a stream. Files that were
        not read are left out: a bundle with such a one is never used.
        """
        digest = hashlib.sha256()
        for path in self.policy_paths():
            for part in (path.encode("utf-8", "surrogateescape"), self.contents.get(path, b"")):
                digest.update(len(part).to_bytes(8, "big"))
                digest.update(part)
        return digest.hexdigest()


def read_files(folder: Path) -> BundleFiles:
    """The files of the bundle in ``folder``, as they are now; none when there is no such folder."""
    contents: dict[str, bytes] = {}
    unread: dict[str, Unread] = {}
    for path in yaml_paths(folder):
        if is_of_a_bundle(path):
            read = read_bytes(folder / path)
            if isinstance(read, Unread):
                unread[path] = read
            else:
                contents[path] = read
    return BundleFiles(folder.as_posix(), contents, unread)


def is_of_a_bundle(path: str) -> bool:
    """Whether the YAML file at this path inside a bundle belongs to its policies or to its cases."""
    return not _is_of_tests(path) or path.endswith(".test.yaml")


def _is_of_tests(path: str) -> bool:
    return path.startswith(f"{TESTS}/")


def read_bytes(path: Path) -> bytes | Unread:
    """The bytes of a file, or why there are none."""
    try:
        # Looked at first: opening a pipe or a device would wait for ever.
        if not stat.S_ISREG(path.stat().st_mode):
            return Unread("yaml/unreadable", "this is not a file")
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or "unknown reason").lower()
        return Unread("yaml/unreadable", f"the file cannot be read: {reason}")
    if len(data) > MAX_BYTES:
        return Unread("yaml/too-large", f"the file is larger than {MAX_BYTES // 1_000_000} MB")
    return data


def yaml_paths(folder: Path) -> list[str]:
    """All ``*.yaml`` below ``folder``, relative and sorted. Linked folders are not entered: they may lead in circles.

    Names that begin with a dot are left out: editors and mounted volumes keep copies under them.
    """
    return _paths(folder, lambda name: name.endswith(".yaml"))


def misnamed_paths(folder: Path) -> list[str]:
    """The paths of files, likewise, whose names end in another spelling of ``.yaml``: nobody reads them."""
    return _paths(folder, lambda name: name.lower().endswith((".yml", ".yaml")) and not name.endswith(".yaml"))


def _paths(folder: Path, wanted: Callable[[str], bool]) -> list[str]:
    found = []
    for parent, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        inside = Path(parent).relative_to(folder)
        found += [(inside / f).as_posix() for f in files if wanted(f) and not f.startswith(".")]
    return sorted(found)
