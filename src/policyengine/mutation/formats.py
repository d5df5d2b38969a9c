"""Reports as text for people, as JSON and as GitHub annotations. Pure functions that give strings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from policyengine.mutation.mutants import Mutant
from policyengine.mutation.report import Report, Result, Status, percent
from policyengine.testing.annotations import command


def as_text(report: Report) -> str:
    """For people: survivors with a test that would notice, what is left out, and one line that counts."""
    survived, left_out = report.with_status(Status.SURVIVED), report.with_status(Status.LEFT_OUT)
    parts = [_survivor(r) for r in survived]
    if left_out:
        parts.append("\n".join(["left out, for no case can notice:", *(_left_out(r) for r in left_out)]))
    return "\n\n".join([*parts, summary(report)]) + "\n"


def summary(report: Report) -> str:
    """One line: how many mutants ended how, and the score."""
    counts = ", ".join(f"{len(report.with_status(s))} {s}" for s in Status if report.with_status(s))
    too_many = f" ({report.too_many} of them counted as survivors: too many without a proof)" if report.too_many else ""
    return f"{report.bundle}: {_number(report.results)}: {counts}{too_many}; score {percent(report.score)} %"


def _number(mutants: Sequence[object]) -> str:
    return f"{len(mutants)} {'mutant' if len(mutants) == 1 else 'mutants'}"


def _survivor(result: Result) -> str:
    lines = [f"{_place(result.mutant)}: survived: {result.mutant.sentence}"]
    if result.suggestion:
        lines.append(f"  would notice: {result.suggestion}")
    if result.tried:
        lines.append(f"  {result.tried}")
    return "\n".join(lines)


def _left_out(result: Result) -> str:
    return f"  {_place(result.mutant)}: {result.mutant.sentence}\n    {result.why}"


def _place(mutant: Mutant) -> str:
    return f"{mutant.span.file.path}:{mutant.span.start.line}"


def as_json(reports: Iterable[Report]) -> str:
    """For programs: every mutant of every bundle."""
    return json.dumps({"bundles": [r.to_dict() for r in reports]}, indent=2, ensure_ascii=False) + "\n"


def as_github(report: Report) -> str:
    """GitHub workflow commands: a warning at the place of each survivor."""
    return "".join(f"{line}\n" for line in _warnings(report))


def _warnings(report: Report) -> Iterator[str]:
    for result in report.with_status(Status.SURVIVED):
        notice = f"\nwould notice: {result.suggestion}" if result.suggestion else ""
        mutant = result.mutant
        yield command("warning", mutant.span, f"mutate/{mutant.operator}", mutant.sentence + notice)


def listed(mutants: Iterable[Mutant]) -> str:
    """The mutants without their ends."""
    return "".join(f"{_place(m)}: {m.operator}: {m.sentence}\n" for m in mutants)
