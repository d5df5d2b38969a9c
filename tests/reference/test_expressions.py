"""Expressions, three-valued and bounded, as the language's reference pages define them."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.reference.build import (
    COLOR_SET,
    COLORS,
    a_fact,
    a_list,
    arith,
    both,
    bundle,
    call,
    cmp,
    cond,
    dated,
    days,
    defined,
    definition,
    either,
    every,
    fact,
    item,
    keep,
    known,
    listed,
    lit,
    no,
    parameter,
    pluck,
    some,
    span,
    stated,
    table,
    usd,
)

from policyengine.model import expr as x
from policyengine.reference.evaluate import Env, evaluate
from policyengine.reference.facts import read
from policyengine.values import types as t
from policyengine.values.dates import Duration, Unit
from policyengine.values.money import Money

FACTS = [
    a_fact("a.flag"), a_fact("b.flag"), a_fact("c.flag"),
    a_fact("a.number", t.INTEGER), a_fact("b.number", t.INTEGER), a_fact("a.rate", t.DECIMAL),
    a_fact("a.day", t.DATE), a_fact("b.day", t.DATE), a_fact("c.day", t.DATE, may_be_empty=True),
    a_fact("a.money", t.MONEY), a_fact("b.money", t.MONEY), a_fact("a.currency", t.CURRENCY),
    a_fact("a.color", COLORS), a_fact("a.colors", COLOR_SET), a_fact("b.colors", COLOR_SET), a_fact("a.text", t.TEXT),
    a_fact("d.flag", default=lit(value=False)), a_fact("d.day", t.DATE, default=x.AsOf(span=span())),
    a_fact("d.derived", t.DATE, default=arith(fact("a.day", t.DATE), "+", lit(days(3)))),
    a_fact("d.nullable", t.INTEGER, default=cond(fact("a.flag"), lit(1), x.Null(type=t.INTEGER, span=span()))),
]  # fmt: skip
CLAIMS = a_list(
    a_fact("amount", t.MONEY),
    a_fact("color", COLORS),
    a_fact("paid"),
    a_fact("count", t.INTEGER, default=lit(1)),
    a_fact("day", t.DATE),
)
AS_OF = date(2025, 4, 1)
T, F, U = True, False, None


def run(e, facts=None, **more):
    made = bundle(facts=FACTS, lists=[CLAIMS], **more)
    return evaluate(e, Env(made, read(made, facts or {}, AS_OF)))


def nest(**given):
    """``a_flag=True`` becomes ``{"a": {"flag": True}}``."""
    facts: dict = {}
    for name, value in given.items():
        group, _, field = name.partition("_")
        if value is not None:
            facts.setdefault(group, {})[field] = value
    return facts


def blame(result):
    return [str(a) for a in result.blame]


def codes(result):
    return [f.code for f in result.faults]


# --- truth --------------------------------------------------------------------------------------------


def kleene_and(a, b):
    return F if F in (a, b) else U if U in (a, b) else T


def test_and_or_not_are_kleenes():
    for a, b in product((T, F, U), repeat=2):
        facts = nest(a_flag=a, b_flag=b)
        negated = [None if v is None else not v for v in (a, b)]
        assert run(both(fact("a.flag"), fact("b.flag")), facts).value is kleene_and(a, b)
        wanted = kleene_and(*negated)
        assert run(either(fact("a.flag"), fact("b.flag")), facts).value is (None if wanted is None else not wanted)
    assert [run(no(fact("a.flag")), nest(a_flag=v)).value for v in (T, F, U)] == [F, T, U]
    assert run(both()).value is True
    assert run(either()).value is False


def test_unknown_parts_are_blamed_in_order_of_writing_and_once():
    e = both(fact("b.flag"), either(fact("a.flag"), fact("c.flag")), fact("b.flag"))
    assert blame(run(e)) == ["b.flag", "a.flag", "c.flag"]
    assert blame(run(e, nest(a_flag=False))) == ["b.flag", "c.flag"]
    assert blame(run(e, nest(b_flag=False))) == []


def test_if_promises_nothing_while_its_condition_is_unknown_unless_both_worlds_are_equal():
    c = fact("a.flag")
    assert run(cond(c, lit(1), lit(2)), nest(a_flag=True)).value == 1
    assert blame(run(cond(c, fact("a.number", t.INTEGER), lit(2)))) == ["a.flag"]
    assert run(cond(c, lit(usd(2)), lit(usd("2.00")))).value == usd(2)
    taken = cond(c, call("max", fact("a.number", t.INTEGER), lit(5), type_=t.INTEGER), lit(2))
    assert run(taken, nest(a_flag=True)).lo == 5
    assert blame(run(taken, nest(a_flag=True))) == ["a.number"]


# --- comparisons and bounds ---------------------------------------------------------------------------


@pytest.mark.parametrize("op", ["=", "!=", "<", "<=", ">", ">="])
def test_comparisons_of_known_values_and_strictness(op):
    python = {"=": "__eq__", "!=": "__ne__", "<": "__lt__", "<=": "__le__", ">": "__gt__", ">=": "__ge__"}[op]
    e = cmp(fact("a.number", t.INTEGER), op, fact("b.number", t.INTEGER))
    for a, b in product((1, 2, 3), repeat=2):
        assert run(e, nest(a_number=a, b_number=b)).value is getattr(a, python)(b)
    assert run(e, nest(a_number=1)).value is None
    assert blame(run(e, nest(a_number=1))) == ["b.number"]


BOUNDS = st.tuples(st.integers(0, 6) | st.none(), st.integers(0, 6) | st.none()).map(
    lambda p: p if None in p else tuple(sorted(p))  # type: ignore[type-var]
)


@given(BOUNDS, BOUNDS, st.sampled_from(["=", "!=", "<", "<=", ">", ">="]))
@settings(deadline=None, max_examples=400, derandomize=True)
def test_bounds_decide_a_comparison_exactly_when_every_value_inside_agrees(a, b, op):
    from policyengine.reference.results import Result, compare, exact

    def result(ends):
        return exact(ends[0]) if ends[0] is not None and ends[0] == ends[1] else Result(None, *ends)

    def inside(ends):  # an open end: some values well beyond
        return range(-9 if ends[0] is None else ends[0], (16 if ends[1] is None else ends[1]) + 1)

    truths = {compare(op, exact(p), exact(q), span()).value for p in inside(a) for q in inside(b)}
    assert compare(op, result(a), result(b), span()).value is (truths.pop() if len(truths) == 1 else None)


def test_one_met_limb_of_a_latest_suffices_and_one_passed_limb_of_an_earliest():
    limbs = (fact("a.day", t.DATE), fact("b.day", t.DATE))
    opened, facts = lit(date(2025, 3, 1)), nest(a_day="2025-03-10")
    assert run(cmp(opened, "<=", call("latest", *limbs)), facts).value is True
    assert run(cmp(opened, ">", call("latest", *limbs)), facts).value is False
    late = lit(date(2025, 3, 11))
    assert run(cmp(late, ">", call("latest", *limbs)), facts).value is None
    assert run(cmp(late, ">", call("earliest", *limbs)), facts).value is True
    assert blame(run(cmp(late, ">", call("latest", *limbs)), facts)) == ["b.day"]


def test_bounds_survive_shifts_of_known_size_and_nothing_else():
    facts = nest(a_number=5, a_day="2025-01-31")
    top = call("max", fact("a.number", t.INTEGER), fact("b.number", t.INTEGER), type_=t.INTEGER)
    assert (run(arith(top, "+", lit(2)), facts).lo, run(arith(top, "-", lit(2)), facts).lo) == (7, 3)
    assert run(arith(lit(2), "-", top), facts).hi == -3
    assert run(arith(top, "*", lit(2)), facts).lo is None
    assert run(x.Negate(type=t.INTEGER, item=top, span=span()), facts).hi is None
    assert run(arith(top, "+", top), facts).lo is None
    day = call("latest", fact("a.day", t.DATE), fact("b.day", t.DATE))
    assert run(arith(day, "+", lit(Duration(1, Unit.MONTHS))), facts).lo == date(2025, 2, 28)
    assert run(call("end_of_year", day), facts).lo == date(2025, 12, 31)
    assert run(call("end_of_month", day), facts).lo == date(2025, 1, 31)
    assert run(call("roll", day, lit("bank")), nest(a_day="2025-04-18")).lo == date(2025, 4, 22)
    assert run(call("days_between", day, day, type_=t.INTEGER), facts).lo is None


def test_extremes_are_open_on_the_side_of_an_unknown_argument():
    for function, known_end, open_end in [("min", "hi", "lo"), ("max", "lo", "hi")]:
        found = run(call(function, lit(5), fact("a.number", t.INTEGER), type_=t.INTEGER))
        assert (getattr(found, known_end), getattr(found, open_end)) == (5, None)


def test_ends_that_meet_are_a_known_value():
    low = call("min", lit(5), fact("a.number", t.INTEGER), type_=t.INTEGER)
    assert run(call("max", low, lit(5), type_=t.INTEGER)).value == 5


def test_ranges():
    def within(low_open, high_open, low=1, high=3):
        return x.Within(
            subject=fact("a.number", t.INTEGER),
            low=lit(low),
            high=lit(high),
            low_open=low_open,
            high_open=high_open,
            span=span(),
        )

    assert [run(within(F, F), nest(a_number=n)).value for n in (0, 1, 2, 3, 4)] == [F, T, T, T, F]
    assert [run(within(T, T), nest(a_number=n)).value for n in (0, 1, 2, 3, 4)] == [F, F, T, F, F]
    assert run(within(F, F)).value is None
    top = call("max", lit(9), fact("a.number", t.INTEGER), type_=t.INTEGER)
    above = x.Within(subject=top, low=lit(1), high=lit(3), low_open=F, high_open=F, span=span())
    assert run(above).value is False


def test_membership_and_contains_are_strict():
    colors = fact("a.colors", COLOR_SET)
    red, green = lit("red", COLORS), lit("green", COLORS)
    member = x.MemberOf(subject=fact("a.color", COLORS), container=colors, span=span())
    assert [run(member, nest(a_color=c, a_colors=["red"])).value for c in ("red", "green", None)] == [T, F, U]
    assert run(member, nest(a_color="red")).value is None

    def contains(mode, *members):
        return x.Contains(container=colors, mode=mode, members=members, span=span())

    facts = nest(a_colors=["red", "blue"], b_colors=["red", "green"])
    assert run(contains("all", red), facts).value is True
    assert run(contains("all", red, green), facts).value is False
    assert run(contains("any", red, green), facts).value is True
    assert run(contains("any", fact("b.colors", COLOR_SET)), facts).value is True
    assert run(contains("all", fact("b.colors", COLOR_SET)), facts).value is False
    assert run(contains("any", red, fact("a.color", COLORS)), facts).value is None
    assert blame(run(contains("any", red))) == ["a.colors"]


def test_money_compares_with_zero_and_never_with_another_currency():
    money = fact("a.money", t.MONEY)
    assert run(cmp(money, ">", lit(0)), nest(a_money="0.01 USD")).value is True
    other = run(cmp(money, "=", lit(usd(1))), nest(a_money={"amount": "1", "currency": "EUR"}))
    assert (other.value, codes(other)) == (None, ["fault/currency"])
    assert run(both(cmp(money, "=", lit(usd(1))), lit(value=False)), nest(a_money="1 EUR")).value is False


# --- known, stated, defaults --------------------------------------------------------------------------


def test_known_asks_the_caller_and_stated_asks_the_value():
    empty = nest(c_day="", a_text="", a_colors=[]) | {"claims": []}
    targets = [fact("c.day", t.DATE), fact("a.text", t.TEXT), fact("a.colors", COLOR_SET), listed()]
    assert [run(known(f), empty).value for f in targets] == [T, T, T, T]
    assert [run(stated(f), empty).value for f in targets] == [F, F, F, F]
    assert [run(known(f)).value for f in targets] == [F, F, F, F]
    assert [run(stated(f)).value for f in targets] == [U, U, U, U]
    assert blame(run(stated(targets[0]))) == ["c.day"]
    assert [run(f(fact("d.flag"))).value for f in (known, stated)] == [F, T]
    assert run(stated(fact("a.number", t.INTEGER)), nest(a_number=0)).value is True


def test_an_empty_date_may_only_be_asked_about():
    found = run(cmp(fact("c.day", t.DATE), "<", lit(date(2025, 1, 1))), nest(c_day=""))
    assert (found.value, blame(found), codes(found)) == (None, [], ["fault/empty-date"])


def test_defaults_fill_in_and_are_blamed_beside_what_they_lack():
    assert run(fact("d.flag")).value is False
    assert run(fact("d.flag"), nest(d_flag=True)).value is True
    assert run(fact("d.day", t.DATE)).value == AS_OF
    assert run(fact("d.derived", t.DATE), nest(a_day="2025-01-01")).value == date(2025, 1, 4)
    assert blame(run(fact("d.derived", t.DATE))) == ["d.derived", "a.day"]
    assert blame(run(fact("d.nullable", t.INTEGER))) == ["d.nullable", "a.flag"]
    assert blame(run(fact("d.nullable", t.INTEGER), nest(a_flag=False))) == ["d.nullable"]
    assert run(fact("d.nullable", t.INTEGER), nest(a_flag=True)).value == 1


# --- arithmetic and functions -------------------------------------------------------------------------


def test_division_is_exact_and_by_zero_a_fault():
    assert run(arith(lit(1), "/", lit(3), t.DECIMAL)).value == Fraction(1, 3)
    assert run(arith(lit(usd(1)), "/", lit(3))).value == Money(Fraction(1, 3), "USD")
    assert run(arith(lit(usd(1)), "/", lit(usd(4)), t.DECIMAL)).value == Fraction(1, 4)
    assert codes(run(arith(lit(usd(1)), "/", lit(usd(0)), t.DECIMAL))) == ["fault/division-by-zero"]
    assert run(arith(lit(2), "*", lit(usd(3)), t.MONEY)).value == usd(6)
    assert codes(run(arith(lit(usd(1)), "+", lit(Money.of(1, "EUR"))))) == ["fault/currency"]


@pytest.mark.parametrize(
    ("day", "op", "duration", "end"),
    [
        ("2025-01-31", "+", Duration(1, Unit.MONTHS), "2025-02-28"),
        ("2024-01-31", "+", Duration(1, Unit.MONTHS), "2024-02-29"),
        ("2024-02-29", "+", Duration(12, Unit.MONTHS), "2025-02-28"),
        ("2025-03-31", "-", Duration(1, Unit.MONTHS), "2025-02-28"),
        ("2025-03-20", "+", days(40), "2025-04-29"),
        ("2025-04-17", "+", Duration(1, Unit.WORKING_DAYS, "bank"), "2025-04-22"),
        ("2025-04-19", "+", Duration(0, Unit.WORKING_DAYS, "bank"), "2025-04-19"),
        ("2025-04-22", "-", Duration(1, Unit.WORKING_DAYS, "bank"), "2025-04-17"),
    ],
)
def test_date_arithmetic(day, op, duration, end):
    assert run(arith(fact("a.day", t.DATE), op, lit(duration)), nest(a_day=day)).value == date.fromisoformat(end)


def test_dates_end_at_9999():
    assert codes(run(arith(lit(date(9999, 12, 31)), "+", lit(days(1))))) == ["fault/date-range"]


def test_functions_of_known_values():
    assert run(call("days_between", lit(date(2025, 3, 1)), lit(date(2025, 2, 1)), type_=t.INTEGER)).value == -28
    assert run(call("weeks", lit(2), type_=t.DURATION)).value == days(14)
    assert run(call("years", lit(1), type_=t.DURATION)).value == Duration(12, Unit.MONTHS)
    assert run(call("working_days", lit(3), lit("bank"), type_=t.DURATION)).value.calendar == "bank"
    facts = nest(a_colors=["red", "blue"], b_colors=["red"])
    shared = call("common", fact("a.colors", COLOR_SET), fact("b.colors", COLOR_SET), type_=COLOR_SET)
    assert run(shared, facts).value == {"red"}
    assert run(call("count", shared, type_=t.INTEGER), facts).value == 1


def test_convert_looks_at_the_rate_only_if_it_must():
    e = call("convert", fact("a.money", t.MONEY), fact("a.rate", t.DECIMAL), lit("USD", t.CURRENCY), type_=t.MONEY)
    assert run(e, nest(a_money="5.00 USD")).value == usd(5)
    assert run(e, nest(a_money="5.00 EUR", a_rate="1.1")).value == usd("5.5")
    assert blame(run(e, nest(a_money="5.00 EUR"))) == ["a.rate"]
    assert blame(run(e)) == ["a.money", "a.rate"]


@pytest.mark.parametrize(
    ("mode", "results"),
    [
        ("half_up", (3, -3, 4)),
        ("half_even", (2, -2, 4)),
        ("half_down", (2, -2, 3)),
        ("up", (3, -3, 4)),
        ("down", (2, -2, 3)),
    ],
)
def test_rounding_is_seen_from_zero(mode, results):
    for value, wanted in zip(("2.5", "-2.5", "3.5"), results, strict=True):
        assert run(call("round", lit(Fraction(value)), lit(1), lit(mode), type_=t.DECIMAL)).value == wanted
    money = call("round", lit(usd("1.005")), lit(Fraction("0.01")), lit("half_up"), type_=t.MONEY)
    assert run(money).value == usd("1.01")


# --- parameters ---------------------------------------------------------------------------------------


def limits(*values, keyed_on=None):
    starts = (None, date(2020, 1, 1), date(2024, 1, 1))
    pairs = list(zip(starts[: len(values)], values, strict=True))
    return dated("p", t.INTEGER, keyed_on or fact("a.day", t.DATE), *pairs)


def test_a_parameter_is_read_on_its_key_day():
    p = limits(1, 2, 3)
    e = parameter("p", t.INTEGER)
    for day, value in [("2019-12-31", 1), ("2020-01-01", 2), ("2023-12-31", 2), ("2030-01-01", 3)]:
        assert run(e, nest(a_day=day), parameters=[p]).value == value
    assert blame(run(e, parameters=[p])) == ["a.day"]
    late = dated("p", t.INTEGER, fact("a.day", t.DATE), (date(2020, 1, 1), 1), (date(2021, 1, 1), 2))
    assert codes(run(e, nest(a_day="2019-01-01"), parameters=[late])) == ["fault/not-in-force"]


def test_an_unknown_key_day_is_tried_with_every_value_per_comparison():
    p = [limits(10, 20, 30)]
    e = cmp(fact("a.number", t.INTEGER), "<=", parameter("p", t.INTEGER))
    assert [run(e, nest(a_number=n), parameters=p).value for n in (10, 11, 30, 31)] == [T, U, U, F]
    assert blame(run(e, nest(a_number=11), parameters=p)) == ["a.day"]
    assert blame(run(e, parameters=p)) == ["a.number", "a.day"]
    # also through definitions and defaults, and one choice for all places inside one comparison
    twice = definition("twice", t.INTEGER, arith(parameter("p", t.INTEGER), "*", lit(2)))
    doubled = cmp(defined("twice", t.INTEGER), "=", arith(parameter("p", t.INTEGER), "+", parameter("p", t.INTEGER)))
    assert run(doubled, parameters=p, definitions=[twice]).value is True
    # but two comparisons are tried one by one
    either_way = either(cmp(lit(15), "<", parameter("p", t.INTEGER)), cmp(lit(15), ">=", parameter("p", t.INTEGER)))
    assert run(either_way, parameters=p).value is None


# --- tables -------------------------------------------------------------------------------------------


def decide_table(hit, facts, rows, otherwise=None):
    made = table(hit, rows, otherwise)
    return run(defined("t", t.INTEGER), facts, definitions=[definition("t", t.INTEGER, made)])


A, B, C = fact("a.flag"), fact("b.flag"), fact("c.flag")


@pytest.mark.parametrize(
    ("hit", "given_flags", "value", "fault"),
    [
        ("unique", (T, F, F), 1, None),
        ("unique", (T, U, F), 1, None),
        ("unique", (F, U, F), 1, None),  # the only row that could still be the one
        ("unique", (U, U, F), 1, None),  # both would give 1
        ("unique", (U, F, U), None, None),
        ("unique", (T, T, F), None, "table/overlap"),
        ("unique", (F, F, F), None, "table/no-row"),
        ("any", (T, T, F), 1, None),
        ("any", (T, F, T), None, "table/overlap"),
        ("first", (T, F, T), 1, None),
        ("first", (F, F, T), 2, None),
        ("first", (U, T, T), 1, None),
        ("first", (U, F, T), None, None),
        ("first", (F, T, U), 1, None),
        ("first", (F, F, F), None, "table/no-row"),
    ],
)
def test_hit_policies(hit, given_flags, value, fault):
    rows = [([A], [lit(1)]), ([B], [lit(1)]), ([C], [lit(2)])]
    facts = nest(**dict(zip(("a_flag", "b_flag", "c_flag"), given_flags, strict=True)))
    found = decide_table(hit, facts, rows)
    assert (found.value, codes(found)) == (value, [fault] if fault else [])


def test_otherwise_of_a_table():
    rows = [([A, B], [lit(1)]), ([C], [lit(2)])]
    assert decide_table("unique", nest(a_flag=F, c_flag=F), rows, [lit(3)]).value == 3
    assert decide_table("unique", nest(a_flag=F), rows, [lit(2)]).value == 2
    found = decide_table("unique", nest(a_flag=F), rows, [lit(3)])
    assert (found.value, blame(found)) == (None, ["c.flag"])
    assert blame(decide_table("first", nest(b_flag=T), rows, [lit(3)])) == ["a.flag", "c.flag"]
    assert decide_table("first", nest(c_flag=T, b_flag=U), [([A], [lit(2)]), ([C], [lit(2)])], [lit(3)]).value == 2


# --- lists --------------------------------------------------------------------------------------------


def claims(*records):
    return {"claims": [{"id": f"c{n}", **r} for n, r in enumerate(records, start=1)]}


RED = keep(listed(), cmp(item("color", COLORS), "=", lit("red", COLORS)))


def test_quantifiers_are_kleenes_over_the_elements():
    paid = item("paid")
    for values in product((T, F, U), repeat=2):
        facts = claims(*({} if v is None else {"paid": v} for v in values))
        assert run(every(listed(), paid), facts).value is kleene_and(*values)
        wanted = True if True in values else None if None in values else False
        assert run(some(listed(), paid), facts).value is wanted
    assert [run(q(listed(), paid), claims()).value for q in (some, every)] == [F, T]
    assert [blame(run(q(listed(), paid))) for q in (some, every)] == [["claims"], ["claims"]]
    assert blame(run(some(listed(), paid), claims({}, {"paid": F}, {}))) == ["claims[c1].paid", "claims[c3].paid"]


def test_an_undecided_candidate_of_a_filter():
    facts = claims({"color": "red", "paid": T, "amount": "5 USD"}, {"paid": F, "amount": "7 USD"}, {"color": "blue"})
    assert run(some(RED, item("paid")), facts).value is True
    assert run(every(RED, item("paid")), facts).value is None
    assert run(every(RED, no(item("paid"))), facts).value is False
    size = run(call("count", RED, type_=t.INTEGER), facts)
    assert (size.lo, size.hi, blame(size)) == (1, 2, ["claims[c2].color"])
    assert run(cmp(call("count", RED, type_=t.INTEGER), ">=", lit(1)), facts).value is True
    assert run(cmp(call("count", RED, type_=t.INTEGER), ">", lit(2)), facts).value is False
    total = run(call("sum", pluck(RED, "amount"), type_=t.MONEY), facts)
    assert (total.value, blame(total)) == (None, ["claims[c2].color"])
    most = run(call("max", pluck(RED, "amount"), type_=t.MONEY), facts)
    assert (most.value, most.lo) == (None, usd(5))


def test_sums_and_extremes_of_columns():
    facts = claims({"amount": "5 USD"}, {"amount": "7.50 USD"})
    amounts = pluck(listed(), "amount")
    assert run(call("sum", amounts, type_=t.MONEY), facts).value == usd("12.5")
    assert run(call("min", amounts, type_=t.MONEY), facts).value == usd(5)
    assert run(call("sum", pluck(listed(), "count", t.INTEGER), type_=t.INTEGER), facts).value == 2
    nothing = run(call("sum", amounts, type_=t.MONEY), claims())
    assert nothing.value == Money(Fraction(0), "")
    assert run(cmp(call("sum", amounts, type_=t.MONEY), "<", lit(usd(1))), claims()).value is True
    assert codes(run(call("max", amounts, type_=t.MONEY), claims())) == ["fault/empty-list"]
    mixed = run(call("sum", amounts, type_=t.MONEY), claims({"amount": "1 USD"}, {"amount": "1 EUR"}))
    assert codes(mixed) == ["fault/currency"]
    assert blame(run(call("sum", amounts, type_=t.MONEY))) == ["claims"]


# --- requests -----------------------------------------------------------------------------------------


def test_requests_are_read_by_the_declared_types():
    zoned = bundle(facts=FACTS, lists=[CLAIMS], zone="Asia/Shanghai")
    memory = read(zoned, {"a": {"day": "2025-03-20T18:30:00Z", "number": 3, "rate": 0.1, "text": "e\u0301"}}, AS_OF)
    assert memory.facts["a.day"] == date(2025, 3, 21)
    assert memory.facts["a.rate"] == Fraction(1, 10)
    assert memory.facts["a.text"] == "\u00e9"
    assert read(zoned, {"a": {"flag": None}, "claims": None}, AS_OF).lists == {}


# --- laws ---------------------------------------------------------------------------------------------

ATOMS = st.sampled_from(
    [
        A, B, cmp(fact("a.number", t.INTEGER), "<", fact("b.number", t.INTEGER)),
        cmp(call("max", fact("a.number", t.INTEGER), lit(2), type_=t.INTEGER), ">=", fact("b.number", t.INTEGER)),
        cmp(cond(C, lit(1), fact("b.number", t.INTEGER)), "=", lit(1)),
        cmp(fact("a.number", t.INTEGER), ">", parameter("p", t.INTEGER)),
        cmp(defined("t", t.INTEGER), "=", lit(2)),
        some(RED, item("paid")), every(RED, item("paid")),
        cmp(call("count", RED, type_=t.INTEGER), ">=", lit(2)),
    ]
)  # fmt: skip
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        inner.map(no), *(st.lists(inner, max_size=3).map(lambda i, join=join: join(*i)) for join in (both, either))
    ),
    max_leaves=6,
)
GIVEN = st.fixed_dictionaries(
    {},
    optional={
        "a_flag": st.booleans(), "b_flag": st.booleans(), "c_flag": st.booleans(), "a_number": st.integers(0, 4),
        "b_number": st.integers(0, 4), "a_day": st.sampled_from(["2019-05-05", "2021-05-05", "2025-05-05"]),
    },
)  # fmt: skip
RECORDS = st.lists(
    st.fixed_dictionaries({}, optional={"color": st.sampled_from(["red", "blue"]), "paid": st.booleans()}), max_size=3
)
EXTRA = {
    "parameters": [limits(1, 2, 3)],
    "definitions": [definition("t", t.INTEGER, table("first", [([A, B], [lit(1)]), ([C], [lit(2)])], [lit(3)]))],
}


@given(CONDITIONS, GIVEN, st.data())
@settings(deadline=None, max_examples=300, derandomize=True)
def test_learning_more_never_changes_a_certain_truth(e, facts, data):
    records = data.draw(RECORDS)
    fewer = {k: v for k, v in facts.items() if data.draw(st.booleans())}
    partly = [{k: v for k, v in r.items() if data.draw(st.booleans())} for r in records]
    before = run(e, nest(**fewer) | claims(*partly), **EXTRA)
    after = run(e, nest(**facts) | claims(*records), **EXTRA)
    assert before.value is None or before.value is after.value
    assert (before.value is None) == bool(before.blame)


@given(st.lists(CONDITIONS, max_size=3), GIVEN, RECORDS, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=200, derandomize=True)
def test_order_of_writing_and_of_elements_changes_no_truth(items, facts, records, rng):
    shuffled, moved = list(items), list(claims(*records)["claims"])
    rng.shuffle(shuffled)
    rng.shuffle(moved)
    one = run(both(*items), nest(**facts) | claims(*records), **EXTRA)
    other = run(both(*shuffled), nest(**facts) | {"claims": moved}, **EXTRA)
    assert one.value is other.value
    assert set(one.blame) == set(other.blame)
