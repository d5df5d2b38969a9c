"""``policyengine init``: a small bundle to start from."""

from __future__ import annotations

import os
import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import click

from policyengine.cli import exits
from policyengine.shipped import shipped_schemas

_NAME = re.compile(r"[a-z][a-z0-9_]*", re.ASCII)


@click.command(
    help=f"""Write a small bundle to start from: an invented programme with rules, amounts and tests.

NAME is the folder to write; its last part becomes the id of the bundle. Nothing that exists is overwritten.

\b
Examples:
  policyengine init returns
  policyengine init policies/returns && policyengine test policies/returns

{exits.FOR_OTHERS}
"""
)
@click.argument("name")
def init(name: str) -> None:
    """Write the template."""
    folder = Path(name)
    id_ = folder.resolve().name
    if not _NAME.fullmatch(id_):
        raise click.UsageError(f"`{id_}` cannot be the id of a bundle: use small letters, digits and _, a letter first")
    if folder.exists():
        raise click.UsageError(f"`{name}` exists already; nothing was written")
    schemas = _schemas_for(folder)
    words = {"name": id_, "folder": name, "schemas": schemas, "schemas_from_tests": f"../{schemas}"}
    written = _write(files("policyengine.cli").joinpath("template"), folder, words)
    click.echo(f"{written} files written to {name}; next: policyengine test {name}")


def _schemas_for(folder: Path) -> str:
    """Where the files of ``folder`` find their schemas, for editors: beside the shipped bundles, or copied along."""
    shipped = shipped_schemas().resolve()
    target = folder.resolve()
    if target.is_relative_to(shipped.parent) and "site-packages" not in shipped.parts:
        return Path(os.path.relpath(shipped, target)).as_posix()
    from policyengine.frontend.schemagen import write_schemas

    write_schemas(folder / "schemas")
    return "schemas"


def _write(template: Traversable, folder: Path, words: dict[str, str]) -> int:
    """Write every file of the template, with the ``@words@`` filled in; how many there were."""
    folder.mkdir(parents=True, exist_ok=True)
    count = 0
    for item in sorted(template.iterdir(), key=lambda i: i.name):
        if item.is_dir():
            count += _write(item, folder / item.name, words)
        elif item.name.endswith(".yaml"):
            text = re.sub(r"@([a-z_]+)@", lambda found: words[found[1]], item.read_text(encoding="utf-8"))
            (folder / item.name).write_text(text, encoding="utf-8")
            count += 1
    return count
