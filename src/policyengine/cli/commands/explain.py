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
from policyengine.cli.output.decision import decision_text, headline
from policyengine.cli.output.faults import json_text
from policyengine.engine.settings import EngineSettings


@click.command(
    help=f"""Decide, and explain: in a few sentences, by what would change it, and rule by rule.

The sentences can be pasted into a reply. The nearest changes of one fact that lead to another verdict are each decided;
they are for staff, and no advice on what to claim. Of the rules that hold, wait for facts, or meet a fault, every
condition is shown with what it came to, the facts it read, and where it is written; of those that such a change would
rest on, what keeps them from holding; of the others one line. FOLDER, DECISION and the facts are as for `decide`.

\b
Examples:
  policyengine explain policies/returns refund --facts facts.json
  policyengine explain policies/returns refund --facts facts.json --why-not R-LATE
  policyengine explain policies/returns refund --facts facts.json --towards refunded
  policyengine explain policies/returns refund --facts facts.json --format json

{exits.FOR_DECISIONS}
"""
)
@question_options
@settings_options
@click.option("--rule", metavar="ID", help="Show the conditions of this rule only.")
@click.option("--all", "in_full", is_flag=True, help="Show the conditions of every rule, not only where it matters.")
@click.option(
    "--why-not",
    metavar="ID",
    help="Show only what kept this rule from giving the verdict, or what this payout step did.",
)
@click.option("--towards", metavar="VERDICT", help="Look for changes that lead to this verdict. Default: to any other.")
@format_option("text", "json")
def explain(  # noqa: PLR0913 - one for each option
    *,
    question: Question,
    settings: EngineSettings,
    rule: str | None,
    in_full: bool,
    why_not: str | None,
    towards: str | None,
    format_: str,
) -> int:
    """Print the decision and the explanation; the exit code follows the class of the verdict."""
    from policyengine.cli.output.explanation import RuleByRule, changes_lines, fault_lines, summary_lines, why_not_text
    from policyengine.engine.engine import Engine
    from policyengine.explaining.explainer import Explainer
    from policyengine.loading import load_bundle

    if rule is not None and why_not is not None:
        raise click.UsageError("--rule and --why-not are about one rule each; leave one of them out")
    if why_not is not None and towards is not None:
        raise click.UsageError("--why-not shows no changes, which --towards looks for; leave one of them out")
    if rule is not None and in_full:
        raise click.UsageError("--rule shows one rule, and --all shows every one; leave one of them out")
    bundle = load_bundle(bundle_folder(question.folder))
    with Engine(bundle, settings.backend, check=settings.check, sample=settings.sample) as engine:
        day = day_of(question, engine)
        facts = read_facts(question.facts)
        made = engine.decide(question.decision, facts, as_of=day)
    with Explainer(bundle) as explainer:
        explained = explainer.explain(made, facts, towards=towards, rule=why_not or rule)
    if format_ == "json":
        click.echo(json_text({"decision": made.to_dict(), "explanation": explained.to_dict(rule)}))
    elif why_not is not None:
        click.echo(headline(made, bundle) + "\n" + why_not_text(explained.why_not))
    else:
        lines = (summary_lines(explained.sentences), changes_lines(explained.changes), fault_lines(explained))
        told = [line for some in lines for line in some]
        tree = RuleByRule(bundle, made).text(explained, rule, in_full=in_full)
        click.echo(decision_text(made, bundle, told) + "\n\n" + tree)
    return exits.of_class(made.verdict_class)
