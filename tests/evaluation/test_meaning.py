"""Lists, tables, parameters, definitions, defaults and splits; whom an unknown is owed to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from random import Random

import pytest
from tests.backends import build as b
from tests.backends.build import arith, call, cmp, fact, lit, param, usd
from tests.backends.random_rules import Maker, vocabulary

from policyengine.evaluation.env import EMPTY_ENV, Env
from policyengine.evaluation.evaluator import Evaluation, Evaluator
from policyengine.evaluation.values import UNKNOWN, Unknown
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr, If, Known, MemberOf, Null, Special, SplitIs, Stated, walk
from policyengine.model.memory import EMPTY_DATE, Element, Given
from policyengine.model.rules import Split
from policyengine.values.dates import Duration, Unit
from policyengine.values.money import Money
from policyengine.values.types import BOOLEAN, DATE, DURATION, INTEGER, MONEY, enum_type, set_of

KIND = enum_type(("good", "bad"), "kind")
YEAR_24, YEAR_25 = date(2024, 1, 1), date(2025, 1, 1)


def _bundle() -> CheckedBundle:
    day = fact("o.day", DATE, may_be_empty=True)
    sent = b.FactRef(name="o.sent", type=DATE, span=b.HERE)
    facts = [
        day,
        fact("o.sent", DATE),
        fact("o.n", INTEGER),
        fact("o.m", INTEGER),
        fact("o.flag", BOOLEAN),
        fact("o.price", MONEY),
        fact("o.arrived", DATE, arith("+", sent, lit(Duration(3, Unit.DAYS), DURATION))),
        fact("o.maybe", INTEGER, Null(type=INTEGER, span=b.HERE)),
        fact("o.today", DATE, b.as_of()),
    ]
    fields = [fact("kind", KIND), fact("amount", MONEY), fact("n", INTEGER), fact("fee", MONEY, lit(usd(1)))]
    lists = [
        b.fact_list("claims", "claim", fields),
        b.fact_list("extras", "extra", [fact("n", INTEGER)], default_empty=True),
    ]
    key = b.FactRef(name="o.day", type=DATE, span=b.HERE)
    parameters = [
        param("limit", INTEGER, [(YEAR_24, 10), (YEAR_25, 20)], key),
        param("other", INTEGER, [(None, 1), (YEAR_25, 100)], sent),
        param("good_kinds", set_of(KIND), [(None, frozenset({"good"})), (YEAR_25, frozenset({"good", "bad"}))], key),
    ]
    made = b.bundle(facts, lists, parameters)
    w = b.Words(made)
    definitions = [
        b.definition("twice", INTEGER, arith("*", w.param("limit"), lit(2))),
        b.definition("double", MONEY, arith("*", w.item("claims", "amount"), lit(2)), each="claims"),
    ]
    return replace(made, definitions={d.name: d for d in definitions})


BUNDLE = _bundle()
W = b.Words(BUNDLE)
N, M, FLAG = W.fact("o.n"), W.fact("o.m"), W.fact("o.flag")
CLAIMS = W.list("claims")
GOOD = W.filter(CLAIMS, "claims", cmp("=", W.item("claims", "kind"), lit("good", KIND)))


def start(
    facts: dict[str, Given] | None = None, bundle: CheckedBundle = BUNDLE, **lists: list[dict[str, Given]]
) -> Evaluation:
    return Evaluator(bundle).start(b.memory({f"o.{k}": v for k, v in (facts or {}).items()}, lists))


# --- lists ---

MIXED = [{"kind": "good", "amount": usd(3)}, {"amount": usd(5)}, {"kind": "bad", "amount": usd(7)}]


def amounts(source: Expr) -> Expr:
    return W.pluck(source, "claims", "amount")


def test_an_undecided_candidate_makes_a_sum_unknown_and_a_count_bounded():
    ev = start(claims=MIXED)
    assert ev.value(call("sum", MONEY, amounts(CLAIMS))) == usd(15)
    assert ev.value(call("sum", MONEY, amounts(GOOD))) == UNKNOWN
    assert ev.value(call("count", INTEGER, GOOD)) == Unknown(1, 2)
    assert ev.value(call("count", INTEGER, amounts(GOOD))) == Unknown(1, 2)
    assert ev.value(call("max", MONEY, amounts(GOOD))) == Unknown(lo=usd(3))
    assert ev.blame(call("sum", MONEY, amounts(GOOD))) == ("claims[e2].kind",)


def test_an_absent_list_is_itself_what_is_missing():
    ev = start()
    some = W.some("c", GOOD, cmp(">", W.item("claims", "amount", "c"), usd(1)))
    for e in (
        some,
        call("count", INTEGER, CLAIMS),
        call("sum", MONEY, amounts(GOOD)),
        Stated(target=CLAIMS, span=b.HERE),
    ):
        assert ev.value(e) == UNKNOWN
        assert ev.blame(e) == ("claims",)
    assert ev.value(Known(target=CLAIMS, span=b.HERE)) is False


def test_a_list_that_is_empty_by_default():
    extras = W.list("extras")
    ev = start()
    assert ev.elements("extras") == ()
    assert ev.value(call("count", INTEGER, extras)) == 0
    assert ev.value(Known(target=extras, span=b.HERE)) is False
    assert ev.value(Stated(target=extras, span=b.HERE)) is False


@pytest.mark.parametrize(
    ("kind", "limit", "truth"),
    [("some", 2, True), ("some", 4, None), ("some", 6, False), ("every", 2, True), ("every", 4, False)],
)
def test_quantifiers_over_a_filter_with_an_undecided_candidate(kind, limit, truth):
    ev = start(claims=MIXED)
    e = W.some("c", GOOD, cmp(">", W.item("claims", "amount", "c"), usd(limit)), kind)
    assert ev.truth(e) is truth
    assert ev.blame(e) == (("claims[e2].kind",) if truth is None else ())


def test_an_undecided_candidate_is_blamed_for_its_filter_and_its_body():
    ev = start(claims=[{"amount": usd(1)}, {"kind": "good"}, {}])
    e = W.some("c", GOOD, cmp(">", W.item("claims", "amount", "c"), usd(2)))
    assert ev.blame(e) == ("claims[e2].amount", "claims[e3].kind", "claims[e3].amount")


def test_quantifiers_over_nothing():
    ev = start(claims=[])
    body = cmp(">", W.item("claims", "amount", "c"), usd(1))
    assert ev.truth(W.some("c", CLAIMS, body, "some")) is False
    assert ev.truth(W.some("c", CLAIMS, body, "every")) is True


def test_elements_have_definitions_and_defaults_of_their_own():
    ev = start(claims=MIXED)
    first, second, _ = ev.elements("claims") or ()
    for element, doubled in ((first, usd(6)), (second, usd(10))):
        env = Env({"claim": element})
        assert ev.value(W.ref("double"), env) == doubled
        assert ev.value(W.item("claims", "fee"), env) == usd(1)
        assert ev.truth(Known(target=W.item("claims", "fee"), span=b.HERE), env) is False


def test_currencies_that_meet_in_a_sum_are_the_same_fault_in_any_order():
    claims = [{"amount": Money.of(1, c)} for c in ("USD", "EUR", "CHF")]
    total = call("sum", MONEY, amounts(CLAIMS))
    faults = {start(claims=order).faults(total)[0].message for order in (claims, claims[::-1])}
    assert len(faults) == 1


# --- defaults ---


def test_a_default_fills_a_gap_and_passes_blame_on():
    arrived = W.fact("o.arrived")
    assert start({"sent": YEAR_24}).value(arrived) == date(2024, 1, 4)
    assert start({"arrived": YEAR_25}).value(arrived) == YEAR_25
    assert start().blame(arrived) == ("o.arrived", "o.sent")
    assert start().blame(W.fact("o.maybe")) == ("o.maybe",)
    assert start().value(W.fact("o.today")) == b.TODAY
    assert start().truth(Known(target=W.fact("o.today"), span=b.HERE)) is False


# --- parameters ---


def test_a_parameter_holds_from_its_day_until_the_next():
    limit = W.param("limit")
    assert [start({"day": d}).value(limit) for d in (YEAR_24, date(2024, 12, 31), YEAR_25)] == [10, 10, 20]
    early = start({"day": date(2023, 12, 31)})
    assert early.value(limit) == Unknown(faults=early.faults(limit))
    assert [f.code for f in early.faults(limit)] == ["fault/not-in-force"]
    assert early.blame(limit) == ()


def test_an_open_key_day_is_tried_with_every_value():
    ev = start({"n": 5})
    assert ev.truth(cmp("<", N, W.param("limit"))) is True
    assert ev.truth(cmp("=", N, W.param("limit"))) is False
    assert start({"n": 15}).truth(cmp("<", N, W.param("limit"))) is None
    assert start({"n": 15}).blame(cmp("<", N, W.param("limit"))) == ("o.day",)
    assert start({"n": 15}).truth(cmp("=", N, W.ref("twice"))) is False
    assert start({"n": 20}).blame(cmp("=", N, W.ref("twice"))) == ("o.day",)


def test_a_membership_is_tried_too():
    def member(kind: str) -> Expr:
        return MemberOf(subject=lit(kind, KIND), container=W.param("good_kinds"), span=b.HERE)

    assert start().truth(member("good")) is True
    assert start().truth(member("bad")) is None


def test_several_open_parameters_are_tried_in_every_combination():
    total = arith("+", W.param("limit"), W.param("other"))
    assert start().truth(cmp(">", total, 10)) is True
    assert start().truth(cmp(">", total, 11)) is None
    assert start().truth(cmp(">", total, 120)) is False
    assert start().blame(cmp(">", total, 11)) == ("o.day", "o.sent")
    assert start({"sent": YEAR_25}).truth(cmp(">", total, 109)) is True


def test_a_combination_that_is_itself_unknown_leaves_it_unknown():
    assert start().truth(cmp(">", arith("+", W.param("limit"), N), 0)) is None


def test_too_many_combinations_are_not_tried():
    key = b.FactRef(name="o.day", type=DATE, span=b.HERE)
    names = [f"p{i}" for i in range(13)]
    made = {n: param(n, INTEGER, [(None, 1), (YEAR_25, 2)], key) for n in names}
    bundle = replace(BUNDLE, parameters={**BUNDLE.parameters, **made})
    words = b.Words(bundle)

    def above_zero(count: int) -> bool | None:
        return start(bundle=bundle).truth(cmp(">", call("sum", INTEGER, *(words.param(n) for n in names[:count])), 0))

    assert above_zero(12) is True
    assert above_zero(13) is None


def test_an_empty_key_day_is_open_and_its_fault_is_shown():
    ev = start({"day": EMPTY_DATE, "n": 15})
    e = cmp("<", N, W.param("limit"))
    assert ev.truth(e) is None
    assert ev.blame(e) == ()
    assert [f.code for f in ev.faults(e)] == ["fault/empty-date"]


# --- tables ---


def table_bundle(hit: str, rows: list[tuple[Expr, Expr]], otherwise: Expr | None = None) -> tuple[CheckedBundle, Expr]:
    made = b.table(hit, INTEGER, [([test], output) for test, output in rows], otherwise)
    bundle = replace(BUNDLE, definitions={"t": b.definition("t", INTEGER, made)})
    return bundle, b.Words(bundle).ref("t")


SMALL, LARGE = cmp("<", N, 5), cmp(">", M, 5)


@pytest.mark.parametrize(
    ("hit", "second", "facts", "expected"),
    [
        ("unique", lit(2), {"n": 1, "m": 1}, 1),
        ("unique", lit(2), {"n": 1}, 1),
        ("unique", lit(2), {"n": 9, "m": 9}, 2),
        ("unique", lit(2), {"m": 1}, None),
        ("unique", lit(2), {"n": 9, "m": 1}, 0),
        ("unique", lit(2), {"n": 1, "m": 9}, "table/overlap"),
        ("any", lit(2), {"n": 1, "m": 9}, "table/overlap"),
        ("any", lit(1), {"n": 1, "m": 9}, 1),
        ("any", lit(1), {"m": 9}, 1),
        ("first", lit(2), {"n": 1, "m": 9}, 1),
        ("first", lit(2), {"m": 9}, None),
        ("first", lit(1), {"m": 9}, 1),
        ("first", lit(1), {}, None),
        ("first", lit(2), {"n": 9, "m": 9}, 2),
        ("first", lit(2), {"n": 9, "m": 1}, 0),
    ],
)
def test_hit_policies(hit, second, facts, expected):
    bundle, t = table_bundle(hit, [(SMALL, lit(1)), (LARGE, second)], lit(0))
    ev = start(facts, bundle)
    if isinstance(expected, str):
        assert [f.code for f in ev.faults(t)] == [expected]
    else:
        assert ev.value(t) == (UNKNOWN if expected is None else expected)


def test_what_a_table_blames():
    bundle, t = table_bundle("unique", [(SMALL, lit(1)), (LARGE, lit(2))])
    assert start({"n": 9}, bundle).value(t) == 2
    bundle, t = table_bundle("unique", [(SMALL, lit(1)), (LARGE, lit(2))], lit(0))
    assert start({"n": 9}, bundle).blame(t) == ("o.m",)
    assert start({}, bundle).blame(t) == ("o.n", "o.m")
    bundle, t = table_bundle("unique", [(SMALL, M), (LARGE, lit(2))], lit(0))
    assert start({"n": 1}, bundle).blame(t) == ("o.m",)
    assert [f.code for f in start({"n": 9, "m": 1}, table_bundle("any", [(SMALL, M)])[0]).faults(t)] == ["table/no-row"]


# --- blame ---


def test_kleene_blames_its_unknown_parts_only():
    ev = start({"flag": True})
    assert ev.blame(b.both(FLAG, cmp(">", N, 1), cmp(">", M, 1), cmp("<", N, 9))) == ("o.n", "o.m")
    assert ev.blame(b.both(cmp(">", N, 1), b.no(FLAG))) == ()
    assert ev.blame(b.either(cmp(">", N, 1), b.no(FLAG))) == ("o.n",)


def test_if_blames_its_condition_or_the_branch_taken():
    e = If(condition=FLAG, then=N, otherwise=M, type=INTEGER, span=b.HERE)
    assert start().blame(e) == ("o.flag",)
    assert start({"flag": True}).blame(e) == ("o.n",)
    assert start({"flag": False}).blame(e) == ("o.m",)


def test_a_fault_blames_nobody_but_the_rest_is_still_asked():
    ev = start({"n": 0})
    e = b.both(cmp(">", arith("/", lit(1), N), 1), cmp(">", M, 1))
    assert ev.blame(e) == ("o.m",)
    assert [f.code for f in ev.faults(e)] == ["fault/division-by-zero"]


def test_definitions_that_read_what_only_an_answer_gives_are_not_remembered():
    amount = Special(name="amount", type=MONEY, span=b.HERE)
    bundle = replace(BUNDLE, definitions={"half": b.definition("half", MONEY, arith("/", amount, lit(2)))})
    ev = start(bundle=bundle)
    half = b.Words(bundle).ref("half")
    assert ev.value(half) == UNKNOWN
    assert ev.blame(half) == ()
    assert [ev.value(half, Env(specials={"amount": usd(n)})) for n in (2, 8)] == [usd(1), usd(4)]


# --- splits ---


def split(limit: Expr) -> Split:
    return Split(
        id="S",
        list="claims",
        variable="claim",
        called="parts",
        quantity=W.item("claims", "n"),
        weight=W.item("claims", "amount"),
        whole=lit(False),
        op="<",
        limit=limit,
    )


def outcome(of: Split, ev: Evaluation) -> dict[str, bool | None]:
    return {o: ev.truth(SplitIs(split=of, outcome=o, span=b.HERE)) for o in ("one", "several", "none")}


def test_the_three_outcomes_of_a_split():
    of = split(lit(usd(10)))
    assert outcome(of, start(claims=[{"n": 1, "amount": usd(9)}])) == {"one": True, "several": False, "none": False}
    assert outcome(of, start(claims=[{"n": 2, "amount": usd(9)}])) == {"one": False, "several": True, "none": False}
    assert outcome(of, start(claims=[{"n": 1, "amount": usd(10)}])) == {"one": False, "several": False, "none": True}


def test_a_split_asks_for_each_input_in_order():
    of = split(W.fact("o.price"))
    e = SplitIs(split=of, outcome="one", span=b.HERE)
    ev = start(claims=[{"amount": usd(1)}, {"n": 3}])
    assert outcome(of, ev) == dict.fromkeys(("one", "several", "none"))
    assert ev.blame(e) == ("claims[e1].n", "claims[e2].amount", "o.price")
    assert start().blame(e) == ("claims", "o.price")


def test_faults_of_a_split():
    e = SplitIs(split=split(lit(usd(10))), outcome="one", span=b.HERE)
    assert [f.code for f in start(claims=[{"n": -1, "amount": usd(1)}]).faults(e)] == ["fault/split"]
    assert [f.code for f in start(claims=[{"n": 1, "amount": Money.of(1, "EUR")}]).faults(e)] == ["fault/currency"]


# --- laws ---


def _without_defaults() -> CheckedBundle:
    made = vocabulary()
    facts = {n: replace(f, default=None) for n, f in made.facts.items()}
    things = made.lists["things"]
    fields = {n: replace(f, default=None) for n, f in things.fields.items()}
    return replace(made, facts=facts, lists={"things": replace(things, fields=fields)})


@pytest.mark.parametrize("seed", range(60))
def test_giving_an_unknown_fact_never_turns_a_truth(seed):
    """But for ``known`` and defaults, which are left out here. A fault may take a truth away."""
    bundle = _without_defaults()
    maker = Maker(Random(seed), bundle)
    evaluator = Evaluator(bundle)
    made = [maker.condition(2, element=False) for _ in range(30)]
    conditions = [c for c in made if not any(isinstance(e, Known) for e in walk(c))]
    for _ in range(20):
        full = maker.facts()
        part = full._replace(facts={k: v for k, v in full.facts.items() if maker.random.random() < 0.6})
        if maker.random.random() < 0.3:
            part = part._replace(lists={})
        less, more = evaluator.start(part), evaluator.start(full)
        for c in conditions:
            before, after = less.truth(c), more.truth(c)
            assert before is None or after is None or before is after


@pytest.mark.parametrize("seed", range(30))
def test_blame_is_empty_for_the_known_and_names_only_facts_that_are_absent(seed):
    bundle = vocabulary()
    maker = Maker(Random(seed), bundle)
    evaluator = Evaluator(bundle)
    conditions = [maker.condition(2, element=False) for _ in range(30)]
    for _ in range(10):
        memory = maker.facts()
        ev = evaluator.start(memory)
        for c in conditions:
            asked = ev.blame(c)
            if ev.truth(c) is not None:
                assert asked == ev.faults(c) == ()
            else:
                assert asked or ev.faults(c), c
            assert len(set(asked)) == len(asked)
            assert not set(asked) & set(memory.facts)
            assert "things" not in asked or "things" not in memory.lists


def test_the_empty_scope_is_enough_for_the_document():
    element = Element("claims", "x", 1, {"n": 1})
    ev = start({"n": 3}, claims=[])
    assert ev.value(W.ref("twice"), Env({"claim": element})) == ev.value(W.ref("twice"), EMPTY_ENV)
    assert ev.value(lit(Fraction(1, 2))) == Fraction(1, 2)
