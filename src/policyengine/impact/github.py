"""The report as GitHub annotations: each change beside its line, and the groups of changed decisions."""

from __future__ import annotations

from collections.abc import Iterator

from policyengine.impact import words
from policyengine.impact.report import Impact, Report
from policyengine.impact.structure.change import Change
from policyengine.testing.annotations import escaped, escaped_property


def as_github(report: Report) -> str:
    """A notice for every change that has a place in the new folder, a warning for every group of changed decisions."""
    return "".join(f"{line}\n" for impact in report.impacts for line in _impact(impact))


def _impact(impact: Impact) -> Iterator[str]:
    folder = impact.new.shown if impact.new else ""
    for change in impact.changes or ():
        yield f"::notice {_place(folder, change)}title={escaped_property(change.subject)}::{escaped(change.text)}"
    if impact.behaviour is None:
        return
    for key, group in impact.behaviour.groups:
        example = group.example
        told = (
            *(words.rules_line(key), words.stakes_line(group.stakes), f"example: {words.example_line(example)}"),
            *(words.without_line(example), *words.differs_lines(example)),
        )
        title = escaped_property(words.headline(key, group.count))
        yield f"::warning title={title}::{escaped(chr(10).join(t for t in told if t))}"
    for broken in impact.behaviour.broken:
        file, _, line = broken.place.rpartition(":")
        keys = ", ".join(key for key, _, _ in broken.differences)
        place = f"file={escaped_property(file)},line={escaped_property(line)},"
        yield f"::warning {place}title={escaped_property(broken.id)}::does not hold for the new bundle: {escaped(keys)}"


def _place(folder: str, change: Change) -> str:
    if change.new_at is None:
        return ""
    file, _, line = change.new_at.rpartition(":")
    return f"file={escaped_property(f'{folder}/{file}')},line={line},"
