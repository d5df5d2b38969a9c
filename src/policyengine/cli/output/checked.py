"""Bundles with their diagnostics, for every format: what ``check`` and ``lint`` print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from policyengine.cli.output.faults import diagnostic_text, json_text
from policyengine.diagnostics import Diagnostics, Severity
from policyengine.model.bundle import CheckedBundle

Checked = tuple[Path, CheckedBundle | None, Diagnostics]


def show_checked(checked: Sequence[Checked], format_: str) -> None:
    """Print every diagnostic of every bundle, and what became of each."""
    {"text": _show_text, "json": _show_json, "github": _show_github}[format_](checked)


def _show_text(checked: Sequence[Checked]) -> None:
    for folder, bundle, sink in checked:
        for diagnostic in sink:
            click.echo(diagnostic_text(diagnostic) + "\n")
        click.echo(_summary(folder, bundle, sink))


def _summary(folder: Path, bundle: CheckedBundle | None, sink: Diagnostics) -> str:
    if bundle is None or sink.failed:
        count = sum(d.severity == "error" for d in sink)
        return f"{folder}: {click.style(f'{count} fault' + 's' * (count != 1), fg='red', bold=True)}"
    rules = sum(len(d.rules) for d in bundle.decisions.values())
    facts = len(bundle.facts) + sum(len(items.fields) for items in bundle.lists.values())
    advice = ", ".join(_advice(sink)) or click.style("fine", fg="green", bold=True)
    what = f"{bundle.id} {bundle.version}, decisions: {', '.join(bundle.decisions)}; {facts} facts, {rules} rules"
    return f"{folder}: {advice} ({what})"


def _advice(sink: Diagnostics) -> Iterator[str]:
    """How much was said about a bundle that can be used: ``1 warning``, ``2 pieces of advice``."""
    words = {Severity.WARNING: ("warning", "warnings"), Severity.LINT: ("piece of advice", "pieces of advice")}
    for severity, (one, many) in words.items():
        count = sum(d.severity is severity for d in sink)
        if count:
            yield f"{count} {one if count == 1 else many}"


def _show_json(checked: Sequence[Checked]) -> None:
    found = [
        {
            "folder": str(folder),
            "valid": bundle is not None and not sink.failed,
            "bundle": None if bundle is None else {"id": bundle.id, "version": bundle.version, "digest": bundle.digest},
            "diagnostics": [d.to_dict() for d in sink],
        }
        for folder, bundle, sink in checked
    ]
    click.echo(json_text({"bundles": found}))


def _show_github(checked: Sequence[Checked]) -> None:
    from policyengine.testing.annotations import annotation

    for _, _, sink in checked:
        for diagnostic in sink:
            click.echo(annotation(diagnostic))
