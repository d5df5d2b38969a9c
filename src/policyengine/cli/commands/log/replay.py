"""``policyengine log replay``: logged decisions made again, by the policies of then or by others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

import policyengine
from policyengine.cli import exits
from policyengine.cli.log_options import checked, database_option, query_options
from policyengine.cli.options import bundle_folder, format_option
from policyengine.cli.output.faults import json_text

if TYPE_CHECKING:
    from policyengine.decision_log.replay import Outcome, Replayed
    from policyengine.decision_log.search import Query
    from policyengine.decision_log.store import Store
    from policyengine.impact.behaviour.document import Line
    from policyengine.impact.report import Report
    from policyengine.impact.sides import Edition

# More would not be read; the last line says how many there are.
_MOST_SHOWN: Final = 20


@click.command(
    help=f"""Make logged decisions again, by the policies of then, and compare every byte.

The log keeps the policies by which it decided, so it does not matter what has become of the files. Decisions of which
facts were left out of the log cannot be made again.

With --bundle they are made by the bundle in FOLDER as well, and what that changes is told as by `diff`: once for each
edition of the policies that decided.

\b
Examples:
  policyengine log replay
  policyengine log replay --logged-bundle returns --since 2025-04-01
  policyengine log replay --bundle policies/returns --format markdown

{exits.FOR_EDITS}
"""
)
@query_options("--logged-bundle")
@click.option("--bundle", "other", metavar="FOLDER", help="Tell what this bundle would have decided otherwise.")
@format_option("text", "json", "markdown")
@database_option
def replay(store: Store, query: Query, other: str | None, format_: str) -> int:
    """Replay all, and show what is not the same."""
    checked(store)
    if other is not None:
        return _by_another(store, query, other, format_)
    if format_ != "text":
        raise click.UsageError(f"--format {format_} goes together with --bundle; leave one of them out")
    return _by_the_same(store, query)


def _by_the_same(store: Store, query: Query) -> int:
    from policyengine.decision_log.replay import Outcome
    from policyengine.decision_log.replay import replay as again
    from policyengine.engine.engine import Engine
    from policyengine.web.answers import json_bytes

    counts: Counter[Outcome] = Counter()
    for done in again(store, query, Engine, lambda decision: json_bytes(decision.to_dict())):
        counts[done.outcome] += 1
        if done.outcome in (Outcome.DIFFERENT, Outcome.IMPOSSIBLE):
            shown = counts[Outcome.DIFFERENT] + counts[Outcome.IMPOSSIBLE]
            if shown <= _MOST_SHOWN:
                click.echo(_line(done))
    click.echo(_summary(counts))
    return exits.FAILED if counts[Outcome.DIFFERENT] or counts[Outcome.IMPOSSIBLE] else exits.FINE


def _line(done: Replayed) -> str:
    release = f", logged by release {done.release}" if done.release != policyengine.__version__ else ""
    return f"{done.decision_id} {done.path} {done.outcome}: {done.told}{release}"


def _summary(counts: Counter[Outcome]) -> str:
    from policyengine.decision_log.replay import Outcome

    total = counts.total()
    if not total:
        return "no decision found; nothing was replayed"
    parts = [f"{total:,} decision{'s' * (total != 1)} replayed: {counts[Outcome.SAME]:,} the same to the byte"]
    if counts[Outcome.DIFFERENT]:
        parts.append(f"{counts[Outcome.DIFFERENT]:,} different")
    if counts[Outcome.MASKED]:
        parts.append(f"{counts[Outcome.MASKED]:,} not to be compared, because the log leaves parts of them out")
    if counts[Outcome.IMPOSSIBLE]:
        parts.append(f"{counts[Outcome.IMPOSSIBLE]:,} impossible")
    return ", ".join(parts)


def _by_another(store: Store, query: Query, other: str, format_: str) -> int:
    from policyengine.decision_log.search import digests
    from policyengine.impact.markdown import as_markdown
    from policyengine.impact.sides import Edition
    from policyengine.impact.text import as_text
    from policyengine.loading import load_bundle

    folder = bundle_folder(other)
    new = Edition(str(folder), load_bundle(folder), ())
    if query.bundle is None:
        query = replace(query, bundle=new.bundle.id)
    with store.reading() as connection:
        logged = digests(connection, query)
    if not logged:
        click.echo(f"no decision of bundle `{query.bundle}` found; nothing was replayed")
        return exits.FINE
    reports = [_impact(store, replace(query, digest=digest), new) for digest in logged]
    if format_ == "json":
        click.echo(json_text({"reports": [report.to_dict() for report in reports]}))
    else:
        write = as_text if format_ == "text" else as_markdown
        click.echo("\n".join(write(report) for report in reports), nl=False)
    if any(report.has_changed_decisions for report in reports):
        return exits.CHANGED
    return exits.FINE if all(report.is_whole for report in reports) else exits.FAILED


def _impact(store: Store, query: Query, new: Edition) -> Report:
    """What the new edition changes in the decisions that the policies of one digest made."""
    from policyengine.decision_log.archive import kept_bundle
    from policyengine.impact.report import Asked, report
    from policyengine.impact.sides import Edition

    bundle = kept_bundle(store, query.digest or "")
    old = Edition(f"{Path(store.shown).name}:{bundle.id}", bundle, ())
    return report({bundle.id: old}, {new.bundle.id: new}, Asked(), lambda: _lines(store, query))


def _lines(store: Store, query: Query) -> Iterator[Line]:
    """The records, in the form in which `diff` takes them from a file."""
    from policyengine.decision_log.search import found, oldest_first
    from policyengine.impact.behaviour.document import Line

    for record in found(store, oldest_first(query)):
        yield Line(f"record {record.sequence}", record.entry.encode())
