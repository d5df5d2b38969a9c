"""``policyengine build``: a bundle as one file."""

from __future__ import annotations

import click

from policyengine.cli import exits
from policyengine.cli.options import bundle_folder
from policyengine.cli.output.faults import diagnostic_text
from policyengine.cli.output.files import write_whole


@click.command(
    help=f"""Pack a bundle into one file, to be handed over, signed and served as it is.

FOLDER is a bundle, or the name of a shipped one. It is checked first; a bundle with a fault is not packed. The file
holds the policies and the cases, nothing else of the folder, and a manifest with the hash of each. The same policies
and cases give the same bytes, wherever and whenever they are packed.

\b
Examples:
  policyengine build policies/returns --output returns.bundle
  policyengine build policies/returns --output returns.bundle --sign release.private.pem

{exits.FOR_BUNDLES}
"""
)
@click.argument("folder")
@click.option("-o", "--output", metavar="FILE", required=True, help="File to write, such as returns.bundle.")
@click.option("--sign", "key", metavar="KEY", help="Sign it with the private key in this file.")
def build(folder: str, output: str, key: str | None) -> None:
    """Check, pack, sign, write."""
    from policyengine.diagnostics import Diagnostics
    from policyengine.errors import BundleError
    from policyengine.loading import check_files
    from policyengine.packing.opening import open_bundle
    from policyengine.packing.packed import pack
    from policyengine.packing.signing import read_signing_key, with_signature

    signing_key = read_signing_key(key) if key else None
    sink = Diagnostics()
    # What is packed is what was checked, even if somebody writes into the folder meanwhile.
    files = open_bundle(bundle_folder(folder), sink)
    bundle, sink = check_files(files, sink) if files else (None, sink)
    if files is None or bundle is None:
        raise BundleError(sink.sorted())
    for warning in sink:
        click.echo(diagnostic_text(warning), err=True)
    packed = pack(files, bundle.id, bundle.version)
    if signing_key:
        packed = with_signature(packed, signing_key)
    write_whole(output, packed.to_bytes())
    signed = f", signed with key {signing_key.public().id}" if signing_key else ""
    click.echo(f"{output}: {bundle.id} {bundle.version}  digest {bundle.digest}{signed}")
