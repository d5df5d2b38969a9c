"""The report as plain text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from policyengine.impact import words
from policyengine.impact.behaviour.findings import Behaviour, Broken
from policyengine.impact.behaviour.tally import Group, GroupKey
from policyengine.impact.report import Impact, Report
from policyengine.impact.structure.change import Change, Weight

#: More groups, or more lines of a kind, would not be read; JSON has all of them.
MOST_GROUPS: Final = 20
MOST_LINES: Final = 50


def as_text(report: Report) -> str:
    """For people: each bundle in words, then in decisions, and one line that says whether any changed."""
    lines = [line for impact in report.impacts for line in (*_impact(impact), "")]
    if any(i.behaviour for i in report.impacts):
        lines.append(words.verdict_line(changed=report.has_changed_decisions, whole=report.is_whole))
    elif lines:
        lines.pop()
    return "".join(f"{plain(line)}\n" for line in lines)


def plain(text: str) -> str:
    """Text without control characters: facts are a caller's, and terminals obey some of them."""
    return "".join(c if c.isprintable() else "�" for c in text)


def _impact(impact: Impact) -> Iterator[str]:
    yield impact.id + (f": {words.STATES[impact.state]}" if impact.changes is not None else "")
    yield from (f"  {line}" for line in words.editions_line(impact))
    yield from _section("In words", (_change(c) for c in impact.of_weight(Weight.MEANING)))
    yield from _section("Only in wording", (_change(c) for c in impact.of_weight(Weight.WORDING)))
    if impact.behaviour is not None:
        yield from _behaviour(impact.behaviour)


def _section(title: str, items: Iterable[list[str]], most: int = MOST_LINES) -> Iterator[str]:
    found = list(items)
    if not found:
        return
    yield from ("", title)
    yield from (f"  {line}" for item in found[:most] for line in item)
    if len(found) > most:
        yield f"  … and {len(found) - most:,} more; --format json has all that are kept"


def _change(change: Change) -> list[str]:
    place = words.places(change)
    return [change.sentence, *([f"  {place}"] if place else [])]


def _behaviour(behaviour: Behaviour) -> Iterator[str]:
    tally = behaviour.tally
    yield from ("", "In decisions", f"  {words.asked_line(behaviour)}")
    narrowed = words.narrowed_line(tally)
    yield from [f"  {narrowed}"] if narrowed else []
    if tally.others:
        yield f"  {words.number(tally.others, 'line')} about other bundles passed over"
    if tally.changed:
        told = (f"{d} {changed:,} of {asked:,}" for d, (asked, changed) in sorted(tally.by_decision.items()) if changed)
        yield f"  changed: {', '.join(told)}"
        stakes = words.stakes_line(behaviour.stakes)
        yield from [f"  at stake: {stakes}"] if stakes else []
    yield from _section("Changed decisions", (_group(*g) for g in behaviour.groups), MOST_GROUPS)
    yield from _section("Cases whose expectations do not hold for the new bundle", map(_broken, behaviour.broken))
    for side, title in (
        ("new", "Only the old bundle answers"),
        ("old", "Only the new bundle answers"),
        ("both", "Neither answers"),
    ):
        yield from _section(title, ([words.refusal_line(*r)] for r in behaviour.refused(side)))
    unread = [[f"{u.place}: {u.reason}"] for u in tally.unreadable_lines]
    yield from _section(f"Lines that cannot be used: {tally.unreadable:,}", unread)
    yield from _section("Test files that cannot be read", ([f"{u.place}: {u.reason}"] for u in behaviour.unread_tests))


def _group(key: GroupKey, group: Group) -> list[str]:
    lines = [words.headline(key, group.count)]
    lines += [f"  {line}" for line in (words.rules_line(key),) if line]
    lines += [f"  at stake: {line}" for line in (words.stakes_line(group.stakes),) if line]
    lines.append(f"  example: {words.example_line(group.example)}")
    lines += [f"    {line}" for line in (words.without_line(group.example),) if line]
    lines += [f"    {line}" for line in words.differs_lines(group.example)]
    lines += ["    facts"] if group.example.facts else []
    return lines + [f"      {address}: {value}" for address, value in group.example.facts]


def _broken(broken: Broken) -> list[str]:
    before = " (nor for the old one)" if broken.before else ""
    told = (f"  {key}: expected {_said(want)}, but it is {_said(got)}" for key, want, got in broken.differences)
    return [f"{broken.place}: {broken.id}{before}", *told]


def _said(value: object) -> str:
    return ", ".join(map(str, value)) or "nothing" if isinstance(value, list) else str(value)
