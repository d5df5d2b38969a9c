"""The work of checking grows as the bundle does: four times the rules, about four times the calls.

Calls are counted, not seconds, so that the answer does not depend on the machine. Misspelt names are left
out: for each, every declared name is looked at to say which was meant.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from policyengine.diagnostics import Diagnostics
from policyengine.loading import check_folder

SMALL, LARGE = 40, 160
HEAD = """
kind: bundle
bundle: growing
title: A bundle of many rules
version: 1.0.0
decisions:
  entry:
    title: May it enter
    verdicts: {no_entry: refused, entry: granted}
    steps: [barred, welcome]
    otherwise: {document: {verdict: no_entry, id: NOT-NAMED, because: Nothing lets it in., source: '1'}}
"""


def bundle(folder: Path, count: int, change: Callable[[str], str]) -> Path:
    """A bundle of ``count`` rules, each with a fact of its own, in which ``change`` was made to each rule."""
    facts = [f"  thing.size_{i}: {{type: integer, title: Size {i}}}" for i in range(count)]
    rules = [
        change(
            f"""
      - id: R-{i}
        title: Rule {i}
        when: {{thing.size_{i}: more than {i}, thing.kind: small}}
        unless: {{where: thing.size_{i} + 1 > {i + 9} and thing.kind = large}}
        because: 'Size {{thing.size_{i}}} is too much.'
        source: section {i}"""
        )
        for i in range(count)
    ]
    folder.mkdir()
    (folder / "bundle.yaml").write_text(HEAD, "utf-8")
    kind = "  thing.kind: {type: enum, title: Kind, values: [small, large]}"
    (folder / "facts.yaml").write_text("\n".join(["kind: facts", "facts:", kind, *facts]), "utf-8")
    frame = "kind: {}\ndecision: entry\npolicies:\n  {}:\n    rules:{}\n"
    (folder / "barred.yaml").write_text(frame.format("requirements", "barred", _required("".join(rules))), "utf-8")
    (folder / "welcome.yaml").write_text(
        frame.format("coverage", "welcome", "".join(rules).replace("R-", "W-")), "utf-8"
    )
    return folder


def _required(rules: str) -> str:
    return rules.replace("        because:", "        require: {thing.kind: large}\n        because:")


def calls(folder: Path) -> tuple[int, Diagnostics]:
    """How many functions are called to check a folder with its lints, and what is said about it."""
    made = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal made
        made += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        _, sink = check_folder(folder, lint=True)
    finally:
        sys.setprofile(before)
    return made, sink


CHANGES: dict[str, Callable[[str], str]] = {
    "good": lambda rule: rule,
    "no id": lambda rule: rule.replace("id: ", "tag: ", 1),
    "a misspelt key": lambda rule: rule.replace("because", "becuase"),
    "a key twice": lambda rule: rule + "\n        source: again",
    "an expression that cannot be read": lambda rule: rule.replace(" + 1", " + "),
    "a wrong type": lambda rule: rule.replace("more than", "5 days,"),
}


@pytest.mark.parametrize("fault", CHANGES)
def test_four_times_the_rules_take_about_four_times_the_work(fault, tmp_path):
    check_folder(bundle(tmp_path / "warm", 2, CHANGES[fault]), lint=True)
    small, said = calls(bundle(tmp_path / "small", SMALL, CHANGES[fault]))
    large, more = calls(bundle(tmp_path / "large", LARGE, CHANGES[fault]))
    assert len(more) >= 3.9 * len(said)
    assert bool(said.failed) == (fault != "good")
    assert large < small * LARGE / SMALL * 1.05
