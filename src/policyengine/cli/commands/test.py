"""``policyengine test``: run the cases that are kept beside the policies."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policyengine.cli import exits
from policyengine.cli.options import format_option
from policyengine.cli.output.progress import progress_bar
from policyengine.cli.selecting import Wanted, remember_failures, running_options, selection_options
from policyengine.cli.targets import find_targets, targets_argument, tell_nothing_concerned

if TYPE_CHECKING:
    from policyengine.testing.model import Results
    from policyengine.testing.run import Running


@click.command(
    help=f"""Run the cases of bundles: the files tests/*.test.yaml inside them.

Each FOLDER is a bundle, or a folder of bundles; the shipped bundles if none is given. A FILE of cases stands for its
cases, with a line or a name for one of them, as failures print it; any other FILE for its bundle. It is a failure too
when no case is found, or when the engines do not agree.

\b
Examples:
  policyengine test policies/returns
  policyengine test policies/returns/tests/refund.test.yaml:12
  policyengine test "policies/returns/tests/refund.test.yaml::a gift is not paid back"
  policyengine test policies/returns -k late --why all
  policyengine test policies/returns --rule UM-GIFT --fail-fast
  policyengine test policies --format github --junit report.xml
  policyengine test policies --engine compiled --no-check

{exits.FOR_BUNDLES}
"""
)
@targets_argument
@selection_options
@running_options
@click.option(
    "--why",
    type=click.Choice(["first", "all", "none"]),
    default="first",
    show_default=True,
    help="In text: say rule by rule why for the first 3 failures of a bundle, for all, or for none.",
)
@click.option("--junit", metavar="FILE", type=click.Path(dir_okay=False), help="Write a JUnit report as well.")
@format_option("text", "json", "junit", "github")
def test(  # noqa: PLR0913 - one for each group of options
    *,
    folders: tuple[str, ...],
    changed: bool,
    wanted: Wanted,
    running: Running,
    why: str,
    junit: str | None,
    format_: str,
) -> int:
    """Print how every case came out."""
    from policyengine.testing import formats
    from policyengine.testing.run import load_suite, run_suites

    targets = find_targets(folders, changed=changed)
    suites = [load_suite(folder) for folder in targets.folders]
    with progress_bar("cases") as progress:
        results = run_suites(suites, wanted.selection(targets), running, progress)
    remember_failures(results)
    if junit:
        Path(junit).write_text(formats.as_junit(*results), encoding="utf-8")
    if changed and not results:
        tell_nothing_concerned(targets)
    click.echo(formats.written(results, format_, {"first": formats.FIRST, "all": None, "none": 0}[why]), nl=False)
    return exits.FINE if changed and not results else _exit_code(results)


def _exit_code(results: Sequence[Results]) -> int:
    """Invalid before failed: a bundle with faults was not tested at all."""
    if any(r.faults for r in results):
        return exits.INVALID
    if not results:
        return exits.FAILED
    return exits.FINE if all(r.ok for r in results) else exits.FAILED
