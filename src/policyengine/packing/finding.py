"""The bundles that a path stands for."""

from __future__ import annotations

from pathlib import Path
from typing import Final

#: How a packed bundle's file name ends.
SUFFIX: Final = ".bundle"


def is_bundle(path: Path) -> bool:
    """Whether a path is that of one bundle: a file, taken for a packed one, or a folder with policy files."""
    return path.is_file() or any(path.glob("*.yaml"))


def bundles_in(folder: Path) -> list[Path]:
    """The folders with policy files, and the packed files, that lie directly in a folder; sorted."""
    return sorted(f for f in folder.iterdir() if _is_one_of_several(f))


def _is_one_of_several(path: Path) -> bool:
    # Names with a dot in front are what editors, and those who put new files in place, use meanwhile.
    if path.name.startswith("."):
        return False
    return any(path.glob("*.yaml")) if path.is_dir() else path.is_file() and path.name.endswith(SUFFIX)
