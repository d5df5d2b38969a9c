"""``policyengine explain``: a decision, and rule by rule how it came about."""

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
from policyengine.cli.output.explanation import Explainer
from policyengine.cli.output.faults import json_text
from policyengine.diagnostics import did_you_mean
from policyengine.engine.settings import EngineSettings
from policyengine.errors import UnknownName
from policyengine.model.rules import DecisionSpec


@click.command(
    help=f"""Decide, and show for every rule why it holds, does not hold, or is not known to hold.

Each condition is shown with what it came to, the facts it read, and where it is written. FOLDER, DECISION and the facts
are as for `decide`.

\b
Examples:
  policyengine explain policies/returns refund --facts facts.json
  policyengine explain policies/returns refund --facts facts.json --rule R-LATE
  policyengine explain policies/returns refund --facts facts.json --format json

{exits.FOR_DECISIONS}
"""
)
@question_options
@settings_options
@click.option("--rule", metavar="ID", help="Explain this rule only.")
@format_option("text", "json")
def explain(question: Question, settings: EngineSettings, rule: str | None, format_: str) -> int:
    """Print the decision and the explanation; the exit code follows the class of the verdict."""
    from policyengine.engine.engine import Engine
    from policyengine.loading import load_bundle
    from policyengine.reference.trace import trace

    path = bundle_folder(question.folder)
    bundle = load_bundle(path)
    with Engine(bundle, settings.backend, check=settings.check, sample=settings.sample) as engine:
        day = day_of(question, engine)
        facts = read_facts(question.facts)
        made = engine.decide(question.decision, facts, as_of=day)
    spec = bundle.decisions[question.decision]
    _check_rule(spec, rule)
    found = trace(bundle, spec.name, facts, day)
    if format_ == "json":
        explained = found.to_dict()
        if rule is not None:
            explained["rules"] = [r.to_dict() for r in found.rules if r.rule == rule]
        click.echo(json_text({"decision": made.to_dict(), "explanation": explained}))
    else:
        click.echo(decision_text(made, bundle) + "\n\n" + Explainer(bundle, spec).text(found, rule))
    return exits.of_class(made.verdict_class)


def _check_rule(spec: DecisionSpec, rule: str | None) -> None:
    known = {r.id for r in spec.rules}
    if rule is not None and rule not in known:
        raise UnknownName(f"decision `{spec.name}` has no rule `{rule}`", did_you_mean(rule, known))
