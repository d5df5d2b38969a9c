"""``policyengine check``: every fault of bundles, with its place and its remedy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from policyengine.cli import exits
from policyengine.cli.options import bundle_folders, format_option
from policyengine.cli.output.faults import diagnostic_github, diagnostic_text, json_text
from policyengine.diagnostics import Diagnostics
from policyengine.model.bundle import CheckedBundle

Checked = tuple[Path, CheckedBundle | None, Diagnostics]


@click.command(
    help=f"""Check bundles, and show every fault with its place and what to do about it.

Each FOLDER is a bundle, or a folder of bundles; the shipped bundles if none is given.

\b
Examples:
  policyengine check policies/returns
  policyengine check policies --format github

{exits.FOR_BUNDLES}
"""
)
@click.argument("folders", metavar="[FOLDER]...", nargs=-1)
@format_option("text", "json", "github")
def check(folders: tuple[str, ...], format_: str) -> int:
    """Print every diagnostic of every bundle."""
    from policyengine.loading import check_folder

    checked = [(folder, *check_folder(folder)) for folder in bundle_folders(folders)]
    show = {"text": _show_text, "json": _show_json, "github": _show_github}[format_]
    show(checked)
    return exits.INVALID if any(sink.failed or bundle is None for _, bundle, sink in checked) else exits.FINE


def _show_text(checked: Sequence[Checked]) -> None:
    for folder, bundle, sink in checked:
        for diagnostic in sink:
            click.echo(diagnostic_text(diagnostic) + "\n")
        click.echo(_summary(folder, bundle, sink))


def _summary(folder: Path, bundle: CheckedBundle | None, sink: Diagnostics) -> str:
    if bundle is None or sink.failed:
        count = sum(d.severity == "error" for d in sink)
        return f"{folder}: {click.style(f'{count} fault' + 's' * (count != 1), fg='red', bold=True)}"
    rules = sum(len(d.rules) for d in bundle.decisions.values())
    facts = len(bundle.facts) + sum(len(items.fields) for items in bundle.lists.values())
    fine = click.style("fine", fg="green", bold=True)
    what = f"{bundle.id} {bundle.version}, decisions: {', '.join(bundle.decisions)}; {facts} facts, {rules} rules"
    return f"{folder}: {fine} ({what})"


def _show_json(checked: Sequence[Checked]) -> None:
    found = [
        {
            "folder": str(folder),
            "valid": bundle is not None and not sink.failed,
            "bundle": None if bundle is None else {"id": bundle.id, "version": bundle.version, "digest": bundle.digest},
            "diagnostics": [d.to_dict() for d in sink],
        }
        for folder, bundle, sink in checked
    ]
    click.echo(json_text({"bundles": found}))


def _show_github(checked: Sequence[Checked]) -> None:
    for _, _, sink in checked:
        for diagnostic in sink:
            click.echo(diagnostic_github(diagnostic))
