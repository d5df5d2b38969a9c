"""``policyengine sign``: a signature for a packed bundle."""

from __future__ import annotations

from pathlib import Path

import click

from policyengine.cli import exits
from policyengine.cli.output.files import write_whole


@click.command(
    help=f"""Sign a packed bundle.

FILE was written by `policyengine build`. The signature covers its id, its version and every byte of its files. It goes
into the file; signatures of other keys stay, so that a key can be replaced by and by.

\b
Examples:
  policyengine sign returns.bundle --key release.private.pem

{exits.FOR_BUNDLES}
"""
)
@click.argument("file")
@click.option("--key", metavar="KEY", required=True, help="File with the private key.")
def sign(file: str, key: str) -> None:
    """Read, sign, write."""
    from policyengine.diagnostics import Diagnostics
    from policyengine.errors import BundleError
    from policyengine.packing.opening import open_packed
    from policyengine.packing.signing import read_signing_key, with_signature

    signing_key, sink = read_signing_key(key), Diagnostics()
    packed = open_packed(Path(file), sink)
    if packed is None:
        raise BundleError(sink.sorted())
    write_whole(file, with_signature(packed, signing_key).to_bytes())
    click.echo(f"{file}: signed with key {signing_key.public().id}")
