"""Faults of bundles and of facts, as the formats of the command line show them."""

from __future__ import annotations

import json

import click

from policyengine.cli.output.words import plain
from policyengine.diagnostics import Diagnostic, Severity
from policyengine.errors import BundleError, FactProblem, RequestError

_COLOURS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.LINT: "cyan"}


def diagnostic_text(diagnostic: Diagnostic) -> str:
    """A diagnostic for people: place, code, sentence, the line with a caret, and help."""
    tag = f"{diagnostic.severity}[{diagnostic.code}]"
    lines = [plain(line) for line in diagnostic.render().split("\n")]
    coloured = click.style(tag, fg=_COLOURS[diagnostic.severity], bold=True)
    return "\n".join([lines[0].replace(tag, coloured, 1), *lines[1:]])


def problem_text(problem: FactProblem) -> str:
    """A fault of the facts for people: where, what, help."""
    tag = click.style(f"error[{problem.code}]", fg="red", bold=True)
    where = plain(problem.pointer) or "the facts"
    help_ = f"\n  = help: {plain(problem.help)}" if problem.help else ""
    return f"{where}: {tag}: {plain(problem.detail)}{help_}"


def json_text(data: object) -> str:
    """Data for programs: the same data gives the same text."""
    return json.dumps(data, indent=2, ensure_ascii=False)


def show_bundle_faults(error: BundleError, format_: str) -> None:
    """Print every fault of a bundle: for programs to standard output, for people to standard error."""
    if format_ == "json":
        click.echo(json_text({"diagnostics": [d.to_dict() for d in error.diagnostics]}))
    else:
        click.echo("\n\n".join(diagnostic_text(d) for d in error.diagnostics), err=True)


def show_request_faults(error: RequestError, format_: str) -> None:
    """Print every fault of the facts, likewise."""
    if format_ == "json":
        click.echo(json_text({"errors": [p.to_dict() for p in error.problems]}))
    else:
        click.echo("\n".join(problem_text(p) for p in error.problems), err=True)
