"""``policyengine test``: run the cases that are kept beside the policies."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import click

from policyengine.cli import exits
from policyengine.cli.coverage_options import CoverageWanted, coverage_options, follow_coverage
from policyengine.cli.options import bundle_folders, check_option, engine_option, format_option
from policyengine.cli.output.faults import json_text

if TYPE_CHECKING:
    from policyengine.testing.model import Results


@click.command(
    help=f"""Run the cases of bundles: the files tests/*.test.yaml inside them.

Each FOLDER is a bundle, or a folder of bundles; the shipped bundles if none is given. It is a failure too when no case
is found, or when the engines do not agree.

\b
Examples:
  policyengine test policies/returns
  policyengine test policies/returns -k late --why all
  policyengine test policies --format junit > report.xml
  policyengine test policies --engine compiled --no-check
  policyengine test policies/returns --cov --cov-fail-under 90

{exits.FOR_BUNDLES}
"""
)
@click.argument("folders", metavar="[FOLDER]...", nargs=-1)
@click.option("-k", "select", metavar="TEXT", help="Run only the cases whose name or file contains this text.")
@engine_option("Decide by this engine only: durable, compiled or reference.  [default: each of them]", default=None)
@check_option("Also compare each engine's whole answer with the reference's; without it only what the cases expect.")
@click.option(
    "--why",
    type=click.Choice(["first", "all", "none"]),
    default="first",
    show_default=True,
    help="In text: say rule by rule why for the first 3 failures of a bundle, for all, or for none.",
)
@coverage_options
@format_option("text", "json", "junit", "github")
def test(  # noqa: PLR0913 - one for each option
    *,
    folders: tuple[str, ...],
    select: str | None,
    engine: str | None,
    check: bool,
    why: str,
    format_: str,
    coverage: CoverageWanted,
) -> int:
    """Print how every case came out."""
    from policyengine.testing import formats
    from policyengine.testing.run import ALL_ENGINES, run_cases

    explained = {"first": formats.FIRST, "all": None, "none": 0}[why]
    engines = (engine,) if engine else ALL_ENGINES if check else ALL_ENGINES[:1]
    results = [run_cases(folder, select, engines, check=check) for folder in bundle_folders(folders)]
    write: dict[str, Callable[[Sequence[Results]], str]] = {
        "text": lambda found: "".join(formats.as_text(r, explained) for r in found),
        "github": lambda found: "".join(formats.as_github(r) for r in found),
        "json": lambda found: json_text({"bundles": [json.loads(formats.as_json(r)) for r in found]}) + "\n",
        "junit": lambda found: _one_report([formats.as_junit(r) for r in found]),
    }
    click.echo(write[format_](results), nl=False)
    covered = follow_coverage(coverage, results, to_people=format_ == "text")
    return _exit_code(results) or covered


def _exit_code(results: Sequence[Results]) -> int:
    """Invalid before failed: a bundle with faults was not tested at all."""
    if any(r.faults for r in results):
        return exits.INVALID
    if not results:
        return exits.FAILED
    return exits.FINE if all(r.ok for r in results) else exits.FAILED


def _one_report(reports: Sequence[str]) -> str:
    """The JUnit reports of several bundles as one."""
    whole = ET.Element("testsuites")
    totals = dict.fromkeys(("tests", "failures", "errors"), 0)
    for report in reports:
        part = ET.fromstring(report)  # noqa: S314 - written by ourselves a moment ago
        whole.extend(part)
        for key in totals:
            totals[key] += int(part.get(key, "0"))
    whole.attrib |= {key: str(count) for key, count in totals.items()}
    ET.indent(whole)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(whole, encoding="unicode") + "\n"
