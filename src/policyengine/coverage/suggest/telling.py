"""What was suggested, and what was not found, as text for people."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from policyengine.coverage.report import Covered, grouped
from policyengine.coverage.suggest.search import MOST_TRIED
from policyengine.coverage.suggest.suggestions import Suggestions
from policyengine.coverage.text import cases, lacking


def as_text(folder: str, found: Suggestions, written: Sequence[Path]) -> str:
    """The files with the names of their new cases; then, by place, that for which nothing was found."""
    lines = [f"{folder}: nothing to suggest"] if not written and not found.not_found else []
    for path, made in zip(written, found.made.values(), strict=True):
        lines.append(f"{path}: {cases(len(made))} added, under review until somebody has looked at them")
        lines += [f"  {case.name}" for case in made]
    lines += _not_found(folder, found)
    return "".join(f"{line}\n" for line in lines)


def _not_found(folder: str, found: Suggestions) -> list[str]:
    lines = [
        f"  {item.span.file.path}:{item.span.start.line}: {item.about}: {lacking(group)}"
        for item, group in grouped(Covered(i) for i in found.not_found)
    ]
    head = f"{folder}: for {len(found.not_found)} no facts were found, with up to {MOST_TRIED:,} tried for each:"
    return [head, *lines] if lines else []
