"""``policyengine log migrate`` and ``retain``: the tables of a log, and deleting what is old."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

import policyengine
from policyengine.cli import exits
from policyengine.cli.log_options import checked, chosen_file, database_and_settings, database_option, existing_file
from policyengine.configuration.resolve import Configuration

if TYPE_CHECKING:
    from policyengine.decision_log.store import Store


@click.command(
    help=f"""Make the tables of a decision log, or bring them up to date.

A log in SQLite that is not there yet is made by the service itself. Everything else is for you to say: stop the
service, make a backup, run this, and start the new release.

\b
Examples:
  policyengine log migrate
  policyengine log migrate --log postgresql://policyengine@db.example/policies

{exits.FOR_OTHERS}
"""
)
@database_option
def migrate(store: Store) -> int:
    """Migrate, and say what was done."""
    from policyengine.decision_log import migrate as tables

    before, after = tables.migrate(store)
    if before == after:
        click.echo(f"{store.shown}: up to date (tables {after})")
    elif before is None:
        click.echo(f"{store.shown}: made (tables {after})")
    else:
        click.echo(f"{store.shown}: brought up to date (tables {before} to {after})")
    return exits.FINE


@click.command(
    help=f"""Delete old decisions from the log.

Only the oldest records go, and a record in the log says which: it can be verified as before. With --key, or `log_key`
of the settings, that record is signed; without, nobody can show later that you deleted them. What is deleted cannot be
replayed; export it first.

\b
Examples:
  policyengine log retain --keep-days 730 --dry-run
  policyengine log retain --keep-days 730 --key log-key

{exits.FOR_OTHERS}
"""
)
@click.option(
    "--keep-days", metavar="N", type=click.IntRange(min=1), required=True, help="Keep the decisions of so many days."
)
@existing_file("Private key to sign what is deleted with; left out, `log_key` of the settings.", "--key")
@click.option("--dry-run", is_flag=True, help="Only say how many would go.")
@database_and_settings
def retain(store: Store, configuration: Configuration, keep_days: int, key: Path | None, *, dry_run: bool) -> int:
    """Delete, and say how many."""
    from policyengine.decision_log.keys import private_key
    from policyengine.decision_log.retention import retain as delete

    key = chosen_file(key, configuration, "log_key")
    signer = None if key is None else private_key(key)
    before = datetime.now(UTC) - timedelta(days=keep_days)
    done = delete(checked(store), before, policyengine.__version__, signer, dry_run=dry_run)
    if dry_run:
        click.echo(f"{done.deleted:,} records would be deleted")
    else:
        click.echo(f"{done.deleted:,} records deleted" + (f", up to number {done.through}" if done.through else ""))
        if done.deleted and signer is None:
            click.echo("not signed: nobody can show later that it was you who deleted them; give --key", err=True)
    return exits.FINE
