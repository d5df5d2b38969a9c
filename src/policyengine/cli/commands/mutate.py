"""``policyengine mutate``: whether the cases of a bundle would notice slips in its rules."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from policyengine.cli import exits
from policyengine.cli.options import bundle_folders, format_option
from policyengine.errors import BundleError

if TYPE_CHECKING:
    from policyengine.mutation.report import Report
    from policyengine.mutation.run import Run, Selection


@click.command(
    help=f"""Change the rules one slip at a time, and tell which slips no case notices.

A slip (a mutant) is a limit off by one, a test turned round, a rule left out, another verdict, and the like. The cases
must pass as the bundle is. Each FOLDER is a bundle, or a folder of bundles; the shipped bundles if none is given. Cases
under review do not count.

\b
Examples:
  policyengine mutate policies/returns
  policyengine mutate policies/returns --rule R-LATE
  policyengine mutate policies/returns --operator boundary --list
  policyengine mutate policies --fail-under 95 --format github

{exits.FOR_BUNDLES}
"""
)
@click.argument("folders", metavar="[FOLDER]...", nargs=-1)
@click.option("--decision", metavar="NAME", help="Only slips that this decision can see.")
@click.option("--operator", metavar="ID", help="Only slips of this kind, such as boundary.")
@click.option("--rule", metavar="ID", help="Only slips in this rule.")
@click.option("-k", "text", metavar="TEXT", help="Only slips whose place, kind or sentence contains this text.")
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1),
    default=lambda: os.cpu_count() or 1,
    show_default="one for each processor",
    help="Processes that work at the same time; the output is the same for any number.",
)
@click.option(
    "--fail-under",
    metavar="PERCENT",
    type=click.FloatRange(0, 100),
    help="Fail where the score is lower. Otherwise survivors are told, and fail nothing.",
)
@click.option("--every-case", is_flag=True, help="Ask every case also after one noticed, and name all that notice.")
@click.option("--list", "list_", is_flag=True, help="List the slips, and try none.")
@format_option("text", "json", "github")
def mutate(  # noqa: PLR0913 - one for each option
    *,
    folders: tuple[str, ...],
    decision: str | None,
    operator: str | None,
    rule: str | None,
    text: str | None,
    jobs: int,
    fail_under: float | None,
    every_case: bool,
    list_: bool,
    format_: str,
) -> int:
    """Print the survivors and the score."""
    from policyengine.mutation.run import Selection

    selection = Selection(decision, operator, rule, text)
    runs = [_run(folder, jobs, every=every_case) for folder in bundle_folders(folders)]
    if list_:
        return _list(runs, selection)
    reports = [_report(run, selection) for run in runs]
    if not any(r.results for r in reports):
        raise click.UsageError("no slip fits what was asked for; `--list` shows them")
    _show(reports, format_)
    # As it was typed: 95 is 95 and not the nearest binary number.
    least = Fraction(0) if fail_under is None else Fraction(str(fail_under))
    return exits.FAILED if any(r.score < least for r in reports) else exits.FINE


def _run(folder: Path, jobs: int, *, every: bool) -> Run:
    """A bundle and its cases; raises BundleError if either has a fault."""
    from policyengine.loading import check_folder
    from policyengine.mutation.run import Run
    from policyengine.testing.cases import read_cases

    bundle, sink = check_folder(folder)
    cases = () if bundle is None else read_cases(bundle, folder, sink)
    if bundle is None or sink.failed:
        raise BundleError(sink.sorted())
    return Run(bundle, cases, str(folder), jobs, every)


def _list(runs: Sequence[Run], selection: Selection) -> int:
    from policyengine.mutation.formats import listed
    from policyengine.mutation.mutants import mutants

    for run in runs:
        made = mutants(run.bundle)
        click.echo(listed(made[n] for n in selection.of(made, run.bundle)), nl=False)
    return exits.FINE


def _report(run: Run, selection: Selection) -> Report:
    """The report of one bundle. Only who sits before a terminal sees how far it is, and how fast it was."""
    from policyengine.mutation.mutants import mutants

    seen = sys.stderr.isatty()
    count = len(selection.of(mutants(run.bundle), run.bundle))
    began = ended = time.perf_counter()
    with click.progressbar(length=count, label=f"{run.shown}: slips", file=sys.stderr, hidden=not seen) as bar:

        def progress(done: int, looked_at: bool) -> None:  # noqa: FBT001 - called by position
            nonlocal ended
            ended = ended if looked_at else time.perf_counter()
            bar.update(done)

        report = run.report(selection, progress)
    if seen:
        took = max(ended - began, 1e-9)
        speed = f"{report.evaluations:,} times a case was decided by a mutant, in {took:.1f} s"
        click.echo(f"{speed}: {report.evaluations / took:,.0f} a second", err=True)
    return report


def _show(reports: Sequence[Report], format_: str) -> None:
    from policyengine.mutation import formats

    if format_ == "json":
        click.echo(formats.as_json(reports), nl=False)
        return
    write = formats.as_text if format_ == "text" else formats.as_github
    click.echo("".join(write(r) for r in reports), nl=False)
