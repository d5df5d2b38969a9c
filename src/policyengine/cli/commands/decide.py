"""``policyengine decide``: one decision on facts from a file or from standard input."""

from __future__ import annotations

import click

from policyengine.cli import exits
from policyengine.cli.options import (
    Question,
    bundle_folder,
    day_of,
    format_option,
    question_options,
    read_facts,
    settings_options,
)
from policyengine.cli.output.decision import decision_text
from policyengine.cli.output.faults import json_text
from policyengine.engine.settings import EngineSettings


@click.command(
    help=f"""Decide, and say why.

FOLDER is a bundle, or the name of a shipped one; DECISION is one of its decisions. Facts are JSON: nested objects, in
which what is left out is unknown.

\b
Examples:
  policyengine decide policies/returns refund --facts facts.json
  echo '{{"parcel": {{"lost": true}}}}' | policyengine decide policies/returns refund
  policyengine decide policies/returns refund --facts facts.json --as-of 2025-04-01 --format json

{exits.FOR_DECISIONS}
"""
)
@question_options
@settings_options
@format_option("text", "json")
def decide(question: Question, settings: EngineSettings, format_: str) -> int:
    """Print the decision; the exit code follows the class of its verdict."""
    from policyengine.engine.engine import Engine
    from policyengine.loading import load_bundle

    bundle = load_bundle(bundle_folder(question.folder))
    with Engine(bundle, settings.backend, check=settings.check, sample=settings.sample) as engine:
        day = day_of(question, engine)
        made = engine.decide(question.decision, read_facts(question.facts), as_of=day)
    click.echo(json_text(made.to_dict()) if format_ == "json" else decision_text(made, bundle))
    return exits.of_class(made.verdict_class)
