"""The whole answer: reasons, what is missing, deadlines, warnings, remarks, values, splits."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from tests.engine.build import (
    KINDS,
    TODAY,
    Asking,
    at,
    bundle,
    claims,
    compare,
    days,
    decision,
    declared,
    fact,
    is_,
    item,
    lit,
    plus,
    rule,
    step,
    text,
    usd,
)

from policyengine.engine.engine import Engine
from policyengine.errors import RequestError, UnknownName
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision
from policyengine.model.expr import (
    And,
    Arith,
    AsOf,
    Call,
    Expr,
    Filter,
    ListRef,
    Not,
    ParameterRef,
    Quantifier,
    Special,
    SplitIs,
)
from policyengine.model.rules import Class, Deadline, DecisionSpec, Insert, Outcome, Report, Rule, Split
from policyengine.model.vocabulary import DatedValue, Parameter
from policyengine.values.dates import Calendar, Duration, Unit
from policyengine.values.types import BOOLEAN, DATE, DECIMAL, DURATION, INTEGER, MONEY, TEXT, Kind, Type, enum_type

LIST = Type(Kind.LIST)
NO = lit(False, BOOLEAN)


def decide(of: CheckedBundle, facts: Mapping[str, object], name: str = "coverage") -> Decision:
    with Engine(of, Asking(), check=False, twin=None) as engine:
        return engine.decide(name, facts, as_of=TODAY)


def one(spec: DecisionSpec, *names: str, **rest: object) -> CheckedBundle:
    """A bundle with one decision and boolean facts."""
    facts = [*(declared(n) for n in names), *rest.pop("facts", ())]  # type: ignore[misc]
    return bundle(facts=facts, decisions=[spec], **rest)  # type: ignore[arg-type]


def asked(got: Decision) -> list[tuple[str, tuple[str, ...]]]:
    return [(m.fact, m.rules) for m in got.missing]


def told(got: Decision) -> list[tuple[str, str, tuple[str, ...] | None]]:
    return [(r.rule, r.message, r.elements) for r in got.reasons]


# --- reasons ---


def test_a_refusal_with_its_message_source_and_place() -> None:
    because = text("Total is ", Insert("a.total", fact("a.total", MONEY)), ", limit ", Insert("measured", None), ".")
    refusal = rule(0, Class.REFUSED, "no", is_(fact("a.bad")), id="TA-1", because=because, source="clause 4")
    of = one(decision(steps=(step(0, refusal),)), "a.bad", facts=[declared("a.total", MONEY, title="Order total")])
    got = decide(of, {"a": {"bad": True}})
    assert got.to_dict() == {
        "decision": "coverage",
        "verdict": "no",
        "class": "refused",
        "reasons": [
            {"rule": "TA-1", "message": "Total is Order total, limit ….", "source": "clause 4", "at": "rules.yaml:10"}
        ],
        "missing": [],
        "elements": [],
        "deadlines": [],
        "amount": None,
        "amounts": [],
        "needs": [],
        "warnings": [],
        "remarks": [],
        "faults": [],
        "values": {},
        "split": None,
        "bundle": {"id": "small", "version": "1", "digest": "0" * 64},
        "as_of": "2025-04-01",
    }  # fmt: skip
    got = decide(of, {"a": {"bad": True, "total": "5 USD"}})
    assert got.reasons[0].message == "Total is 5.00 USD, limit …."


def test_what_holds_otherwise_is_told_when_it_settled() -> None:
    rest = Outcome(word="yes", id="OK", because=text("All is well."), source="s", span=at(77))
    of = one(decision(steps=(step(0, rule(0, Class.REFUSED, "no", is_(fact("a.bad")))),), otherwise=rest), "a.bad")
    got = decide(of, {"a": {"bad": False}})
    assert [r.to_dict() for r in got.reasons] == [
        {"rule": "OK", "message": "All is well.", "source": "s", "at": "rules.yaml:77"}
    ]
    assert decide(of, {}).reasons == ()


def test_a_reason_that_no_fact_is_put_into_is_made_once() -> None:
    fixed = rule(0, Class.REFUSED, "no", is_(fact("a.bad")))
    told_of = rule(1, Class.REFUSED, "no", is_(fact("a.bad")), because=text("It is ", Insert("x", fact("a.bad")), "."))
    of = one(decision(steps=(step(0, fixed, told_of),)), "a.bad")
    with Engine(of, Asking(), check=False, twin=None) as engine:
        first, second = (engine.decide("coverage", {"a": {"bad": True}}, as_of=TODAY) for _ in range(2))
    assert first == second
    assert told(first) == [("R-0", "Rule 0 holds.", None), ("R-1", "It is yes.", None)]
    assert [a is b for a, b in zip(first.reasons, second.reasons, strict=True)] == [True, False]


def test_a_decision_cannot_be_changed() -> None:
    got = decide(one(decision(), "a.bad"), {})
    with pytest.raises(AttributeError):
        got.verdict = "no"  # type: ignore[misc]
    with pytest.raises(AttributeError):
        got.more = "no"  # type: ignore[attr-defined]


def test_elements_are_named_once_for_each_rule() -> None:
    because = text("It is ", Insert("claim.kind", item("kind", KINDS)), ".")
    refused = rule(0, Class.REFUSED, "no", is_(item("bad")), each="claims", because=because)
    granted = rule(1, Class.GRANTED, "yes", is_(item("good")), each="claims")
    rest = Outcome(word="no", id="REST", because=text("Nothing fits."), span=at(77))
    spec = decision(each="claims", steps=(step(0, refused, granted, each="claims"),), otherwise=rest)
    items = claims(declared("bad"), declared("good"), declared("kind", KINDS))
    of = bundle(lists=[items], decisions=[spec])
    rows = [
        {"id": "w", "bad": False, "good": True},
        {"id": "x", "bad": True, "kind": "late"},
        {"id": "y", "bad": False, "good": False},
        {"id": "z", "bad": True, "kind": "lost"},
    ]
    got = decide(of, {"claims": rows})
    assert got.verdict == "some"
    assert told(got) == [
        ("R-0", "It is late.", ("x", "z")),
        ("R-1", "Rule 1 holds.", ("w",)),
        ("REST", "Nothing fits.", ("y",)),
    ]
    assert [(e.id, e.verdict, e.element_class, [(r.message, r.elements) for r in e.reasons]) for e in got.elements] == [
        ("w", "yes", "granted", [("Rule 1 holds.", None)]),
        ("x", "no", "refused", [("It is late.", None)]),
        ("y", "no", "refused", [("Nothing fits.", None)]),
        ("z", "no", "refused", [("It is lost.", None)]),
    ]


def test_editions_of_a_rule_are_told_once() -> None:
    first = rule(0, Class.REFUSED, "no", is_(item("old")), each="claims", id="R", because=text("Old."))
    second = rule(
        1, Class.REFUSED, "no", Not(item=is_(item("old")), span=at(1)), each="claims", id="R", because=text("New.")
    )
    spec = decision(each="claims", steps=(step(0, first, second, each="claims"),))
    of = bundle(lists=[claims(declared("old"))], decisions=[spec])
    got = decide(of, {"claims": [{"id": 1, "old": False}, {"id": 2, "old": True}]})
    assert told(got) == [("R", "Old.", ("1", "2"))]


def test_needs_of_pending_rules() -> None:
    wait = rule(0, Class.PENDING, "wait", is_(fact("a.open")), needs=("photo", "receipt"))
    also = rule(1, Class.PENDING, "wait", is_(fact("a.open")), needs=("receipt", "letter"))
    of = one(decision(steps=(step(0, wait, also),)), "a.open")
    assert decide(of, {"a": {"open": True}}).needs == ("photo", "receipt", "letter")
    assert decide(of, {}).needs == ()


# --- missing ---


def test_only_rules_that_matter_ask_and_guards_are_asked_first() -> None:
    guarded = rule(0, Class.REFUSED, "no", is_(fact("a.own")), guard=is_(fact("a.guard")), applies=is_(fact("a.when")))
    granted = rule(1, Class.GRANTED, "yes", is_(fact("a.good")), step=1)
    later = rule(2, Class.GRANTED, "yes", is_(fact("a.later")), step=2)
    refusal = Outcome(word="no", id=None, because=None, span=at(1))
    of = one(
        decision(steps=(step(0, guarded), step(1, granted), step(2, later)), otherwise=refusal),
        "a.own", "a.guard", "a.when", "a.good", "a.later",
    )  # fmt: skip
    assert asked(decide(of, {})) == [("a.guard", ("R-0",)), ("a.good", ("R-1",)), ("a.later", ("R-2",))]
    assert asked(decide(of, {"a": {"guard": True, "good": True}})) == [("a.when", ("R-0",))]
    assert asked(decide(of, {"a": {"guard": True, "when": True, "good": True}})) == [("a.own", ("R-0",))]
    # Whatever the guard is, nothing is granted: it is not asked for.
    assert asked(decide(of, {"a": {"good": False, "later": False}})) == []


def test_a_fact_is_asked_once_for_all_rules_that_wait() -> None:
    both = And(items=(is_(fact("a.x")), is_(fact("a.y"))), span=at(1))
    rules = rule(0, Class.REFUSED, "no", is_(fact("a.y"))), rule(1, Class.REFUSED, "no", both)
    kind = declared("a.kind", KINDS, title="Kind of loss")
    third = rule(2, Class.REFUSED, "no", compare(fact("a.kind", KINDS), "=", lit("late", KINDS)))
    of = one(decision(steps=(step(0, *rules, third),)), "a.x", "a.y", facts=[kind])
    got = decide(of, {})
    assert asked(got) == [("a.y", ("R-0", "R-1")), ("a.x", ("R-1",)), ("a.kind", ("R-2",))]
    assert got.missing[2].to_dict() == {
        "fact": "a.kind",
        "for": "verdict",
        "title": "Kind of loss",
        "type": "enum",
        "members": ["late", "broken", "lost"],
        "rules": ["R-2"],
    }


def elements_of(*document: str) -> CheckedBundle:
    refused = rule(
        1, Class.REFUSED, "no", And(items=(is_(item("x")), is_(item("y"))), span=at(1)), each="claims", step=1
    )
    granted = rule(2, Class.GRANTED, "yes", is_(item("good")), each="claims", step=2)
    spec = decision(
        each="claims",
        steps=(
            step(0, rule(0, Class.PENDING, "wait", is_(fact("a.wait")))),
            step(1, refused, each="claims"),
            step(2, granted, each="claims"),
        ),
        otherwise=Outcome(word="no", id=None, because=None, span=at(1)),
    )
    return bundle(
        facts=[declared("a.wait"), *(declared(n) for n in document)],
        lists=[claims(declared("x"), declared("y"), declared("good"), title="Claims made")],
        decisions=[spec],
    )


def test_an_unknown_list_is_itself_what_is_missing() -> None:
    got = decide(elements_of(), {})
    assert asked(got) == [("a.wait", ("R-0",)), ("claims", ("R-1", "R-2"))]
    assert got.missing[1].to_dict() == {
        "fact": "claims",
        "for": "verdict",
        "title": "Claims made",
        "type": "list",
        "rules": ["R-1", "R-2"],
    }


def test_open_elements_ask_by_rule_then_blame_then_position() -> None:
    rows = [{"id": "p", "good": True}, {"id": "q"}, {"id": "r", "x": False, "good": False}]
    got = decide(elements_of(), {"a": {"wait": False}, "claims": rows})
    assert asked(got) == [
        ("claims[p].x", ("R-1",)),
        ("claims[q].x", ("R-1",)),
        ("claims[p].y", ("R-1",)),
        ("claims[q].y", ("R-1",)),
        ("claims[q].good", ("R-2",)),
    ]
    assert [e.verdict for e in got.elements] == ["undetermined", "undetermined", "no"]


def test_nothing_is_asked_once_nothing_can_be_granted() -> None:
    got = decide(elements_of(), {"claims": [{"id": "p", "good": False}]})
    assert (got.verdict, asked(got)) == ("no", [])


def test_a_settled_verdict_with_an_open_element_asks_for_the_amount() -> None:
    rows = [{"id": i, "x": False, "good": g} for i, g in (("p", True), ("q", False), ("r", None))]
    got = decide(elements_of(), {"a": {"wait": False}, "claims": rows})
    assert (got.verdict, [(m.fact, m.purpose) for m in got.missing]) == ("some", [("claims[r].good", "amount")])


def test_faults_that_a_verdict_waits_for_are_told_in_order_of_place() -> None:
    def divided(line: int) -> Expr:
        whole, zero = lit(Fraction(1), DECIMAL), lit(Fraction(0), DECIMAL)
        return compare(Arith(op="/", left=whole, right=zero, type=DECIMAL, span=at(line)), ">", zero)

    rules = rule(0, Class.REFUSED, "no", divided(9)), rule(1, Class.REFUSED, "no", divided(4))
    got = decide(one(decision(steps=(step(0, *rules),))), {})
    assert (got.verdict, got.missing) == ("undetermined", ())
    assert [(f.code, f.at) for f in got.faults] == [
        ("fault/division-by-zero", "rules.yaml:4"),
        ("fault/division-by-zero", "rules.yaml:9"),
    ]


# --- deadlines ---

DUE = plus(fact("a.due", DATE), days(10))
SENT = fact("a.sent", DATE)


def late(index: int, **rest: object) -> Rule:
    """A refusal when the act was after the due day and ten more."""
    because = text("Late since ", Insert("deadline", None), ", ", Insert("days_left", None), " days.")
    settings: dict[str, object] = {"deadline": Deadline(kind="by", date=DUE, act=SENT), "because": because} | rest
    return rule(index, Class.REFUSED, "no", compare(SENT, ">", DUE), **settings)


def early(index: int, **rest: object) -> Rule:
    because = text("Wait until ", Insert("deadline", None), ", come from ", Insert("from_day", None), ".")
    settings: dict[str, object] = {
        "deadline": Deadline(kind="until", date=DUE, act=AsOf(span=at(1))),
        "because": because,
    }
    return rule(index, Class.PENDING, "wait", compare(AsOf(span=at(1)), "<=", DUE), **(settings | rest))


DATES = (declared("a.due", DATE), declared("a.sent", DATE))


def told_days(got: Decision) -> list[dict[str, object]]:
    return [d.to_dict() for d in got.deadlines]


def test_a_by_date_is_told_whatever_the_verdict_if_the_rule_applies_for_certain() -> None:
    of = one(decision(steps=(step(0, late(0, applies=is_(fact("a.on")))),)), "a.on", facts=DATES)
    due = {"due": "2025-03-20"}
    day = {"rule": "R-0", "date": "2025-03-30", "days_left": -2}
    assert told_days(decide(of, {"a": due | {"on": True}})) == [day]
    assert told_days(decide(of, {"a": due | {"on": True, "sent": "2025-03-01"}})) == [day]
    assert told_days(decide(of, {"a": due})) == []
    assert told_days(decide(of, {"a": due | {"on": False}})) == []
    assert told_days(decide(of, {"a": {"on": True}})) == []
    got = decide(of, {"a": due | {"on": True, "sent": "2025-03-31"}})
    assert (got.verdict, got.reasons[0].message) == ("no", "Late since 2025-03-30, -2 days.")


def test_an_until_date_is_told_only_while_it_holds() -> None:
    of = one(decision(steps=(step(0, early(0)),)), facts=DATES)
    got = decide(of, {"a": {"due": "2025-03-25"}})
    assert told_days(got) == [{"rule": "R-0", "date": "2025-04-04", "days_left": 3, "from_day": "2025-04-05"}]
    assert (got.verdict, got.reasons[0].message) == ("wait", "Wait until 2025-04-04, come from 2025-04-05.")
    assert told_days(decide(of, {"a": {"due": "2025-03-01"}})) == []


def test_the_last_day_of_the_calendar_has_no_next_day() -> None:
    of = one(decision(steps=(step(0, early(0)),)), facts=DATES)
    got = decide(of, {"a": {"due": "9999-12-21"}})
    assert [(d["date"], d.get("from_day")) for d in told_days(got)] == [("9999-12-31", None)]


def test_deadlines_of_reasons_come_first_and_a_gate_silences_later_steps() -> None:
    steps = (step(0, late(0, deadline=Deadline(kind="by", date=DUE, act=AsOf(span=at(1)))), late(1)), step(1, late(2)))
    of = one(decision(steps=steps), facts=DATES)
    # both hold when the act was late: the step that settled, and nothing after it.
    got = decide(of, {"a": {"due": "2025-01-01", "sent": "2025-03-01"}})
    assert [d.rule for d in got.deadlines] == ["R-0", "R-1"]
    got = decide(of, {"a": {"due": "2025-03-29", "sent": "2025-03-30"}})
    assert [d.rule for d in got.deadlines] == ["R-0", "R-1", "R-2"]
    granted = rule(
        1, Class.PENDING, "wait", is_(fact("a.on")), step=1, deadline=Deadline(kind="by", date=DUE, act=SENT)
    )
    of = one(decision(steps=(step(0, late(0)), step(1, granted))), "a.on", facts=DATES)
    got = decide(of, {"a": {"due": "2025-03-29", "sent": "2025-03-30", "on": True}})
    assert [d.rule for d in got.deadlines] == ["R-1", "R-0"]


def test_deadlines_of_elements_carry_them() -> None:
    date_of = plus(item("seen", DATE), days(1))
    limit = Deadline(kind="by", date=date_of, act=item("told", DATE))
    own = compare(item("told", DATE), ">", date_of)
    by = rule(1, Class.REFUSED, "no", own, each="claims", step=1, deadline=limit)
    off = rule(0, Class.REFUSED, "no", is_(fact("a.off")))
    spec = decision(each="claims", steps=(step(0, off), step(1, by, each="claims")))
    of = bundle(
        facts=[declared("a.off")], lists=[claims(declared("seen", DATE), declared("told", DATE))], decisions=[spec]
    )
    rows = [{"id": "x", "seen": "2025-03-31"}, {"id": "y"}, {"id": "z", "seen": "2025-04-01"}]
    got = decide(of, {"a": {"off": False}, "claims": rows})
    assert [(d.element, d.day) for d in got.deadlines] == [("x", date(2025, 4, 1)), ("z", date(2025, 4, 2))]
    assert decide(of, {"a": {"off": True}, "claims": rows}).deadlines == ()


# --- warnings, values, value decisions ---


def test_warnings_are_told_when_they_certainly_hold_and_ask_nothing() -> None:
    verdict = Special(name="verdict", type=enum_type(("no", "yes")), span=at(1))
    plain = rule(1, None, None, is_(fact("a.odd")), step=None)
    on_grant = rule(2, None, None, compare(verdict, "=", lit("yes", verdict.type)), step=None)
    spec = decision(steps=(step(0, rule(0, Class.REFUSED, "no", is_(fact("a.bad")))),), warnings=(plain, on_grant))
    of = one(spec, "a.bad", "a.odd")
    got = decide(of, {"a": {"bad": False}})
    assert ([w.rule for w in got.warnings], got.missing) == (["R-2"], ())
    assert [w.rule for w in decide(of, {"a": {"bad": True, "odd": True}}).warnings] == ["R-1"]
    assert [w.rule for w in decide(of, {}).warnings] == []


def test_warnings_of_elements_need_decided_elements() -> None:
    warning = rule(1, None, None, is_(item("odd")), step=None, each="claims")
    spec = decision(
        each="claims", steps=(step(0, rule(0, Class.REFUSED, "no", is_(fact("a.bad")))),), warnings=(warning,)
    )
    of = bundle(facts=[declared("a.bad")], lists=[claims(declared("odd"))], decisions=[spec])
    rows = [{"id": i, "odd": odd} for i, odd in ((1, True), (2, None), (3, True))]
    got = decide(of, {"a": {"bad": False}, "claims": rows})
    assert [(w.rule, w.elements) for w in got.warnings] == [("R-1", ("1", "3"))]
    assert decide(of, {"a": {"bad": True}, "claims": rows}).warnings == ()


def test_reported_values() -> None:
    total = Call(function="sum", args=(fact("a.total", MONEY), usd(2)), type=MONEY, span=at(1))
    spec = decision(report=(Report(name="sum", expr=total), Report(name="kind", expr=fact("a.kind", KINDS))))
    of = bundle(facts=[declared("a.total", MONEY), declared("a.kind", KINDS)], decisions=[spec])
    assert decide(of, {"a": {"total": "3 USD"}}).values == {"sum": {"amount": "5.00", "currency": "USD"}, "kind": None}


def test_a_value_decision() -> None:
    spec = decision("next", value=fact("a.kind", KINDS), otherwise=None, verdicts={}, element_verdicts={})
    of = bundle(facts=[declared("a.kind", KINDS)], decisions=[spec])
    got = decide(of, {"a": {"kind": "lost"}}, "next")
    assert (got.verdict, got.verdict_class, got.missing) == ("lost", "value", ())
    got = decide(of, {}, "next")
    assert (got.verdict, got.verdict_class, asked(got)) == ("undetermined", "undetermined", [("a.kind", ())])


# --- remarks ---


def test_dates_out_of_order_are_remarked_on() -> None:
    of = bundle(
        facts=[
            declared("a.sent", DATE, not_before="a.due"),
            declared("a.due", DATE, default=lit(date(2030, 1, 1), DATE)),
        ],
        lists=[claims(declared("told", DATE, not_before="seen"), declared("seen", DATE, not_before="a.due"))],
        decisions=[decision()],
    )
    facts = {
        "a": {"sent": "2025-01-01", "due": "2025-01-02"},
        "claims": [{"id": "x", "told": "2025-01-01", "seen": "2025-01-03"}],
    }
    assert [r.to_dict() for r in decide(of, facts).remarks] == [
        {"code": "facts/order", "message": "`a.sent` is before `a.due`", "fact": "a.sent"},
        {"code": "facts/order", "message": "`claims[x].told` is before `claims[x].seen`", "fact": "claims[x].told"},
    ]
    # A default is not what the caller said.
    assert decide(of, {"a": {"sent": "2025-01-01"}}).remarks == ()


def test_an_empty_list_is_remarked_on() -> None:
    got = decide(elements_of(), {"claims": []})
    assert (got.verdict, [(r.code, r.message) for r in got.remarks]) == (
        "no",
        [("decision/empty-list", "the list `claims` is empty")],
    )


BANK = Calendar("bank", frozenset({5, 6}), {2025: frozenset({date(2025, 12, 25)})})


def worked(day: Expr, count: int) -> Arith:
    return plus(day, days(count, Unit.WORKING_DAYS, "bank"))


def test_years_without_holidays_are_remarked_on_wherever_they_are_read() -> None:
    roll = Call(function="roll", args=(fact("a.day", DATE), lit("bank", TEXT)), type=DATE, span=at(1))
    grace = Parameter(
        name="grace",
        type=DURATION,
        values=(DatedValue(start=None, value=Duration(-300, Unit.WORKING_DAYS, "bank"), span=at(1)),),
        keyed_on=None,
        span=at(1),
    )
    of_parameter = plus(fact("a.due", DATE), grace_ref(grace))
    in_list = Quantifier(
        kind="some",
        variable="claim",
        list=Filter(
            list=ListRef(name="claims", type=LIST, span=at(1)),
            variable="claim",
            predicate=NO,
            type=LIST,
            span=at(1),
        ),
        body=compare(worked(item("seen", DATE), 5), ">", AsOf(span=at(1))),
        span=at(1),
    )
    spec = decision(
        steps=(
            step(0, rule(0, Class.REFUSED, "no", compare(roll, ">", of_parameter))),
            step(1, rule(1, Class.REFUSED, "no", in_list, step=1)),
        )
    )
    of = bundle(
        facts=[declared("a.day", DATE), declared("a.due", DATE)],
        lists=[claims(declared("seen", DATE))],
        parameters=[grace],
        decisions=[spec],
        calendars={"bank": BANK},
    )
    quiet = {"a": {"day": "2025-05-03"}, "claims": [{"id": 1, "seen": "2025-05-05"}]}
    assert decide(of, quiet).remarks == ()
    loud = {"a": {"day": "2027-12-31", "due": "2025-02-01"}, "claims": [{"id": 1, "seen": "2031-12-30"}, {"id": 2}]}
    assert [r.message for r in decide(of, loud).remarks] == [
        f"calendar `bank` does not list the holidays of {year}, so only weekends were skipped"
        for year in (2023, 2024, 2027, 2031, 2032)
    ]


def grace_ref(parameter: Parameter) -> Expr:
    return ParameterRef(name=parameter.name, type=DURATION, span=at(1))


# --- splits ---


def split_bundle() -> CheckedBundle:
    split = Split(
        id="S",
        list="claims",
        variable="claim",
        called="contracts",
        quantity=item("count", INTEGER),
        weight=item("price", MONEY),
        whole=NO,
        op="<",
        limit=usd(10),
    )

    def outcome(index: int, rule_class: Class, word: str, which: str, **rest: object) -> Rule:
        own = SplitIs(split=split, outcome=which, span=at(1))  # type: ignore[arg-type]
        return rule(index, rule_class, word, own, split=split, **rest)

    several = text("Split into ", Insert("parts", None), ".")
    none = text(Insert("offending", None), " alone is too much.")
    spec = decision(
        verdicts={"impossible": Class.REFUSED, "split": Class.GRANTED, "single": Class.GRANTED},
        steps=(
            step(
                0,
                outcome(0, Class.GRANTED, "single", "one", silent=True),
                outcome(1, Class.GRANTED, "split", "several", id="S", because=several),
                outcome(2, Class.REFUSED, "impossible", "none", id="TOO-LARGE", because=none),
            ),
        ),
        otherwise=Outcome(word="single", id=None, because=None, span=at(1)),
        report=(Report(name="parts", expr=Special(name="parts", type=INTEGER, span=at(1))),),
    )
    return bundle(lists=[claims(declared("count", INTEGER), declared("price", MONEY))], decisions=[spec])


def test_a_split_is_told_with_its_weights() -> None:
    got = decide(
        split_bundle(),
        {"claims": [{"id": "x", "count": 3, "price": "4 USD"}, {"id": "y", "count": 1, "price": "1.50 USD"}]},
    )
    assert (got.verdict, told(got), got.values) == ("split", [("S", "Split into 2.", None)], {"parts": 2})
    assert got.split
    plan = got.split.to_dict()
    assert (plan["parts"], plan["proved"], plan["lower_bound"]) == (2, True, 2)
    contracts = plan["contracts"]
    assert isinstance(contracts, list)
    lines = [(s["line"], s["quantity"], s["amount"]["amount"]) for c in contracts for s in c["lines"]]
    assert sum(q for line, q, _ in lines if line == "x") == 3
    assert sum(float(c["total"]["amount"]) for c in contracts) == 13.5
    assert all(c["total"]["currency"] == "USD" and float(c["total"]["amount"]) < 10 for c in contracts)


def test_a_split_of_one_part_gives_its_word_without_a_reason() -> None:
    got = decide(split_bundle(), {"claims": [{"id": "x", "count": 1, "price": "4 USD"}]})
    assert (got.verdict, got.reasons, got.split and got.split.parts) == ("single", (), 1)


def test_an_impossible_split_names_what_is_too_large() -> None:
    rows = [{"id": "x", "count": 1, "price": "10 USD"}, {"id": "y", "count": 2, "price": "11 USD"}]
    got = decide(split_bundle(), {"claims": rows})
    assert (got.verdict, told(got), got.split) == ("impossible", [("TOO-LARGE", "x, y alone is too much.", None)], None)
    assert got.values == {"parts": None}


def test_an_open_split_asks() -> None:
    got = decide(split_bundle(), {"claims": [{"id": "x", "count": 1}]})
    assert (got.verdict, asked(got)) == ("undetermined", [("claims[x].price", ("R-0", "S", "TOO-LARGE"))])


# --- the engine itself ---


def test_unknown_decisions_and_back_ends_are_named() -> None:
    of = one(decision())
    with Engine(of, Asking()) as engine:
        with pytest.raises(UnknownName, match="has no decision `coverag`") as caught:
            engine.decide("coverag", {})
        assert caught.value.help == "did you mean `coverage`?"
    with pytest.raises(UnknownName, match="no engine `durible`"):
        Engine(of, "durible")


def test_the_day_is_todays_in_the_zone_unless_given() -> None:
    of = bundle(decisions=[decision()], time_zone="Pacific/Kiritimati")
    seen: list[ZoneInfo] = []

    def today(zone: ZoneInfo) -> date:
        seen.append(zone)
        return date(2025, 1, 2)

    with Engine(of, Asking(), today=today) as engine:
        assert engine.decide("coverage", {}).as_of == date(2025, 1, 2)
        assert engine.decide("coverage", {}, as_of="2025-01-01T11:00:00Z").as_of == date(2025, 1, 2)
        assert engine.decide("coverage", {}, as_of="2024-05-05").as_of == date(2024, 5, 5)
        assert seen == [ZoneInfo("Pacific/Kiritimati")]
        with pytest.raises(RequestError):
            engine.decide("coverage", {}, as_of="soon")


def test_the_durable_engine_decides_the_same() -> None:
    rows = [{"id": "p", "good": True}, {"id": "q", "x": False, "good": True}, {"id": "r", "x": True, "y": True}]
    requests: list[dict[str, object]] = [
        {},
        {"a": {"wait": False}},
        {"a": {"wait": False}, "claims": rows},
        {"claims": []},
    ]
    asking = Engine(elements_of(), Asking(), check=False, twin=None)
    with asking, Engine(elements_of(), check=False, twin=None) as durable:
        for facts in requests:
            expected = asking.decide("coverage", facts, as_of=TODAY)
            assert durable.decide("coverage", facts, as_of=TODAY).to_dict() == expected.to_dict()


def test_threads_share_an_engine() -> None:
    rows = [{"id": "p", "good": True, "x": False}, {"id": "q", "x": False, "good": False}]
    requests: list[dict[str, object]] = [{"a": {"wait": w}, "claims": rows[:n]} for w in (True, False) for n in (1, 2)]
    with Engine(elements_of(), check=False, twin=None) as engine, ThreadPoolExecutor(4) as pool:
        alone = [engine.decide("coverage", f, as_of=TODAY) for f in requests]
        together = list(pool.map(lambda f: engine.decide("coverage", f, as_of=TODAY), requests * 50))
    assert together == alone * 50
    assert [d.verdict for d in alone] == ["wait", "wait", "yes", "some"]
