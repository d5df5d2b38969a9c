"""All pages: links lead somewhere, paths exist, and nothing is said that holds on one machine only."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.docs.documents import LANGUAGE, README, ROOT, anchors, codes, links
from tests.docs.registries import all_codes

PAGES = [README, LANGUAGE, *sorted(ROOT.glob("policies/*/README.md"))]
_PATH = re.compile(r"(?:src|tests|policies|schemas|\.ci)(?:/[\w.*-]+)*/?|[\w-]+\.(?:toml|md)|Makefile|LICENSE")
_ADDRESS = re.compile(r"https?://([^/\s:`\"')]+)")
# Folders and files that only some machines have, and hosts from which packages come.
_OF_ONE_MACHINE = re.compile(r"(?<![\w.}])/(?:home|root|work|tmp|usr|opt|etc|var|mnt|Users)\b")
_REGISTRIES = re.compile(r"pypi|pythonhosted|npmjs|crates\.io|artifactory|nexus|index-url", re.IGNORECASE)

pages = pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())


def words(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def test_the_pages_are_there():
    assert len(PAGES) >= 4


@pages
def test_every_link_leads_somewhere(page):
    for link in links(words(page)):
        if link.startswith("http"):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.is_relative_to(ROOT), link
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(words(target)), link


@pages
def test_every_file_named_exists(page):
    named = [c for c in codes(words(page)) if _PATH.fullmatch(c) and "NAME" not in c and c not in all_codes()]
    # What is said of any bundle is looked for in one of them.
    roots = (ROOT, page.parent, ROOT / "policies" / "trade_assurance")
    assert [n for n in named if not any(list(r.glob(n.rstrip("/"))) for r in roots)] == []


def test_every_target_of_make_that_is_named_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {t for page in PAGES for t in re.findall(r"(?:^|`)make ([a-z-]+)", words(page), re.MULTILINE)}
    assert {"serve", "test"} <= named <= targets


@pages
def test_nothing_is_said_of_one_machine_or_of_a_registry(page):
    assert _OF_ONE_MACHINE.findall(words(page)) == []
    assert _REGISTRIES.findall(words(page)) == []


@pages
def test_addresses_are_those_of_the_service_or_of_cited_terms(page):
    hosts = set(_ADDRESS.findall(words(page)))
    assert page not in (README, LANGUAGE) or hosts <= {"127.0.0.1"}


@pages
def test_no_line_ends_in_blanks_and_the_page_ends_in_one_newline(page):
    text = words(page)
    assert [n for n, line in enumerate(text.splitlines(), 1) if line != line.rstrip()] == []
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


def test_an_aid_not_legal_advice_and_the_name_of_the_distribution():
    text = words(README)
    assert "not legal advice" in text
    assert "yaml-policyengine" in text
    assert re.search(r"Never run\s+`pip install policyengine`", text)
