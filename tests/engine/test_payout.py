"""Amounts: elements, groups, totals; what is unknown leaves them open, and says for want of what."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from tests.engine.build import (
    ALWAYS,
    TODAY,
    Asking,
    amount_so_far,
    at,
    bundle,
    claims,
    compare,
    decision,
    declared,
    fact,
    is_,
    item,
    lit,
    rule,
    step,
    text,
    times,
    usd,
)

from policyengine.engine.engine import Engine
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision
from policyengine.model.expr import Expr, Special
from policyengine.model.rules import (
    Class,
    Insert,
    Limit,
    LimitsStep,
    NoteStep,
    Outcome,
    Payout,
    RoundStep,
    SetStep,
)
from policyengine.values.money import Money
from policyengine.values.types import CURRENCY, DECIMAL, MONEY, TEXT

AMOUNT = Insert("amount", None)
LIMIT = Insert("limit", None)
USD = lit("USD", CURRENCY)
CENT = RoundStep(to=Fraction(1, 100), mode="half_up", when=ALWAYS, span=at(60))


def set_to(to: Expr, id_: str | None = None, when: Expr = ALWAYS) -> SetStep:
    return SetStep(to=to, id=id_, because=text("Now ", AMOUNT, "."), when=when, span=at(61))


def limit(id_: str, to: Expr, when: Expr = ALWAYS) -> Limit:
    because = text("Cut to ", AMOUNT, " by ", LIMIT, ".")
    return Limit(id=id_, to=to, when=when, because=because, span=at(62))


def limits(*of: Limit, when: Expr = ALWAYS) -> LimitsStep:
    return LimitsStep(limits=of, when=when, span=at(63))


def note(id_: str, when: Expr) -> NoteStep:
    return NoteStep(id=id_, because=text("Noted."), when=when, span=at(64))


def payout(**rest: object) -> Payout:
    parts: dict[str, object] = {
        "name": "refund",
        "title": None,
        "currency": USD,
        "each": "claims",
        "start": item("amount", MONEY),
        "element_steps": (),
        "by": (),
        "group_steps": (),
        "total_steps": (CENT,),
        "span": at(50),
    } | rest
    return Payout(**parts)  # type: ignore[arg-type]


def small(of: Payout) -> CheckedBundle:
    """Elements are refused if ``bad``, pending if ``open``, else granted; the document is refused if ``off``."""
    refused = rule(1, Class.REFUSED, "no", is_(item("bad")), each="claims", step=1)
    pending = rule(2, Class.PENDING, "wait", is_(item("open")), each="claims", step=1)
    spec = decision(
        each="claims",
        steps=(step(0, rule(0, Class.REFUSED, "no", is_(fact("a.off")))), step(1, refused, pending, each="claims")),
        payout=of,
        otherwise=Outcome(word="yes", id=None, because=None, span=at(90)),
    )
    no = lit(False, declared("x").type)
    fields = (
        declared("amount", MONEY),
        declared("bad", default=no),
        declared("open", default=no),
        declared("wear", DECIMAL),
        declared("holder", TEXT),
        declared("used"),
    )
    facts = [
        declared("a.off", default=no),
        declared("a.cap", MONEY),
        declared("a.capped"),
        declared("a.currency", CURRENCY),
        declared("a.fee", MONEY),
    ]
    return bundle(facts=facts, lists=[claims(*fields)], decisions=[spec])


def decide(of: Payout, facts: Mapping[str, object]) -> Decision:
    with Engine(small(of), Asking(), check=False, twin=None) as engine:
        return engine.decide("coverage", facts, as_of=TODAY)


def claim(id_: str, amount: str | None = None, **rest: object) -> dict[str, object]:
    return {"id": id_, "amount": amount} | rest


def asked(got: Decision) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(m.fact, m.purpose, m.rules) for m in got.missing]


def dollars(amount: str) -> Money:
    return Money.of(amount, "USD")


def test_granted_elements_are_added_and_refused_ones_are_not() -> None:
    got = decide(payout(), {"claims": [claim("a", "10 USD"), claim("b", "5 USD", bad=True), claim("c", "2.50 USD")]})
    assert (got.verdict, got.amount) == ("some", dollars("12.50"))
    assert [(d.scope, d.element, d.result) for d in got.amounts] == [
        ("element", "a", dollars("10")),
        ("element", "c", dollars("2.50")),
        ("total", None, dollars("12.50")),
    ]


def test_a_refusal_pays_nothing_in_the_payouts_currency() -> None:
    off = {"a": {"off": True, "currency": "EUR"}}
    assert decide(payout(currency=fact("a.currency", CURRENCY)), off).amount == Money.of(0, "EUR")
    off = {"a": {"off": True}}
    got = decide(payout(currency=fact("a.currency", CURRENCY)), off)
    assert got.amount == Money.of(0, "")
    assert got.to_dict()["amount"] == {"amount": "0.00", "currency": None}


def test_pending_and_undetermined_have_no_amount() -> None:
    assert decide(payout(), {"claims": [claim("a", "1 USD", open=True)]}).amount is None
    assert decide(payout(), {}).amount is None


def test_percentage_before_cap_before_rounding() -> None:
    of = payout(
        element_steps=(set_to(times(amount_so_far(), item("wear", DECIMAL)), "WEAR"), limits(limit("CAP", usd(50)))),
        total_steps=(set_to(times(amount_so_far(), lit(Fraction(1, 3), DECIMAL))), CENT),
    )
    got = decide(of, {"claims": [claim("a", "100 USD", wear="0.8"), claim("b", "10 USD", wear="0.55")]})
    assert got.amount == dollars("18.50")
    assert [(r.rule, r.message, r.elements) for r in got.reasons] == [
        ("WEAR", "Now 80.00 USD.", ("a", "b")),
        ("CAP", "Cut to 50.00 USD by 50.00 USD.", ("a",)),
    ]
    first, _, total = got.amounts
    assert [(s.rule, s.amount) for s in first.steps] == [("WEAR", dollars("80")), ("CAP", dollars("50"))]
    assert (first.start, first.limit) == (dollars("100"), "CAP")
    assert [s.amount for s in total.steps] == [Money(Fraction(555, 10) / 3, "USD")]


def test_rounding_is_told_as_a_step() -> None:
    of = payout(total_steps=(RoundStep(to=Fraction(5), mode="down", when=ALWAYS, span=at(60)),))
    got = decide(of, {"claims": [claim("a", "12 USD")]})
    assert [(s.rule, s.amount) for s in got.amounts[-1].steps] == [(None, dollars("10"))]


def test_the_first_of_equal_limits_binds_and_only_if_it_cuts() -> None:
    of = payout(total_steps=(limits(limit("A", usd(7)), limit("B", usd(7)), limit("C", usd(9))), CENT))
    assert [r.rule for r in decide(of, {"claims": [claim("a", "8 USD")]}).reasons] == ["A"]
    got = decide(of, {"claims": [claim("a", "7 USD")]})
    assert (got.reasons, got.amounts[-1].limit) == ((), None)


def test_a_limit_that_does_not_apply_is_not_looked_at() -> None:
    of = payout(total_steps=(limits(limit("A", fact("a.cap", MONEY), is_(fact("a.capped"))), limit("B", usd(5))), CENT))
    got = decide(of, {"a": {"capped": False}, "claims": [claim("a", "8 USD")]})
    assert (got.amount, [r.rule for r in got.reasons]) == (dollars("5"), ["B"])


def test_an_open_limit_leaves_the_amount_open() -> None:
    of = payout(total_steps=(limits(limit("A", fact("a.cap", MONEY), is_(fact("a.capped")))), CENT))
    facts = {"claims": [claim("a", "8 USD")]}
    got = decide(of, facts)
    assert (got.verdict, got.amount, asked(got)) == ("yes", None, [("a.capped", "amount", ("A",))])
    assert [d.scope for d in got.amounts] == ["element"]
    got = decide(of, facts | {"a": {"capped": True}})
    assert (got.amount, asked(got)) == (None, [("a.cap", "amount", ("A",))])


def test_open_amounts_ask_elements_then_groups_then_the_total() -> None:
    of = payout(
        element_steps=(set_to(times(amount_so_far(), item("wear", DECIMAL)), "WEAR"),),
        by=(("holder", item("holder", TEXT)),),
        group_steps=(limits(limit("CAP", fact("a.cap", MONEY))),),
        total_steps=(note("NOTE", is_(fact("a.capped"))), CENT),
    )
    rows = [claim("a", holder="x"), claim("b", "1 USD", holder="y"), claim("c", "1 USD", wear=1, holder="x")]
    got = decide(of, {"claims": rows})
    assert asked(got) == [
        ("claims[a].amount", "amount", ("refund",)),
        ("claims[a].wear", "amount", ("WEAR",)),
        ("claims[b].wear", "amount", ("WEAR",)),
        ("a.cap", "amount", ("CAP",)),
        ("a.capped", "amount", ("NOTE",)),
    ]
    assert [(d.scope, d.element) for d in got.amounts] == [("element", "c")]


def test_a_step_that_sets_the_amount_forgets_what_was_unknown_before() -> None:
    got = decide(payout(element_steps=(set_to(usd(3), "FLAT"),)), {"claims": [claim("a")]})
    assert (got.amount, got.missing) == (dollars("3"), ())
    assert [d.scope for d in got.amounts] == ["total"]


def test_sets_and_notes_that_hold_are_told_even_while_the_amount_is_open() -> None:
    of = payout(
        element_steps=(limits(limit("CAP", usd(1))), note("USED", is_(item("used")))),
        total_steps=(set_to(fact("a.fee", MONEY), "FEE"), note("NEVER", is_(fact("a.off"))), CENT),
    )
    got = decide(of, {"claims": [claim("a", "8 USD", used=True), claim("b", "9 USD", used=False)]})
    assert (got.amount, [(r.rule, r.elements, r.message) for r in got.reasons]) == (
        None,
        [("USED", ("a",), "Noted."), ("FEE", None, "Now ….")],
    )


def test_groups_have_steps_of_their_own_and_their_key_as_a_name() -> None:
    key = Special(name="holder", type=TEXT, span=at(1))
    of = payout(
        by=(("holder", item("holder", TEXT)),),
        group_steps=(
            limits(
                Limit(
                    id="CAP",
                    to=usd(10),
                    when=compare(key, "=", lit("x", TEXT)),
                    because=text("For ", Insert("holder", key), "."),
                    span=at(62),
                )
            ),
        ),
    )
    rows = [claim("a", "8 USD", holder="x"), claim("b", "20 USD", holder="y"), claim("c", "8 USD", holder="x")]
    got = decide(of, {"claims": rows})
    assert got.amount == dollars("30")
    assert [(d.group, d.start, d.result, d.limit) for d in got.amounts if d.scope == "group"] == [
        ({"holder": "x"}, dollars("16"), dollars("10"), "CAP"),
        ({"holder": "y"}, dollars("20"), dollars("20"), None),
    ]
    assert [(r.rule, r.message, r.elements) for r in got.reasons] == [("CAP", "For x.", None)]


def test_an_unknown_group_leaves_every_group_open() -> None:
    of = payout(by=(("holder", item("holder", TEXT)),), group_steps=(limits(limit("CAP", usd(10))),))
    got = decide(of, {"claims": [claim("a", "8 USD", holder="x"), claim("b", "8 USD")]})
    assert (got.amount, asked(got)) == (None, [("claims[b].holder", "amount", ("refund",))])
    assert [d.scope for d in got.amounts] == ["element", "element"]


def test_an_element_that_is_open_keeps_its_group_and_the_total_open() -> None:
    of = payout(by=(("holder", item("holder", TEXT)),))
    rows = [
        claim("a", "1 USD", holder="x", bad=True),
        claim("b", "2 USD", holder="y"),
        claim("c", "4 USD", holder="z"),
        claim("d", "8 USD", holder="y", bad=None),
    ]
    open_bad = small(of)
    fields = dict(open_bad.lists["claims"].fields) | {"bad": declared("bad")}
    rows[1]["bad"] = rows[2]["bad"] = False
    relaxed = bundle(
        facts=list(open_bad.facts.values()),
        lists=[claims(*fields.values())],
        decisions=list(open_bad.decisions.values()),
    )
    with Engine(relaxed, Asking(), check=False, twin=None) as engine:
        got = engine.decide("coverage", {"claims": rows}, as_of=TODAY)
    assert (got.verdict, got.amount) == ("some", None)
    assert asked(got) == [("claims[d].bad", "amount", ("R-1",))]
    assert [(d.scope, d.element, d.group) for d in got.amounts] == [
        ("element", "b", None),
        ("element", "c", None),
        ("group", None, {"holder": "z"}),
    ]


def test_another_currency_is_a_fault_with_nobody_to_ask() -> None:
    of = payout(total_steps=(limits(limit("CAP", lit(Money.of(5, "EUR"), MONEY))), CENT))
    got = decide(of, {"claims": [claim("a", "1 USD")]})
    assert (got.verdict, got.amount, got.missing) == ("yes", None, ())
    assert [f.code for f in got.faults] == ["fault/currency"]
    got = decide(payout(), {"claims": [claim("a", "1 EUR")]})
    assert (got.amount, [f.code for f in got.faults]) == (None, ["fault/currency"])


def test_an_unknown_currency_is_asked_for() -> None:
    got = decide(payout(currency=fact("a.currency", CURRENCY)), {"claims": [claim("a", "1 EUR")]})
    assert (got.amount, asked(got), got.amounts) == (None, [("a.currency", "amount", ("refund",))], ())


def test_a_payout_without_elements_starts_from_the_document() -> None:
    of = payout(each=None, start=fact("a.fee", MONEY))
    got = decide(of, {"a": {"fee": "9 USD"}, "claims": [claim("a")]})
    assert (got.amount, [d.scope for d in got.amounts]) == (dollars("9"), ["total"])
    assert asked(decide(of, {"claims": [claim("a")]})) == [("a.fee", "amount", ("refund",))]
