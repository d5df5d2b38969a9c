"""A small bundle with something of everything that a case can expect: parcel insurance."""

from __future__ import annotations

from pathlib import Path

from policyengine.diagnostics import Diagnostics
from policyengine.loading import load_bundle
from policyengine.testing.cases import read_cases
from policyengine.testing.model import Case

FILES = {
    "bundle.yaml": """
kind: bundle
bundle: parcels
title: Parcel insurance
version: 1.0.0
time_zone: UTC
decisions:
  damage:
    title: Is the damage paid
    each: item
    verdicts: {declined: refused, wait: pending, partly_paid: partly, paid: granted}
    steps: [window, exclusions, papers, cover]
    otherwise: {element: {verdict: declined, id: PI-NOTHING, because: Nothing fits.}}
    report: [total_loss]
  boxes:
    title: How many boxes
    verdicts: {impossible: refused, one: granted, several: granted}
    steps: [plan]
    otherwise: {document: {verdict: one}}
  next_step: {title: What to do, is: next_step}
""",
    "facts.yaml": """
kind: facts
types:
  paper: {enum: [photo, bill]}
  step: {enum: [report, rest]}
facts:
  parcel.received_on: {type: date}
  parcel.insured: {type: boolean}
  parcel.count: {type: integer, min: 0, default: 1}
  parcel.weight: {type: decimal}
  report.filed_on: {type: date, default: as_of, not_before: parcel.received_on}
  report.papers: {type: set, of: paper}
  owner.currency: {type: currency, default: EUR}
  items:
    type: list
    each: item
    id: id
    fields:
      id: {type: text}
      loss: {type: enum, open: true, values: [broken, wet]}
      value: {type: money, currency: owner.currency}
      sender: {type: text}
      count: {type: integer, default: 1}
""",
    "rules.yaml": """
kind: deadlines
decision: damage
policies:
  window:
    when: {parcel.insured: true}
    rules:
      - id: PI-LATE
        by: parcel.received_on + 5 days
        act: report.filed_on
        because: Reported after {deadline}.
""",
    "exclusions.yaml": """
kind: exclusions
decision: damage
policies:
  exclusions:
    each: item
    rules:
      - {id: PI-X-WET, when: {item.loss: wet}, because: Water is not insured.}
""",
    "papers.yaml": """
kind: requirements
decision: damage
policies:
  papers:
    each: item
    verdict: wait
    rules:
      - {id: PI-PHOTO, require: {report.papers: contains photo}, needs: [photo], because: A photo is needed.}
  advice:
    verdict: warning
    rules:
      - {id: PI-W-MANY, require: {parcel.count: at most 3}, because: Many parcels.}
""",
    "cover.yaml": """
kind: coverage
decision: damage
definitions:
  total_loss: {type: money, is: 'sum(items.value)'}
  next_step:
    type: enum
    of: step
    is: if known(parcel.received_on) then report else rest
policies:
  cover:
    each: item
    rules:
      - {id: PI-BROKEN, when: {item.loss: broken}, because: Broken goods are paid.}
""",
    "payout.yaml": """
kind: payout
decision: damage
policies:
  refund:
    currency: owner.currency
    element: {each: item, start: item.value}
    group: {by: {sender: item.sender}, steps: [{limits: [{id: PI-LIMIT, to: 100 EUR, because: 'At most {limit}.'}]}]}
    total: {steps: [{round: 0.01, mode: half_up}]}
""",
    "boxes.yaml": """
kind: thresholds
decision: boxes
policies:
  plan:
    rules:
      - id: PI-BOXES
        split: {each: item, called: boxes, quantity: item.count, weight: item.value, part: <= 50 EUR}
        verdicts: {one: one, several: several, none: impossible}
        too_large: {id: PI-BIG, because: 'Too much: {offending}.'}
        because: There are {parts} boxes.
""",
}

HEAD = """kind: tests
decision: damage
as_of: 2025-01-05
facts:
  parcel: {insured: true, received_on: 2025-01-02}
  report.papers: [photo]
  items: [{id: a, loss: broken, value: 60 EUR, sender: x}]
"""


def write_bundle(folder: Path, **tests: str) -> Path:
    """The bundle in ``folder``, with the named test files."""
    (folder / "tests").mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text.lstrip(), encoding="utf-8")
    for name, text in tests.items():
        (folder / "tests" / f"{name}.test.yaml").write_text(text, encoding="utf-8")
    return folder


def read(folder: Path, text: str) -> tuple[tuple[Case, ...], list[str]]:
    """The cases of one test file, and what is said of it: ``code: message`` with the underlined text and the help."""
    write_bundle(folder, one=text)
    sink = Diagnostics()
    cases = read_cases(load_bundle(folder), folder, sink)
    said = [f"{d.code}: {d.message} [{d.span.underlined}]" + (f" ({d.help})" if d.help else "") for d in sink]
    return cases, said
