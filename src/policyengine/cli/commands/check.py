"""``policyengine check``: every fault of bundles, with its place and its remedy."""

from __future__ import annotations

import click

from policyengine.cli import exits
from policyengine.cli.options import bundle_folders, format_option
from policyengine.cli.output.checked import show_checked


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
    show_checked(checked, format_)
    return exits.INVALID if any(sink.failed or bundle is None for _, bundle, sink in checked) else exits.FINE
