"""``policyengine example``: files to start from when the service is set up on a machine."""

from __future__ import annotations

from importlib.resources import files

import click

from policyengine.cli import exits

#: The files by what they are asked for as.
EXAMPLES = {
    "config": "service.yaml",
    "container": "Containerfile",
    "postgresql": "rights.sql",
    "systemd": "policyengine.service",
}


@click.command(
    help=f"""Print an example to start from: settings, a container file, rights in PostgreSQL, or a unit for systemd.

\b
Examples:
  policyengine example config > service.yaml
  policyengine example container > Containerfile
  policyengine example postgresql | psql postgresql://OWNER@HOST/DATABASE
  policyengine example systemd > policyengine.service

{exits.FOR_OTHERS}
"""
)
@click.argument("name", type=click.Choice(list(EXAMPLES)))
def example(name: str) -> int:
    """Print a file."""
    click.echo(files("policyengine.cli").joinpath("examples", EXAMPLES[name]).read_text(encoding="utf-8"), nl=False)
    return exits.FINE
