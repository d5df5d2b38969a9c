"""Files of cases that no run would ever meet, for their name or their place: told, never passed over in silence."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from policyengine.diagnostics import Diagnostics
from policyengine.source import Span, nowhere
from policyengine.testing.folders import FOLDER, IS_TESTS, SUFFIX, says

_YAML = (".yaml", ".yml")


def tell_strays(folder: str | Path, sink: Diagnostics) -> None:
    """Report what lies in the bundle and is meant as cases, but is not read as such.

    Names that begin with a dot are left alone, as they are everywhere: editors keep copies under them.
    """
    root = Path(folder)
    for path in _paths(root):
        inside = path.relative_to(root)
        among_tests = inside.parts[0] == FOLDER and len(inside.parts) > 1
        if path.is_symlink() and path.is_dir():
            if among_tests or inside.parts[0] == FOLDER:
                sink.error(_CODE, "linked folders are not entered, so no case in it is run", _at(path), _COPY)
        elif path.is_dir():
            if among_tests and path.name.endswith(SUFFIX):
                sink.error(_CODE, "this is a folder with the name of a file of cases", _at(path), "rename it")
        elif path.suffix.lower() in _YAML:
            _look_at(path, sink, among_tests=among_tests)


_CODE = "tests/not-run"
_COPY = "put the files themselves into `tests`"


def _look_at(path: Path, sink: Diagnostics, *, among_tests: bool) -> None:
    if among_tests and not path.name.endswith(SUFFIX):
        message = f"no case of this file is run, because its name does not end in `{SUFFIX}`"
        sink.error(_CODE, message, _at(path), f"call it `{_stem(path.name)}{SUFFIX}`, or move it out of `{FOLDER}`")
    elif not among_tests and says(path, IS_TESTS):
        message = f"no case of this file is run, because it is not in the folder `{FOLDER}` of the bundle"
        target = PurePosixPath(FOLDER, f"{_stem(path.name)}{SUFFIX}")
        sink.error(_CODE, message, _at(path), f"move it to `{target}`")


def _stem(name: str) -> str:
    """``late.test.yml`` and ``Late.YAML`` without what stands after the name proper."""
    bare = name[: -len(Path(name).suffix)]
    return bare[: -len(".test")] if bare.lower().endswith(".test") else bare


def _paths(root: Path) -> Iterator[Path]:
    """Every file and folder of the bundle, sorted."""
    found: list[Path] = []
    for parent, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(parent) / name for name in (*folders, *files) if not name.startswith(".")]
    return iter(sorted(found))


def _at(path: Path) -> Span:
    return nowhere(path.as_posix())
