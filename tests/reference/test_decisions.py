"""Whole decisions: what is asked, reported, silenced and noted."""

from __future__ import annotations

import dataclasses
import random
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reference.build import (
    COLORS,
    a_fact,
    a_list,
    arith,
    both,
    bundle,
    call,
    cmp,
    days,
    decision,
    defined,
    definition,
    fact,
    grant,
    item,
    known,
    listed,
    lit,
    no,
    refuse,
    say,
    some,
    span,
    special,
    table,
    usd,
    wait,
    warn,
)

from policyengine.model import expr as x
from policyengine.model.rules import Class, Deadline, Insert, Outcome, Report, Split
from policyengine.reference import decide, match, trace
from policyengine.values import types as t
from policyengine.values.dates import Duration, Unit

AS_OF = date(2025, 4, 1)
FACTS = [
    *(a_fact(f"{n}.flag", title=f"Flag {n}") for n in "abcd"),
    a_fact("a.day", t.DATE),
    a_fact("b.day", t.DATE, not_before="a.day"),
    a_fact("a.color", COLORS),
    a_fact("a.money", t.MONEY),
    a_fact("b.money", t.MONEY),
]
CLAIMS = a_list(
    a_fact("bad"),
    a_fact("good"),
    a_fact("open"),
    a_fact("day", t.DATE),
    a_fact("seen", t.DATE, not_before="day"),
    title="Claims",
)
LINES = a_list(a_fact("quantity", t.INTEGER), a_fact("price", t.MONEY), a_fact("whole"), name="lines", each="line")
A, B, C, D = (fact(f"{n}.flag") for n in "abcd")


def ask(spec, facts=None, as_of=AS_OF, **more):
    return decide(bundle(spec, facts=FACTS, lists=[CLAIMS, LINES], **more), "d", facts or {}, as_of)


def claims(*records):
    return {"claims": [{"id": f"c{n}", **r} for n, r in enumerate(records, start=1)]}


def rules_of(reasons):
    return [r.rule for r in reasons]


def missing(found):
    return {m.fact: m.rules for m in found.missing}


# --- one level ----------------------------------------------------------------------------------------


def test_reasons_are_the_certain_refusals_of_the_first_step_that_has_one():
    spec = decision([refuse("A", A)], [refuse("B", B), refuse("C", C)], [refuse("D", D)])
    found = ask(spec, {"b": {"flag": True}, "c": {"flag": True}, "d": {"flag": True}})
    assert (found.verdict, found.verdict_class, rules_of(found.reasons)) == ("no", "refused", ["B", "C"])
    assert found.missing == ()
    assert found.reasons[0].message == "B holds."
    assert found.reasons[0].at.startswith("all.yaml:")


def test_undetermined_asks_what_the_rules_that_matter_lack_in_rule_order():
    spec = decision([grant("G", A), grant("G-LATER", B)], [refuse("R", no(both(C, A)))], [grant("NEVER", D)])
    found = ask(spec, {"b": {"flag": True}})
    assert (found.verdict, found.verdict_class, found.reasons) == ("undetermined", "undetermined", ())
    assert missing(found) == {"c.flag": ("R",), "a.flag": ("R",)}
    first = found.missing[0]
    assert (first.title, first.type, first.members, first.purpose) == ("Flag c", "boolean", None, "verdict")


def test_a_fact_is_asked_once_at_the_place_of_the_first_rule():
    spec = decision([refuse("R1", both(A, B))], [refuse("R2", both(C, A))])
    assert missing(ask(spec)) == {"a.flag": ("R1", "R2"), "b.flag": ("R1",), "c.flag": ("R2",)}


def test_what_lies_behind_a_guard_is_asked_once_the_guard_is_known():
    spec = decision([refuse("R", C, guard=A, applies=B)])
    assert missing(ask(spec)) == {"a.flag": ("R",)}
    assert missing(ask(spec, {"a": {"flag": True}})) == {"b.flag": ("R",)}
    assert missing(ask(spec, {"a": {"flag": True}, "b": {"flag": True}})) == {"c.flag": ("R",)}
    assert ask(spec, {"b": {"flag": False}}).verdict == "yes"


def test_enums_are_asked_with_their_members():
    found = ask(decision([refuse("R", cmp(fact("a.color", COLORS), "=", lit("red", COLORS)))]))
    assert (found.missing[0].type, found.missing[0].members) == ("enum", ("red", "green", "blue"))


def test_otherwise_with_an_id_is_a_reason_when_it_settles():
    outcome = Outcome(word="yes", id="OK", because=say("Nothing against it."), span=span())
    spec = decision([refuse("R", A)], otherwise=outcome)
    assert rules_of(ask(spec, {"a": {"flag": False}}).reasons) == ["OK"]
    assert rules_of(ask(spec).reasons) == []


def test_silent_rules_give_their_word_without_being_a_reason():
    found = ask(decision([grant("S", A, silent=True)], otherwise="no"), {"a": {"flag": True}})
    assert (found.verdict, found.reasons) == ("yes", ())


def test_pending_names_what_can_be_supplied():
    spec = decision([wait("W", A, needs=("photo", "invoice")), wait("V", B, needs=("photo", "report"))])
    found = ask(spec, {"a": {"flag": True}, "b": {"flag": True}})
    assert (found.verdict, found.needs) == ("later", ("photo", "invoice", "report"))
    assert ask(spec, {"a": {"flag": True}}).verdict == "later"


def test_editions_of_one_rule_are_reported_once():
    spec = decision([refuse("R", A, because=say("first")), refuse("R", B, because=say("second"))])
    found = ask(spec, {"a": {"flag": True}, "b": {"flag": True}})
    assert [(r.rule, r.message) for r in found.reasons] == [("R", "first")]


# --- document and elements ----------------------------------------------------------------------------


def by_claim(*document_steps, **more):
    steps = (*document_steps, [refuse("BAD", item("bad"), each="claims")], [grant("GOOD", item("good"), each="claims")])
    return decision(*steps, each="claims", otherwise="no", **more)


def test_elements_give_partly_and_their_reasons_are_joined():
    found = ask(by_claim(), claims({"bad": True}, {"bad": False, "good": True}, {"bad": True, "good": True}))
    assert (found.verdict, found.verdict_class) == ("some", "partly")
    assert [(r.rule, r.elements) for r in found.reasons] == [("BAD", ("c1", "c3")), ("GOOD", ("c2",))]
    assert [(e.id, e.verdict, e.element_class) for e in found.elements] == [
        ("c1", "no", "refused"),
        ("c2", "yes", "granted"),
        ("c3", "no", "refused"),
    ]
    assert rules_of(found.elements[2].reasons) == ["BAD"]


def test_undetermined_elements_are_asked_about_rule_by_rule():
    found = ask(by_claim(), claims({}, {"bad": False}, {"bad": True}))
    assert found.verdict == "undetermined"
    assert missing(found) == {
        "claims[c1].bad": ("BAD",),
        "claims[c1].good": ("GOOD",),
        "claims[c2].good": ("GOOD",),
    }
    assert [e.verdict for e in found.elements] == ["undetermined", "undetermined", "no"]
    assert rules_of(found.elements[2].reasons) == ["BAD"]


def test_order_of_missing_is_rule_then_blame_then_element():
    spec = decision([refuse("R", both(item("bad"), item("open")), each="claims")], each="claims")
    asked = [m.fact for m in ask(spec, claims({}, {})).missing]
    assert asked == ["claims[c1].bad", "claims[c2].bad", "claims[c1].open", "claims[c2].open"]


def test_an_unknown_list_is_asked_for_by_all_its_rules():
    found = ask(by_claim([refuse("DOC", A)]))
    assert missing(found) == {"a.flag": ("DOC",), "claims": ("BAD", "GOOD")}
    assert (found.missing[1].type, found.missing[1].title) == ("list", "Claims")
    assert found.elements == ()


def test_a_partly_verdict_stands_while_an_element_is_undetermined():
    found = ask(by_claim(), claims({"bad": True}, {"bad": False, "good": True}, {}))
    assert found.verdict == "some"
    assert {m.fact: (m.purpose, m.rules) for m in found.missing} == {
        "claims[c3].bad": ("amount", ("BAD",)),
        "claims[c3].good": ("amount", ("GOOD",)),
    }


def test_an_empty_list_is_refused_with_a_remark():
    found = ask(by_claim([wait("W", A)]), {"claims": []})
    assert (found.verdict, found.reasons, found.missing) == ("no", (), ())
    assert [(r.code, r.message) for r in found.remarks] == [("decision/empty-list", "the list `claims` is empty")]


def test_a_refusal_of_the_document_leaves_the_elements_undecided():
    warnings = [warn("W-DOC"), warn("W-ITEM", each="claims")]
    found = ask(by_claim([refuse("DOC", A)], warnings=warnings), {"a": {"flag": True}} | claims({"bad": True}))
    assert (found.verdict, found.elements, rules_of(found.reasons)) == ("no", (), ["DOC"])
    assert rules_of(found.warnings) == ["W-DOC"]
    settled = ask(
        by_claim([refuse("DOC", A)], warnings=warnings), {"a": {"flag": False}} | claims({"bad": True}, {"bad": True})
    )
    assert [(w.rule, w.elements) for w in settled.warnings] == [("W-DOC", None), ("W-ITEM", ("c1", "c2"))]


def test_a_pending_document_reports_its_own_rules_and_asks_about_open_elements():
    spec = by_claim([wait("W", A, needs=("invoice",)), wait("V", B)])
    found = ask(spec, {"a": {"flag": True}} | claims({"bad": False, "good": True}, {}))
    assert (found.verdict, rules_of(found.reasons), found.needs) == ("later", ["W"], ("invoice",))
    assert missing(found) == {"claims[c2].bad": ("BAD",), "claims[c2].good": ("GOOD",)}


# --- deadlines, warnings, messages --------------------------------------------------------------------


def by(id_, day, act=None, kind="by", **more):
    act = act or x.AsOf(span=span())
    own = cmp(act, ">" if kind == "by" else "<=", day)
    make = refuse if kind == "by" else wait
    return make(id_, own, deadline=Deadline(kind=kind, date=day, act=act), **more)


def dates(found):
    return [(d.rule, d.day.isoformat(), d.days_left) for d in found.deadlines]


def test_deadlines_are_reported_when_their_rule_concerns_the_case_and_the_day_is_known():
    day, other = fact("a.day", t.DATE), fact("b.day", t.DATE)
    limb = by("LIMB", call("latest", day, other))
    until = by("UNTIL", day, kind="until")
    spec = decision([by("BY", day), by("OTHER", other), by("NOT-HERE", day, applies=A), until, limb])
    found = ask(spec, {"a": {"day": "2025-04-03", "flag": False}})
    assert found.verdict == "undetermined"
    assert dates(found) == [("BY", "2025-04-03", 2), ("UNTIL", "2025-04-03", 2)]
    assert [d.from_day for d in found.deadlines] == [None, date(2025, 4, 4)]
    late = ask(spec, {"a": {"day": "2025-03-30", "flag": True}, "b": {"day": "2025-05-01"}})
    assert late.verdict == "no"
    assert dates(late) == [
        ("BY", "2025-03-30", -2),
        ("NOT-HERE", "2025-03-30", -2),
        ("OTHER", "2025-05-01", 30),
        ("LIMB", "2025-05-01", 30),
    ]


def test_a_refusal_of_the_document_silences_all_deadlines_after_it():
    day = lit(date(2025, 5, 1))
    steps = ([by("BEFORE", day)], [refuse("GATE", A), by("SAME", day)], [by("AFTER", day)])
    spec = decision(*steps, [by("ITEM", day, each="claims")], each="claims")
    found = ask(spec, {"a": {"flag": True}} | claims({}))
    assert [d.rule for d in found.deadlines] == ["BEFORE", "SAME"]
    passed = ask(spec, {"a": {"flag": False}} | claims({}, {}))
    assert [(d.rule, d.element) for d in passed.deadlines] == [
        ("BEFORE", None), ("SAME", None), ("AFTER", None), ("ITEM", "c1"), ("ITEM", "c2"),
    ]  # fmt: skip


def test_a_refusal_of_the_document_silences_elements_even_in_steps_before_it():
    day = lit(date(2025, 5, 1))
    spec = decision([by("ITEM", day, each="claims")], [refuse("GATE", A)], each="claims")
    assert ask(spec, {"a": {"flag": True}} | claims({})).deadlines == ()
    assert [d.rule for d in ask(spec, claims({})).deadlines] == ["ITEM"]


def test_an_until_is_reported_only_while_it_certainly_holds():
    spec = decision([by("UNTIL", lit(date(2025, 5, 1)), act=fact("a.day", t.DATE), kind="until")])
    found = [ask(spec, {"a": {"day": day}}).deadlines for day in ("2025-05-01", "2025-05-02", None)]
    assert [len(d) for d in found] == [1, 0, 0]


def test_messages_print_facts_titles_and_what_only_the_answer_knows():
    parts = (
        "Due {deadline}: ",
        Insert("deadline", None),
        " ",
        Insert("days_left", None),
        " ",
        Insert("from_day", None),
    )
    more = (" ", Insert("a.flag", A), " ", Insert("a.money", fact("a.money", t.MONEY)), " ", Insert("b.flag", B))
    spec = decision([by("BY", lit(date(2025, 3, 30)), because=say(*parts, *more))])
    found = ask(spec, {"a": {"flag": True, "money": "5 USD"}})
    assert found.reasons[0].message == "Due {deadline}: 2025-03-30 -2 … yes 5.00 USD Flag b"


def test_measured_is_printed():
    spec = decision([refuse("R", A, measure=fact("a.money", t.MONEY), because=say("It is ", Insert("measured", None)))])
    assert ask(spec, {"a": {"flag": True, "money": "5 USD"}}).reasons[0].message == "It is 5.00 USD"


def test_warnings_are_listed_when_certain_ask_nothing_and_may_read_the_verdict():
    verdict = special("verdict", t.TEXT)
    spec = decision(
        [refuse("R", A)], warnings=[warn("SURE", B), warn("OPEN", C), warn("REFUSED", cmp(verdict, "=", lit("no")))]
    )
    assert rules_of(ask(spec, {"a": {"flag": True}, "b": {"flag": True}}).warnings) == ["SURE", "REFUSED"]
    assert missing(ask(spec)) == {"a.flag": ("R",)}
    assert rules_of(ask(spec).warnings) == []


# --- values, faults, remarks --------------------------------------------------------------------------


def test_reported_values_and_value_decisions():
    steps = t.enum_type(("go", "stop"), "step")
    made = table("first", [([A], [lit("go", steps)]), ([B], [lit("stop", steps)])])
    named = [definition("next_step", steps, made)]
    spec = decision(otherwise=None, value=defined("next_step", steps))
    found = ask(spec, {"a": {"flag": False}, "b": {"flag": True}}, definitions=named)
    assert (found.verdict, found.verdict_class) == ("stop", "value")
    unknown = ask(spec, {"b": {"flag": True}}, definitions=named)
    assert (unknown.verdict, unknown.verdict_class, missing(unknown)) == (
        "undetermined",
        "undetermined",
        {"a.flag": ()},
    )
    no_row = ask(spec, {"a": {"flag": False}, "b": {"flag": False}}, definitions=named)
    assert [f.code for f in no_row.faults] == ["table/no-row"]
    spec = decision(report=(Report(name="x", expr=fact("a.money", t.MONEY)), Report(name="y", expr=A)))
    assert ask(spec, {"a": {"money": "5 USD"}}).values == {"x": {"amount": "5.00", "currency": "USD"}, "y": None}
    whole = decision(report=(Report(name="x", expr=lit(2, t.DECIMAL)), Report(name="y", expr=lit(2))))
    assert ask(whole).values == {"x": "2", "y": 2}


def test_faults_are_listed_only_where_an_open_verdict_rests_on_them():
    clash = cmp(fact("a.money", t.MONEY), "<", fact("b.money", t.MONEY))
    facts = {"a": {"money": "1 USD"}, "b": {"money": "1 EUR"}}
    open_ = ask(decision([refuse("R", clash)]), facts)
    assert (open_.verdict, open_.missing) == ("undetermined", ())
    assert [f.code for f in open_.faults] == ["fault/currency"]
    assert ask(decision([refuse("R", both(clash, lit(value=False)))]), facts).faults == ()
    assert ask(decision([refuse("R", clash), refuse("S")]), facts).faults == ()


def test_remarks_on_dates_out_of_order_and_calendars_without_the_year():
    due = arith(fact("a.day", t.DATE), "+", lit(Duration(3, Unit.WORKING_DAYS, "bank")))
    spec = decision([by("BY", due)])
    facts = {"a": {"day": "2025-12-30"}, "b": {"day": "2025-12-01"}} | claims(
        {"day": "2025-02-02", "seen": "2025-02-01"}
    )
    assert [(r.code, r.message, r.fact) for r in ask(spec, facts).remarks] == [
        ("facts/order", "`b.day` is before `a.day`", "b.day"),
        ("facts/order", "`claims[c1].seen` is before `claims[c1].day`", "claims[c1].seen"),
        ("calendar/no-year", "calendar `bank` does not list the holidays of 2026, so only weekends were skipped", None),
    ]
    assert ask(spec, {"a": {"day": "2025-03-03"}}).remarks == ()


# --- split --------------------------------------------------------------------------------------------


def split_decision():
    line = {"variable": "line", "list_": "lines"}
    split = Split(
        id="S", list="lines", variable="line", called="contracts", quantity=item("quantity", t.INTEGER, **line),
        weight=item("price", t.MONEY, **line), whole=item("whole", t.BOOLEAN, **line), op="<", limit=lit(usd(100)),
    )  # fmt: skip

    def outcome(name):
        return x.SplitIs(split=split, outcome=name, span=span())

    too_large = say("Line ", Insert("offending", None), " is too large.")
    return decision(
        [
            grant("S-ONE", outcome("one"), "yes", split=split, silent=True),
            grant("S", outcome("several"), "some", split=split, because=say("Into ", Insert("parts", None), " parts.")),
            refuse("S-LARGE", outcome("none"), split=split, because=too_large),
        ],
        verdicts={"no": Class.REFUSED, "some": Class.GRANTED, "yes": Class.GRANTED},
        report=(Report(name="parts", expr=special("parts", t.INTEGER)),),
    )


def lines(*rows):
    return {"lines": [{"id": f"l{n}", "quantity": q, "price": p, "whole": False} for n, (q, p) in enumerate(rows, 1)]}


@pytest.mark.parametrize(
    ("rows", "verdict", "messages", "parts"),
    [
        ([(1, "99.99 USD")], "yes", [], 1),
        ([(1, "60 USD"), (3, "40 USD")], "some", ["Into 3 parts."], 3),
        ([(1, "100 USD"), (1, "5 USD")], "no", ["Line l1 is too large."], None),
    ],
)
def test_splits(rows, verdict, messages, parts):
    found = ask(split_decision(), lines(*rows))
    assert (found.verdict, [r.message for r in found.reasons]) == (verdict, messages)
    assert (found.split.parts if found.split else None) == parts
    assert found.values == {"parts": parts}


def test_the_plan_is_given_with_sums_of_weights():
    plan = ask(split_decision(), lines((2, "60 USD"))).split
    share = {"line": "l1", "quantity": 1, "amount": {"amount": "60.00", "currency": "USD"}}
    part = {"lines": [share], "total": {"amount": "60.00", "currency": "USD"}}
    assert plan.to_dict() == {"parts": 2, "proved": True, "lower_bound": 2, "contracts": [part, part]}


def test_a_split_that_lacks_something_may_still_come_out_any_way():
    found = ask(split_decision(), {"lines": [{"id": "l1", "quantity": 1, "whole": False}]})
    assert (found.verdict, found.split) == ("undetermined", None)
    assert missing(found) == {"lines[l1].price": ("S-ONE", "S", "S-LARGE")}
    faulty = ask(split_decision(), lines((-1, "5 USD")))
    assert [f.code for f in faulty.faults] == ["fault/split"]


# --- match, trace, laws -------------------------------------------------------------------------------


def test_match_gives_the_truth_of_every_rule_but_warnings():
    spec = by_claim([refuse("DOC", A)], warnings=[warn("W")])
    made = bundle(spec, facts=FACTS, lists=[CLAIMS])
    facts = {"a": {"flag": False}} | claims({"bad": True}, {})
    assert match(made, "d", facts, AS_OF) == {
        (0, None): False, (1, "c1"): True, (1, "c2"): None, (2, "c1"): None, (2, "c2"): None,
    }  # fmt: skip
    assert match(made, "d", {}, AS_OF) == {(0, None): None}


def test_the_trace_keeps_values_and_blame_of_every_node():
    spec = decision([refuse("R", both(A, some(listed(), item("bad"))), guard=known(B))])
    found = trace(
        bundle(spec, facts=FACTS, lists=[CLAIMS]), "d", {"a": {"flag": True}} | claims({"bad": False}, {}), AS_OF
    )
    rule = found.rules[0]
    assert (rule.rule, rule.truth, rule.guard.value, rule.own.value) == ("R", False, "false", "unknown")
    flag, quantifier = rule.own.children
    assert (flag.value, quantifier.value, quantifier.blame) == ("true", "unknown", ("claims[c2].bad",))
    assert [(n.value, n.element) for n in quantifier.children] == [
        ("2 items", None),
        ("false", "c1"),
        ("unknown", "c2"),
    ]
    assert found.to_dict()["rules"][0]["own"]["children"][0]["value"] == "true"


CONDITION = st.sampled_from([A, B, C, both(A, B), no(C), both(no(A), C)])
ITEM = st.sampled_from([item("bad"), item("good"), both(item("bad"), A), no(item("open")), both(item("good"), B)])
MADE = {"refuse": refuse, "wait": wait, "grant": grant}


@st.composite
def specs(draw):
    document = [
        MADE[draw(st.sampled_from(["refuse", "wait"]))](f"D{n}", draw(CONDITION))
        for n in range(draw(st.integers(0, 2)))
    ]
    each = [
        MADE[draw(st.sampled_from(sorted(MADE)))](f"E{n}", draw(ITEM), each="claims")
        for n in range(draw(st.integers(1, 4)))
    ]
    cut = draw(st.integers(0, len(each)))
    steps = [s for s in ([*document], each[:cut], each[cut:]) if s]
    return decision(*steps, each="claims", otherwise=draw(st.sampled_from(["no", "yes"])))


FLAG = st.fixed_dictionaries({}, optional={"flag": st.booleans()})
REQUEST = st.fixed_dictionaries({"a": FLAG, "b": FLAG, "c": FLAG})
CLAIM = st.fixed_dictionaries({}, optional={"bad": st.booleans(), "good": st.booleans(), "open": st.booleans()})


@given(specs(), REQUEST, st.lists(CLAIM, max_size=3), st.data())
@settings(deadline=None, max_examples=200, derandomize=True)
def test_learning_more_never_turns_a_certain_verdict_but_a_refusal_into_a_refusal(spec, facts, records, data):
    fewer = {group: {k: v for k, v in inner.items() if data.draw(st.booleans())} for group, inner in facts.items()}
    partly = [{k: v for k, v in r.items() if data.draw(st.booleans())} for r in records]
    before, after = ask(spec, fewer | claims(*partly)), ask(spec, facts | claims(*records))
    if before.verdict != "undetermined":
        assert after.verdict == before.verdict or {before.verdict_class, after.verdict_class} == {"refused"}
    else:
        assert before.missing != ()


@given(specs(), REQUEST, st.lists(CLAIM, max_size=3), st.integers())
@settings(deadline=None, max_examples=150, derandomize=True)
def test_order_of_elements_and_of_rules_in_a_step_changes_no_verdict(spec, facts, records, seed):
    rng = random.Random(seed)
    given_claims = claims(*records)["claims"]
    moved = rng.sample(given_claims, len(given_claims))
    steps = tuple(dataclasses.replace(s, rules=tuple(rng.sample(s.rules, len(s.rules)))) for s in spec.steps)
    one = ask(spec, facts | {"claims": given_claims})
    other = ask(dataclasses.replace(spec, steps=steps), facts | {"claims": moved})
    assert one.verdict == other.verdict
    assert {(e.id, e.verdict) for e in one.elements} == {(e.id, e.verdict) for e in other.elements}
    assert {m.fact for m in one.missing} == {m.fact for m in other.missing}
    assert {(r.rule, frozenset(r.elements or ())) for r in one.reasons} == {
        (r.rule, frozenset(r.elements or ())) for r in other.reasons
    }


def test_the_same_question_gives_the_same_answer():
    spec = by_claim([by("BY", arith(fact("a.day", t.DATE), "+", lit(days(3))))])
    facts = {"a": {"day": "2025-03-30"}} | claims({"bad": True}, {})
    assert ask(spec, facts).to_dict() == ask(spec, facts).to_dict()
