"""``policyengine lint``: advice about bundles that are fine, from how they read to what no case holds."""

from __future__ import annotations

from pathlib import Path

import click

from policyengine.cli import exits
from policyengine.cli.options import bundle_folders, format_option
from policyengine.cli.output.checked import Checked, show_checked


@click.command(
    help=f"""Give advice on bundles that are fine.

It names rules without a source or without a case, names that nothing uses, and conditions that never change.

Each FOLDER is a bundle, or a folder of bundles; the shipped bundles if none is given. Advice never fails a bundle.

\b
Examples:
  policyengine lint policies/returns
  policyengine lint policies --format github

{exits.FOR_BUNDLES}
"""
)
@click.argument("folders", metavar="[FOLDER]...", nargs=-1)
@format_option("text", "json", "github")
def lint(folders: tuple[str, ...], format_: str) -> int:
    """Print every diagnostic of every bundle, advice among them."""
    checked = [_linted(folder) for folder in bundle_folders(folders)]
    show_checked(checked, format_)
    return exits.INVALID if any(sink.failed or bundle is None for _, bundle, sink in checked) else exits.FINE


def _linted(folder: Path) -> Checked:
    from policyengine.check.lints import lint_untested
    from policyengine.loading import check_folder
    from policyengine.testing.cases import read_cases
    from policyengine.testing.reachability import expected_ids

    bundle, sink = check_folder(folder, lint=True)
    if bundle is not None:
        cases = read_cases(bundle, folder, sink)
        # Of files that could not be read nobody knows which rules they test.
        for advice in () if sink.failed else lint_untested(bundle, expected_ids(cases)):
            sink.add(advice)
    return folder, bundle, sink
