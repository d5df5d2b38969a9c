"""Markdown as far as these tests need it: fenced blocks, tables, code in running text, headings, links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
LANGUAGE = ROOT / "policies" / "README.md"

_FENCE = re.compile(r"^```(\S*)(?: +(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]+\]\(([^)]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block. ``note`` is the second word after the fence; ``line`` that of the fence, counted from 1."""

    language: str
    note: str
    text: str
    line: int

    @property
    def first_line(self) -> str:
        return self.text.partition("\n")[0]

    @property
    def rest(self) -> str:
        return self.text.partition("\n")[2]


def blocks(text: str) -> list[Block]:
    """Every fenced block of a document, in order."""
    return [
        Block(found[1], found[2] or "", found[3], text.count("\n", 0, found.start()) + 1)
        for found in _FENCE.finditer(text)
    ]


def prose(text: str) -> str:
    """The document without its fenced blocks."""
    return _FENCE.sub("", text)


def codes(text: str) -> list[str]:
    """What stands between backticks outside of blocks."""
    return _CODE.findall(prose(text))


def links(text: str) -> list[str]:
    """Where the links lead."""
    return _LINK.findall(prose(text))


def section(text: str, heading: str) -> str:
    """What stands below a heading, up to the next one of its level or above."""
    # Comments inside of blocks look like headings: blocks are blanked out while looking.
    bare = _FENCE.sub(lambda block: re.sub(r"[^\n]", " ", block[0]), text)
    found = re.search(rf"^(#+) {re.escape(heading)}$", bare, re.MULTILINE)
    assert found, f"no section {heading!r}"
    end = re.compile(rf"^#{{1,{len(found[1])}}} ", re.MULTILINE).search(bare, found.end())
    return text[found.end() : end.start() if end else len(text)]


def anchors(text: str) -> set[str]:
    """The anchors of the headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", prose(text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


def tables(text: str) -> list[list[list[str]]]:
    """Every table: its rows, each a list of cells, the heading row first and the rule below it left out."""
    found: list[list[list[str]]] = []
    inside = False
    for line in prose(text).splitlines():
        if not line.startswith("|"):
            inside = False
        elif not inside:
            found.append([_cells(line)])
            inside = True
        elif not set(line) <= set("|- :"):
            found[-1].append(_cells(line))
    return found


def table(text: str, *heading: str) -> list[list[str]]:
    """The rows, without the heading, of all tables with this heading."""
    rows = [row for t in tables(text) if tuple(t[0][: len(heading)]) == heading for row in t[1:]]
    assert rows, f"no table {heading}"
    return rows


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
