"""Requests: every code, with its pointer; what is read is what was meant."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.engine.build import COLOURS, KINDS, TODAY, bundle, claims, declared, fact, item, lit

from policyengine.engine.request import RequestReader, read_request
from policyengine.errors import FactProblem, RequestError
from policyengine.evaluation.evaluator import Evaluator
from policyengine.model.memory import EMPTY_DATE, WorkingMemory
from policyengine.values.money import Money
from policyengine.values.types import CURRENCY, DATE, DECIMAL, INTEGER, MONEY, TEXT, set_of

SMALL = bundle(
    facts=[
        declared("order.paid"),
        declared("order.size", INTEGER, minimum=Fraction(1), maximum=Fraction(10)),
        declared("order.count", INTEGER),
        declared("order.rate", DECIMAL, minimum=Fraction(0)),
        declared("order.total", MONEY, minimum=Fraction(0), currency=fact("order.currency", CURRENCY)),
        declared("order.currency", CURRENCY),
        declared("order.placed_on", DATE),
        declared("order.closed_on", DATE, may_be_empty=True),
        declared("order.note", TEXT),
        declared("order.kind", KINDS),
        declared("order.colour", COLOURS),
        declared("order.kinds", set_of(KINDS)),
        declared("order.colours", set_of(COLOURS)),
        declared("deep.er.fact"),
        declared("yen.total", MONEY, decimals=0, currency=lit("JPY", CURRENCY)),
    ],
    lists=[
        claims(
            declared("amount", MONEY, currency=item("unit", CURRENCY)),
            declared("unit", CURRENCY),
            declared("reason", KINDS),
        ),
        claims(declared("weight", INTEGER), name="parcels", each="parcel", id_field=None),
        claims(declared("code", INTEGER), declared("open"), name="store.rooms", each="room", id_field="code"),
    ],
)
FLOAT_HELP = "give a `decimal.Decimal`, a whole number or text"
CODE_HELP = "use a code of ISO 4217, like USD"
READER = RequestReader(SMALL, Evaluator(SMALL))


def read(facts: object) -> WorkingMemory:
    return READER.read(facts, TODAY)


def problems(facts: object) -> tuple[FactProblem, ...]:
    with pytest.raises(RequestError) as caught:
        read(facts)
    return caught.value.problems


def one(name: str, raw: object) -> object:
    """The value of a fact of the order."""
    return read({"order": {name: raw}}).facts[f"order.{name}"]


def fault(name: str, raw: object) -> tuple[str, str, str | None]:
    (problem,) = problems({"order": {name: raw}})
    return problem.pointer, problem.code, problem.help


# --- what is read ---


@pytest.mark.parametrize(
    ("name", "raw", "value"),
    [
        ("paid", False, False),
        ("size", 10, 10),
        ("count", 2**63 - 1, 2**63 - 1),
        ("count", -(2**63) + 1, -(2**63) + 1),
        ("rate", 2, Fraction(2)),
        ("rate", Decimal("0.10"), Fraction(1, 10)),
        ("rate", Decimal("1e2"), Fraction(100)),
        ("rate", "0.25", Fraction(1, 4)),
        ("total", "12.50 USD", Money.of("12.50", "USD")),
        ("total", {"amount": "12.5", "currency": "USD"}, Money.of("12.50", "USD")),
        ("total", {"currency": "USD", "amount": 12}, Money.of(12, "USD")),
        ("total", {"amount": Decimal("12.500"), "currency": "USD"}, Money.of("12.50", "USD")),
        ("currency", "CHF", "CHF"),
        ("placed_on", "2024-02-29", date(2024, 2, 29)),
        ("closed_on", "", EMPTY_DATE),
        ("closed_on", "2025-01-01", date(2025, 1, 1)),
        ("note", "e\u0301", "é"),
        ("note", "", ""),
        ("kind", "late", "late"),
        ("colour", "mauve\u0301", "mauvé"),
        ("kinds", [], frozenset()),
        ("kinds", ["late", "late", "lost"], frozenset({"late", "lost"})),
        ("colours", ["red", "teal"], frozenset({"red", "teal"})),
    ],
)
def test_values_are_read_exactly(name: str, raw: object, value: object) -> None:
    got = one(name, raw)
    assert got == value
    assert isinstance(got, type(value))


def test_null_is_absent_wherever_it_stands() -> None:
    facts = {"order": {"paid": None}, "deep": None, "claims": None, "parcels": [{"weight": None}]}
    got = read(facts)
    assert got.facts == {}
    assert [e.fields for e in got.lists["parcels"]] == [{}]
    assert read({"deep": {"er": None}}).facts == {}


def test_elements_are_known_by_id_or_by_position() -> None:
    got = read({"claims": [{"id": "b", "reason": "late"}, {"id": 7}], "parcels": [{}, {"weight": 3}]})
    assert [(e.key, e.position, dict(e.fields)) for e in got.lists["claims"]] == [
        ("b", 1, {"reason": "late"}),
        ("7", 2, {}),
    ]
    assert [e.address("weight") for e in got.lists["parcels"]] == ["parcels[#1].weight", "parcels[#2].weight"]


def test_a_declared_id_is_a_field_too() -> None:
    (room,) = read({"store": {"rooms": [{"code": 12, "open": True}]}}).lists["store.rooms"]
    assert (room.id, dict(room.fields)) == ("12", {"code": 12, "open": True})


def test_an_empty_list_is_given() -> None:
    assert read({"claims": []}).lists == {"claims": ()}


# --- dates and moments ---


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("UTC", "2025-03-20T23:30:00Z", "2025-03-20"),
        ("Europe/Berlin", "2025-03-20T23:30:00Z", "2025-03-21"),
        ("Europe/Berlin", "2025-07-20T22:00:00+00:00", "2025-07-21"),
        ("Europe/Berlin", "2025-12-20T22:59:59.999Z", "2025-12-20"),
        # Summer time begins at 01:00 UTC on 30 March 2025 and ends at 01:00 UTC on 26 October.
        ("Europe/Berlin", "2025-03-29T22:59:59Z", "2025-03-29"),
        ("Europe/Berlin", "2025-03-29T23:00:00Z", "2025-03-30"),
        ("Europe/Berlin", "2025-10-26T22:59:59Z", "2025-10-26"),
        ("Europe/Berlin", "2025-10-25T22:00:00Z", "2025-10-26"),
        # Two zones on either side of the date line.
        ("Pacific/Kiritimati", "2025-01-01T10:00:00Z", "2025-01-02"),
        ("Pacific/Niue", "2025-01-01T10:59:59Z", "2024-12-31"),
        # Samoa crossed the line and had no 30 December 2011.
        ("Pacific/Apia", "2011-12-30T09:59:59Z", "2011-12-29"),
        ("Pacific/Apia", "2011-12-30T10:00:00Z", "2011-12-31"),
        ("America/New_York", "2025-03-20t02:00:00.5+05:30", "2025-03-19"),
        ("UTC", "2016-12-31T23:59:60Z", "2016-12-31"),
        ("UTC", "2025-01-01T00:00:00-23:59", "2025-01-01"),
    ],
)
def test_a_moment_is_the_day_it_was_in_the_zone(zone: str, moment: str, day: str) -> None:
    there = bundle(facts=[declared("a.day", DATE)], time_zone=zone)
    assert read_request(there, {"a": {"day": moment}}, TODAY).facts["a.day"] == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("2025-03-20T10:00:00", "request/timestamp"),
        ("2025-03-20 10:00", "request/timestamp"),
        ("2025-03-20T25:00:00Z", "request/timestamp"),
        ("2025-03-20T10:00:60Z", "request/timestamp"),
        ("2025-03-20T10:00:00+24:00", "request/timestamp"),
        ("2025-03-20T10:00:00+10:60", "request/timestamp"),
        ("2025-02-29", "request/type"),
        ("2025-02-30T10:00:00Z", "request/type"),
        ("0000-01-01", "request/type"),
        ("20250320", "request/type"),
        ("2025-W12-4", "request/type"),
        ("20.03.2025", "request/type"),
        ("٢٠٢٥-٠٣-٢٠", "request/type"),
        ("2025-03-20\n", "request/type"),
        ("", "request/type"),
        (20250320, "request/type"),
        (True, "request/type"),
    ],
)
def test_what_is_no_date(raw: object, code: str) -> None:
    assert fault("placed_on", raw)[:2] == ("/order/placed_on", code)


@pytest.mark.parametrize("raw", ["0001-01-01T00:00:00+23:00", "9999-12-31T23:00:00-23:00"])
def test_a_moment_outside_of_the_calendar(raw: str) -> None:
    assert fault("placed_on", raw)[:2] == ("/order/placed_on", "request/timestamp")


# --- what is refused ---


@pytest.mark.parametrize(
    ("name", "raw", "pointer", "code", "help_"),
    [
        ("paid", "true", "", "request/type", "write true or false, without quotes"),
        ("paid", 1, "", "request/type", "write true or false, without quotes"),
        ("size", Decimal("5.0"), "", "request/type", "write 5, without quotes or a decimal point"),
        ("size", Decimal("5.5"), "", "request/type", None),
        ("size", "5", "", "request/type", "write 5, without quotes or a decimal point"),
        ("size", True, "", "request/type", None),
        ("size", 0, "", "request/range", None),
        ("size", 11, "", "request/range", None),
        ("count", 2**63, "", "request/range", None),
        ("count", -(2**63), "", "request/range", None),
        ("rate", "1e3", "", "request/type", "write it like 12.50: no spaces, no grouping, no exponent"),
        ("rate", "1,000", "", "request/type", "write it like 12.50: no spaces, no grouping, no exponent"),
        ("rate", "٣", "", "request/type", "write it like 12.50: no spaces, no grouping, no exponent"),
        ("rate", "01", "", "request/type", "write it like 12.50: no spaces, no grouping, no exponent"),
        ("rate", 0.5, "", "request/type", FLOAT_HELP),
        ("rate", Decimal("NaN"), "", "request/type", None),
        ("rate", Decimal("Infinity"), "", "request/type", None),
        ("rate", Decimal("1e9999999"), "", "request/range", None),
        ("rate", 10**200, "", "request/range", None),
        ("rate", Decimal("-0.01"), "", "request/range", None),
        ("total", "12.505 USD", "", "request/range", None),
        ("total", "-1 USD", "", "request/range", None),
        ("total", "12.50", "", "request/type", 'write "12.50 USD" or {"amount": "12.50", "currency": "USD"}'),
        ("total", "12.50USD", "", "request/type", 'write "12.50 USD" or {"amount": "12.50", "currency": "USD"}'),
        ("total", 12, "", "request/type", 'write "12.50 USD" or {"amount": "12.50", "currency": "USD"}'),
        ("total", {"amount": 1}, "", "request/type", 'write "12.50 USD" or {"amount": "12.50", "currency": "USD"}'),
        ("total", {"amount": 0.1, "currency": "USD"}, "/amount", "request/type", FLOAT_HELP),
        ("total", "12 usd", "", "request/currency", "did you mean `USD`?"),
        ("total", {"amount": 1, "currency": "EURO"}, "/currency", "request/currency", CODE_HELP),
        ("currency", "ZZZ", "", "request/currency", CODE_HELP),
        ("currency", ["USD"], "", "request/type", 'write it like "USD"'),
        ("note", 5, "", "request/type", 'put it in quotes: "…"'),
        ("note", "x" * 10_001, "", "request/range", None),
        ("note", "\ud800", "", "request/type", None),
        ("kind", "brokn", "", "request/member", "did you mean `broken`? members: late, broken, lost"),
        ("kind", "quite different", "", "request/member", "members: late, broken, lost"),
        ("kind", 3, "", "request/type", "members: late, broken, lost"),
        ("colour", ["red"], "", "request/type", "members: red, green"),
        ("kinds", ["late", "lots"], "/1", "request/member", "did you mean `lost`? members: late, broken, lost"),
        ("kinds", [None], "/0", "request/type", "members: late, broken, lost"),
        ("kinds", "late", "", "request/type", "members: late, broken, lost"),
    ],
)  # fmt: skip
def test_bad_values(name: str, raw: object, pointer: str, code: str, help_: str | None) -> None:
    assert fault(name, raw) == (f"/order/{name}{pointer}", code, help_)


def test_an_amount_and_its_currency_may_both_be_wrong() -> None:
    found = problems({"order": {"total": {"amount": "x", "currency": "y"}}})
    assert [(p.pointer, p.code) for p in found] == [
        ("/order/total/amount", "request/type"),
        ("/order/total/currency", "request/currency"),
    ]


def test_yen_have_no_decimal_places() -> None:
    assert read({"yen": {"total": "12.00 JPY"}}).facts["yen.total"] == Money.of(12, "JPY")
    assert [p.code for p in problems({"yen": {"total": "12.50 JPY"}})] == ["request/range"]


# --- names ---


@pytest.mark.parametrize(
    ("facts", "pointer", "help_"),
    [
        ({"order": {"pais": True}}, "/order/pais", "did you mean `paid`?"),
        ({"ordr": {"paid": True}}, "/ordr", "did you mean `order`?"),
        ({"order": {"fact": True}}, "/order/fact", 'did you mean `deep.er.fact`? write {"deep": {"er": {"fact": …}}}'),
        ({"paid": True}, "/paid", 'did you mean `order.paid`? write {"order": {"paid": …}}'),
        ({"order.paid": True}, "/order.paid", 'write {"order": {"paid": …}}'),
        ({"deep": {"er.fact": True}}, "/deep/er.fact", 'write {"deep": {"er": {"fact": …}}}'),
        ({"order.payd": True}, "/order.payd", 'did you mean `order.paid`? write {"order": {"paid": …}}'),
        ({"store.rooms": []}, "/store.rooms", 'write {"store": {"rooms": …}}'),
        ({"a/b~c": 1}, "/a~1b~0c", "known here: `order`, `deep`, `yen`, `claims`, `parcels`, `store`"),
        ({"x" * 5000: 1}, "/" + "x" * 5000, None),
    ],
)
def test_undeclared_facts(facts: object, pointer: str, help_: str | None) -> None:
    (problem,) = problems(facts)
    assert (problem.pointer, problem.code, problem.help) == (pointer, "request/unknown-fact", help_)


def test_undeclared_facts_are_refused_even_when_null() -> None:
    assert [p.code for p in problems({"ordr": None})] == ["request/unknown-fact"]


def test_a_value_where_facts_are_held() -> None:
    (problem,) = problems({"deep": {"er": 5}})
    assert (problem.pointer, problem.code) == ("/deep/er", "request/type")
    assert problem.help == 'it holds facts: write {"deep": {"er": {"fact": …}}}'


@pytest.mark.parametrize("facts", [None, 5, [], "x", True])
def test_facts_are_an_object(facts: object) -> None:
    assert [(p.pointer, p.code) for p in problems(facts)] == [("", "request/type")]


# --- lists ---


def test_elements_need_ids_of_their_own() -> None:
    found = problems(
        {
            "claims": [
                {"id": "a"},
                {},
                {"id": None},
                {"id": ""},
                {"id": "a"},
                {"id": 1.5},
                {"id": True},
                "x",
                None,
                {"id": "a"},
            ]
        }
    )
    assert [(p.pointer, p.code) for p in found] == [
        ("/claims/1", "request/no-id"),
        ("/claims/2", "request/no-id"),
        ("/claims/3/id", "request/no-id"),
        ("/claims/5/id", "request/type"),
        ("/claims/6/id", "request/type"),
        ("/claims/7", "request/type"),
        ("/claims/8", "request/type"),
        ("/claims/4/id", "request/duplicate-id"),
        ("/claims/9/id", "request/duplicate-id"),
    ]
    assert found[0].help == "give `id`, different for each element"
    assert found[-1].help == "element 1 of `claims` has it too"


def test_one_and_the_text_1_are_one_id() -> None:
    assert [p.code for p in problems({"claims": [{"id": 1}, {"id": "1"}]})] == ["request/duplicate-id"]


def test_a_bad_declared_id_is_told_once() -> None:
    found = problems({"store": {"rooms": [{"code": "x"}]}})
    assert [(p.pointer, p.code) for p in found] == [("/store/rooms/0/code", "request/type")]


def test_fields_are_declared() -> None:
    (problem,) = problems({"claims": [{"id": 1, "reson": "late"}]})
    assert (problem.pointer, problem.help) == ("/claims/0/reson", "did you mean `reason`?")
    assert problem.detail == "`reson` is not a field of `claims`"


def test_a_list_is_a_list() -> None:
    assert [(p.pointer, p.code) for p in problems({"claims": {"id": 1}})] == [("/claims", "request/type")]


# --- declared currencies ---


def test_money_in_another_currency_than_declared() -> None:
    found = problems(
        {"order": {"total": "1 EUR", "currency": "USD"}, "claims": [{"id": 1, "amount": "2 CHF", "unit": "EUR"}]}
    )
    assert [(p.pointer, p.code, p.detail) for p in found] == [
        ("/order/total", "request/currency", "this amount is in EUR, but USD is needed here"),
        ("/claims/0/amount", "request/currency", "this amount is in CHF, but EUR is needed here"),
    ]


def test_an_unknown_declared_currency_refuses_nothing() -> None:
    assert read({"order": {"total": "1 EUR"}}).facts["order.total"] == Money.of(1, "EUR")


def test_currencies_are_told_beside_other_faults() -> None:
    found = problems({"order": {"total": "1 EUR", "currency": "USD", "paid": 1}, "yen": {"total": "1 USD"}})
    assert [p.pointer for p in found] == ["/order/paid", "/order/total", "/yen/total"]


def test_a_default_is_not_held_against_an_amount_while_its_fact_is_unreadable() -> None:
    with_default = bundle(
        facts=[
            declared("a.currency", CURRENCY, default=lit("USD", CURRENCY)),
            declared("a.total", MONEY, currency=fact("a.currency", CURRENCY)),
        ]
    )
    reader = RequestReader(with_default, Evaluator(with_default))
    with pytest.raises(RequestError) as caught:
        reader.read({"a": {"currency": "EURO", "total": "1 EUR"}}, TODAY)
    assert [p.pointer for p in caught.value.problems] == ["/a/currency"]
    with pytest.raises(RequestError) as caught:
        reader.read({"a": {"total": "1 EUR"}}, TODAY)
    assert [p.pointer for p in caught.value.problems] == ["/a/total"]


# --- all at once, and whatever comes ---


def test_every_bad_fact_is_told_in_the_order_of_the_request() -> None:
    found = problems({"order": {"paid": 1, "kind": "x", "size": 0}, "nope": 1, "claims": 2})
    assert [p.pointer for p in found] == ["/order/paid", "/order/kind", "/order/size", "/nope", "/claims"]


def test_the_day_of_evaluation_is_read_like_a_date() -> None:
    assert READER.day("2025-04-01T10:00:00Z") == TODAY
    assert READER.day(TODAY) == TODAY
    assert READER.day(datetime(2025, 4, 1, 23, 30, 0, 5, timezone(timedelta(hours=2)))) == TODAY
    with pytest.raises(RequestError, match="offset"):
        READER.day(datetime(2025, 4, 1))  # noqa: DTZ001 - that is the point
    with pytest.raises(RequestError) as caught:
        READER.day("tomorrow")
    assert caught.value.problems[0].pointer == "/as_of"


WORDS = """order deep er fact paid size rate total currency placed_on closed_on note kind kinds colours claims parcels
store rooms id amount unit reason code order.paid é"""
NAMES = st.sampled_from(WORDS.split())
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["late", "12.50 USD", "USD", "2025-02-29", "2025-01-01T00:00:00Z", "", "1e5", "9" * 200])
)
DATA = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=4), inner, max_size=5),
    max_leaves=25,
)


@settings(deadline=None, max_examples=250, derandomize=True)
@given(DATA | st.dictionaries(NAMES, st.dictionaries(NAMES, DATA, max_size=4) | st.lists(DATA, max_size=3), max_size=4))
@example({"order": {"total": {"amount": [], "currency": {}}}})
@example({"claims": [{"id": {}}, {"id": []}, []]})
def test_nothing_but_a_request_error_is_ever_raised(data: object) -> None:
    try:
        got = read(data)
    except RequestError as e:
        found = e.problems
    else:
        assert isinstance(data, dict)
        assert got.as_of == TODAY
        return
    assert found
    assert all(p.pointer == "" or p.pointer.startswith("/") for p in found)
    assert all(p.code.startswith("request/") for p in found)
