"""The bundles that a path stands for, told from the files alone: no policy is read."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

#: How a packed bundle's file name ends.
SUFFIX: Final = ".bundle"

_IS_BUNDLE: Final = re.compile(rb"^kind:\s*['\"]?bundle\b", re.MULTILINE)


def is_bundle(path: Path) -> bool:
    """Whether a path is that of one bundle: a file, taken for a packed one, or a folder with policy files."""
    return path.is_file() or _has_policies(path)


def bundles_in(folder: Path) -> list[Path]:
    """The bundles in a folder, sorted; none may be missed.

    These are packed files and folders with policies, and further down folders with a bundle file.
    """
    found: list[Path] = []
    # Names with a dot in front are what editors, and those who put new files in place, use meanwhile.
    for inside in sorted(f for f in folder.iterdir() if not f.name.startswith(".")):
        if inside.is_dir():
            found += [inside] if _has_policies(inside) else _deeper(inside)
        elif inside.is_file() and inside.name.endswith(SUFFIX):
            found.append(inside)
    return found


def has_bundle_file(folder: Path) -> bool:
    """Whether a bundle file lies in this very folder."""
    return any(says(file, _IS_BUNDLE) for file in sorted(folder.glob("*.yaml")))


def says(path: Path, what: re.Pattern[bytes]) -> bool:
    """Whether the file is there and has such a line."""
    try:
        return what.search(path.read_bytes()) is not None
    except OSError:
        return False


def _has_policies(folder: Path) -> bool:
    return any(folder.glob("*.yaml"))


def _deeper(folder: Path) -> list[Path]:
    """Every bundle below a folder that is none; a bundle is not entered, and neither is a linked folder."""
    found: list[Path] = []
    for parent, folders, _ in os.walk(folder):
        here = Path(parent)
        if here != folder and has_bundle_file(here):
            found.append(here)
            folders.clear()
        folders[:] = sorted(name for name in folders if not name.startswith("."))
    return found
