"""``policyengine key``: the keys with which callers may ask the service."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime

import click

from policyengine.access.key_file import KeyFile
from policyengine.access.keys import ApiKey
from policyengine.access.rates import BadRate, Rate, read_rate
from policyengine.access.scopes import MEANINGS, Scope
from policyengine.cli import exits
from policyengine.cli.configured import configured
from policyengine.cli.options import format_option
from policyengine.configuration.resolve import Configuration

_SCOPES = "\n".join(f"  {scope:<10}{meaning}" for scope, meaning in MEANINGS.items())
_LONGEST_HOLDER = 100


@click.group(
    help=f"""Create, list and revoke keys. A running service sees every change at its next request.

The file of keys holds hashes only; the key itself is printed once, when it is made.

\b
Examples:
  policyengine key create checkout --keys keys.json
  policyengine key list --keys keys.json
  policyengine key revoke 0a1b2c3d4e5f --keys keys.json

{exits.FOR_OTHERS}
"""
)
def key() -> None:
    """Every command about keys."""


@key.command(
    help=f"""Make a key and print it. It is shown this once, and kept nowhere.

HOLDER is the name of who gets it, as the log of decisions will have it. The file of keys is made if it is not there.

\b
Scopes:
{_SCOPES}

\b
Examples:
  policyengine key create checkout --keys keys.json
  policyengine key create auditor --keys keys.json --scope read_log --expires 2027-06-30
  policyengine key create batches --keys keys.json --rate 10/s --burst 50

{exits.FOR_OTHERS}
"""
)
@click.argument("holder")
@configured("config", "keys", opposites=False)
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([scope.value for scope in Scope]),
    default=[Scope.DECIDE.value],
    show_default=True,
    help="What it allows; may be given several times.",
)
@click.option("--rate", metavar="N/PERIOD", help="How often it may ask: 10/s, 600/min or 1000/h. Default: no limit.")
@click.option("--burst", metavar="N", type=int, help="How many requests may come at once. Default: N of the rate.")
@click.option("--expires", metavar="DAY", help="The last day, in UTC, on which it is good. Default: none.")
@format_option("text", "json")
def create(  # noqa: PLR0913 - one for each option
    *,
    holder: str,
    configuration: Configuration,
    scopes: Sequence[str],
    rate: str | None,
    burst: int | None,
    expires: str | None,
    format_: str,
) -> int:
    """Make a key."""
    keys = _file(configuration)
    made = keys.create(_name(holder), map(Scope, scopes), _rate(rate, burst), _day(expires))
    if format_ == "json":
        click.echo(json.dumps({"text": made.text, **_told(made.key)}, indent=2, ensure_ascii=False))
        return exits.FINE
    click.echo(made.text)
    click.echo(f"the key of {holder}, id {made.key.id}; it is not shown again", err=True)
    return exits.FINE


@key.command(
    "list",
    help=f"""List the keys: who holds them, and what they allow. No secret is among it.

\b
Examples:
  policyengine key list --keys keys.json
  policyengine key list --keys keys.json --format json

{exits.FOR_OTHERS}
""",
)
@configured("config", "keys", opposites=False)
@format_option("text", "json")
def list_(*, configuration: Configuration, format_: str) -> int:
    """List the keys."""
    found = list(_file(configuration).keys().values())
    if format_ == "json":
        click.echo(json.dumps([_told(key) for key in found], indent=2, ensure_ascii=False))
    elif not found:
        click.echo("there is no key yet")
    else:
        click.echo(_table([("id", "holder", "scopes", "rate", "created", "state"), *map(_row, found)]))
    return exits.FINE


@key.command(
    help=f"""Make a key good no more, for ever. A running service refuses it from its next request on.

ID is what `policyengine key list` shows, and stands in the key after `pe_`.

\b
Examples:
  policyengine key revoke 0a1b2c3d4e5f --keys keys.json

{exits.FOR_OTHERS}
"""
)
@click.argument("id_", metavar="ID")
@configured("config", "keys", opposites=False)
def revoke(*, id_: str, configuration: Configuration) -> int:
    """Revoke a key."""
    ended = _file(configuration).revoke(id_)
    click.echo(f"revoked: {ended.id}, the key of {ended.holder}")
    return exits.FINE


def _file(configuration: Configuration) -> KeyFile:
    path = configuration.place("keys")
    if path is None:
        raise click.UsageError("name the file of keys: --keys FILE, or the variable POLICYENGINE_KEYS")
    return KeyFile(path)


def _name(holder: str) -> str:
    if not holder.strip() or not holder.isprintable() or len(holder) > _LONGEST_HOLDER:
        told = f"a name of at most {_LONGEST_HOLDER} characters, all of which can be seen"
        raise click.BadParameter(told, param_hint="HOLDER")
    return holder


def _rate(written: str | None, burst: int | None) -> Rate | None:
    if written is None:
        if burst is not None:
            raise click.UsageError("--burst needs a --rate")
        return None
    try:
        return read_rate(written, burst)
    except BadRate as e:
        raise click.BadParameter(str(e), param_hint="--rate") from e


def _day(written: str | None) -> date | None:
    if written is None:
        return None
    try:
        day = date.fromisoformat(written)
    except ValueError as e:
        raise click.BadParameter(f"`{written}` is no day; write it as 2027-06-30", param_hint="--expires") from e
    if day < _today():
        raise click.BadParameter(f"{day} is past: the key would never be good", param_hint="--expires")
    return day


def _today() -> date:
    return datetime.now(UTC).date()


def _told(key: ApiKey) -> dict[str, object]:
    return {
        "id": key.id,
        "holder": key.holder,
        "scopes": [scope.value for scope in Scope if scope in key.scopes],
        "rate": str(key.rate) if key.rate else None,
        "created": key.created.isoformat(),
        "expires": key.expires.isoformat() if key.expires else None,
        "revoked": key.revoked.isoformat() if key.revoked else None,
        "good": key.fault(_today()) is None,
    }


def _row(key: ApiKey) -> tuple[str, ...]:
    scopes = " ".join(scope.value for scope in Scope if scope in key.scopes)
    until = f"good until {key.expires}" if key.expires else "good"
    return (
        key.id,
        key.holder,
        scopes,
        str(key.rate or "no limit"),
        str(key.created.date()),
        key.fault(_today()) or until,
    )


def _table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    return "\n".join("  ".join(f"{cell:{w}}" for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows)
