"""Payouts: exact steps, what is unknown, what is reported."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from tests.reference.build import (
    TRUE,
    a_fact,
    a_list,
    arith,
    bundle,
    cmp,
    decision,
    fact,
    grant,
    item,
    lit,
    refuse,
    say,
    span,
    special,
    usd,
)  # fmt: skip

from policyengine.model.rules import Insert, Limit, LimitsStep, NoteStep, Payout, RoundStep, SetStep
from policyengine.reference import decide
from policyengine.values import types as t
from policyengine.values.money import Money

FACTS = [
    a_fact("a.flag"), a_fact("b.flag"), a_fact("a.currency", t.CURRENCY), a_fact("a.wear", t.INTEGER),
    a_fact("a.cap", t.MONEY), a_fact("a.base", t.MONEY),
]  # fmt: skip
CLAIMS = a_list(a_fact("good"), a_fact("amount", t.MONEY), a_fact("holder", t.TEXT))
AMOUNT = special("amount")
CENTS = RoundStep(when=TRUE, to=Fraction("0.01"), mode="half_up", span=span())


def payout(element=(), *, by=False, group=(), total=(CENTS,), **more):
    parts = {"currency": lit("USD", t.CURRENCY), "each": "claims", "start": item("amount", t.MONEY)} | more
    keys = (("holder", item("holder", t.TEXT)),) if by else ()
    steps = {"element_steps": tuple(element), "by": keys, "group_steps": tuple(group), "total_steps": tuple(total)}
    return Payout(name="refund", title=None, span=span(), **parts, **steps)


def setting(to, id_=None, when=TRUE):
    return SetStep(when=when, to=to, id=id_, because=say("Now ", Insert("amount", None)) if id_ else None, span=span())


def limit(id_, to, when=TRUE):
    because = say("Limited to ", Insert("limit", None), " = ", Insert("amount", None))
    return Limit(id=id_, to=to, when=when, because=because, span=span())


def limits(*each, when=TRUE):
    return LimitsStep(when=when, limits=each, span=span())


def note(id_, when=TRUE):
    return NoteStep(when=when, id=id_, because=say("Mind."), span=span())


def ask(payout_, facts, *steps):
    good = grant("GOOD", item("good"), each="claims")
    spec = decision(*steps, [good], each="claims", otherwise="no", payout=payout_)
    return decide(bundle(spec, facts=FACTS, lists=[CLAIMS]), "d", facts, date(2025, 4, 1))


def claims(*amounts, **more):
    """Granted claims of these amounts; ``None``: not given."""
    records = [
        {"id": f"c{n}", "good": True, "holder": "x"} | ({"amount": a} if a else {}) for n, a in enumerate(amounts, 1)
    ]
    return {"claims": records} | more


def wanted(found):
    return {m.fact: (m.purpose, m.rules) for m in found.missing}


def test_granted_elements_are_added_up_exactly_and_rounded_last():
    third = setting(arith(AMOUNT, "/", lit(3)))
    found = ask(payout(element=[third]), claims("10 USD", "10 USD"))
    assert found.amount == usd("6.67")
    assert [(a.scope, a.element, a.result.amount) for a in found.amounts] == [
        ("element", "c1", Fraction(10, 3)),
        ("element", "c2", Fraction(10, 3)),
        ("total", None, Fraction("6.67")),
    ]
    assert [s.rule for s in found.amounts[2].steps] == [None]


def test_refused_elements_are_not_paid():
    facts = claims("10 USD", "7 USD")
    facts["claims"][1]["good"] = False
    found = ask(payout(), facts)
    assert (found.verdict, found.amount) == ("some", usd(10))


def test_a_refused_decision_pays_nothing_in_the_currency():
    facts = {"claims": []}
    assert ask(payout(), facts).amount == usd(0)
    unknown = ask(payout(currency=fact("a.currency", t.CURRENCY)), facts)
    assert unknown.amount == Money(Fraction(0), "")
    assert unknown.missing == ()


def test_the_smallest_limit_binds_the_first_among_equals_and_only_if_it_cuts():
    step = limits(limit("L1", lit(usd(8))), limit("L2", lit(usd(5))), limit("L3", lit(usd(5))))
    found = ask(payout(element=[step]), claims("7 USD", "5 USD"))
    assert found.amount == usd(10)
    assert [(r.rule, r.elements) for r in found.reasons] == [("GOOD", ("c1", "c2")), ("L2", ("c1",))]
    assert found.reasons[1].message == "Limited to 5.00 USD = 5.00 USD"
    assert [a.limit for a in found.amounts] == ["L2", None, None]


def test_steps_are_reported_each_once_elements_first():
    half = setting(arith(AMOUNT, "/", lit(2)), "HALF")
    found = ask(payout(element=[half, note("NOTE", fact("a.flag"))], total=[limits(limit("CAP", lit(usd(4)))), CENTS]),
                claims("6 USD", "6 USD", a={"flag": True}))  # fmt: skip
    assert [(r.rule, r.elements) for r in found.reasons[1:]] == [
        ("HALF", ("c1", "c2")),
        ("NOTE", ("c1", "c2")),
        ("CAP", None),
    ]
    assert found.reasons[1].message == "Now 3.00 USD"


def test_groups_are_capped_each_by_itself():
    step = limits(limit("CAP", lit(usd(10))))
    facts = claims("6 USD", "7 USD", "8 USD")
    facts["claims"][1]["holder"] = "y"
    found = ask(payout(by=True, group=[step]), facts)
    assert found.amount == usd(17)
    groups = [(a.group, a.start, a.result, a.limit) for a in found.amounts if a.scope == "group"]
    assert groups == [({"holder": "x"}, usd(14), usd(10), "CAP"), ({"holder": "y"}, usd(7), usd(7), None)]
    keyed = setting(lit(usd(1)), "X-ONLY", when=cmp(special("holder", t.TEXT), "=", lit("x")))
    assert ask(payout(by=True, group=[keyed]), facts).amount == usd(8)


def test_an_unknown_amount_leaves_the_verdict_and_is_asked_for_with_its_step():
    worn = setting(arith(AMOUNT, "*", fact("a.wear", t.INTEGER)), "WORN")
    found = ask(
        payout(element=[worn], total=[limits(limit("CAP", fact("a.cap", t.MONEY))), CENTS]), claims(None, "5 USD")
    )
    assert (found.verdict, found.amount, found.amounts) == ("yes", None, ())
    assert wanted(found) == {
        "claims[c1].amount": ("amount", ("refund",)),
        "a.wear": ("amount", ("WORN",)),
        "a.cap": ("amount", ("CAP",)),
    }
    # certain sets are reported though the amount is open; limits are not
    assert [r.rule for r in found.reasons] == ["GOOD", "WORN"]
    assert found.reasons[1].message == "Now …"


def test_a_step_whose_condition_is_unknown_leaves_the_amount_unknown():
    found = ask(payout(element=[limits(limit("CAP", lit(usd(1)))), note("NOTE", fact("a.flag"))]), claims("5 USD"))
    assert (found.amount, [r.rule for r in found.reasons]) == (None, ["GOOD"])
    assert wanted(found) == {"a.flag": ("amount", ("NOTE",))}
    skipped = ask(payout(element=[limits(limit("CAP", fact("a.cap", t.MONEY), when=fact("a.flag")))]),
                  claims("5 USD", a={"flag": False}))  # fmt: skip
    assert skipped.amount == usd(5)


def test_a_set_that_does_not_use_the_amount_makes_it_known_again():
    found = ask(payout(element=[setting(lit(usd(3)), "FLAT")]), claims(None))
    assert (found.amount, found.missing) == (usd(3), ())
    assert [a.scope for a in found.amounts] == ["total"]
    capped = ask(payout(element=[setting(fact("a.cap", t.MONEY), "FLAT")]), claims(None))
    assert wanted(capped) == {"a.cap": ("amount", ("FLAT",))}


def test_an_undetermined_element_leaves_the_amount_open_and_is_asked_first():
    facts = claims("5 USD", "6 USD", None)
    del facts["claims"][2]["good"]
    del facts["claims"][1]["amount"]
    facts["claims"].append({"id": "c4", "good": False})
    found = ask(payout(), facts)
    assert (found.verdict, found.amount) == ("some", None)
    assert wanted(found) == {"claims[c3].good": ("amount", ("GOOD",)), "claims[c2].amount": ("amount", ("refund",))}
    assert [a.element for a in found.amounts] == ["c1"]


def test_a_group_that_an_undetermined_element_may_join_is_not_yet_known():
    facts = claims("5 USD", "6 USD", "7 USD")
    facts["claims"][1]["holder"] = "y"
    del facts["claims"][2]["good"]
    facts["claims"].append({"id": "c4", "good": False})
    groups = [a.group for a in ask(payout(by=True), facts).amounts if a.scope == "group"]
    assert groups == [{"holder": "y"}]


def test_an_unknown_group_key_or_currency_is_asked_for():
    facts = claims("5 USD")
    del facts["claims"][0]["holder"]
    assert wanted(ask(payout(by=True), facts)) == {"claims[c1].holder": ("amount", ("refund",))}
    found = ask(payout(currency=fact("a.currency", t.CURRENCY)), claims("5 USD"))
    assert wanted(found) == {"a.currency": ("amount", ("refund",))}


def test_another_currency_is_a_fault_at_the_currency_or_at_the_limit():
    plain = payout()
    found = ask(plain, claims("5 EUR"))
    assert (found.amount, [(f.code, f.at) for f in found.faults]) == (
        None,
        [("fault/currency", plain.currency.span.at)],
    )
    euro = lit(Money.of(1, "EUR"))
    limited = ask(payout(element=[limits(limit("CAP", euro))]), claims("5 USD"))
    assert [f.at for f in limited.faults] == [euro.span.at]


def test_a_payout_without_elements_starts_from_the_document():
    worn = payout(each=None, start=fact("a.base", t.MONEY), total=[setting(arith(AMOUNT, "*", lit(2)), "DOUBLE")])
    spec = decision([refuse("R", fact("a.flag"))], payout=worn)
    made = bundle(spec, facts=FACTS, lists=[CLAIMS])
    found = decide(made, "d", {"a": {"flag": False, "base": "4 USD"}}, date(2025, 4, 1))
    assert (found.amount, [r.rule for r in found.reasons]) == (usd(8), ["DOUBLE"])
    assert decide(made, "d", {"a": {"base": "4 USD"}}, date(2025, 4, 1)).amount is None


def test_a_payout_over_a_list_that_the_decision_does_not_decide_takes_every_element():
    spec = decision([refuse("R", fact("a.flag"))], payout=payout())
    made = bundle(spec, facts=FACTS, lists=[CLAIMS])
    facts = {"a": {"flag": False}} | claims("1 USD", "2 USD")
    assert decide(made, "d", facts, date(2025, 4, 1)).amount == usd(3)
    unknown = decide(made, "d", {"a": {"flag": False}}, date(2025, 4, 1))
    assert (unknown.amount, wanted(unknown)) == (None, {"claims": ("amount", ("refund",))})
