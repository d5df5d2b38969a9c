"""What a command is to look at: bundles, by their folders or by any file in them, and places in files of cases."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from policyengine.cli.options import bundle_folders
from policyengine.packing.finding import SUFFIX
from policyengine.testing.folders import bundle_around, bundle_of_cases

if TYPE_CHECKING:
    from policyengine.testing.selection import Place

# As failures print it: `late.test.yaml:12`, perhaps with a column and what else was copied with it.
_LINE = re.compile(r"(?P<file>.+?\.ya?ml):(?P<line>[0-9]+)(?::.*)?", re.DOTALL)
_NAMED = re.compile(r"(?P<file>.+?\.ya?ml)::(?P<name>.+)", re.DOTALL)


@dataclass
class Targets:
    """The folders of bundles, and of some of them the places that were named; ``files`` is how many files were."""

    folders: list[Path] = field(default_factory=list)
    places: dict[str, tuple[Place, ...]] = field(default_factory=dict)
    files: int = 0

    def add(self, folder: Path, place: Place | None = None) -> None:
        """Take a bundle: whole, or this place of it. Whoever names it whole has the whole."""
        known = folder in self.folders
        if place is None:
            self.places.pop(str(folder), None)
        elif not known or str(folder) in self.places:
            self.places[str(folder)] = (*self.places.get(str(folder), ()), place)
        if not known:
            self.folders.append(folder)


def targets_argument(command: Callable[..., Any]) -> Callable[..., Any]:
    """The arguments ``[FOLDER]...`` and the option ``--changed``."""
    changed = click.option(
        "--changed",
        is_flag=True,
        help="Take the arguments for changed files: the bundles that hold them are looked at whole, and files in no "
        "bundle are passed over.",
    )
    return click.argument("folders", metavar="[FOLDER|FILE]...", nargs=-1)(changed(command))


def find_targets(named: Sequence[str], *, changed: bool = False) -> Targets:
    """What was named; wrong usage if there is no such thing. Nothing named: the shipped bundles."""
    targets = Targets()
    if changed:
        targets.files = len(named)
        for folder in filter(None, (bundle_around(Path(name).absolute()) for name in named)):
            targets.add(_near(folder))
        return targets
    if not named:
        targets.folders = bundle_folders(())
    for name in named:
        for folder, place in _named(name):
            targets.add(folder, place)
    return targets


def tell_nothing_concerned(targets: Targets) -> None:
    """Say that no changed file is in a bundle: there is nothing to look at, and that is well."""
    files = "1 file" if targets.files == 1 else f"{targets.files} files"
    click.echo(f"no bundle holds any of the {files} named, so there is nothing to do", err=True)


def _named(name: str) -> Iterator[tuple[Path, Place | None]]:
    if Path(name).is_file():
        yield (Path(name), None) if name.endswith(SUFFIX) else _file(name, name)
    elif (found := _NAMED.fullmatch(name)) and Path(found["file"]).is_file():
        yield _file(name, found["file"], case=found["name"])
    elif (found := _LINE.fullmatch(name)) and Path(found["file"]).is_file():
        yield _file(name, found["file"], line=int(found["line"]))
    else:
        yield from ((folder, None) for folder in bundle_folders((name,)))


def _file(said: str, file: str, *, line: int | None = None, case: str | None = None) -> tuple[Path, Place | None]:
    from policyengine.testing.selection import Place

    path = Path(file).absolute()
    folder = bundle_of_cases(path)
    if folder is not None:
        return _near(folder), Place(said, path, line, case)
    folder = bundle_around(path)
    if folder is None:
        raise click.UsageError(f"`{file}` is in no bundle: no folder above it has a file of kind `bundle`")
    return _near(folder), None


def _near(folder: Path) -> Path:
    """The folder as a person in the current folder would write it."""
    here = Path.cwd()
    return folder.relative_to(here) if folder.is_relative_to(here) else folder
