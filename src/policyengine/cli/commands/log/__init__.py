"""``policyengine log``: the decision log. One module for what its commands have in common to do."""

from __future__ import annotations

import click

from policyengine.cli.commands.log.change import migrate, retain
from policyengine.cli.commands.log.look import export, search, show
from policyengine.cli.commands.log.prove import heads, key, verify
from policyengine.cli.commands.log.replay import replay


@click.group(
    help="""Read, prove and replay the decision log.

\b
Examples:
  policyengine log search --verdict refused --since 2025-04-01
  policyengine log verify --heads heads.jsonl --public-key log-key.pub
  policyengine log replay
"""
)
def log() -> None:
    """Every command about the log."""


for command in (migrate, show, search, export, verify, key, heads, retain, replay):
    log.add_command(command)
