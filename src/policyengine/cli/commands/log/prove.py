"""``policyengine log verify``, ``key`` and ``heads``: whether anything in a log was changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from policyengine.cli import exits
from policyengine.cli.log_options import checked, chosen_file, database_and_settings, existing_file
from policyengine.configuration.resolve import Configuration

if TYPE_CHECKING:
    from policyengine.decision_log.store import Store
    from policyengine.decision_log.verify import Report


@click.command(
    help=f"""Verify that nothing in the log was changed, removed, put in or moved.

Records are chained: a break names the first record that is not what it was. That the end was cut off, or everything
made anew, shows only against heads that were signed and kept elsewhere; that old records were deleted by who may, only
with the public key. Where the key was replaced, give the old one and the new one. What is not given is what the
settings say: the file of heads by `log_heads`, the public key beside `log_key`.

\b
Examples:
  policyengine log verify
  policyengine log verify --config service.yaml
  policyengine log verify --heads heads.jsonl --public-key log-key.pub
  policyengine log verify --heads heads.jsonl --public-key old-key.pub --public-key log-key.pub

{exits.FOR_OTHERS}
"""
)
@existing_file("File of signed heads.", "--heads")
@existing_file("Public key of who signed heads and deletions; several times, one each.", "--public-key", multiple=True)
@database_and_settings
def verify(store: Store, configuration: Configuration, heads: Path | None, public_key: tuple[Path, ...]) -> int:
    """Verify, and say what is wrong."""
    from policyengine.decision_log.heads import read_heads
    from policyengine.decision_log.kept import kept_faults
    from policyengine.decision_log.keys import public_key as read_key
    from policyengine.decision_log.verify import MOST_FAULTS, Fault
    from policyengine.decision_log.verify import verify as read_all

    heads, public_key = chosen_file(heads, configuration, "log_heads"), public_key or _beside_key(configuration)
    if heads is not None and not public_key:
        raise click.UsageError("--heads needs --public-key: without it anybody could have signed them")
    keys = [read_key(path) for path in public_key]
    file = None if heads is None else read_heads(heads)
    report = read_all(checked(store), None if file is None else file.heads, keys)
    report.faults += kept_faults(store)
    report.faults.sort(key=lambda fault: (fault.sequence is None, fault.sequence or 0))
    report.faults += [Fault(None, told) for told in (file.bad if file else ())]
    click.echo(_told(report))
    if report.deleted and not public_key:
        which = f"the deletion of the records up to number {report.deleted}"
        click.echo(f"no key was checked for {which}, which anybody may have stated: give --public-key")
    if not report.faults:
        return exits.FINE
    for fault in report.faults[:MOST_FAULTS]:
        click.echo(f"  {fault.what}" if fault.sequence is None else f"  number {fault.sequence}: {fault.what}")
    first = report.faults[0].sequence
    if first is None:
        click.echo("no record is known to be bad, but not all that was asked for could be verified")
    else:
        click.echo(f"the log is not as it must be; the first bad record is number {first}")
    return exits.FAILED


@click.command(
    help=f"""Make a key pair for signing heads and deletions: FILE, which is secret, and FILE.pub.

Neither may be there already. Keep FILE where whoever can write to the database cannot read it, and FILE.pub where you
verify.

{exits.FOR_OTHERS}
"""
)
@click.argument("file", type=click.Path(path_type=Path))
def key(file: Path) -> int:
    """Write both; nothing if there is either."""
    from policyengine.decision_log.keys import new_key

    public = new_key(file)
    click.echo(f"{file} is the private key, keep it secret; {public} is the public one")
    return exits.FINE


@click.command(
    help=f"""Sign how far the log goes now, and add that to a file of heads.

Run it now and then (`serve --log-heads` does so by itself), and keep the file away from the database: together with
`verify` it shows when the end of the log is cut off, or the log made anew.

\b
Example:
  policyengine log heads --key log-key --heads heads.jsonl

{exits.FOR_OTHERS}
"""
)
@existing_file("Private key to sign with; left out, `log_key` of the settings.", "--key")
@click.option(
    "--heads",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="File to add the head to; left out, `log_heads` of the settings.",
)
@database_and_settings
def heads(store: Store, configuration: Configuration, key: Path | None, heads: Path | None) -> int:
    """Sign the head and add it."""
    key, named = chosen_file(key, configuration, "log_key"), configuration.place("log_heads")
    heads = heads or (Path(named) if named else None)
    if key is None or heads is None:
        raise click.UsageError("give --key and --heads, or settings that have `log_key` and `log_heads`")
    from policyengine.decision_log import chain
    from policyengine.decision_log.heads import append_head, signed
    from policyengine.decision_log.keys import private_key

    signer = private_key(key)
    with checked(store).reading() as connection:
        head = chain.head(connection)
    append_head(heads, signed(head, signer))
    click.echo(f"head at number {head.sequence} added to {heads}")
    return exits.FINE


def _beside_key(configuration: Configuration) -> tuple[Path, ...]:
    """The public key beside the private one of the settings, if it is there."""
    private = configuration.place("log_key")
    public = Path(f"{private}.pub")
    return (public,) if private is not None and public.is_file() else ()


def _told(report: Report) -> str:
    if not report.records:
        return "the log holds no records"
    against = ""
    if report.heads:
        against = f", against {report.heads:,} signed head{'s' * (report.heads != 1)} up to number {report.newest_head}"
    return f"{report.records:,} records read, number {report.first} to {report.last}{against}" + (
        "" if report.faults else ": nothing was changed"
    )
