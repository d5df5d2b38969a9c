"""Every kind of expression, by hand: the value or truth, what is unknown, and what cannot exist."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

import pytest
from tests.backends import build as b

from policyengine.backends.compiled import CompiledBackend
from policyengine.evaluation.evaluator import Evaluator
from policyengine.model import expr
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Contains, Expr, If, Known, ListOf, MemberOf, Negate, Null, Special, SplitIs, Stated
from policyengine.model.memory import EMPTY_DATE, Given
from policyengine.model.rules import Split
from policyengine.values.dates import Duration, Unit
from policyengine.values.types import (
    BOOLEAN,
    CURRENCY,
    DATE,
    DECIMAL,
    DURATION,
    INTEGER,
    MONEY,
    TEXT,
    enum_type,
    set_of,
    values_of,
)

COLOUR = enum_type(("red", "green"), "colour", open_=True)
COLOURS = set_of(COLOUR)
TYPES = {"n": INTEGER, "m": INTEGER, "q": DECIMAL, "p": MONEY, "r": MONEY, "d": DATE, "e": DATE, "t": TEXT}
TYPES |= {"c": COLOUR, "s": COLOURS, "b": BOOLEAN, "cur": CURRENCY}
FIELDS = [b.fact("n", INTEGER), b.fact("p", MONEY), b.fact("b", BOOLEAN, b.lit(False)), b.fact("d", DATE, b.as_of())]
LISTS = [b.fact_list("things", "thing", FIELDS), b.fact_list("none", "one", FIELDS, default_empty=True)]
FACTS = [b.fact(f"a.{n}", t) for n, t in TYPES.items()]
FACTS += [b.fact("a.null", INTEGER, Null(type=INTEGER, span=b.HERE)), b.fact("a.today", DATE, b.as_of())]
DAY = date(2025, 4, 1)
PARAMETERS = [
    b.param("always", INTEGER, [(None, 3)], None),
    b.param("dated", INTEGER, [(date(2025, 1, 1), 1), (DAY, 5)], b.Words(b.bundle(FACTS)).fact("a.d")),
    b.param("in_force", INTEGER, [(None, 1), (date(2025, 3, 1), 2)], None),
]
W = b.Words(b.bundle(FACTS, LISTS, PARAMETERS))
N, M, Q, P, R, D, E, T, C, S, B, CUR = (W.fact(f"a.{n}") for n in TYPES)
THINGS, NONE = W.list("things"), W.list("none")
BIG = W.filter(THINGS, "things", b.cmp(">", W.item("things", "n"), 2))
Facts = Mapping[str, Given]


def ask(condition: Expr, facts: Facts, things: Sequence[Facts] | None = None, *more: b.Definition) -> bool | None:
    bundle: CheckedBundle = b.bundle(
        FACTS, LISTS, PARAMETERS, definitions=more, decisions=[b.decision([b.rule(0, condition)])]
    )
    evaluator = Evaluator(bundle)
    given = {f"a.{n}": v for n, v in facts.items()}
    evaluation = evaluator.start(b.memory(given, {} if things is None else {"things": things}))
    found = CompiledBackend().compile(bundle, evaluator).match("d", evaluation).document.of(0)
    assert found is evaluation.truth(condition)
    return found


def days(n: int) -> Expr:
    return b.lit(Duration(n, Unit.DAYS), DURATION)


def usd(n: int | str) -> Expr:
    return b.lit(b.usd(n))


def within(low: Expr, high: Expr, *, low_open: bool = False) -> Expr:
    return expr.Within(subject=N, low=low, high=high, low_open=low_open, high_open=True, span=b.HERE)


def contains(mode: str, *members: Expr) -> Expr:
    return Contains(container=S, mode=mode, members=members, span=b.HERE)  # type: ignore[arg-type]


def chosen(condition: Expr) -> Expr:
    return If(condition=condition, then=N, otherwise=M, type=INTEGER, span=b.HERE)


RED, GREEN = b.lit("red", COLOUR), b.lit("green", COLOUR)
WORKING = b.lit(Duration(1, Unit.WORKING_DAYS, "bank"), DURATION)
SPLIT = Split(
    id="S",
    list="things",
    variable="thing",
    called="parts",
    quantity=W.item("things", "n"),
    weight=W.item("things", "p"),
    whole=b.lit(False),
    op="<=",
    limit=P,
)
LATEST, EARLIEST = b.call("latest", DATE, D, E), b.call("earliest", DATE, D, E)
NEXT = date(2025, 4, 2)

CASES: dict[str, tuple[Expr, Facts, bool | None]] = {
    "money": (b.cmp("<", P, usd(5)), {"p": b.usd(4)}, True),
    "money and zero": (b.cmp(">", P, b.lit(0)), {"p": b.usd(4)}, True),
    "money of two currencies": (b.cmp("=", P, R), {"p": b.usd(4), "r": b.Money.of(4, "EUR")}, None),
    "not money of two currencies": (b.no(b.cmp("=", P, R)), {"p": b.usd(4), "r": b.Money.of(4, "EUR")}, None),
    "empty date": (b.cmp("=", D, E), {"d": EMPTY_DATE, "e": EMPTY_DATE}, None),
    "empty date, not equal": (b.cmp("!=", D, b.lit(DAY)), {"d": EMPTY_DATE}, None),
    "within": (within(b.lit(1), b.lit(5)), {"n": 1}, True),
    "within, open": (within(b.lit(1), b.lit(5), low_open=True), {"n": 1}, False),
    "within, one end unknown": (within(M, b.lit(5)), {"n": 5}, False),
    "within, undecided": (within(M, b.lit(5)), {"n": 4}, None),
    "one of": (b.either(b.cmp("=", C, RED), b.cmp("=", C, GREEN)), {"c": "green"}, True),
    "none of": (b.no(b.either(b.cmp("=", C, RED), b.cmp("=", C, GREEN))), {"c": "blue"}, True),
    "member": (MemberOf(subject=C, container=S, span=b.HERE), {"c": "red", "s": frozenset({"red"})}, True),
    "member of an unknown set": (MemberOf(subject=C, container=S, span=b.HERE), {"c": "red"}, None),
    "contains": (contains("all", RED), {"s": frozenset({"red"})}, True),
    "contains any": (contains("any", RED, GREEN), {"s": frozenset({"green"})}, True),
    "contains all": (contains("all", RED, GREEN), {"s": frozenset({"green"})}, False),
    "contains an unknown": (contains("any", RED, C), {"s": frozenset({"red"})}, None),
    "contains a set": (contains("all", S), {"s": frozenset({"red"})}, True),
    "sets equal": (b.cmp("=", S, b.lit(frozenset({"red"}), COLOURS)), {"s": frozenset({"red"})}, True),
    "false and unknown": (b.both(b.cmp("=", N, 1), B), {"n": 2}, False),
    "true or unknown": (b.either(b.cmp("=", N, 1), B), {"n": 1}, True),
    "empty and": (b.both(), {}, True),
    "empty or": (b.either(), {}, False),
    "known": (Known(target=N, span=b.HERE), {}, False),
    "known, empty": (Known(target=D, span=b.HERE), {"d": EMPTY_DATE}, True),
    "known list": (Known(target=THINGS, span=b.HERE), {}, False),
    "stated": (Stated(target=T, span=b.HERE), {"t": "x"}, True),
    "stated, empty": (Stated(target=T, span=b.HERE), {"t": ""}, False),
    "stated, no date": (Stated(target=D, span=b.HERE), {"d": EMPTY_DATE}, False),
    "stated, unknown": (Stated(target=D, span=b.HERE), {}, None),
    "stated list": (Stated(target=NONE, span=b.HERE), {}, False),
    "if": (b.cmp("=", chosen(B), 1), {"b": False, "n": 0, "m": 1}, True),
    "if, unknown but equal": (b.cmp("=", chosen(B), 1), {"n": 1, "m": 1}, True),
    "if, unknown": (b.cmp("=", chosen(B), 1), {"n": 1, "m": 2}, None),
    "null": (b.cmp("=", W.fact("a.null"), 1), {}, None),
    "as of": (b.cmp("=", W.fact("a.today"), b.as_of()), {}, True),
    "special": (b.cmp("=", Special(name="verdict", type=COLOUR, span=b.HERE), RED), {}, None),
    "plus": (b.cmp("=", b.arith("+", N, b.lit(2)), 3), {"n": 1}, True),
    "times money": (b.cmp("=", b.arith("*", N, P, MONEY), usd(6)), {"n": 2, "p": b.usd(3)}, True),
    "money by money": (
        b.cmp("=", b.arith("/", P, R, DECIMAL), b.lit(Fraction(1, 3))),
        {"p": b.usd(1), "r": b.usd(3)},
        True,
    ),
    "by zero": (b.cmp("=", b.arith("/", N, M, DECIMAL), 1), {"n": 1, "m": 0}, None),
    "date plus days": (b.cmp("<=", E, b.arith("+", D, days(1))), {"d": DAY, "e": NEXT}, True),
    "date out of range": (b.cmp("<=", E, b.arith("+", D, days(1))), {"d": date.max, "e": NEXT}, None),
    "working days": (b.cmp("=", b.arith("+", D, WORKING), b.lit(date(2025, 4, 22))), {"d": date(2025, 4, 17)}, False),
    "minus": (b.cmp("=", Negate(item=N, type=INTEGER, span=b.HERE), -2), {"n": 2}, True),
    "latest is past one": (b.cmp("<=", b.as_of(), LATEST), {"d": NEXT}, True),
    "latest is undecided": (b.cmp("<=", b.as_of(), LATEST), {"d": date(2025, 3, 1)}, None),
    "earliest is past": (b.cmp(">", b.as_of(), EARLIEST), {"d": date(2025, 3, 1)}, True),
    "bounds move": (b.cmp("<=", b.as_of(), b.arith("+", LATEST, days(40))), {"d": date(2025, 3, 1)}, True),
    "bounds are lost": (b.cmp(">", b.arith("*", b.call("max", INTEGER, N, M), b.lit(2)), 1), {"n": 9}, None),
    "min of a list": (
        b.cmp("<", b.call("min", INTEGER, ListOf(items=(N, M), type=values_of(INTEGER), span=b.HERE)), 3),
        {"n": 2},
        True,
    ),
    "common": (
        b.cmp("=", b.call("count", INTEGER, b.call("common", COLOURS, S, S)), 1),
        {"s": frozenset({"red"})},
        True,
    ),
    "days between": (b.cmp("=", b.call("days_between", INTEGER, D, E), 1), {"d": DAY, "e": NEXT}, True),
    "months": (
        b.cmp("=", b.arith("+", D, b.call("months", DURATION, N)), b.lit(date(2025, 2, 28))),
        {"d": date(2025, 1, 31), "n": 1},
        True,
    ),
    "roll": (
        b.cmp("=", b.call("roll", DATE, D, b.lit("bank")), b.lit(date(2025, 4, 21))),
        {"d": date(2025, 4, 18)},
        True,
    ),
    "end of month": (b.cmp("=", b.call("end_of_month", DATE, D), b.lit(date(2025, 4, 30))), {"d": DAY}, True),
    "convert": (
        b.cmp("=", b.call("convert", MONEY, P, Q, b.lit("EUR", CURRENCY)), b.lit(b.Money.of(2, "EUR"))),
        {"p": b.usd(4), "q": Fraction(1, 2)},
        True,
    ),
    "convert what is converted": (
        b.cmp("=", b.call("convert", MONEY, P, Q, CUR), usd(4)),
        {"p": b.usd(4), "cur": "USD"},
        True,
    ),
    "round": (
        b.cmp("=", b.call("round", DECIMAL, Q, b.lit(Fraction(1, 10)), b.lit("half_even")), b.lit(Fraction(2, 10))),
        {"q": Fraction(25, 100)},
        True,
    ),
    "parameter": (b.cmp("=", N, W.param("always")), {"n": 3}, True),
    "parameter by today": (b.cmp("=", N, W.param("in_force")), {"n": 2}, True),
    "parameter by a fact": (b.cmp("=", N, W.param("dated")), {"n": 5, "d": DAY}, True),
    "parameter not in force": (b.cmp("=", N, W.param("dated")), {"n": 5, "d": date(2024, 1, 1)}, None),
    "parameter tried": (b.cmp("<=", N, W.param("dated")), {"n": 1}, True),
    "parameter tried, undecided": (b.cmp("<=", N, W.param("dated")), {"n": 2}, None),
    "parameter tried, false": (b.cmp(">", W.param("dated"), N), {"n": 5}, False),
}


@pytest.mark.parametrize("name", CASES)
def test_a_condition_on_the_document(name: str) -> None:
    condition, facts, expected = CASES[name]
    assert ask(condition, facts) is expected


def over(kind: str, source: Expr = THINGS) -> Expr:
    return W.some("x", source, b.cmp("=", W.item("things", "n", "x"), 3), kind)


PRICES = W.pluck(BIG, "things", "p")
OF_LISTS: dict[str, tuple[Expr, Sequence[Facts] | None, bool | None]] = {
    "some": (over("some"), [{"n": 1}, {}, {"n": 3}], True),
    "some, perhaps": (over("some"), [{"n": 1}, {}], None),
    "some of nothing": (over("some"), [], False),
    "some of an unknown list": (over("some"), None, None),
    "every": (over("every"), [{"n": 3}, {"n": 3}], True),
    "every, not": (over("every"), [{}, {"n": 1}], False),
    "every of those over two": (over("every", BIG), [{"n": 1}, {"n": 3}], True),
    "an element that may be in does not decide": (
        W.some("x", W.filter(THINGS, "things", W.item("things", "b")), b.cmp("=", W.item("things", "n", "x"), 3)),
        [{"n": 3}],
        False,
    ),
    "count": (b.cmp("=", b.call("count", INTEGER, BIG), 1), [{"n": 1}, {"n": 3}], True),
    "count, at least": (b.cmp(">=", b.call("count", INTEGER, BIG), 1), [{"n": 3}, {}], True),
    "count, undecided": (b.cmp("=", b.call("count", INTEGER, BIG), 1), [{"n": 3}, {}], None),
    "count of a filter of a filter": (
        b.cmp("=", b.call("count", INTEGER, W.filter(BIG, "things", b.cmp("<", W.item("things", "p"), usd(9)))), 1),
        [{"p": b.usd(1)}],
        None,
    ),
    "sum": (b.cmp("=", b.call("sum", MONEY, PRICES), usd(5)), [{"n": 3, "p": b.usd(5)}, {"n": 1}], True),
    "sum of nothing": (b.cmp("=", b.call("sum", MONEY, PRICES), b.lit(0)), [], True),
    "sum, one perhaps": (b.cmp("=", b.call("sum", MONEY, PRICES), usd(5)), [{"n": 3, "p": b.usd(5)}, {}], None),
    "greatest, at least": (b.cmp(">=", b.call("max", MONEY, PRICES), usd(5)), [{"n": 3, "p": b.usd(5)}, {}], True),
    "greatest of nothing": (b.cmp(">=", b.call("max", MONEY, PRICES), usd(5)), [], None),
    "default of a field": (W.some("x", THINGS, b.cmp("=", W.item("things", "d", "x"), b.as_of())), [{}], True),
    "lists equal": (b.cmp("=", THINGS, THINGS), [{"n": 1}], True),
    "split": (SplitIs(split=SPLIT, outcome="several", span=b.HERE), [{"n": 2, "p": b.usd(3)}], True),
    "split into one": (SplitIs(split=SPLIT, outcome="one", span=b.HERE), [{"n": 1, "p": b.usd(3)}], True),
    "split, impossible": (SplitIs(split=SPLIT, outcome="none", span=b.HERE), [{"n": 1, "p": b.usd(9)}], True),
    "split, unknown": (SplitIs(split=SPLIT, outcome="one", span=b.HERE), [{"n": 1}], None),
    "split, below zero": (SplitIs(split=SPLIT, outcome="one", span=b.HERE), [{"n": -1, "p": b.usd(3)}], None),
}


@pytest.mark.parametrize("name", OF_LISTS)
def test_a_condition_on_a_list(name: str) -> None:
    condition, things, expected = OF_LISTS[name]
    assert ask(condition, {"p": b.usd(5)}, things) is expected


ROWS = [([b.cmp("<", N, 5)], b.lit(1)), ([b.cmp(">", N, 3), b.cmp("=", M, 0)], b.lit(2))]
HITS = [
    ("unique", {"n": 9, "m": 0}, 2, True),
    ("unique", {"n": 4, "m": 0}, 1, None),
    ("unique", {"n": 4}, 1, True),
    ("unique", {"n": 9, "m": 1}, 7, True),
    ("unique", {"n": 9}, 2, None),
    ("any", {"n": 4, "m": 0}, 1, None),
    ("first", {"n": 4, "m": 0}, 1, True),
    ("first", {"m": 0}, 1, None),
]


@pytest.mark.parametrize(("hit", "facts", "value", "expected"), HITS)
def test_a_table(hit: str, facts: Facts, value: int, expected: bool | None) -> None:
    table = b.definition("table", INTEGER, b.table(hit, INTEGER, ROWS, b.lit(7)))
    ref = b.Words(b.bundle(definitions=[table])).ref("table")
    assert ask(b.cmp("=", ref, value), facts, None, table) is expected


def test_the_first_row_may_be_one_that_is_unknown() -> None:
    rows = [([b.cmp("<", N, 5)], b.lit(1)), ([B], b.lit(2))]
    table = b.definition("table", INTEGER, b.table("first", INTEGER, rows))
    ref = b.Words(b.bundle(definitions=[table])).ref("table")
    assert ask(b.cmp("=", ref, 2), {"b": True}, None, table) is None
    assert ask(b.cmp("=", ref, 2), {"b": True, "n": 9}, None, table) is True
    assert ask(b.cmp("=", ref, 2), {"b": False}, None, table) is False


def test_a_table_of_many_rows_is_looked_up() -> None:
    rows = [([b.cmp("=", C, b.lit(f"c{i}", COLOUR)), b.cmp("<", N, i)], b.lit(i)) for i in range(100)]
    table = b.definition("table", INTEGER, b.table("unique", INTEGER, rows, b.lit(-1)))
    ref = b.Words(b.bundle(definitions=[table])).ref("table")
    assert ask(b.cmp("=", ref, 70), {"c": "c70", "n": 9}, None, table) is True
    assert ask(b.cmp("=", ref, -1), {"c": "c70", "n": 70}, None, table) is True
    assert ask(b.cmp("=", ref, -1), {"n": 100}, None, table) is True
    assert ask(b.cmp("=", ref, 70), {"c": "c70"}, None, table) is None


@pytest.mark.parametrize("n", [3, 30])
def test_a_long_or_is_a_definition_matched_like_rules(n: int) -> None:
    body = b.either(*(b.both(b.cmp("=", C, b.lit(f"c{i}", COLOUR)), b.cmp(">", N, i), B) for i in range(n)))
    either = b.definition("either", BOOLEAN, body)
    ref = b.Words(b.bundle(definitions=[either])).ref("either")
    assert ask(ref, {"c": "c1", "n": 2, "b": True}, None, either) is True
    assert ask(b.no(ref), {"c": "c1", "n": 2, "b": False}, None, either) is True
    assert ask(ref, {"c": "c1", "n": 2}, None, either) is None
    assert ask(ref, {"n": 0, "b": True}, None, either) is False


def test_a_comparison_tries_what_a_definition_reads() -> None:
    limit = b.definition("limit", INTEGER, b.arith("+", W.param("dated"), M))
    ref = b.Words(b.bundle(definitions=[limit])).ref("limit")
    assert ask(b.cmp("<", N, ref), {"n": 2, "m": 2}, None, limit) is True
    assert ask(b.cmp("<", N, ref), {"n": 5, "m": 2}, None, limit) is None
