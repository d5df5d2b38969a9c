"""Records of the decision log for people: one line for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policyengine.decision_log.search import Page, Record


def records_text(page: Page) -> str:
    """The records of a page, and how to get to the next one."""
    if not page.records:
        return "no decision found"
    lines = [_line(record) for record in page.records]
    if page.cursor is not None:
        lines.append(f"there are more; go on with --cursor {page.cursor}")
    return "\n".join(lines)


def _line(record: Record) -> str:
    from policyengine.decision_log.canonical import read

    data = read(record.entry)
    rules = data["rules"]
    named = " ".join(map(str, rules)) if isinstance(rules, list) else ""
    told = f"{data['timestamp']}  {record.decision_id}  {data['path']}  {data['verdict']} ({data['class']})  {named}"
    return told.rstrip()
