"""Small bundles written out, their cases run, and what these cover, by the ids of items."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from policyengine.coverage.report import Coverage, Covered, measure
from policyengine.loading import load_bundle
from policyengine.testing.run import run_cases

BUNDLE = """
kind: bundle
bundle: small
title: Small
version: 1.0.0
time_zone: UTC
in_force_on: order.placed_on
decisions:
  d:
    title: Decided
    verdicts: {refuse: refused, grant: granted}
    steps: [p]
    otherwise: {document: {verdict: grant}}
"""
FACTS = """
kind: facts
types:
  size: {enum: [small, large]}
facts:
  order.placed_on: {type: date}
  order.total: {type: money, min: 0}
  order.count: {type: integer, min: 0}
  order.weight: {type: decimal}
  order.paid: {type: boolean}
  order.sure: {type: boolean, default: false}
  order.size: {type: enum, of: size}
"""


def folder_of(folder: Path, files: Mapping[str, str], cases: str) -> Path:
    """The bundle on disk: files given, those above otherwise; ``cases`` are lines of a YAML list."""
    (folder / "tests").mkdir(parents=True, exist_ok=True)
    for name, text in {"bundle.yaml": BUNDLE, "facts.yaml": FACTS, **files}.items():
        (folder / name).write_text(text)
    head = "kind: tests\ndecision: d\nas_of: 2025-01-10\ncases:\n"
    body = "".join(f"  {line}\n" for line in cases.strip().splitlines())
    (folder / "tests" / "all.test.yaml").write_text(head + body)
    return folder


def measured(folder: Path) -> Coverage:
    """What the cases of a folder cover; every one of them must have been decided."""
    results = run_cases(folder, engines=("compiled",), check=False)
    assert not results.faults, [d.render() for d in results.faults]
    return measure(load_bundle(folder), str(folder), results.outcomes)


def states(found: Coverage) -> dict[str, Covered]:
    """Every item by its id."""
    assert len({c.item.id for c in found.items}) == len(found.items)
    return {c.item.id: c for c in found.items}


def covered(found: Coverage, begin: str) -> set[str]:
    """The covered items of an owner, without its name."""
    return {i.removeprefix(begin) for i, c in states(found).items() if i.startswith(begin) and c.count}


def missing(found: Coverage, begin: str) -> set[str]:
    """The items of an owner that are missing, without its name."""
    return {i.removeprefix(begin) for i, c in states(found).items() if i.startswith(begin) and c.missing}


def proved(found: Coverage, begin: str) -> dict[str, str]:
    """The items of an owner that are proved to be out of reach, with the proofs."""
    return {
        i.removeprefix(begin): c.item.proof for i, c in states(found).items() if i.startswith(begin) and c.item.proof
    }


def rules(text: str, kind: str = "exclusions", more: str = "") -> dict[str, str]:
    """A file with one policy ``p`` of these rules."""
    body = "".join(f"      {line}\n" for line in text.strip().splitlines())
    return {"rules.yaml": f"kind: {kind}\ndecision: d\n{more}policies:\n  p:\n    rules:\n{body}"}
