"""The page for a browser: whole HTML that needs nothing else, every line of the policies, signs beside colours."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from tests.coverage.small import folder_of, measured, rules

from policyengine.coverage.page import pages
from policyengine.coverage.text import missing_lines

VOID = {"meta"}
RULE = '- {id: R, when: {order.paid: true, order.size: large}, because: "<b>Paid</b> & {order.size}."}'
SURE = "- {id: S, when: {order.sure: true}, because: Sure.}"
CASES = """
- {name: 'first <one>', facts: {order.paid: true, order.size: large}, expect: {verdict: refuse}}
- {name: sure, facts: {order.paid: false, order.sure: true}, expect: {verdict: refuse}}
- {name: second, review: true, facts: {order.paid: false}, expect: {verdict: grant}}
"""


class Page(HTMLParser):
    """Tags opened and closed, ids, links and the text of each line."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.lines: list[str] = []
        self.signs: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.add(tag)
        assert not [name for name in given if name.startswith("on") or name == "src"]
        self.ids += [given["id"]] if "id" in given else []
        self.links += [given["href"]] if "href" in given else []
        if "code" in (given.get("class") or "").split():
            self.lines.append("")
        if tag not in VOID:
            self.open.append((tag, given))

    def handle_endtag(self, tag):
        opened, _ = self.open.pop()
        assert opened == tag

    def handle_data(self, data):
        classes = [c for _, given in self.open for c in (given.get("class") or "").split()]
        if "code" in classes:
            self.lines[-1] += data
        if "mark" in classes and "line" in classes and data.strip():
            self.signs.append((next(c for c in classes if c in ("full", "part", "none", "proved")), data))


@pytest.fixture
def found(tmp_path):
    return measured(folder_of(tmp_path, rules(f"{RULE}\n{SURE}"), CASES))


def test_the_page_is_whole_and_needs_nothing_but_itself(found):
    text = pages([found])["small.html"]
    page = Page(text)
    assert page.open == []
    assert not page.tags & {"script", "link", "img", "iframe"}
    assert "url(" not in text
    assert "@import" not in text
    assert len(set(page.ids)) == len(page.ids)
    assert {link[1:] for link in page.links} <= set(page.ids)
    assert all(link.startswith("#") for link in page.links)


def test_every_line_of_the_policies_that_count_is_shown_as_it_is_written(found):
    page = Page(pages([found])["small.html"])
    files = {c.item.span.file for c in found.items}
    assert page.lines == [line for f in sorted(files, key=lambda f: f.path) for line in f.text.rstrip("\n").split("\n")]


def test_colour_is_never_alone(found):
    signs = Page(pages([found])["small.html"]).signs
    states = {state for state, _ in signs}
    assert states == {"full", "part"}
    for state in states:
        said = "".join(data for s, data in signs if s == state)
        assert {"full": "✓", "part": "◐", "none": "✗", "proved": "·"}[state] in said
        assert "covered" in said or state == "proved"


def test_what_is_missing_is_listed_and_linked_and_cases_are_named(found):
    text = pages([found])["small.html"]
    assert "all::first &lt;one&gt;" in text
    assert "<b>Paid" not in text
    assert "1 case under review not counted" in text
    for line in missing_lines(found):
        sentence = line.split(": ", 1)[1].split("`")[0].strip()
        assert sentence in text


def test_what_cannot_be_reached_is_listed_with_its_proof_and_the_signs_are_explained(tmp_path):
    both = "- {id: R, when: {all: [{order.size: large}, {order.size: small}]}, because: So.}"
    text = pages([measured(folder_of(tmp_path, rules(f"{both}\n{SURE}"), CASES))])["small.html"]
    listed = text.partition("<h2>Cannot be reached, and not counted</h2>")[2].partition("<h2>")[0]
    assert "rules.yaml:6</a>: rule R: no case in which it is true" in listed
    assert "no combination of values of <code>order.size</code> shows it" in listed
    assert "Lines without a sign" in text
    assert "rounded down" in text


def test_bundles_of_one_name_get_pages_of_their_own(found):
    made = pages([found, found])
    assert list(made) == ["small.html", "small-2.html", "index.html"]
    index = Page(made["index.html"])
    assert index.links == ["small.html", "small-2.html"]
