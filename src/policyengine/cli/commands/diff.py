"""``policyengine diff``: what an edit changes, in the words of the policy and in decisions."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from policyengine.cli import exits
from policyengine.cli.options import engine_option, format_option
from policyengine.cli.output.faults import json_text
from policyengine.diagnostics import did_you_mean
from policyengine.engine.settings import TWIN

if TYPE_CHECKING:
    from policyengine.impact.behaviour.document import Line
    from policyengine.impact.report import Report
    from policyengine.impact.sides import Edition


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is compared, and on which documents: all as it was typed."""

    facts: tuple[str, ...]
    decision: str | None
    as_of: str | None
    engine: str
    jobs: int
    only: str | None


def _known_day(_: click.Context, __: click.Parameter, day: str | None) -> str | None:
    """A day that is none is wrong usage."""
    from policyengine.engine.bad_values import BadValue
    from policyengine.engine.read_dates import read_date

    try:
        return day if day is None else read_date(day, "", ZoneInfo("UTC")).isoformat()
    except BadValue as e:
        raise click.BadParameter("; ".join(p.detail for p in e.problems)) from e


@click.command(
    help=f"""Tell what an edit changes: in the words of the policy, and in decisions.

OLD and NEW are bundles, or folders of bundles, which are matched by the ids of their bundles. Either may be a git
revision: REV:PATH, or REV alone for the path of the other. The work tree is not touched.

Every case of both, and every document of --facts, is decided by both. A line of --facts is a JSON object with
`decision`, `facts` and `as_of`, perhaps `id` and `bundle`; other keys are passed over. With --decision, a line without
`facts` is itself the facts.

\b
Examples:
  policyengine diff HEAD policies/returns
  policyengine diff v1.0:policies/returns policies/returns --facts last-year.jsonl.gz
  policyengine diff main policies --format markdown --output comment.md

{exits.FOR_EDITS}
"""
)
@click.argument("old")
@click.argument("new")
@click.option(
    "--facts", metavar="FILE", multiple=True, help="Recorded documents, one in each line; - for standard input."
)
@click.option("--decision", metavar="NAME", help="The decision of lines that name none.")
@click.option(
    "--as-of", metavar="DAY", callback=_known_day, help="The day of lines that name none, such as 2025-04-01."
)
@click.option(
    "--only", type=click.Choice(["words", "decisions"]), help="Tell only the changes in words, or in decisions."
)
@engine_option("Engine that decides, by itself: durable, compiled or reference.", default=TWIN)
@click.option(
    "--jobs", metavar="N", type=click.IntRange(min=1), default=None, show_default="one for each processor",
    help="Processes that decide; what is told does not depend on it.",
)  # fmt: skip
@click.option("--output", metavar="FILE", help="Write to this file instead of standard output.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 also when decisions changed.")
@format_option("text", "json", "markdown", "github")
def diff(  # noqa: PLR0913 - one for each option
    *,
    old: str,
    new: str,
    facts: tuple[str, ...],
    decision: str | None,
    as_of: str | None,
    only: str | None,
    engine: str,
    jobs: int | None,
    output: str | None,
    exit_zero: bool,
    format_: str,
) -> int:
    """Print what changes; the exit code says whether a decision does."""
    from policyengine.impact.behaviour.streaming import processors

    if only == "words" and facts:
        raise click.UsageError("--facts has no effect with --only words; leave one of them out")
    found = _report((old, new), _Asked(facts, decision, as_of, engine, jobs or processors(), only))
    text = _written(found, format_)
    if output is None:
        click.echo(text, nl=False)
    else:
        Path(output).write_text(text, encoding="utf-8")
    return _exit_code(found, exit_zero=exit_zero)


def _report(named: tuple[str, str], asked: _Asked) -> Report:
    from policyengine.cli.editions import sides
    from policyengine.impact import report
    from policyengine.impact.sides import editions

    question = report.Asked(
        structure=asked.only != "decisions",
        behaviour=asked.only != "words",
        engine=asked.engine,
        jobs=asked.jobs,
        decision=asked.decision,
        as_of=asked.as_of,
    )
    with tempfile.TemporaryDirectory(prefix="policyengine-") as folder:
        old, new = (editions(side) for side in sides(*named, Path(folder)))
    _refuse_unknown(asked.decision, (*old.values(), *new.values()))
    if "-" in asked.facts and len({*old, *new}) > 1 and not len(old) == len(new) == 1:
        raise click.UsageError("several bundles are compared, and standard input can be read only once; name a file")
    with _progress(asked.facts) as recorded:
        return report.report(old, new, question, recorded)


def _refuse_unknown(decision: str | None, known: Sequence[Edition]) -> None:
    """A decision that no edition has is wrong usage, not a fault of every line."""
    names = dict.fromkeys(name for edition in known for name in edition.bundle.decisions)
    if decision is not None and decision not in names:
        help_ = did_you_mean(decision, names) or "decisions: " + ", ".join(names)
        raise click.BadParameter(f"there is no decision `{decision}`; {help_}", param_hint="--decision")


@contextmanager
def _progress(files: tuple[str, ...]) -> Iterator[Callable[[], Iterable[Line]]]:
    """Opens the recorded lines; on a terminal, a bar shows how much of them has been read."""
    from policyengine.impact.behaviour.lines import lines_of, size_of

    size = size_of(files)
    if not files or size is None or not sys.stderr.isatty():
        yield lambda: lines_of(files)
        return
    with click.progressbar(length=size, label="deciding", file=sys.stderr) as bar:
        yield lambda: lines_of(files, bar.update)


def _written(found: Report, format_: str) -> str:
    from policyengine.impact.github import as_github
    from policyengine.impact.markdown import as_markdown
    from policyengine.impact.text import as_text

    write: dict[str, Callable[[Report], str]] = {
        "text": as_text,
        "json": lambda report: json_text(report.to_dict()) + "\n",
        "markdown": as_markdown,
        "github": as_github,
    }
    return write[format_](found)


def _exit_code(found: Report, *, exit_zero: bool) -> int:
    """A change comes first: it is certain, however much else could not be compared."""
    if found.has_changed_decisions:
        return exits.FINE if exit_zero else exits.CHANGED
    return exits.FINE if found.is_whole else exits.FAILED
