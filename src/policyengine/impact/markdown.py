"""The report as Markdown, short enough for a comment on a pull request: what is long can be opened."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from policyengine.impact import words
from policyengine.impact.behaviour.findings import Behaviour, Broken
from policyengine.impact.behaviour.tally import Group, GroupKey
from policyengine.impact.report import Impact, Report
from policyengine.impact.structure.change import Change, Weight

#: Code hosts take comments of 65,536 characters.
MOST_CHARACTERS: Final = 60_000
MOST_CHANGES: Final = 40
MOST_GROUPS: Final = 15
MOST_OTHERS: Final = 20
_LONGEST: Final = 600
_DIGEST: Final = 12
# What has a meaning in Markdown or HTML, or would call a person.
_SPECIAL: Final = re.compile(r"[\\*_<>\[\]|@#~&]")


def as_markdown(report: Report) -> str:
    """The report; where it would be too long, blocks from its end are left out, and how many is said."""
    blocks = [block for impact in report.impacts for block in _impact(impact)]
    if any(i.behaviour for i in report.impacts):
        said = words.verdict_line(changed=report.has_changed_decisions, whole=report.is_whole)
        blocks.insert(0, f"**{said[0].upper()}{said[1:]}.**")
    kept: list[str] = []
    left = MOST_CHARACTERS
    for block in blocks:
        left -= len(block) + 2
        if left < 0:
            kept.append(f"*{words.number(len(blocks) - len(kept), 'section')} left out: this would be too long.*")
            break
        kept.append(block)
    return "\n\n".join(kept) + "\n"


def _impact(impact: Impact) -> Iterator[str]:
    state = f": {words.STATES[impact.state]}" if impact.changes is not None else ""
    yield f"### {prose(impact.id)}{state}"
    yield "\n".join(f"- {prose(line)}" for line in words.editions_line(impact, _DIGEST))
    meant, worded = (impact.of_weight(w) for w in (Weight.MEANING, Weight.WORDING))
    if meant:
        yield "**In words**\n\n" + _list(map(_change, meant), MOST_CHANGES)
    if worded:
        yield _details(
            words.number(len(worded), "change") + " of wording only", _list(map(_change, worded), MOST_CHANGES)
        )
    if impact.behaviour is not None:
        yield from _behaviour(impact.behaviour)


def prose(text: str) -> str:
    """Text on one line that means itself; what stands between backticks stays code."""
    line = plain(text)
    line = line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
    pieces = line.split("`")
    if len(pieces) % 2 == 0:  # one backtick is alone: cut off, or a caller's
        pieces = ["'".join(pieces)]
    return "".join(f"`{p}`" if n % 2 and p else _SPECIAL.sub(_escaped, p) for n, p in enumerate(pieces))


def _escaped(found: re.Match[str]) -> str:
    # An address sign is no person in any host once it is written as an entity; a backslash does not help there.
    return {"@": "&#64;", "&": "&amp;", "<": "&lt;", ">": "&gt;"}.get(found[0], f"\\{found[0]}")


def code(text: str) -> str:
    """Text as code."""
    line = plain(text.replace("`", "'"))[:_LONGEST]
    return f"`{line}`" if line else ""


def plain(text: str) -> str:
    """Text on one line, without control characters."""
    return "".join(c if c.isprintable() else "�" for c in " ".join(text.split()))


def _list(items: Iterable[str], most: int) -> str:
    found = list(items)
    lines = [f"- {item}" for item in found[:most]]
    if len(found) > most:
        lines.append(f"- … and {len(found) - most:,} more")
    return "\n".join(lines)


def _details(title: str, body: str) -> str:
    # Inside of HTML, Markdown is not read.
    summary = html.escape(plain(title)).replace("@", "&#64;")
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def _change(change: Change) -> str:
    place = words.places(change)
    return prose(change.sentence) + (f" ({code(place)})" if place else "")


def _behaviour(behaviour: Behaviour) -> Iterator[str]:
    tally = behaviour.tally
    yield f"**In decisions**: {prose(words.asked_line(behaviour))}"
    narrowed = words.narrowed_line(tally)
    yield from [prose(narrowed)] if narrowed else []
    stakes = words.stakes_line(behaviour.stakes)
    if stakes:
        yield f"At stake: {prose(stakes)}"
    groups = behaviour.groups
    if groups:
        yield _table(groups[:MOST_GROUPS], len(groups))
        yield from (_example(*g) for g in groups[:MOST_GROUPS])
    if behaviour.broken:
        yield _details(
            words.number(len(behaviour.broken), "case whose expectations do", "cases whose expectations do")
            + " not hold for the new bundle",
            _list(map(_broken, behaviour.broken), MOST_OTHERS),
        )
    for side, title in (
        ("new", "Only the old bundle answers"),
        ("old", "Only the new bundle answers"),
        ("both", "Neither answers"),
    ):
        refused = behaviour.refused(side)
        if refused:
            yield _details(
                f"{title}: {words.number(behaviour.refused_count(side), 'document')}",
                _list((prose(words.refusal_line(*r)) for r in refused), MOST_OTHERS),
            )
    unread = [*tally.unreadable_lines, *behaviour.unread_tests]
    if unread:
        told = words.number(tally.unreadable, "line") + " and " + words.number(len(behaviour.unread_tests), "fault")
        listed = _list((f"{code(u.place)}: {prose(u.reason)}" for u in unread), MOST_OTHERS)
        yield _details(f"{told} of test files cannot be used", listed)


def _table(groups: Sequence[tuple[GroupKey, Group]], all_: int) -> str:
    lines = ["| decisions | before → now | by | at stake |", "| ---: | --- | --- | --- |"]
    for key, group in groups:
        what = words.headline(key, group.count).rpartition(", ")[0]
        cells = f"{group.count:,}", prose(what), prose(words.rules_line(key)), prose(words.stakes_line(group.stakes))
        lines.append(f"| {' | '.join(cells)} |")
    if all_ > len(groups):
        lines.append(f"| … | and {words.number(all_ - len(groups), 'more group', 'more groups')} | | |")
    return "\n".join(lines)


def _example(key: GroupKey, group: Group) -> str:
    example = group.example
    lines = [f"{code(example.id)} ({code(example.place)}), as of {example.as_of}"]
    lines += [prose(line) for line in (words.without_line(example),) if line]
    lines += [prose(line) for line in words.differs_lines(example)]
    lines += [f"{code(address)}: {code(value)}" for address, value in example.facts]
    return _details(f"Example: {words.headline(key, group.count)}", _list(lines, len(lines)))


def _broken(broken: Broken) -> str:
    before = " (nor for the old one)" if broken.before else ""
    told = "; ".join(f"{key}: expected {_said(want)}, now {_said(got)}" for key, want, got in broken.differences)
    return f"{code(broken.id)} ({code(broken.place)}){before}: {prose(told)}"


def _said(value: object) -> str:
    return ", ".join(map(str, value)) or "nothing" if isinstance(value, list) else str(value)
