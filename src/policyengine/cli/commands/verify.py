"""``policyengine verify``: whether a packed bundle is whole, and who signed it."""

from __future__ import annotations

from pathlib import Path

import click

from policyengine.cli import exits


@click.command(
    help=f"""Verify that a packed bundle is whole, and that one of these keys signed it.

Without a key, only that it is whole: anybody can pack a bundle.

\b
Examples:
  policyengine verify returns.bundle --key release.public.pem
  policyengine verify returns.bundle

{exits.FOR_BUNDLES}
"""
)
@click.argument("file")
@click.option("--key", "keys", metavar="KEY", multiple=True, help="File with a public key; may be given several times.")
def verify(file: str, keys: tuple[str, ...]) -> None:
    """Read, verify, tell."""
    from policyengine.diagnostics import Diagnostics
    from policyengine.errors import BundleError
    from policyengine.loading import check_folder
    from policyengine.packing.opening import open_packed
    from policyengine.packing.signing import read_public_key

    trusted = [read_public_key(key) for key in keys]
    path, sink = Path(file), Diagnostics()
    packed = open_packed(path, sink)
    if packed is not None:
        bundle, sink = check_folder(path, keys=trusted)
        packed = packed if bundle else None
    if packed is None:
        raise BundleError(sink.sorted())
    click.echo(f"{file}: {packed.id} {packed.version}  digest {packed.digest}")
    known = [key.id for key in trusted if key.id in packed.signatures]
    for key in sorted(packed.signatures):
        click.echo(f"signed with key {key}" + ("" if key in known else ", not verified: its public key was not given"))
    if not packed.signatures:
        click.echo("not signed")
