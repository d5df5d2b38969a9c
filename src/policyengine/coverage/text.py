"""Coverage as text for people: what is covered, counted; then what is missing, by file and line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Final

from policyengine.coverage.items import TITLES
from policyengine.coverage.report import Count, Coverage, Covered, grouped

#: What the items are called that belong to no decision alone.
SHARED: Final = "shared by decisions"


def as_text(found: Coverage) -> str:
    """The whole summary."""
    lines = [f"{headline(found)}, by {cases(found.counted)}{_left_out(found)}", ""]
    lines += _table("by kind", ((TITLES[kind], c) for kind, c in found.by_kind().items()))
    lines += ["", *_table("by decision", ((name or SHARED, c) for name, c in found.by_decision().items()))]
    missing = list(missing_lines(found))
    if missing:
        lines += ["", f"missing ({_on(len(found.missing()), len(missing))}):", *missing]
    lines += _unreachable(found)
    return "\n".join(lines) + "\n"


def headline(found: Coverage) -> str:
    """``policies/x: 94.39% covered, 892 of 945``."""
    every = found.all
    return f"{found.folder}: {percent_text(every.percent)}% covered, {every.covered} of {every.total}"


def missing_lines(found: Coverage) -> Iterator[str]:
    """A line for each thing of which something is missing: its place, and in a sentence what no case shows."""
    for item, group in grouped(found.missing()):
        yield f"{item.span.file.path}:{item.span.start.line}: {item.about}: {lacking(group)}"


def lacking(group: Iterable[Covered]) -> str:
    """What no case shows: ``no case in which it is true; none in which it is unknown``."""
    said = [c.item.lacks for c in group]
    return "; ".join([f"no case {said[0]}", *(f"none {lacks}" for lacks in said[1:])])


def percent_text(percent: Fraction) -> str:
    """Two places, rounded down: only what is wholly covered says 100, and no share looks like more than it is."""
    hundredths = percent.numerator * 100 // percent.denominator
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def cases(number: int) -> str:
    """``1 case``, ``2 cases``."""
    return "1 case" if number == 1 else f"{number} cases"


def _left_out(found: Coverage) -> str:
    left = [(found.failed, "not passed"), (found.review, "under review")]
    said = [f"{number} {why}" for number, why in left if number]
    return f" (left out: {', '.join(said)})" if said else ""


def _table(title: str, rows: Iterable[tuple[str, Count]]) -> list[str]:
    found = [(name, str(c.covered), str(c.total), percent_text(c.percent)) for name, c in rows]
    cells = [(title, "covered", "of", "%"), *found]
    widths = [max(len(row[n]) for row in cells) for n in range(4)]
    return [f"  {r[0]:<{widths[0]}}  {r[1]:>{widths[1]}}  {r[2]:>{widths[2]}}  {r[3]:>{widths[3]}}" for r in cells]


def _unreachable(found: Coverage) -> list[str]:
    """What is proved to be out of reach, each with its proof; it counts neither way."""
    gone = found.unreachable()
    lines = [
        f"{item.span.file.path}:{item.span.start.line}: {item.about}: {lacking(group)}: {proofs(group)}"
        for item, group in grouped(gone)
    ]
    return ["", f"cannot be reached, and not counted ({_on(len(gone), len(lines))}):", *lines] if lines else []


def _on(number: int, lines: int) -> str:
    """How many things are told: ``7 on 6 lines`` where one line tells several."""
    return str(number) if number == lines else f"{number} on {lines} {'line' if lines == 1 else 'lines'}"


def proofs(group: Iterable[Covered]) -> str:
    """Why these can never be covered, each proof once."""
    return "; ".join(dict.fromkeys(c.item.proof for c in group))
