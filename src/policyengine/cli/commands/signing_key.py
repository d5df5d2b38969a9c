"""``policyengine signing-key``: a pair of keys with which bundles are signed and verified."""

from __future__ import annotations

import click

from policyengine.cli import exits


@click.command(
    name="signing-key",
    help=f"""Make a pair of Ed25519 keys, to sign bundles and to verify them.

It writes NAME.private.pem, which signs and is for those alone who may release policies, and NAME.public.pem, which
verifies and may be given to anybody. These keys have nothing to do with who may ask the service.

\b
Examples:
  policyengine signing-key release

{exits.FOR_OTHERS}
""",
)
@click.argument("name")
def signing_key(name: str) -> None:
    """Make and write them."""
    from policyengine.packing.signing import new_pair

    private, public, key = new_pair(name)
    click.echo(f"key {key.id}")
    click.echo(f"{private}: keep it secret; it signs (policyengine sign, policyengine build --sign)")
    click.echo(f"{public}: give it to who serves; it verifies (policyengine serve --require-signature)")
