"""Small models, built by hand: each helper makes one node with a place of its own."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date
from fractions import Fraction
from itertools import count

from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.rules import Class, DecisionSpec, Insert, Message, Outcome, Rule, Step
from policyengine.model.vocabulary import DatedValue, Definition, Fact, FactList, Parameter, Row, Table
from policyengine.source import Position, SourceFile, Span
from policyengine.values import types as t
from policyengine.values.dates import Calendar, Duration, Unit
from policyengine.values.money import Money

_lines = count(1)
FILE = SourceFile("policies/test/all.yaml", "", "all.yaml")

TRUE = x.And(items=(), span=Span(FILE, Position(1, 1), Position(1, 2)))
COLORS = t.enum_type(("red", "green", "blue"), "color")
COLOR_SET = t.set_of(COLORS)
BANK = Calendar("bank", frozenset({5, 6}), {2025: frozenset({date(2025, 4, 18), date(2025, 4, 21)})})


def span() -> Span:
    line = next(_lines)
    return Span(FILE, Position(line, 1), Position(line, 2))


def usd(amount: int | str) -> Money:
    return Money.of(amount, "USD")


def days(n: int) -> Duration:
    return Duration(n, Unit.DAYS)


def lit(value: x.Value, type_: t.Type | None = None) -> x.Literal:
    kinds = {
        bool: t.BOOLEAN,
        int: t.INTEGER,
        Fraction: t.DECIMAL,
        Money: t.MONEY,
        date: t.DATE,
        Duration: t.DURATION,
        str: t.TEXT,
        frozenset: COLOR_SET,
    }
    return x.Literal(type=type_ or kinds[type(value)], span=span(), value=value)


def fact(name: str, type_: t.Type = t.BOOLEAN) -> x.FactRef:
    return x.FactRef(type=type_, span=span(), name=name)


def item(field: str, type_: t.Type = t.BOOLEAN, variable: str = "claim", list_: str = "claims") -> x.ItemField:
    return x.ItemField(type=type_, span=span(), variable=variable, list=list_, field=field)


def listed(name: str = "claims") -> x.ListRef:
    return x.ListRef(type=t.Type(t.Kind.LIST, name=name), span=span(), name=name)


def parameter(name: str, type_: t.Type) -> x.ParameterRef:
    return x.ParameterRef(type=type_, span=span(), name=name)


def defined(name: str, type_: t.Type, output: str | None = None, variable: str | None = None) -> x.DefinitionRef:
    return x.DefinitionRef(type=type_, span=span(), name=name, output=output, variable=variable)


def special(name: str, type_: t.Type = t.MONEY) -> x.Special:
    return x.Special(type=type_, span=span(), name=name)


def cmp(left: x.Expr, op: x.CompareOp, right: x.Expr) -> x.Compare:
    return x.Compare(op=op, left=left, right=right, span=span())


def both(*items: x.Expr) -> x.And:
    return x.And(items=items, span=span())


def either(*items: x.Expr) -> x.Or:
    return x.Or(items=items, span=span())


def no(e: x.Expr) -> x.Not:
    return x.Not(item=e, span=span())


def cond(condition: x.Expr, then: x.Expr, otherwise: x.Expr) -> x.If:
    return x.If(type=then.type, condition=condition, then=then, otherwise=otherwise, span=span())


def arith(left: x.Expr, op: str, right: x.Expr, type_: t.Type | None = None) -> x.Arith:
    return x.Arith(type=type_ or left.type, op=op, left=left, right=right, span=span())


def call(function: str, *args: x.Expr, type_: t.Type = t.DATE) -> x.Call:
    return x.Call(type=type_, function=function, args=args, span=span())


def pluck(list_: x.Expr, field: str, type_: t.Type = t.MONEY) -> x.Pluck:
    return x.Pluck(type=t.values_of(type_), list=list_, field=field, span=span())


def keep(list_: x.Expr, predicate: x.Expr, variable: str = "claim") -> x.Filter:
    return x.Filter(type=list_.type, list=list_, variable=variable, predicate=predicate, span=span())


def some(list_: x.Expr, body: x.Expr, variable: str = "claim") -> x.Quantifier:
    return x.Quantifier(kind="some", variable=variable, list=list_, body=body, span=span())


def every(list_: x.Expr, body: x.Expr, variable: str = "claim") -> x.Quantifier:
    return x.Quantifier(kind="every", variable=variable, list=list_, body=body, span=span())


def known(target: x.FactRef | x.ItemField | x.ListRef) -> x.Known:
    return x.Known(target=target, span=span())


def stated(target: x.FactRef | x.ItemField | x.ListRef) -> x.Stated:
    return x.Stated(target=target, span=span())


def say(*parts: str | Insert) -> Message:
    return Message({"": parts})


def a_fact(name: str, type_: t.Type = t.BOOLEAN, **more: object) -> Fact:
    return Fact(name=name, type=type_, span=span(), **more)


def a_list(
    *fields: Fact, name: str = "claims", each: str = "claim", id_field: str | None = "id", **more: object
) -> FactList:
    return FactList(name=name, each=each, id_field=id_field, fields={f.name: f for f in fields}, span=span(), **more)


def dated(name: str, type_: t.Type, keyed_on: x.Expr | None, *values: tuple[date | None, x.Value]) -> Parameter:
    held = tuple(DatedValue(start=d, value=v, span=span()) for d, v in values)
    return Parameter(name=name, type=type_, values=held, keyed_on=keyed_on, span=span())


def definition(name: str, type_: t.Type, body: x.Expr | Table, each: str | None = None) -> Definition:
    return Definition(name=name, type=type_, each=each, body=body, span=span())


def table(hit: str, rows: list[tuple[list[x.Expr], list[x.Expr]]], otherwise: list[x.Expr] | None = None) -> Table:
    made = tuple(Row(tests=tuple(tests), outputs=tuple(outs), span=span()) for tests, outs in rows)
    outputs = tuple((f"out{n}", o.type) for n, o in enumerate(rows[0][1]))
    last = None if otherwise is None else tuple(otherwise)
    return Table(hit=hit, inputs=(), outputs=outputs, rows=made, otherwise=last, span=span())


def rule(  # noqa: PLR0913 - a rule has that many parts
    id_: str,
    class_: Class | None,
    word: str | None,
    own: x.Expr = TRUE,
    *,
    index: int = -1,
    each: str | None = None,
    guard: x.Expr = TRUE,
    applies: x.Expr = TRUE,
    because: Message | None = None,
    **more: object,
) -> Rule:
    """A rule; its index and step are filled in by :func:`decision`."""
    return Rule(
        index=index,
        id=id_,
        kind="test",
        policy="policy",
        each=each,
        step=0 if class_ else None,
        rule_class=class_,
        word=word,
        guard=guard,
        applies=applies,
        own=own,
        because=because or say(f"{id_} holds."),
        span=span(),
        **more,
    )


def refuse(id_: str, own: x.Expr = TRUE, word: str = "no", **more: object) -> Rule:
    return rule(id_, Class.REFUSED, word, own, **more)


def wait(id_: str, own: x.Expr = TRUE, word: str = "later", **more: object) -> Rule:
    return rule(id_, Class.PENDING, word, own, **more)


def grant(id_: str, own: x.Expr = TRUE, word: str = "yes", **more: object) -> Rule:
    return rule(id_, Class.GRANTED, word, own, **more)


def warn(id_: str, own: x.Expr = TRUE, **more: object) -> Rule:
    return rule(id_, None, None, own, **more)


VERDICTS = {"no": Class.REFUSED, "later": Class.PENDING, "some": Class.PARTLY, "yes": Class.GRANTED}
ELEMENT_VERDICTS = {w: c for w, c in VERDICTS.items() if c is not Class.PARTLY}


def numbered(steps: list[list[Rule]], warnings: Sequence[Rule]) -> tuple[tuple[Step, ...], tuple[Rule, ...]]:
    """Steps and warnings with indexes and step numbers as a bundle would have them."""
    numbers = count()
    made = tuple(
        Step(
            index=n,
            each=rules[0].each if rules else None,
            rules=tuple(dataclasses.replace(r, index=next(numbers), step=n) for r in rules),
        )
        for n, rules in enumerate(steps)
    )
    return made, tuple(dataclasses.replace(r, index=next(numbers), step=None) for r in warnings)


def decision(
    *steps: list[Rule], otherwise: str | Outcome | None = "yes", warnings: Sequence[Rule] = (), **more: object
) -> DecisionSpec:
    made, warned = numbered(list(steps), warnings)
    if isinstance(otherwise, str):
        otherwise = Outcome(word=otherwise, id=None, because=None, span=span())
    defaults: dict[str, object] = {
        "each": None,
        "verdicts": VERDICTS,
        "element_verdicts": ELEMENT_VERDICTS,
        "report": (),
        "payout": None,
        "value": None,
    }
    return DecisionSpec(
        name="d", title="D", steps=made, warnings=warned, otherwise=otherwise, span=span(), **(defaults | more)
    )


def bundle(  # noqa: PLR0913 - so has a bundle
    spec: DecisionSpec | None = None,
    *,
    facts: Sequence[Fact] = (),
    lists: Sequence[FactList] = (),
    parameters: Sequence[Parameter] = (),
    definitions: Sequence[Definition] = (),
    zone: str = "UTC",
) -> CheckedBundle:
    return CheckedBundle(
        id="test",
        title="Test",
        version="1",
        digest="0",
        time_zone=zone,
        in_force_on=None,
        calendar="bank",
        facts={f.name: f for f in facts},
        lists={one.name: one for one in lists},
        parameters={p.name: p for p in parameters},
        calendars={"bank": BANK},
        definitions={d.name: d for d in definitions},
        decisions={spec.name: spec} if spec else {},
    )
