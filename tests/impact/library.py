"""A small bundle with something of everything that can be edited: what a library pays for books that come back late."""

from __future__ import annotations

from pathlib import Path

import yaml

FILES = {
    "bundle.yaml": """
kind: bundle
bundle: library
title: Lending library
version: 1.0.0
time_zone: UTC
in_force_on: loan.day
calendar: desk
decisions:
  refund:
    title: Is the deposit paid back
    each: book
    verdicts: {declined: refused, wait: pending, partly_paid: partly, paid: granted}
    element_verdicts: {lost: refused, declined: refused, wait: pending, paid: granted}
    steps: [window, exclusions, papers, cover]
    otherwise: {element: {verdict: declined, id: LI-NOTHING, because: Nothing fits., source: rules 9}}
    report: [total_deposit]
  order:
    title: May more books be ordered
    verdicts: {refused: refused, allowed: granted}
    steps: [shelves]
    otherwise: {document: {verdict: allowed}}
  boxes:
    title: How many boxes are sent
    verdicts: {impossible: refused, one: granted, several: granted}
    steps: [plan]
    otherwise: {document: {verdict: one}}
  next_step: {title: What to do next, is: next_step}
""",
    "facts.yaml": """
kind: facts
types:
  paper: {enum: [card, bill]}
  step: {enum: [call, rest]}
  grade: {enum: [gold, plain, bronze]}
facts:
  loan.day: {type: date, title: Day of the loan}
  loan.back_on: {type: date, default: as_of, not_before: loan.day}
  loan.closed_on: {type: date, may_be_empty: true}
  member.insured: {type: boolean, title: Insured, description: Has paid, example: 'true', default: false}
  member.grade: {type: enum, of: grade, default: plain}
  member.reason: {type: enum, open: true, values: {late: too late, torn: torn}}
  member.papers: {type: set, of: paper}
  member.currency: {type: currency, default: EUR}
  member.weight: {type: decimal, min: 0, max: 100, unit: kg}
  member.shelves: {type: integer, min: 0, default: 1}
  books:
    type: list
    each: book
    id: id
    title: Books
    fields:
      id: {type: text}
      state: {type: enum, values: [whole, torn, wet]}
      deposit: {type: money, currency: member.currency, title: Deposit}
      owner: {type: text}
      count: {type: integer, default: 1}
""",
    "parameters.yaml": """
kind: parameters
parameters:
  days_to_return: {type: duration, title: Time to bring it back, value: 40 days, source: rules 1}
  cap:
    type: money
    title: Most that is paid
    values:
      - {value: 100 EUR, source: rules 2}
      - {from: 2024-07-01, value: 200 EUR, source: rules 2b}
  good_grades: {type: set, of: grade, value: [gold, plain]}
""",
    "calendars.yaml": """
kind: calendars
calendars:
  desk:
    weekend: [saturday, sunday]
    holidays: {2024: [01-01, 12-25], 2025: [01-01]}
""",
    "definitions.yaml": """
kind: definitions
definitions:
  total_deposit: {type: money, title: All deposits, is: 'sum(books.deposit)'}
  is_torn: {type: boolean, each: book, when: {book.state: torn}}
  next_step:
    type: enum
    of: step
    is: if known(loan.day) then call else rest
  share:
    table:
      hit: unique
      inputs: [member.grade, member.shelves]
      outputs: {part: decimal, days: integer}
      rows:
        - [gold, any, 1, 10]
        - [plain, at most 2, 0.5, 5]
        - [plain, more than 2, 0.25, 5]
      otherwise: [0, 0]
""",
    "window.yaml": """
kind: deadlines
decision: refund
policies:
  window:
    when: {member.insured: true}
    rules:
      - id: LI-LATE
        title: In time
        by: loan.day + days_to_return
        act: loan.back_on
        because: 'Back on {loan.back_on}; {deadline} was the last day.'
        source: rules 1
      - {id: LI-CLOSED, when: {loan.closed_on: given}, until: loan.closed_on + 2 working days, because: Closed.}
""",
    "exclusions.yaml": """
kind: exclusions
decision: refund
policies:
  exclusions:
    each: book
    verdict: lost
    rules:
      - {id: LI-X-WET, when: {book.state: wet, member.weight: more than 10}, because: Water is not insured.}
      - id: LI-X-MANY
        when:
          any:
            - book.count: at least 3
            - member.reason: [late, torn]
        unless: {member.grade: gold}
        in_force: {from: 2024-01-01}
        because: Too many.
""",
    "papers.yaml": """
kind: requirements
decision: refund
policies:
  papers:
    each: book
    verdict: wait
    rules:
      - {id: LI-CARD, require: {member.papers: contains card}, needs: [card], because: A card is needed.}
  advice:
    verdict: warning
    rules:
      - {id: LI-W-MANY, require: {member.shelves: at most 3}, because: Many shelves.}
""",
    "cover.yaml": """
kind: coverage
decision: refund
policies:
  cover:
    each: book
    rules:
      - {id: LI-WHOLE, when: {book.state: whole}, because: It is whole.}
      - {id: LI-TORN, when: {where: is_torn}, because: It is torn.}
""",
    "shelves.yaml": """
kind: thresholds
decision: order
policies:
  shelves:
    rules:
      - {id: LI-SHELVES, measure: member.shelves, allowed: at most 5, because: '{measured} shelves.'}
""",
    "boxes.yaml": """
kind: thresholds
decision: boxes
policies:
  plan:
    rules:
      - id: LI-BOXES
        split: {each: book, called: boxes, quantity: book.count, weight: book.deposit, part: <= 50 EUR}
        verdicts: {one: one, several: several, none: impossible}
        too_large: {id: LI-BIG, because: 'Too much: {offending}.'}
        because: There are {parts} boxes.
""",
    "payout.yaml": """
kind: payout
decision: refund
policies:
  money_back:
    title: What is paid back
    currency: member.currency
    element:
      each: book
      start: book.deposit
      steps:
        - {id: LI-HALF, when: {book.state: torn}, set: amount * 0.5, because: Half., source: rules 3}
    group:
      by: {owner: book.owner}
      steps: [{limits: [{id: LI-EACH, to: cap, because: 'At most {limit}.', source: rules 2}]}]
    total:
      steps:
        - {id: LI-NOTED, note: true, when: {member.grade: gold}, because: A good member., source: rules 4}
        - {round: 0.01, mode: half_up}
""",
    "tests/refund.test.yaml": """
kind: tests
decision: refund
as_of: 2025-01-20
facts:
  loan.day: 2025-01-02
  member: {insured: true, papers: [card], weight: 5, reason: other}
  books: [{id: a, state: whole, deposit: 60 EUR, owner: x}]
cases:
  - name: whole
    expect: {verdict: paid, reasons: [LI-WHOLE], amount: 60 EUR}
  - name: torn
    facts: {books: [{id: a, state: torn, deposit: 60 EUR, owner: x}]}
    expect: {verdict: paid, amount: 30 EUR}
  - name: late
    as_of: 2025-02-20
    expect: {verdict: declined, reasons: [LI-LATE]}
  - name: no card
    facts: {member.papers: []}
    expect: {verdict: wait}
  - name: nothing is known
    facts: {books: ~}
    expect: {verdict: undetermined}
""",
}

Edit = tuple[str, str, str]
"""A file, a text that stands in it once, and what it is replaced with."""


def _edits() -> dict[str, tuple[list[Edit], list[str]]]:
    read = yaml.safe_load(Path(__file__).with_name("edits.yaml").read_text(encoding="utf-8"))
    return {one["name"]: ([(e["file"], e["old"], e["new"]) for e in one["edits"]], one["told"]) for one in read}


#: One edit for every kind of change, by name, and all that is told of it.
EDITS = _edits()


def write(folder: Path, *edits: Edit) -> Path:
    """The bundle in ``folder``, with these edits."""
    texts = {name: text.lstrip() for name, text in FILES.items()}
    for name, old, new in edits:
        assert texts.get(name, "").count(old) == 1 or name not in texts, f"{old!r} must stand in {name} once"
        texts[name] = texts[name].replace(old, new) if name in texts else new
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder
