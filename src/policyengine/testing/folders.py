"""Which bundle a file belongs to, told from the files alone: no policy is read, and nothing of the engine imported."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

#: What the files of cases are called, and the folder of a bundle that they lie in.
SUFFIX: Final = ".test.yaml"
FOLDER: Final = "tests"

IS_BUNDLE: Final = re.compile(rb"^kind:\s*['\"]?bundle\b", re.MULTILINE)
IS_TESTS: Final = re.compile(rb"^kind:\s*['\"]?tests\b", re.MULTILINE)


def says(path: Path, what: re.Pattern[bytes]) -> bool:
    """Whether the file is there and has such a line."""
    try:
        return what.search(path.read_bytes()) is not None
    except OSError:
        return False


def is_bundle(folder: Path) -> bool:
    """Whether a bundle file lies in this very folder."""
    return any(says(file, IS_BUNDLE) for file in sorted(folder.glob("*.yaml")))


def bundle_around(path: Path) -> Path | None:
    """The nearest folder above ``path`` that holds a bundle file; None if there is none."""
    return next((folder for folder in path.parents if is_bundle(folder)), None)


def bundle_of_cases(path: Path) -> Path | None:
    """The bundle that a file of cases belongs to, or None if the file is none of ours.

    Ours is what says that it is of kind ``tests``, and everything below ``tests`` of a folder with a bundle file.
    """
    above = [p.parent for p in path.parents if p.name == FOLDER]
    for folder in above:
        if is_bundle(folder):
            return folder
    return above[0] if above and says(path, IS_TESTS) else None
