"""What an edit changes in decisions: held against decisions made one by one."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import date
from fractions import Fraction

import pytest
from tests.impact.documents import lines, records
from tests.impact.library import EDITS, write
from tests.orphans import outlive

from policyengine import Engine
from policyengine.impact.behaviour import tally as tally_module
from policyengine.impact.behaviour.answers import ASPECTS, compare
from policyengine.impact.behaviour.asking import Work
from policyengine.impact.behaviour.comparing import compare_behaviour
from policyengine.impact.behaviour.document import Document, Line
from policyengine.impact.behaviour.streaming import ALONE, PIECE
from policyengine.impact.behaviour.tally import Example, Stakes, Tally
from policyengine.impact.behaviour.what_differs import differences
from policyengine.impact.words import differs_lines
from policyengine.model.decision import DeadlineDate, Decision, ElementDecision, FaultNote, MissingFact, Reason
from policyengine.reference import decide
from policyengine.values.money import Money

SHORTER = ("parameters.yaml", "value: 40 days", "value: 20 days")
HEAVIER = ("exclusions.yaml", "more than 10", "more than 15")
LESS = ("payout.yaml", "amount * 0.5", "amount * 0.25")


def documents(count: int, seed: int = 0) -> list[Document]:
    return [Document(r["decision"], r["facts"], r["as_of"], r["id"], f"line {r['id']}") for r in records(count, seed)]


def item_lines(text: str) -> list[Line]:
    return [Line(f"facts:{n}", line.encode()) for n, line in enumerate(text.splitlines(), 1)]


# -- against decisions made one by one --------------------------------------------------------


def test_groups_are_what_the_definition_of_the_language_answers(compared, library, edited):
    """Verdicts, counts and amounts of 300 documents, by the reference interpreter and plain sums."""
    asked = documents(300)
    found = compared(asked, SHORTER, HEAVIER, LESS)
    new = edited(SHORTER, HEAVIER, LESS)
    pairs: Counter[tuple[str, str]] = Counter()
    sums = [Fraction(0), Fraction(0), Fraction(0)]
    unknown = [0, 0]
    changed = 0
    for one in asked:
        a, b = (decide(bundle, one.decision, one.facts, date.fromisoformat(one.as_of)) for bundle in (library, new))
        plain = [{k: v for k, v in d.to_dict().items() if k != "bundle"} for d in (a, b)]
        for answer in plain:  # no wording, no places
            for reason in (*answer["reasons"], *(r for e in answer["elements"] for r in e["reasons"])):
                reason["message"] = reason["at"] = ""
        if plain[0] == plain[1]:
            continue
        changed += 1
        pairs[a.verdict, b.verdict] += 1
        unknown[0] += a.amount is None and b.amount is not None
        unknown[1] += b.amount is None and a.amount is not None
        before, after = (d.amount.amount if d.amount else 0 for d in (a, b))
        sums[0] += before
        sums[1] += after
        sums[2] += abs(before - after) if a.amount and b.amount else 0
    assert found.tally.asked == 300
    assert found.tally.changed == changed
    told: Counter[tuple[str, str]] = Counter()
    for key, group in found.groups:
        told[key.old[0], key.new[0]] += group.count
    assert told == pairs
    assert len({pair for pair in pairs if pair[0] != pair[1]}) >= 3
    stakes = found.stakes
    assert [stakes.unknown_old, stakes.unknown_new] == unknown
    assert [stakes.by_currency["EUR"].old, stakes.by_currency["EUR"].new, stakes.by_currency["EUR"].difference] == sums
    assert found.verdicts == sum(n for (a, b), n in pairs.items() if a != b)


def test_the_example_is_the_first_of_its_group(compared, library, edited):
    asked = documents(200)
    found = compared(asked, SHORTER)
    with Engine(library) as old, Engine(edited(SHORTER)) as new:
        for key, group in found.groups:
            first = next(
                d.id for d in asked
                if old.decide(d.decision, d.facts, as_of=d.as_of).verdict == key.old[0]
                and new.decide(d.decision, d.facts, as_of=d.as_of).verdict == key.new[0]
            )  # fmt: skip
            if key.old != key.new and sum(k.old == key.old and k.new == key.new for k, _ in found.groups) == 1:
                assert group.example.id == first
            assert group.example.place == f"line {group.example.id}"


def test_rules_that_came_and_went_are_named(compared):
    (key, group), *_ = compared(documents(100), HEAVIER).groups
    assert "LI-X-WET" in key.gone
    assert any(address.endswith(".state") for address, _ in group.example.facts)
    assert any(address == "member.weight" for address, _ in group.example.facts)


@pytest.mark.parametrize("engine", ["durable", "reference"])
def test_every_engine_tells_the_same(compared, engine):
    one, other = (compared(documents(60), SHORTER, HEAVIER, engine=e).to_dict() for e in ("compiled", engine))
    assert one | {"engine": ""} == other | {"engine": ""}
    assert one["changed"] > 0


def test_documents_from_anywhere_are_enough(library, edited):
    """A log that is replayed has no files: only what was asked."""
    logged = (Document(r["decision"], r["facts"], date.fromisoformat(r["as_of"]), r["id"]) for r in records(30))
    found = compare_behaviour(Work(library, edited(SHORTER)), (), logged)
    assert (found.engine, found.cases, found.lines, found.tally.asked) == ("compiled", 0, 30, 30)
    assert found.has_changes


def test_the_same_bundle_changes_nothing(compared):
    found = compared(documents(100))
    assert (found.tally.changed, found.tally.reworded, found.has_changes, found.is_whole) == (0, 0, False, True)


@pytest.mark.parametrize("name", EDITS)
def test_what_changes_in_wording_only_changes_no_decision(compared, name):
    """And the other way round: what changes a decision is told in words as more than wording."""
    edits, told = EDITS[name]
    found = compared(documents(40), *edits)
    if found.has_changes:
        assert any(line.startswith("meaning: ") for line in told)


def test_a_new_message_is_wording_only(compared):
    found = compared(documents(50), ("cover.yaml", "It is whole.", "It is quite whole."))
    assert (found.tally.changed, found.has_changes) == (0, False)
    assert 0 < found.tally.reworded < 50


def test_moved_lines_are_no_change_at_all(compared):
    found = compared(documents(50), ("cover.yaml", "kind: coverage", "# One line more.\nkind: coverage"))
    assert (found.tally.changed, found.tally.reworded) == (0, 0)


# -- one process or several --------------------------------------------------------------------


def test_the_outcome_does_not_depend_on_the_number_of_processes(compared):
    text = lines(PIECE * ALONE + 700, seed=3)
    one, three = (compared(item_lines(text), SHORTER, HEAVIER, jobs=jobs).to_dict() for jobs in (1, 3))
    assert one == three
    assert one["compared"] == PIECE * ALONE + 700


KILLED = """
import multiprocessing, sys
from policyengine import load_bundle
from policyengine.impact.behaviour.asking import Work
from policyengine.impact.behaviour.comparing import compare_behaviour
from policyengine.impact.behaviour.document import Document
from policyengine.impact.behaviour.streaming import ALONE, PIECE

def documents():
    for number in range(PIECE * (ALONE + 3)):
        yield Document("refund", {}, "2025-01-01", str(number))
    print(*(child.pid for child in multiprocessing.active_children()), flush=True)
    sys.stdin.read()

if __name__ == "__main__":
    bundle = load_bundle(sys.argv[1])
    compare_behaviour(Work(bundle, bundle), (), documents(), jobs=2)
"""


def test_no_process_outlives_the_one_that_reads(tmp_path):
    (tmp_path / "killed.py").write_text(KILLED)
    words = [sys.executable, str(tmp_path / "killed.py"), str(write(tmp_path / "library"))]
    assert outlive(words) == (2, 0)


def test_what_is_kept_does_not_grow_with_the_documents(compared, monkeypatch):
    """Beyond the most, groups are counted by their verdicts only, lines are counted without being told."""
    monkeypatch.setattr(tally_module, "MOST_GROUPS", 3)
    monkeypatch.setattr(tally_module, "MOST_TOLD", 2)
    bad = [Line(f"facts:{n}", b"{") for n in range(5)]
    asked = documents(200)
    found = compared([*asked, *bad], SHORTER, HEAVIER)
    told = [key for key, _ in found.groups if key.rules_told]
    others = [key for key, _ in found.groups if not key.rules_told]
    assert len(told) == 3
    assert others
    assert len({(k.old, k.new) for k in others}) == len(others)
    assert sum(group.count for _, group in found.groups) == found.tally.changed
    assert (found.tally.unreadable, len(found.tally.unreadable_lines)) == (5, 2)


def test_tallies_add_up():
    one, other = Stakes(), Stakes()
    one.enter(Money.of("10.10", "EUR"), Money.of(5, "EUR"))
    other.enter(Money.of(1, "EUR"), None)
    other.enter(None, Money.of(2, "USD"))
    other.enter(Money.of(3, "EUR"), Money.of(4, "USD"))
    other.enter(Money.of(0, ""), Money.of(7, "USD"))
    one.add(other)
    told = {c: (s.old, s.new, s.difference) for c, s in one.by_currency.items()}
    assert told == {"EUR": (Fraction("14.1"), 5, Fraction("8.1")), "USD": (0, 13, 11)}
    assert (one.unknown_old, one.unknown_new) == (1, 1)
    total = Tally()
    total.add(Tally(asked=2, changed=1, by_decision={"a": [2, 1]}))
    total.add(Tally(asked=3, reworded=1, by_decision={"a": [3, 0]}))
    assert (total.asked, total.changed, total.reworded, total.by_decision) == (5, 1, 1, {"a": [5, 1]})


# -- what counts as a change of an answer ------------------------------------------------------

WET = Reason("LI-WET", "It is wet.", "rules 1", "a.yaml:3", ("a",))
ANSWER = Decision(
    decision="refund", verdict="paid", verdict_class="granted", bundle=("library", "1", "x"), as_of=date(2025, 1, 1),
    values={"sum": "1"}, reasons=(WET, WET._replace(rule="LI-B")),
    missing=(
        MissingFact("a.b", "B", "date", None, ("LI-WET",), "amount"),
        MissingFact("a.c", None, "date", None, (), "amount"),
    ),
    elements=(ElementDecision("a", "paid", "granted", (WET,)),),
    deadlines=(DeadlineDate("LI-LATE", date(2025, 2, 1), 31),), amount=Money.of(5, "EUR"), needs=("card", "bill"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "aspects"),
    [
        ({"verdict": "declined"}, ("verdict",)),
        ({"verdict_class": "partly"}, ("verdict",)),
        ({"reasons": (WET,)}, ("reasons",)),
        ({"reasons": (WET._replace(elements=("a", "b")), WET._replace(rule="LI-B"))}, ("reasons",)),
        ({"missing": ()}, ("missing",)),
        ({"elements": ()}, ("elements",)),
        ({"deadlines": (DeadlineDate("LI-LATE", date(2025, 2, 2), 32),)}, ("deadlines",)),
        ({"amount": Money.of(6, "EUR")}, ("amount",)),
        ({"amount": None}, ("amount",)),
        ({"needs": ("card",)}, ("needs",)),
        ({"warnings": (WET,)}, ("warnings",)),
        ({"values": {"sum": "2"}}, ("values",)),
        ({"values": {"sum": 1}}, ("values",)),
        ({"reasons": (WET._replace(message="Wet!"), WET._replace(rule="LI-B"))}, ()),
        ({"reasons": (WET._replace(source=None), WET._replace(rule="LI-B"))}, ()),
        ({"reasons": ANSWER.reasons[::-1]}, ()),
        ({"missing": ANSWER.missing[::-1]}, ()),
        ({"needs": ("bill", "card")}, ()),
    ],
)
def test_what_differs_is_named(change, aspects):
    found = compare(ANSWER, ANSWER._replace(**change))
    assert found is not None
    assert found.aspects == aspects


def test_true_is_not_1():
    one, true = (ANSWER._replace(values={"sum": value}) for value in (1, True))
    assert compare(one, true).aspects == ("values",)


def test_places_versions_and_digests_are_no_difference():
    moved = tuple(r._replace(at="b.yaml:9") for r in ANSWER.reasons)
    elements = (ElementDecision("a", "paid", "granted", (WET._replace(at="b.yaml:9"),)),)
    assert compare(ANSWER, ANSWER._replace(bundle=("library", "2", "y"), reasons=moved, elements=elements)) is None


# -- what only one side answers ----------------------------------------------------------------


def test_a_question_that_only_one_bundle_takes_is_told_apart(compared):
    more = ("facts.yaml", "plain, bronze]", "plain, bronze, silver]")
    noted = Document("refund", {"member": {"grade": "silver"}}, "2025-01-01", "N", "facts:1")
    wrong = Document("refund", {"loan": {"day": "x"}}, "2025-01-01", "W", "facts:2")
    absent = Document("refunds", {}, "2025-01-01", "A", "facts:3")
    found = compared([noted, wrong, absent], more)
    ((key, refusal),) = found.refused("old")
    assert (key.code, key.pointer, refusal.count, refusal.id) == ("request/member", "/member/grade", 1, "N")
    assert found.refused("new") == ()
    assert [(k.code, r.place) for k, r in found.refused("both")] == [
        ("request/type", "facts:2"),
        ("no-decision", "facts:3"),
    ]
    assert (found.has_changes, found.is_whole, found.tally.asked) == (True, False, 0)


NOTED = (
    ("facts.yaml", "facts:\n  loan.day", "facts:\n  loan.note: {type: text}\n  trip.far: {type: boolean}\n  loan.day"),
    ("facts.yaml", "owner: {type: text}", "owner: {type: text}\n      signed: {type: boolean}"),
    ("exclusions.yaml", "member.weight: more than 10", "book.signed: true"),
)


def test_the_old_bundle_is_asked_without_the_facts_that_only_the_new_one_has(compared, library):
    """The answer is that to the document with nothing but the new facts taken out, and it is said which these are."""
    book = {"id": "a", "state": "wet", "deposit": "10 EUR", "owner": "x"}
    plain = {"loan": {"day": "2025-01-02"}, "member": {"insured": True, "weight": 20, "papers": ["card"]}}
    facts = {**plain, "loan": {**plain["loan"], "note": "x"}, "trip": {"far": True}}
    asked = Document("refund", {**facts, "books": [{**book, "signed": False}]}, "2025-01-10", "N", "facts:1")
    found = compared([asked, Document("refund", {**plain, "books": [book]}, "2025-01-10", "P")], *NOTED)
    assert found.refused("old") == ()
    assert (found.tally.asked, found.tally.narrowed) == (2, 1)
    assert found.tally.without == {"loan.note": 1, "trip.far": 1, "books.signed": 1}
    (example,) = (g.example for _, g in found.groups if g.example.id == "N")
    assert example.without == ("loan.note", "trip.far", "books.signed")
    same = decide(library, "refund", {**plain, "books": [book]}, date(2025, 1, 10))
    assert example.old.to_dict() == same.to_dict()
    assert example.old.reasons != example.new.reasons
    assert found.to_dict()["asked_of_old_without"]["count"] == 1


def test_what_neither_knows_is_not_taken_out(compared):
    misspelt = Document("refund", {"loan": {"note": "x", "dya": "2025-01-02"}}, "2025-01-01", "N", "facts:1")
    found = compared([misspelt], *NOTED)
    assert [key.pointer for key, _ in found.refused("both")] == ["/loan/dya"]
    assert found.tally.narrowed == 0


@pytest.mark.parametrize("edits", [(SHORTER,), (HEAVIER, LESS), *(edits for edits, _ in EDITS.values())])
def test_every_part_that_differs_is_shown_old_and_new(compared, edits):
    """Each example tells of every part of the answer that is not the same what it was and what it is."""
    shown: list[str] = []
    for _, group in compared(documents(60), *edits).groups:
        example = group.example
        found = differences(example.old, example.new)
        assert {d.part for d in found} == {part for part, of in ASPECTS.items() if of(example.old) != of(example.new)}
        assert all(d.old != d.new for d in found)
        shown += [d.part for d in found]
    assert shown or not compared(documents(60), *edits).tally.changed


ALIKE = {
    "values": (ANSWER._replace(values={"plan": {"amount": "1.00", "currency": "EUR"}, "n": True}),
               ANSWER._replace(values={"plan": {"amount": "2.00", "currency": "EUR"}, "n": 1}),
               ["value plan: 1.00 EUR → 2.00 EUR", "value n: true → 1"]),
    "missing": (ANSWER._replace(missing=(MissingFact("a.b", None, "date", None, ("R-1",), "verdict"),)),
                ANSWER._replace(missing=(MissingFact("a.b", None, "date", None, ("R-1", "R-2"), "verdict"),)),
                ["missing fact a.b: for R-1 → for R-1, R-2"]),
    "order": (ANSWER._replace(faults=(FaultNote("x", "", ""),)),
              ANSWER._replace(faults=(FaultNote("x", "", ""), FaultNote("x", "", ""))),
              ["faults: x → x, x"]),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "told"), ALIKE.values(), ids=ALIKE)
def test_what_is_easily_overlooked_is_shown(old, new, told):
    assert [*differs_lines(Example("N", "", "2025-01-01", old, new, ()))] == told


def test_refusals_of_the_same_kind_are_counted_together(compared):
    closed = ("facts.yaml", "open: true, ", "")
    found = compared(documents(100), closed)
    ((key, refusal),) = found.refused("new")
    assert (key.code, key.pointer) == ("request/member", "/member/reason")
    assert refusal.count > 10
    assert refusal.count + found.tally.asked == 100
