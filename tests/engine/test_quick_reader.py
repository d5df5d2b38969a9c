"""The generated reader of a bundle reads what the careful reader reads, value for value, or leaves it to that."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.differential.compare import load
from tests.differential.generator import generate
from tests.differential.requests import Requests
from tests.engine.build import KINDS, TODAY, at, bundle, claims, declared, fact, item, lit
from tests.engine.test_request import SMALL

from policyengine import load_bundle
from policyengine.diagnostics import Diagnostics
from policyengine.engine.bad_values import BadValue
from policyengine.engine.quick_values import LONGEST_REMEMBERED
from policyengine.engine.request import RequestReader
from policyengine.errors import RequestError
from policyengine.evaluation.evaluator import Evaluator
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Null
from policyengine.model.memory import Element, WorkingMemory
from policyengine.model.vocabulary import Fact
from policyengine.shipped import shipped_policies
from policyengine.testing.cases import read_cases
from policyengine.values.money import Money
from policyengine.values.types import CURRENCY, DATE, DECIMAL, INTEGER, MONEY, enum_type

Json = object
Read = Callable[[object, date], WorkingMemory]


class Text(str):
    """Text of a type of its own."""

    __slots__ = ()


class Table(dict[str, object]):
    """An object of a type of its own."""


def reader(of: CheckedBundle) -> RequestReader:
    return RequestReader(of, Evaluator(of))


def exactly(value: object) -> object:
    """A value with the types of all its parts."""
    match value:
        case WorkingMemory():
            return ({k: exactly(v) for k, v in value.facts.items()}, exactly_lists(value), value.as_of)
        case Money():
            return (Money, exactly(value.amount), exactly(value.currency))
        case Fraction():
            return (Fraction, value.numerator, value.denominator)
        case _:
            return (type(value), value)


def exactly_lists(memory: WorkingMemory) -> object:
    return {
        name: [(e.list, exactly(e.id), e.position, {k: exactly(v) for k, v in e.fields.items()}) for e in elements]
        for name, elements in memory.lists.items()
    }


def outcome(read: Read, facts: object, as_of: date = TODAY) -> object:
    try:
        return exactly(read(facts, as_of))
    except RequestError as e:
        return e.problems


def is_quick(of: RequestReader, facts: object) -> bool:
    """Whether the generated code reads these facts itself. Whether it does or not, the outcome is the same."""
    assert outcome(of.read, facts) == outcome(of.careful.read, facts)
    try:
        found = of._quick(facts)
    except BadValue:
        return False
    return found is not None and of._quickly(facts, TODAY) is not None


# --- requests with nothing wrong in them are read quickly ---


def test_the_cases_of_the_shipped_policies() -> None:
    for folder in sorted(p for p in shipped_policies().iterdir() if p.is_dir()):
        checked = load_bundle(folder)
        of = reader(checked)
        cases = read_cases(checked, folder, Diagnostics())
        assert len(cases) > 50
        assert all(is_quick(of, case.facts) for case in cases)


FINE = {
    "order": {
        "paid": True, "size": 3, "count": -5, "rate": "0.25", "total": "12.50 USD", "currency": "USD",
        "placed_on": "2025-01-31", "closed_on": "", "note": "n", "kind": "late", "colour": "mauve",
        "kinds": ["late", "lost"], "colours": ["red", "teal"],
    },
    "deep": {"er": {"fact": False}},
    "yen": {"total": {"amount": "12", "currency": "JPY"}},
    "claims": [{"id": "a", "amount": "1 USD", "unit": "USD"}, {"id": 2, "reason": "late"}],
    "parcels": [{}, {"weight": 1}],
    "store": {"rooms": [{"code": 12, "open": True}]},
}  # fmt: skip


def test_every_kind_of_value() -> None:
    assert is_quick(reader(SMALL), FINE)


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("rate", 2), ("rate", Decimal("0.10")), ("total", {"amount": 12, "currency": "USD"}), ("note", "e\u0301"),
        ("total", {"currency": "USD", "amount": Decimal("12.5")}), ("placed_on", "2025-07-20T22:00:00Z"),
        ("closed_on", "2025-01-01"), ("colour", "\u00e9t\u00e9"), ("kinds", ("late",)), ("kinds", []), ("paid", None),
        ("note", Text("own")), ("total", Table(amount=1, currency="USD")), ("count", 2**63 - 1), ("size", 10),
        ("rate", "0." + "1" * 90), ("total", "1" * 60 + " USD"),
    ],
)  # fmt: skip
def test_values_that_are_right_in_another_way(name: str, raw: object) -> None:
    assert is_quick(reader(SMALL), {"order": {name: raw}})


@pytest.mark.parametrize(
    "facts",
    [
        {"ordr": None}, {"order": {"paid": None, "x": None}}, {"order": {"paid": True, "x": None}}, {1: 2}, [], None,
        {"order": []}, {"deep": {"er": 5}}, {"claims": {"id": 1}}, {"claims": [{"id": 1}, {"id": "1"}]},
        {"claims": [{"reason": "late"}]}, {"claims": [{"id": ""}]}, {"claims": [{"id": True}]}, {"claims": [None]},
        {"claims": [{"id": 1, "x": None}]}, {"parcels": [{"id": 1}]}, {"store": {"rooms": [{"open": True}]}},
        {"store": {"rooms": [{"code": 1}, {"code": 1}]}}, {"order": {"size": True}}, {"order": {"size": 11}},
        {"order": {"size": 5.0}}, {"order": {"rate": True}}, {"order": {"rate": 0.5}}, {"order": {"count": 2**63}},
        {"order": {"placed_on": "2024-W01-1"}}, {"order": {"placed_on": "20240101"}},
        {"order": {"placed_on": "٢٠٢٥-٠٣-٢٠"}}, {"order": {"placed_on": "2025-02-29"}}, {"order": {"kind": ["late"]}},
        {"order": {"kinds": [["late"]]}}, {"order": {"kinds": [True]}}, {"order": {"total": "-1 USD"}},
        {"order": {"total": {"amount": "1", "currency": "USD", "x": None}}}, {"order": {"total": {"amount": "1"}}},
        {"order": {"note": "\ud800"}}, {"order": {"currency": ["USD"]}}, {"order": {"paid": 1}},
    ],
)  # fmt: skip
def test_what_is_refused_is_left_to_the_careful_reader(facts: object) -> None:
    assert not is_quick(reader(SMALL), facts)


@pytest.mark.parametrize("facts", [Table(FINE), {**FINE, "claims": tuple(FINE["claims"])}, {"order": Table()}])
def test_data_of_other_types_is_left_to_the_careful_reader(facts: object) -> None:
    assert not is_quick(reader(SMALL), facts)


# --- names ---


def test_names_are_only_ever_quoted() -> None:
    """No checked bundle has such names; the generated code does not rely on that."""
    odd = "x'\"]\\\n\u2028é{0}#; raise SystemExit"
    of = reader(
        bundle(
            facts=[declared(f"a.{odd}"), declared(odd, KINDS), declared("__class__.v", INTEGER)],
            lists=[claims(declared(odd, INTEGER), name=f"{odd} s", each=odd, id_field=odd)],
        )
    )
    facts = {"a": {odd: True}, odd: "late", "__class__": {"v": 1}, f"{odd} s": [{odd: 1}]}
    assert is_quick(of, facts)
    read = of.read(facts, TODAY)
    assert read.facts == {f"a.{odd}": True, odd: "late", "__class__.v": 1}
    assert read.lists[f"{odd} s"] == (Element(f"{odd} s", "1", 1, {odd: 1}),)


@pytest.mark.parametrize("parts", [2, 40, 60, 200])
def test_names_of_many_parts(parts: int) -> None:
    names = [f"p{n}" for n in range(parts)]
    of = reader(bundle(facts=[declared(".".join(names))]))
    for raw in (True, None, 1, "x"):
        facts: Json = raw
        for name in reversed(names):
            facts = {name: facts}
        quick = is_quick(of, facts)
        assert quick == (parts < 50 and (raw is True or raw is None))


def test_members_that_are_not_in_normal_form_are_read_as_by_the_definition() -> None:
    of = reader(bundle(facts=[declared("a.b", enum_type(("e\u0301", "plain"), "odd"))]))
    for raw in ("e\u0301", "\u00e9", "plain"):
        is_quick(of, {"a": {"b": raw}})


# --- what is remembered ---


def test_equal_numbers_of_other_types_are_not_mistaken_for_each_other() -> None:
    of = reader(bundle(facts=[declared("a.rate", DECIMAL), declared("a.count", INTEGER)]))
    for raw in (1, True, 1, Decimal(1), "1", 1.0, False, 0, "0", Decimal("0.0"), "-0", 0.0):
        for name in ("rate", "count"):
            is_quick(of, {"a": {name: raw}})


def test_a_refused_value_is_refused_again() -> None:
    of = reader(SMALL)
    for _ in range(3):
        assert not is_quick(of, {"order": {"total": "-1 USD"}})
        assert not is_quick(of, {"order": {"placed_on": "2025-02-30"}})


def test_facts_with_other_limits_are_not_mistaken_for_each_other() -> None:
    of = reader(
        bundle(
            facts=[
                declared("a.any", MONEY),
                declared("a.some", MONEY, minimum=Fraction(5)),
                declared("a.whole", MONEY, decimals=0),
                declared("b.any", DECIMAL),
                declared("b.some", DECIMAL, maximum=Fraction(5)),
                declared("c.day", DATE),
                declared("c.day_or_none", DATE, may_be_empty=True),
            ]
        )
    )
    for raw in ("3 USD", "7 USD", "7.5 USD", {"amount": "3", "currency": "USD"}, {"amount": "7.5", "currency": "USD"}):
        for name in ("any", "some", "whole"):
            is_quick(of, {"a": {name: raw}})
    for raw in ("3", "7"):
        for name in ("any", "some"):
            is_quick(of, {"b": {name: raw}})
    for raw in ("", "2025-01-01"):
        for name in ("day", "day_or_none"):
            is_quick(of, {"c": {name: raw}})


def test_no_more_than_short_texts_are_remembered() -> None:
    """What callers send cannot fill the memory."""
    of = reader(bundle(facts=[declared("a.price", MONEY), declared("a.rate", DECIMAL)]))
    scope = of._quick.__globals__
    remembering = [f for f in scope.values() if hasattr(f, "cache_info")]
    assert remembering
    for n in range(5000):
        of.read({"a": {"price": f"{n} USD", "rate": n}}, TODAY)
        of.read({"a": {"price": "0." + "0" * LONGEST_REMEMBERED + " USD"}}, TODAY)
    assert all(f.cache_info().currsize <= f.cache_info().maxsize < 5000 for f in remembering)


# --- declared currencies ---

DEFAULTS = {
    "none": None,
    "constant": lit("USD", CURRENCY),
    "null": Null(type=CURRENCY, span=at(1)),
}


@pytest.mark.parametrize("default", [*DEFAULTS, "other"])
@pytest.mark.parametrize("given_currency", [None, "USD", "EUR"])
@pytest.mark.parametrize("other", [None, "USD", "EUR"])
def test_currencies_declared_by_facts(default: str, given_currency: str | None, other: str | None) -> None:
    stands_in = fact("a.other", CURRENCY) if default == "other" else DEFAULTS[default]
    of = reader(
        bundle(
            facts=[
                declared("a.other", CURRENCY),
                declared("a.currency", CURRENCY, default=stands_in),
                declared("a.total", MONEY, currency=fact("a.currency", CURRENCY)),
                declared("a.fixed", MONEY, currency=lit("USD", CURRENCY)),
            ],
            lists=[claims(declared("amount", MONEY, currency=fact("a.currency", CURRENCY)))],
        )
    )
    quick = 0
    for total in (None, "1 USD", "1 EUR"):
        for amounts in ((), ("1 USD",), ("1 EUR",), ("1 EUR", "1 USD")):
            for fixed in ("1 USD", "1 EUR"):
                facts = {"currency": given_currency, "other": other, "total": total, "fixed": fixed}
                elements = [{"id": str(n), "amount": amount} for n, amount in enumerate(amounts)]
                quick += is_quick(of, {"a": facts, "claims": elements})
    # Nothing can be said against them: no amounts, or all in the right currency.
    assert quick >= 4


@pytest.mark.parametrize("default", [*DEFAULTS, "other"])
def test_currencies_declared_by_fields(default: str) -> None:
    stands_in = fact("a.other", CURRENCY) if default == "other" else DEFAULTS[default]
    of = reader(
        bundle(
            facts=[declared("a.other", CURRENCY)],
            lists=[
                claims(
                    declared("amount", MONEY, currency=item("unit", CURRENCY)),
                    declared("unit", CURRENCY, default=stands_in),
                )
            ],
        )
    )
    for unit in (None, "USD", "EUR"):
        for amount in (None, "1 USD", "1 EUR"):
            for other in (None, "USD", "EUR"):
                elements = [{"id": 1, "amount": amount, "unit": unit}, {"id": 2, "amount": "1 USD", "unit": "USD"}]
                facts = {"a": {"other": other}, "claims": elements}
                assert is_quick(of, facts) == is_right(of, facts)


# --- whatever comes ---

HOSTILE: list[Json] = [
    True, False, 0, 1, -1, 1.0, 0.5, float("nan"), float("inf"), 2**63, 2**63 - 1, -(2**63), 10**200, Decimal("1.50"),
    Decimal("NaN"), Decimal("1e999999"), "", "x", "late", "red", "USD", "usd", "XXX", "12.50 USD", "12.505 USD",
    "1 JPY", "1 EUR", "0.1", "01", "1e5", "-0", "٣", "2025-01-01", "2024-W01-1", "20240101", "2025-02-30", "٢٠٢٥-٠٣-٢٠",
    "2025-01-01T10:00:00Z", "2025-01-01T10:00:00", "0001-01-01T00:00:00+23:00", "e\u0301", "\u00e9", "\ud800", "\x00",
    "x" * 10_000, "x" * 10_001, "9" * 101, [], {}, [[]], [{}], ["red"], ["red", "red"], ["red", 1], [["red"]], ("red",),
    {"amount": "1", "currency": "USD"}, {"amount": 1, "currency": "USD"}, {"amount": 1.5, "currency": "USD"},
    {"amount": "1", "currency": "usd"}, {"amount": "1", "currency": "USD", "x": 1}, {"amount": [], "currency": {}},
    Text("late"), Text("2025-01-01"), Text("12.50 USD"), Table(), Table(amount="1", currency="USD"), b"x",
    object(), None, date(2025, 1, 1), {"id": 1}, {1: 2}, [None],
    [{"id": 1}, {"id": 1}], [{"id": 1}, {"id": "1"}], [{"id": None}],
]  # fmt: skip


def spoilt(rng: random.Random, data: Json) -> Json:
    """A copy in which values, and now and then keys, are others."""
    if isinstance(data, dict):
        made = {k: spoilt(rng, v) for k, v in data.items()}
        if made and rng.random() < 0.02:
            made[rng.choice(["x", "", "id", "order.paid", 1])] = made.pop(rng.choice(list(made)))
        return made
    if rng.random() < 0.04:
        return rng.choice(HOSTILE)
    if isinstance(data, list):
        made_list = [spoilt(rng, v) for v in data]
        return made_list + made_list[:1] if rng.random() < 0.05 else made_list
    return data


@pytest.mark.parametrize("seed", range(24))
def test_generated_vocabularies(seed: int) -> None:
    generated = generate(seed)
    checked = load(generated)
    of = reader(checked)
    requests, rng = Requests(checked, generated.constants, seed), random.Random(seed)
    quick = spoilt_ones = refused = 0
    for _ in range(60):
        request = requests.next()
        refused += not is_right(of, request.facts)
        quick += is_quick(of, request.facts)
        spoilt_ones += not is_quick(of, spoilt(rng, request.facts))
    # Amounts in several currencies, where it is not known which is needed, are left to the careful reader.
    assert 0.9 * (60 - refused) <= quick <= 60 - refused
    assert spoilt_ones > 10


def is_right(of: RequestReader, facts: object) -> bool:
    try:
        of.careful.read(facts, TODAY)
    except RequestError:
        return False
    return True


VALUES: dict[str, list[Json]] = {
    "boolean": [True, False], "integer": [1, 5, 10], "decimal": ["0.5", 2], "money": ["1 USD", "2.50 USD", "3 JPY"],
    "currency": ["USD", "JPY"], "date": ["2025-01-01", "2025-01-01T23:30:00Z"], "text": ["a", "é"],
    "enum": ["late", "red"], "set": [["late"], ["red"], []],
}  # fmt: skip


def values(of: Fact) -> st.SearchStrategy[Json]:
    fine = st.sampled_from(VALUES[of.type.kind.value])
    return st.one_of([*[fine] * 9, st.sampled_from(HOSTILE)])


def objects(fields: dict[str, st.SearchStrategy[Json]]) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({}, optional=fields)


ORDER = objects({f.name.removeprefix("order."): values(f) for f in SMALL.facts.values() if f.name.startswith("order.")})
CLAIM = objects(
    {"id": st.sampled_from(["a", "b", 1, "1", ""]), **{k: values(f) for k, f in SMALL.lists["claims"].fields.items()}}
)
ROOM = objects({k: values(f) for k, f in SMALL.lists["store.rooms"].fields.items()})
REQUESTS = objects(
    {
        "order": ORDER,
        "claims": st.lists(CLAIM, max_size=3),
        "store": objects({"rooms": st.lists(ROOM, max_size=2)}),
        "yen": objects({"total": st.sampled_from(["1 JPY", "1 USD", "1.5 JPY"])}),
        "nope": st.none(),
    }
)
SMALL_READER = reader(SMALL)


@settings(deadline=None, max_examples=400, derandomize=True)
@given(REQUESTS)
def test_any_request_is_read_as_by_the_definition(facts: object) -> None:
    is_quick(SMALL_READER, facts)
