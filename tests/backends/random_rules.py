"""A vocabulary with every kind of difficulty, and random conditions and facts over it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from random import Random

from tests.backends import build as b

from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Contains, Expr, If, Known, ListOf, MemberOf, SplitIs, Stated, Value, Within
from policyengine.model.memory import EMPTY_DATE, Given, WorkingMemory
from policyengine.model.rules import Split
from policyengine.values.dates import Duration, Unit
from policyengine.values.money import Money
from policyengine.values.types import (
    BOOLEAN,
    CURRENCY,
    DATE,
    DECIMAL,
    INTEGER,
    MONEY,
    TEXT,
    Type,
    enum_type,
    set_of,
    values_of,
)

COLOUR = enum_type(("red", "green", "blue"), "colour", open_=True)
COLOURS = set_of(COLOUR)
SCALARS: dict[str, Type] = {
    "flag": BOOLEAN,
    "count": INTEGER,
    "rate": DECIMAL,
    "price": MONEY,
    "day": DATE,
    "colour": COLOUR,
    "note": TEXT,
    "cur": CURRENCY,
}
NAMES = {**SCALARS, "colours": COLOURS}
DAYS = [b.TODAY + timedelta(days=n) for n in (-400, -40, -2, 0, 1, 3, 60)]


def _document_facts() -> list[b.Fact]:
    facts = [b.fact(f"{k}.{n}", t, may_be_empty=t is DATE) for n, t in NAMES.items() for k in ("a", "z")]
    day_a = b.FactRef(name="a.day", type=DATE, span=b.HERE)
    day_z = b.FactRef(name="z.day", type=DATE, span=b.HERE)
    limit = b.ParameterRef(name="dated_count", type=INTEGER, span=b.HERE)
    return [
        *facts,
        b.fact("m.day", DATE, b.call("latest", DATE, day_a, day_z)),
        b.fact("m.count", INTEGER, limit),
        b.fact("m.price", MONEY, b.lit(b.usd(5))),
        b.fact("m.when", DATE, b.as_of()),
    ]


def vocabulary() -> CheckedBundle:
    fields = [b.fact(n, t, may_be_empty=t is DATE) for n, t in NAMES.items()]
    fields.append(b.fact("late", DATE, b.FactRef(name="a.day", type=DATE, span=b.HERE)))
    things = b.fact_list("things", "thing", fields)
    key = b.FactRef(name="a.day", type=DATE, span=b.HERE)
    key_2 = b.FactRef(name="m.day", type=DATE, span=b.HERE)
    parameters = [
        b.param("plain_count", INTEGER, [(None, 3)], None),
        b.param("plain_price", MONEY, [(None, b.usd("4.50"))], None),
        b.param("dated_count", INTEGER, [(DAYS[1], 1), (DAYS[3], 3), (DAYS[5], 5)], key),
        b.param("dated_price", MONEY, [(None, b.usd(2)), (DAYS[3], b.usd(5))], key),
        b.param("other_count", INTEGER, [(None, 2), (DAYS[4], 4)], key_2),
        b.param("dated_span", b.DURATION, [(None, Duration(2, Unit.DAYS)), (DAYS[3], Duration(1, Unit.MONTHS))], key),
        b.param("dated_colours", COLOURS, [(None, frozenset({"red"})), (DAYS[3], frozenset({"red", "blue"}))], key_2),
        b.param("plain_colours", COLOURS, [(None, frozenset({"red", "green"}))], None),
    ]
    bundle = b.bundle(_document_facts(), [things], parameters)
    return replace(bundle, definitions={d.name: d for d in _definitions(bundle)})


def _definitions(bundle: CheckedBundle) -> list[b.Definition]:
    w = b.Words(bundle)
    a, z = w.fact("a.day"), w.fact("z.day")
    red = b.cmp("=", w.fact("a.colour"), b.lit("red", COLOUR))
    rows = [
        ([b.cmp("<", w.fact("a.count"), 2)], b.lit(1)),
        ([b.cmp(">=", w.fact("a.count"), w.param("dated_count"))], w.fact("z.count")),
    ]
    thing_price = w.item("things", "price")
    return [
        b.definition("d_day", DATE, b.call("earliest", DATE, a, b.arith("+", z, w.param("dated_span")))),
        b.definition("d_flag", BOOLEAN, b.either(red, w.fact("z.flag"))),
        b.definition("d_count", INTEGER, b.table("any", INTEGER, rows, b.lit(9))),
        b.definition("d_first", INTEGER, b.table("first", INTEGER, rows)),
        b.definition("d_unique", INTEGER, b.table("unique", INTEGER, rows, w.param("other_count"))),
        b.definition("e_price", MONEY, b.arith("*", thing_price, b.lit(2)), each="things"),
        b.definition("e_flag", BOOLEAN, b.cmp(">", thing_price, w.param("dated_price")), each="things"),
    ]


class Maker:
    """Random expressions and facts. ``element``: conditions may be about an element of ``things``."""

    def __init__(self, random: Random, bundle: CheckedBundle) -> None:
        self.random, self.words = random, b.Words(bundle)
        self.split = Split(
            id="S",
            list="things",
            variable="thing",
            called="parts",
            quantity=b.lit(2),
            weight=self.words.item("things", "price"),
            whole=self.words.item("things", "flag"),
            op="<",
            limit=self.words.fact("m.price"),
        )

    # --- conditions ---

    def condition(self, depth: int, *, element: bool) -> Expr:
        pick = self.random.random()
        if depth <= 0 or pick < 0.35:
            return self.atom(element=element)
        parts = [self.condition(depth - 1, element=element) for _ in range(self.random.randint(0, 3) or 2)]
        if pick < 0.6:
            return b.both(*parts)
        return b.either(*parts) if pick < 0.85 else b.no(parts[0])

    def atom(self, *, element: bool) -> Expr:  # noqa: C901 - one branch for each kind of condition
        r, w = self.random, self.words
        kind = r.randrange(16)
        type_ = r.choice([INTEGER, DECIMAL, MONEY, DATE])
        if kind < 5:
            return self.comparison(type_, element=element)
        if kind == 5:
            return self.equality(element=element)
        if kind == 6:
            low, high = self.scalar(type_, element=element), self.scalar(type_, element=element)
            subject = self.scalar(type_, element=element, constant=False)
            return Within(
                subject=subject, low=low, high=high, low_open=r.random() < 0.5, high_open=r.random() < 0.5, span=b.HERE
            )
        if kind == 7:
            container = r.choice(
                [
                    b.lit(frozenset({"red", "green"}), COLOURS),
                    w.param("dated_colours"),
                    w.param("plain_colours"),
                    w.fact("a.colours"),
                ]
            )
            return MemberOf(
                subject=self.scalar(COLOUR, element=element, constant=False), container=container, span=b.HERE
            )
        if kind == 8:
            return Known(target=self.reference(element=element), span=b.HERE)
        if kind == 9:
            return Stated(target=self.reference(element=element), span=b.HERE)
        if kind == 10:
            members: tuple[Expr, ...] = tuple(b.lit(m, COLOUR) for m in r.sample(["red", "green", "blue"], 2))
            members = r.choice([members, (w.fact("a.colour"),), (w.fact("z.colours"),), (w.param("plain_colours"),)])
            container = r.choice([w.fact("a.colours"), w.param("dated_colours")])
            return Contains(container=container, mode=r.choice(["any", "all"]), members=members, span=b.HERE)
        if kind == 11:
            return self.quantifier()
        if kind == 12:
            return b.lit(r.random() < 0.5)
        if kind == 13:
            return SplitIs(split=self.split, outcome=r.choice(["one", "several", "none"]), span=b.HERE)
        if kind == 14:
            return If(
                condition=self.scalar(BOOLEAN, element=element, constant=False),
                then=self.comparison(type_, element=element),
                otherwise=self.scalar(BOOLEAN, element=element),
                type=BOOLEAN,
                span=b.HERE,
            )
        return self.scalar(BOOLEAN, element=element, constant=False)

    def comparison(self, type_: Type, *, element: bool) -> Expr:
        op = self.random.choice(["=", "!=", "<", "<=", ">", ">="])
        left = self.scalar(type_, element=element, constant=self.random.random() < 0.1)
        right = self.scalar(type_, element=element)
        if type_ is MONEY and self.random.random() < 0.2:
            right = b.lit(0)
        return b.cmp(op, left, right)

    def equality(self, *, element: bool) -> Expr:
        type_ = self.random.choice([BOOLEAN, COLOUR, TEXT, CURRENCY, COLOURS])
        op = self.random.choice(["=", "!="])
        return b.cmp(op, self.scalar(type_, element=element, constant=False), self.scalar(type_, element=element))

    def reference(self, *, element: bool) -> Expr:
        if element and self.random.random() < 0.5:
            return self.words.item("things", self.random.choice([*NAMES, "late"]))
        if self.random.random() < 0.1:
            return self.words.list("things")
        return self.words.fact(self.random.choice(list(self.words.bundle.facts)))

    def quantifier(self) -> Expr:
        w, r = self.words, self.random
        source: Expr = w.list("things")
        if r.random() < 0.6:
            source = w.filter(source, "things", b.cmp(">", w.item("things", "count"), r.randint(0, 4)))
        body = r.choice(
            [
                b.cmp("<", w.item("things", "price", "x"), w.param("dated_price")),
                b.cmp("=", w.item("things", "colour", "x"), w.fact("a.colour")),
            ]
        )
        return w.some("x", source, body, r.choice(["some", "every"]))

    # --- scalars ---

    def scalar(self, type_: Type, *, element: bool, constant: bool | None = None) -> Expr:
        r = self.random
        if constant or (constant is None and r.random() < 0.5):
            return b.lit(self.value(type_), type_)
        return r.choice(self.all_of(type_, element=element))

    def all_of(self, type_: Type, *, element: bool) -> list[Expr]:
        w = self.words
        found: list[Expr] = [w.fact(f.name) for f in w.bundle.facts.values() if f.type == type_]
        found += [w.param(p.name) for p in w.bundle.parameters.values() if p.type == type_]
        found += [w.ref(d.name) for d in w.bundle.definitions.values() if d.type == type_ and (element or not d.each)]
        if element:
            found += [w.item("things", f.name) for f in w.bundle.lists["things"].fields.values() if f.type == type_]
        return found + self.computed(type_)

    def computed(self, type_: Type) -> list[Expr]:
        w = self.words
        few = w.filter(w.list("things"), "things", b.cmp(">", w.item("things", "count"), 2))
        if type_ is INTEGER:
            both_counts = ListOf(items=(w.fact("a.count"), w.fact("z.count")), type=values_of(INTEGER), span=b.HERE)
            return [
                b.call("count", INTEGER, few),
                b.call("max", INTEGER, both_counts),
                b.arith("+", b.call("min", INTEGER, w.fact("a.count"), w.param("dated_count")), b.lit(1)),
                b.call("days_between", INTEGER, w.fact("a.day"), w.fact("z.day")),
            ]
        if type_ is MONEY:
            prices = w.pluck(few, "things", "price")
            return [
                b.call("sum", MONEY, prices),
                b.call("max", MONEY, prices),
                b.call("min", MONEY, w.fact("a.price"), w.fact("z.price")),
                b.arith("/", w.fact("a.price"), w.fact("a.count"), MONEY),
                b.call("convert", MONEY, w.fact("a.price"), w.fact("a.rate"), b.lit("USD", CURRENCY)),
            ]
        if type_ is DATE:
            return [
                b.call("latest", DATE, w.fact("a.day"), w.fact("z.day")),
                b.call("roll", DATE, b.call("earliest", DATE, w.fact("a.day"), w.fact("z.day")), b.lit("bank")),
                b.arith("+", w.fact("a.day"), b.call("days", b.DURATION, w.fact("a.count"))),
                b.as_of(),
            ]
        if type_ is DECIMAL:
            return [b.arith("/", w.fact("a.count"), w.fact("z.count"), DECIMAL)]
        return []

    # --- values and facts ---

    def value(self, type_: Type) -> Value:
        r = self.random
        if type_ == COLOURS:
            return frozenset(r.sample(["red", "green", "blue"], r.randint(0, 3)))
        if type_ == COLOUR:
            return r.choice(["red", "green", "blue", "other"])
        return {
            BOOLEAN: lambda: r.random() < 0.5,
            INTEGER: lambda: r.choice([-1, 0, 1, 2, 3, 4, 5, 9, 10**18]),
            DECIMAL: lambda: r.choice([0, 1, Fraction(1, 2), Fraction(5, 2), Fraction(1, 3), Fraction(1, 10**20), 4]),
            MONEY: self.money,
            DATE: lambda: r.choice(DAYS),
            TEXT: lambda: r.choice(["", "x", "y"]),
            CURRENCY: lambda: r.choice(["USD", "EUR"]),
        }[type_]()

    def money(self) -> Money:
        amount = self.random.choice([0, 1, 2, Fraction(9, 2), 5, Fraction(1, 3), Fraction(200001, 100000), 10**19])
        return Money.of(amount, "EUR" if self.random.random() < 0.1 else "USD")

    def given(self, type_: Type) -> Given:
        return EMPTY_DATE if type_ is DATE and self.random.random() < 0.1 else self.value(type_)

    def facts(self) -> WorkingMemory:
        r, bundle = self.random, self.words.bundle
        share = r.choice([0.3, 0.7, 0.95])
        facts = {f.name: self.given(f.type) for f in bundle.facts.values() if r.random() < share}
        fields = bundle.lists["things"].fields.values()
        things = [
            {f.name: self.given(f.type) for f in fields if r.random() < share} for _ in range(r.choice([0, 1, 2, 4]))
        ]
        return b.memory(facts, {"things": things} if r.random() < 0.85 else {})
