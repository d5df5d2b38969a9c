"""``policyengine check``: every fault of bundles, with its place and its remedy."""

from __future__ import annotations

from pathlib import Path

import click

from policyengine.cli import exits
from policyengine.cli.options import format_option
from policyengine.cli.output.checked import Checked, show_checked
from policyengine.cli.targets import find_targets, targets_argument, tell_nothing_concerned


@click.command(
    help=f"""Check bundles, and show every fault with its place and what to do about it.

The files of cases are read too: what they say must fit the bundle. Whether it is what the bundle answers, `test` says.

Each FOLDER is a bundle, or a folder of bundles; the shipped bundles if none is given. A FILE stands for the bundle that
it is in.

\b
Examples:
  policyengine check policies/returns
  policyengine check policies --format github

{exits.FOR_BUNDLES}
"""
)
@targets_argument
@format_option("text", "json", "github")
def check(*, folders: tuple[str, ...], changed: bool, format_: str) -> int:
    """Print every diagnostic of every bundle."""
    targets = find_targets(folders, changed=changed)
    checked = [_checked(folder) for folder in targets.folders]
    if changed and not checked:
        tell_nothing_concerned(targets)
    show_checked(checked, format_)
    return exits.INVALID if any(sink.failed or bundle is None for _, bundle, sink in checked) else exits.FINE


def _checked(folder: Path) -> Checked:
    from policyengine.loading import check_folder
    from policyengine.testing.run import check_cases

    bundle, sink = check_folder(folder)
    if bundle is not None:
        check_cases(bundle, folder, sink)
    return folder, bundle, sink
