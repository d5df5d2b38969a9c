"""What the network compares itself, what it is told, and how values become integers."""

from __future__ import annotations

import operator
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.backends import build as b
from tests.backends import typical
from tests.backends.build import cmp, lit, usd
from tests.backends.random_rules import COLOUR, COLOURS, vocabulary
from tests.truths import sparse

from policyengine.backends.base import Matches
from policyengine.backends.durable import DurableBackend
from policyengine.backends.durable.codecs import ANY_CURRENCY, LIMIT, NumberCodec, SymbolCodec
from policyengine.backends.durable.forms import MOST_CONJUNCTIONS, Forms, conjunction, disjunction, one
from policyengine.backends.durable.program import Share
from policyengine.evaluation.evaluator import Evaluator
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Contains, Expr, Known, MemberOf, Stated, Within
from policyengine.values.money import Money
from policyengine.values.types import BOOLEAN, DATE, INTEGER

W = b.Words(vocabulary())
COUNT, PRICE, DAY = W.fact("a.count"), W.fact("a.price"), W.fact("a.day")
OPERATORS = (operator.eq, operator.ne, operator.lt, operator.le, operator.gt, operator.ge)


def with_rules(*conditions: Expr) -> CheckedBundle:
    rules = [b.rule(i, c) for i, c in enumerate(conditions)]
    return replace(vocabulary(), decisions={"d": b.decision(rules)})


def share(*conditions: Expr) -> tuple[int, int]:
    """How many atomic conditions the network compares, and how many it is told."""
    bundle = with_rules(*conditions)
    found: Share = DurableBackend().compile(bundle, Evaluator(bundle)).share()["d"]
    return found.compared, found.told


def match(bundle: CheckedBundle, **facts) -> Matches:
    evaluator = Evaluator(bundle)
    return (
        DurableBackend()
        .compile(bundle, evaluator)
        .match("d", evaluator.start(b.memory({k.replace("_", ".", 1): v for k, v in facts.items()})))
    )


COMPARED = {
    "number": cmp(">", COUNT, 3),
    "exact decimal": cmp("<", W.fact("a.rate"), lit(Fraction(1, 3))),
    "money": cmp(">=", PRICE, usd("4.50")),
    "zero": cmp(">", PRICE, 0),
    "date": cmp("<", DAY, date(2025, 1, 1)),
    "member": cmp("=", W.fact("a.colour"), lit("red", COLOUR)),
    "text": cmp("!=", W.fact("a.note"), "x"),
    "boolean": W.fact("a.flag"),
    "boolean compared": cmp("=", W.fact("a.flag"), lit(False)),
    "constant on the left": cmp("<", lit(3), COUNT),
    "range": Within(subject=COUNT, low=lit(1), high=lit(3), low_open=False, high_open=True, span=b.HERE),
    "constant set": MemberOf(
        subject=W.fact("a.colour"), container=lit(frozenset({"red", "blue"}), COLOURS), span=b.HERE
    ),
    "constant parameter": cmp("<", COUNT, W.param("plain_count")),
    "dated parameter": cmp("<", COUNT, W.param("dated_count")),
    "range up to a dated parameter": Within(
        subject=PRICE, low=lit(usd(1)), high=W.param("dated_price"), low_open=False, high_open=False, span=b.HERE
    ),
    "two facts": cmp("<=", DAY, W.fact("z.day")),
    "two members": cmp("=", W.fact("a.colour"), W.fact("z.colour")),
    "definition": cmp("<", W.ref("d_day"), date(2025, 1, 1)),
    "contains": Contains(container=W.fact("a.colours"), mode="all", members=(lit("red", COLOUR),), span=b.HERE),
    "contains any": Contains(
        container=W.fact("a.colours"), mode="any", members=(lit(frozenset({"red", "blue"}), COLOURS),), span=b.HERE
    ),
    "known": Known(target=DAY, span=b.HERE),
    "stated": Stated(target=DAY, span=b.HERE),
    "bounds": cmp("<=", b.call("latest", DATE, DAY, W.fact("z.day")), date(2025, 1, 1)),
}
TOLD = {
    "contains a fact": Contains(container=W.fact("a.colours"), mode="all", members=(W.fact("a.colour"),), span=b.HERE),
    "members of a dated set": Contains(
        container=W.param("dated_colours"), mode="all", members=(lit("red", COLOUR),), span=b.HERE
    ),
    "quantifier": W.some("x", W.list("things"), cmp(">", W.item("things", "count", "x"), 1)),
    "set that is a fact": MemberOf(subject=W.fact("a.colour"), container=W.fact("a.colours"), span=b.HERE),
}


@pytest.mark.parametrize("name", COMPARED)
def test_compared_in_the_network(name):
    assert share(COMPARED[name]) == (1, 0)


@pytest.mark.parametrize("name", TOLD)
def test_told_to_the_network(name):
    assert share(TOLD[name]) == (0, 1)


def test_a_boolean_definition_is_replaced_by_what_it_says():
    assert share(W.ref("d_flag")) == (2, 0)
    assert share(cmp("=", W.ref("d_flag"), lit(False))) == (2, 0)
    bundle = with_rules(W.ref("d_flag"), cmp("=", W.ref("d_flag"), lit(False)), cmp("!=", W.ref("d_flag"), lit(False)))
    assert match(bundle, a_colour="red").document == sparse((True, False, True))
    assert match(bundle, a_colour="blue").document == sparse((None, None, None))
    assert match(bundle, a_colour="blue", z_flag=False).document == sparse((False, True, False))


def test_constant_conditions_need_no_fact():
    bundle = with_rules(b.TRUE, b.no(b.TRUE), cmp("<", lit(1), lit(2)), b.both(b.TRUE, cmp(">", COUNT, 1)))
    assert match(bundle).document == sparse((True, False, True, None))


def pairs(number: int) -> Expr:
    """So many alternatives of two comparisons each: a list as long to be true, of 2**number to be false."""
    return b.either(*(b.both(cmp(">", COUNT, n), cmp("<", PRICE, usd(n + 1))) for n in range(number)))


def squares(number: int) -> Expr:
    """Too wide both ways."""
    return b.both(
        *(
            b.either(cmp("=", COUNT, n), cmp("=", PRICE, usd(n)), cmp(">", DAY, date(2025, 1, n + 1)))
            for n in range(number)
        ),
        pairs(7),
    )


def test_a_condition_that_is_too_wide_one_way_is_compared_the_other_way():
    wide = pairs(7)
    assert share(wide) == share(b.no(wide)) == (14, 0)
    bundle = with_rules(wide, cmp(">", COUNT, 1), b.no(wide))
    assert match(bundle, a_count=3).document == sparse((None, True, None))
    assert match(bundle, a_count=0).document == sparse((False, False, True))  # no price: the evaluator is asked
    assert match(bundle, a_count=0, a_price=usd(5)).document == sparse((False, False, True))
    assert match(bundle, a_count=9, a_price=usd(1)).document == sparse((True, True, False))


def test_a_condition_that_is_too_wide_both_ways_becomes_one_flag():
    wide = squares(5)
    assert share(wide) == (0, 29)
    bundle = with_rules(wide, cmp(">", COUNT, 1))
    assert match(bundle, a_count=3).document == sparse((None, True))
    late = date(2026, 1, 1)
    assert match(bundle, a_count=0, a_price=usd(5), a_day=late).document == sparse((False, False))
    assert match(bundle, a_count=9, a_price=usd(1), a_day=late).document == sparse((True, True))


def test_a_long_list_of_alternatives_is_compared_and_asked_backwards():
    ways = [b.both(cmp("=", COUNT, n), cmp("=", PRICE, usd(n))) for n in range(300)]
    bundle = with_rules(b.no(b.either(*ways)), b.either(*ways))
    found = DurableBackend().compile(bundle, Evaluator(bundle)).share()["d"]
    assert (found.compared, found.told) == (1200, 0)
    assert match(bundle, a_count=250, a_price=usd(250)).document == sparse((False, True))
    assert match(bundle, a_count=250, a_price=usd(7)).document == sparse((True, False))
    assert match(bundle, a_count=250).document == sparse((None, None))
    assert match(bundle, a_count=999).document == sparse((True, False))


def test_a_definition_that_makes_a_condition_too_wide_is_compared_as_a_whole():
    bundle = vocabulary()
    wide = b.definition("wide", BOOLEAN, squares(5))
    bundle = replace(bundle, definitions={**bundle.definitions, "wide": wide})
    rules = [b.rule(0, b.both(b.Words(bundle).ref("wide"), cmp(">", COUNT, 1)))]
    bundle = replace(bundle, decisions={"d": b.decision(rules)})
    found = DurableBackend().compile(bundle, Evaluator(bundle)).share()["d"]
    assert (found.compared, found.told) == (2, 0)
    assert match(bundle, a_count=9, a_price=usd(1), a_day=date(2026, 1, 1)).document == sparse((True,))


def test_money_in_another_currency_is_neither_true_nor_false():
    bundle = with_rules(cmp(">", PRICE, usd(1)), cmp("=", PRICE, usd(1)), cmp(">", PRICE, 0))
    assert match(bundle, a_price=Money.of(5, "EUR")).document == sparse((None, None, True))


def test_a_typical_decision_is_compared_by_the_engine_alone():
    bundle = typical.bundle()
    program = DurableBackend().compile(bundle, Evaluator(bundle))
    assert program.share() == {"d": Share(compared=72, told=0, networks=2)}


def test_the_same_bundle_makes_the_same_networks(monkeypatch):
    made = []
    monkeypatch.setattr("policyengine.backends.durable.scope.Session", lambda *args, **_: made.append(args))
    for _ in range(2):
        DurableBackend().compile(typical.bundle(), Evaluator(typical.bundle()))
    assert len(made) == 4
    assert made[:2] == made[2:]


# --- integers ---

NUMBERS = st.one_of(
    st.integers(-(10**20), 10**20),
    st.fractions(max_denominator=10**4),
    st.builds(Fraction, st.integers(-(10**6), 10**6), st.sampled_from([1, 10, 100, 10**18])),
)


@given(st.lists(NUMBERS, min_size=1, max_size=6), NUMBERS)
@settings(deadline=None, max_examples=500, derandomize=True)
def test_codes_of_numbers_compare_as_the_numbers_do(constants, number):
    codec = NumberCodec()
    for constant in constants:
        codec.add(constant)
    for candidate in (number, *constants):
        code = codec.code(candidate)
        assert type(code) is int
        assert abs(code) <= LIMIT
        for constant in constants:
            for compare in OPERATORS:
                assert compare(code, codec.code(constant)) is compare(candidate, constant)


@given(st.lists(NUMBERS, min_size=1, max_size=4), NUMBERS)
@settings(deadline=None, max_examples=100, derandomize=True)
def test_codes_of_money(constants, number):
    codec = NumberCodec("USD")
    for constant in constants:
        codec.add(Money.of(constant, "USD"))
    for constant in constants:
        for compare in OPERATORS:
            code = codec.code(Money.of(number, "USD"))
            assert compare(code, codec.code(Money.of(constant, "USD"))) is compare(number, constant)
    assert codec.code(Money.of(number, "EUR")) is None
    assert codec.code(Money.of(0, "")) == codec.code(Money.of(0, "USD"))


def test_money_against_zero_is_of_any_currency():
    codec = NumberCodec(ANY_CURRENCY)
    codec.add(0)
    assert codec.code(Money.of(1, "EUR")) > codec.code(0)


def test_cents_are_themselves_on_the_grid():
    codec = NumberCodec("USD")
    codec.add(usd(5))
    assert codec.code(usd("12.34")) == 2 * 1234
    assert codec.code(usd("12.345")) == 2 * 1234 + 1


@given(st.lists(st.text(max_size=2), max_size=5), st.text(max_size=2))
@settings(deadline=None, max_examples=100, derandomize=True)
def test_symbols_are_equal_when_they_are(constants, text):
    codec = SymbolCodec()
    for constant in constants:
        codec.add(constant)
    assert all((codec.code(text) == codec.code(c)) is (text == c) for c in constants)


# --- disjunctive forms ---


def atom(number: int) -> Forms:
    return Forms(one(number, "eq", True), one(number, "eq", False))


CONDITIONS = st.recursive(
    st.integers(0, 4),
    lambda inner: st.tuples(st.sampled_from(["and", "or", "not"]), st.lists(inner, min_size=1, max_size=3)),
    max_leaves=8,
)


def forms_of(condition) -> Forms:
    if isinstance(condition, int):
        return atom(condition)
    word, parts = condition
    if word == "not":
        return forms_of(parts[0]).negated()
    return (conjunction if word == "and" else disjunction)(map(forms_of, parts))


def kleene(condition, truths) -> bool | None:
    if isinstance(condition, int):
        return truths[condition]
    word, parts = condition
    found = [kleene(p, truths) for p in parts]
    if word == "not":
        return None if found[0] is None else not found[0]
    decisive = word == "or"
    return decisive if decisive in found else (None if None in found else not decisive)


@given(CONDITIONS, st.lists(st.sampled_from([True, False, None]), min_size=5, max_size=5))
@settings(deadline=None, max_examples=500, derandomize=True)
def test_the_two_forms_together_are_kleenes_logic(condition, truths):
    forms = forms_of(condition)

    def holds(form) -> bool:
        return any(all(truths[t.slot] is t.constant for t in c) for c in form)

    truth = kleene(condition, truths)
    assume(not (forms.true is None and forms.false is None))
    if forms.true is not None:
        assert holds(forms.true) is (truth is True)
    if forms.false is not None:
        assert holds(forms.false) is (truth is False)
    rests_on = {t.slot for form in (forms.true, forms.false) for c in form or () for t in c}
    if not forms.wide and all(truths[slot] is not None for slot in rests_on):
        assert truth is not None  # so one that did not fire is the other


def test_forms_do_not_grow_past_the_limit():
    pairs = [conjunction([atom(2 * n), atom(2 * n + 1)]) for n in range(200)]
    assert len(disjunction(pairs[:6]).false) == MOST_CONJUNCTIONS
    wide = disjunction(pairs)
    assert wide.false is None
    assert wide.wide
    assert len(wide.true) == 200
    assert conjunction([wide, atom(999)]).false is None
    assert len(conjunction([wide, atom(999)]).true) == 200
    both = conjunction([wide, disjunction(pairs[7:])])
    assert both.true is both.false is None


def test_what_cannot_hold_is_left_out():
    red, blue = one(0, "eq", "red"), one(0, "eq", "blue")
    assert conjunction([Forms(red, ()), Forms(blue, ())]).true == ()
    assert conjunction([Forms(red, ()), Forms(one(0, "neq", "red"), ())]).true == ()
    assert disjunction([Forms(red, ()), Forms(red, ()), Forms((red[0] | one(1, "eq", 1)[0],), ())]).true == red


def test_a_chain_of_definitions_may_be_long() -> None:
    made = [b.definition("d0", INTEGER, COUNT)]
    for n in range(1, 250):
        before = b.Words(replace(vocabulary(), definitions={d.name: d for d in made})).ref(f"d{n - 1}")
        made.append(b.definition(f"d{n}", INTEGER, b.arith("+", before, lit(1))))
    bundle = replace(with_rules(), definitions={d.name: d for d in made})
    last = b.Words(bundle).ref("d249")
    bundle = replace(bundle, decisions={"d": b.decision([b.rule(0, cmp(">", last, 250))])})
    evaluator = Evaluator(bundle)
    program = DurableBackend().compile(bundle, evaluator)
    truths = [program.match("d", evaluator.start(b.memory(f))).document for f in ({"a.count": 2}, {"a.count": 1}, {})]
    program.close()
    assert truths == [((0,), ()), ((), ()), ((), (0,))]
