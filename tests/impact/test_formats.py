"""The report for people and for programs."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.impact.documents import lines
from tests.impact.library import write

from policyengine.impact import markdown, text
from policyengine.impact.behaviour.document import Line
from policyengine.impact.github import as_github
from policyengine.impact.markdown import as_markdown, code, prose
from policyengine.impact.report import Asked, Report, report
from policyengine.impact.sides import Side, editions
from policyengine.impact.text import as_text

EDITS = (
    ("parameters.yaml", "value: 40 days", "value: 20 days"),
    ("payout.yaml", "amount * 0.5", "amount * 0.25"),
    ("window.yaml", "was the last day", "was the very last day"),
)


def compared(tmp_path, *edits, asked: Asked | None = None, recorded: str = "") -> Report:
    sides = (write(tmp_path / "old"), "old"), (write(tmp_path / "new", *edits), "new")
    old, new = (editions(Side(folder, shown)) for folder, shown in sides)
    items = [Line(f"facts:{n}", line.encode()) for n, line in enumerate(recorded.splitlines(), 1)]
    return report(old, new, asked or Asked(), lambda: items)


def digests(found: Report) -> tuple[str, str]:
    (impact,) = found.impacts
    return impact.old.bundle.digest, impact.new.bundle.digest


def test_text_says_all_of_it(tmp_path):
    found = compared(tmp_path, *EDITS)
    old, new = digests(found)
    assert (
        as_text(found)
        == f"""\
library: its meaning changed
  old: old (1.0.0, digest {old})
  new: new (1.0.0, digest {new})

In words
  parameter days_to_return: moved from `40 days` to `20 days`
    parameters.yaml:3
  payout money_back, element, step amount LI-HALF of refund: amount changed from `amount * 0.5` to `amount * 0.25`
    payout.yaml:11

Only in wording
  rule LI-LATE of refund: message changed from `Back on {{loan.back_on}}; {{deadline}} was the last day.` to \
`Back on {{loan.back_on}}; {{deadline}} was the very last day.`
    window.yaml:7

In decisions
  5 cases, decided by the compiled engine alone: of 5 compared, 5 decisions changed (0 in verdict)
  changed: refund 5 of 5
  at stake: 90.00 EUR before, 75.00 EUR now; ups and downs added up: 15.00 EUR

Changed decisions
  refund: paid, with other deadlines, 1 decision
    by LI-LATE
    example: refund::whole (new/tests/refund.test.yaml:9), as of 2025-01-20
      deadline LI-LATE: 2025-02-11 → 2025-01-22
      facts
        loan.day: "2025-01-02"
        member.insured: true
  refund: paid, with other deadlines, amount and steps of the amount, 1 decision
    by LI-LATE and LI-HALF
    at stake: 30.00 EUR before, 15.00 EUR now; ups and downs added up: 15.00 EUR
    example: refund::torn (new/tests/refund.test.yaml:11), as of 2025-01-20
      deadline LI-LATE: 2025-02-11 → 2025-01-22
      amount: 30.00 EUR → 15.00 EUR
      amount of element a: from 60.00 EUR, LI-HALF 30.00 EUR, is 30.00 EUR → \
from 60.00 EUR, LI-HALF 15.00 EUR, is 15.00 EUR
      amount of group owner "x": from 30.00 EUR, is 30.00 EUR → from 15.00 EUR, is 15.00 EUR
      amount of total: from 30.00 EUR, is 30.00 EUR → from 15.00 EUR, is 15.00 EUR
      facts
        loan.day: "2025-01-02"
        member.insured: true
        books[a].state: "torn"
        books[a].deposit: "60 EUR"
  refund: declined, with other deadlines, 1 decision
    by LI-LATE
    example: refund::late (new/tests/refund.test.yaml:14), as of 2025-02-20
      deadline LI-LATE: 2025-02-11 → 2025-01-22
      facts
        loan.day: "2025-01-02"
        member.insured: true
  refund: wait, with other deadlines, 1 decision
    by LI-LATE
    example: refund::no card (new/tests/refund.test.yaml:17), as of 2025-01-20
      deadline LI-LATE: 2025-02-11 → 2025-01-22
      facts
        loan.day: "2025-01-02"
        member.insured: true
  refund: undetermined, with other deadlines, 1 decision
    by LI-LATE
    example: refund::nothing is known (new/tests/refund.test.yaml:20), as of 2025-01-20
      deadline LI-LATE: 2025-02-11 → 2025-01-22
      facts
        loan.day: "2025-01-02"
        member.insured: true

Cases whose expectations do not hold for the new bundle
  new/tests/refund.test.yaml:11: refund::torn
    amount: expected 30.00 EUR, but it is 15.00 EUR

decisions changed
"""
    )


def test_json_holds_everything_in_plain_data(tmp_path):
    found = compared(tmp_path, *EDITS)
    data = json.loads(json.dumps(found.to_dict()))
    (bundle,) = data["bundles"]
    assert (data["decisions_changed"], data["everything_compared"]) == (True, True)
    assert bundle["old"] == {"folder": "old", "id": "library", "version": "1.0.0", "digest": digests(found)[0]}
    assert bundle["state"] == "changed"
    assert bundle["changes"][0] == {
        "what": "parameter",
        "names": ["days_to_return"],
        "decision": None,
        "aspect": "value",
        "weight": "meaning",
        "sentence": "parameter days_to_return: moved from `40 days` to `20 days`",
        "old": "40 days",
        "new": "20 days",
        "old_at": "parameters.yaml:3",
        "new_at": "parameters.yaml:3",
    }
    behaviour = bundle["behaviour"]
    assert behaviour["at_stake"] == {
        "amounts": {"EUR": {"old": "90.00", "new": "75.00", "difference": "15.00"}},
        "unknown_before": 0,
        "unknown_now": 0,
    }
    assert behaviour["cases_that_fail"] == [
        {
            "id": "refund::torn",
            "place": "new/tests/refund.test.yaml:11",
            "failed_before": False,
            "differences": [{"key": "amount", "expected": "30.00 EUR", "actual": "15.00 EUR"}],
        }
    ]


def test_only_one_half_is_told_when_asked(tmp_path):
    structure = compared(tmp_path / "a", *EDITS, asked=Asked(behaviour=False))
    assert "In words" in as_text(structure)
    assert "decision changed" not in as_text(structure)
    assert "In decisions" not in as_text(structure)
    behaviour = compared(tmp_path / "b", *EDITS, asked=Asked(structure=False))
    assert "In words" not in as_text(behaviour)
    assert "In decisions" in as_text(behaviour)
    assert "changes" not in behaviour.to_dict()["bundles"][0]


@pytest.mark.parametrize(
    ("edits", "state"),
    [
        ((), "no change in meaning"),
        (EDITS[2:], "no change in meaning: only its wording changed"),
        (EDITS[:1], "its meaning changed"),
    ],
)
def test_the_first_line_sums_up(tmp_path, edits, state):
    assert as_text(compared(tmp_path, *edits)).splitlines()[0] == f"library: {state}"


def test_a_case_that_failed_before_is_told_as_such(tmp_path):
    wrong = ("tests/refund.test.yaml", "amount: 30 EUR", "amount: 31 EUR")
    write(tmp_path / "old", wrong)
    sides = (tmp_path / "old", "old"), (write(tmp_path / "new", wrong), "new")
    old, new = (editions(Side(folder, shown)) for folder, shown in sides)
    found = report(old, new, Asked())
    assert "refund::torn (nor for the old one)" in as_text(found)
    assert not found.has_changed_decisions


def test_a_case_that_was_edited_is_asked_as_it_was_too(tmp_path):
    other = ("tests/refund.test.yaml", "member.papers: []", "member.papers: [bill]")
    gone = (
        "tests/refund.test.yaml",
        "  - name: nothing is known\n    facts: {books: ~}\n    expect: {verdict: undetermined}\n",
        "",
    )
    (impact,) = compared(tmp_path, other, gone).impacts
    assert impact.behaviour.cases == 6  # four as they are, one as it was, one that is gone
    assert not impact.behaviour.broken


def test_an_edited_expectation_is_the_new_ones(tmp_path):
    expected = ("tests/refund.test.yaml", "amount: 30 EUR", "amount: 15 EUR")
    (impact,) = compared(tmp_path, EDITS[1], expected).impacts
    assert (impact.behaviour.cases, impact.behaviour.broken) == (5, ())


def test_bundles_that_are_new_or_gone(tmp_path):
    found = compared(tmp_path, *EDITS)
    (impact,) = found.impacts
    new = report({}, {"library": impact.new}, Asked())
    gone = report({"library": impact.old}, {}, Asked())
    assert as_text(new).splitlines()[:2] == ["library: the bundle is new", "  old: there is none"]
    assert as_text(gone).splitlines()[0] == "library: the bundle is gone"
    assert "5 documents of refund cannot be asked of the old bundle: there is no such bundle" in as_text(new)
    assert new.has_changed_decisions
    assert gone.has_changed_decisions


def test_bundles_are_matched_by_their_ids(tmp_path):
    (one,) = editions(Side(write(tmp_path / "one"), "one")).values()
    (other,) = editions(
        Side(write(tmp_path / "two", ("bundle.yaml", "bundle: library", "bundle: archive")), "two")
    ).values()
    found = report({"library": one}, {"library": one, "archive": other}, Asked(behaviour=False))
    assert [(i.id, i.state) for i in found.impacts] == [("archive", "new"), ("library", "same")]
    renamed = report({"library": one}, {"archive": other}, Asked(behaviour=False))
    assert [c.sentence for i in renamed.impacts for c in i.changes] == [
        "bundle archive: is the new id; it was `library`"
    ]


# -- Markdown ----------------------------------------------------------------------------------


def test_markdown_has_a_table_and_what_is_long_can_be_opened(tmp_path):
    told = as_markdown(compared(tmp_path, *EDITS, recorded=lines(50) + "{\n"))
    assert told.startswith(
        "**Decisions changed, but not everything could be compared.**\n\n### library: its meaning changed\n"
    )
    assert "- parameter days\\_to\\_return: moved from `40 days` to `20 days` (`parameters.yaml:3`)" in told
    assert "| decisions | before → now | by | at stake |" in told
    assert told.count("<details>") == told.count("</details>") > 3
    assert "`facts:51`: cannot read this as JSON at line 1" in told


def test_markdown_stays_short_and_says_what_is_left_out(tmp_path, monkeypatch):
    found = compared(tmp_path, *EDITS, recorded=lines(300))
    whole = as_markdown(found)
    assert "left out" not in whole
    monkeypatch.setattr(markdown, "MOST_CHARACTERS", 2_000)
    short = as_markdown(found)
    assert len(short) < 2_100
    assert short.rstrip().endswith("sections left out: this would be too long.*")
    assert whole.startswith(short[: short.rindex("\n\n")])


def test_many_changes_and_groups_are_cut_to_what_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(markdown, "MOST_GROUPS", 1)
    monkeypatch.setattr(markdown, "MOST_CHANGES", 1)
    monkeypatch.setattr(text, "MOST_GROUPS", 1)
    found = compared(tmp_path, *EDITS)
    assert "| … | and 4 more groups | | |" in as_markdown(found)
    assert "- … and 1 more" in as_markdown(found)
    assert "  … and 4 more; --format json has all that are kept" in as_text(found)


def test_what_callers_send_means_nothing_in_markdown():
    assert prose("a_b *c* <img> [x](y) | @me `co|de`") == r"a\_b \*c\* &lt;img&gt; \[x\](y) \| &#64;me `co|de`"
    assert prose("one ` alone @me") == "one ' alone &#64;me"
    assert code("a`b\nc\x1b[0m") == "`a'b c�[0m`"


def test_terminals_are_not_obeyed(tmp_path):
    found = compared(tmp_path, *EDITS)
    (impact,) = found.impacts
    key, group = impact.behaviour.groups[0]
    evil = replace(group, example=group.example._replace(id="\x1b[2Jgone"))
    impact.behaviour.tally.groups[key] = evil
    assert "\x1b" not in as_text(found)
    assert "�[2Jgone" in as_text(found)


def test_annotations_stand_beside_their_lines(tmp_path):
    told = as_github(compared(tmp_path, *EDITS)).splitlines()
    assert told[0] == (
        "::notice file=new/parameters.yaml,line=3,title=parameter days_to_return::moved from `40 days` to `20 days`"
    )
    assert any(
        line.startswith("::warning title=refund%3A paid%2C with other deadlines%2C 1 decision::by LI-LATE")
        for line in told
    )
    place = "file=new/tests/refund.test.yaml,line=11,title=refund%3A%3Atorn"
    assert told[-1] == f"::warning {place}::does not hold for the new bundle: amount"
