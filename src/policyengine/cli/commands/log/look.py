"""``policyengine log show``, ``search`` and ``export``: reading a log."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from policyengine.cli import exits
from policyengine.cli.log_options import checked, database_option, query_options
from policyengine.cli.options import format_option
from policyengine.cli.output.logged import records_text

if TYPE_CHECKING:
    from policyengine.decision_log.search import Query
    from policyengine.decision_log.store import Store


@click.command(
    help=f"""Show the record of a decision.

DECISION_ID is what the answer gave under `envelope`.

{exits.FOR_OTHERS}
"""
)
@click.argument("decision_id")
@database_option
def show(store: Store, decision_id: str) -> int:
    """Print the record as JSON."""
    from policyengine.decision_log.canonical import indented, read
    from policyengine.decision_log.search import record

    with checked(store).reading() as connection:
        found = record(connection, decision_id)
    if found is None:
        raise click.ClickException(f"there is no decision {decision_id} in {store.shown}; it may have been deleted")
    click.echo(indented(read(found.line)))
    return exits.FINE


@click.command(
    help=f"""Find decisions in the log, newest first.

\b
Examples:
  policyengine log search --bundle returns --verdict refused
  policyengine log search --rule R-LATE --since 2025-04-01 --until 2025-05-01
  policyengine log search --format json --limit 1000

{exits.FOR_OTHERS}
"""
)
@query_options("--bundle")
@click.option(
    "--limit", metavar="N", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many at most."
)
@click.option("--cursor", metavar="ID", help="Go on after this one, as the page before says.")
@database_option
@format_option("text", "json")
def search(store: Store, query: Query, limit: int, cursor: str | None, format_: str) -> int:
    """Print one page."""
    from policyengine.decision_log.search import page

    with checked(store).reading() as connection:
        found = page(connection, query, limit, cursor)
    if format_ == "json":
        lines = ",\n".join(record.line for record in found.records)
        cursor_text = "null" if found.cursor is None else f'"{found.cursor}"'
        click.echo(f'{{"records": [{lines}], "cursor": {cursor_text}}}')
    else:
        click.echo(records_text(found))
    return exits.FINE


@click.command(
    help=f"""Write decisions as JSON Lines, oldest first.

Each line is one record, with the field names of OPA's decision log.

\b
Examples:
  policyengine log export > decisions.jsonl
  policyengine log export --since 2025-01-01 --until 2026-01-01 --output decisions-2025.jsonl

A file that it makes is for its owner's eyes only, because facts may be personal data.

{exits.FOR_OTHERS}
"""
)
@query_options("--bundle")
@click.option("--output", metavar="FILE", type=click.Path(path_type=Path), help="Default: standard output.")
@database_option
def export(store: Store, query: Query, output: Path | None) -> int:
    """Write the lines one by one, however many there are."""
    from policyengine.decision_log.search import found, oldest_first

    checked(store)
    written = 0
    with _opened(output) as file:
        for record in found(store, oldest_first(query)):
            file.write(record.line.encode() + b"\n")
            written += 1
    if output is not None:
        click.echo(f"{written:,} records written to {output}")
    return exits.FINE


@contextmanager
def _opened(output: Path | None) -> Iterator[IO[bytes]]:
    if output is None:
        file = sys.stdout.buffer
        yield file
        file.flush()
        return
    # The facts are for the owner's eyes only, as in the log. A file that is there already keeps the rights it has.
    with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        yield opened
