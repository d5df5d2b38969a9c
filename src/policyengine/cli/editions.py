"""What ``OLD`` and ``NEW`` mean on the command line: folders, or folders as they were at a git revision."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click

from policyengine.cli.options import bundle_folder
from policyengine.impact.revisions import Repository
from policyengine.impact.sides import Side


@dataclass(frozen=True, slots=True)
class _Named:
    """A side as it was named: a folder, or a revision with the path in it (None: that of the other side)."""

    text: str
    folder: Path | None
    revision: str = ""
    path: str | None = None


def sides(old: str, new: str, temporary: Path) -> tuple[Side, Side]:
    """Both sides, ready to be read; what is in git is written below ``temporary``.

    Raises UsageError and RevisionError.
    """
    named = _named(old), _named(new)
    for one, other in (named, named[::-1]):
        if one.folder is None and one.path is None and other.folder is None and other.path is None:
            help_ = f"name a folder, or the folder at a revision, such as `{one.text}:policies/returns`"
            raise click.UsageError(f"neither `{old}` nor `{new}` is a folder; {help_}")
    found = tuple(_side(one, other, temporary / name) for one, other, name in ((*named, "old"), (*named[::-1], "new")))
    if all(side.folder is None for side in found):
        raise click.UsageError(f"there is no folder at `{found[0].shown}`, and none at `{found[1].shown}`")
    return found[0], found[1]


def _named(text: str) -> _Named:
    """A folder comes first: a revision of the same name is meant by ``heads/NAME``, or by ``NAME:path``."""
    try:
        return _Named(text, bundle_folder(text))
    except click.UsageError:
        revision, colon, path = text.partition(":")
        # A path, and not the name of a branch: whoever wrote it meant a folder.
        if not revision or (not colon and text.startswith((".", "/", "~"))):
            raise
        return _Named(text, None, revision, path if colon else None)


def _side(one: _Named, other: _Named, folder: Path) -> Side:
    if one.folder is not None:
        return Side(one.folder, str(one.folder))
    path = other.path if one.path is None else one.path
    repository = Repository.around(other.folder if path is None and other.folder else Path.cwd(), one.text)
    shown = f"{one.revision}:{repository.inside if path is None else path}"
    tree = repository.tree(one.revision, path)
    if tree is None:
        return Side(None, shown)
    folder.mkdir()
    repository.write(tree, folder)
    return Side(folder, shown)
