"""Small builders of checked bundles, for tests that need no YAML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import (
    And,
    Arith,
    AsOf,
    Call,
    Compare,
    CompareOp,
    DefinitionRef,
    Expr,
    FactRef,
    Filter,
    ItemField,
    ListRef,
    Literal,
    Not,
    Or,
    ParameterRef,
    Pluck,
    Quantifier,
    Value,
)
from policyengine.model.memory import Element, Given, WorkingMemory
from policyengine.model.rules import Class, DecisionSpec, Message, Outcome, Rule, Step
from policyengine.model.vocabulary import DatedValue, Definition, Fact, FactList, Parameter, Row, Table
from policyengine.source import Span, nowhere
from policyengine.values.dates import Calendar, Duration
from policyengine.values.money import Money
from policyengine.values.types import (
    BOOLEAN,
    DATE,
    DECIMAL,
    DURATION,
    INTEGER,
    MONEY,
    TEXT,
    Kind,
    Type,
    set_of,
    values_of,
)

HERE: Span = nowhere("bundle")
TRUE = And(items=(), span=HERE)
BANK = Calendar("bank", frozenset({5, 6}), {2025: frozenset({date(2025, 1, 1), date(2025, 4, 18)})})
TODAY = date(2025, 4, 1)


def usd(amount: int | str | Fraction) -> Money:
    return Money.of(amount, "USD")


def type_of(value: Value) -> Type:
    match value:
        case bool():
            return BOOLEAN
        case int():
            return INTEGER
        case Fraction():
            return DECIMAL
        case date():
            return DATE
        case Money():
            return MONEY
        case Duration():
            return DURATION
        case _:
            return TEXT


def lit(value: Value, type_: Type | None = None) -> Literal:
    return Literal(value=value, type=type_ or type_of(value), span=HERE)


def cmp(op: CompareOp, left: Expr, right: Expr | Value) -> Compare:
    return Compare(op=op, left=left, right=right if isinstance(right, Expr) else lit(right, None), span=HERE)


def both(*items: Expr) -> And:
    return And(items=items, span=HERE)


def either(*items: Expr) -> Or:
    return Or(items=items, span=HERE)


def no(item: Expr) -> Not:
    return Not(item=item, span=HERE)


def call(function: str, type_: Type, *args: Expr) -> Call:
    return Call(function=function, args=args, type=type_, span=HERE)


def arith(op: str, left: Expr, right: Expr, type_: Type | None = None) -> Arith:
    return Arith(op=op, left=left, right=right, type=type_ or left.type, span=HERE)  # type: ignore[arg-type]


def as_of() -> AsOf:
    return AsOf(span=HERE)


def fact(name: str, type_: Type, default: Expr | None = None, *, may_be_empty: bool = False) -> Fact:
    return Fact(name=name, type=type_, default=default, may_be_empty=may_be_empty, span=HERE)


def param(name: str, type_: Type, values: Sequence[tuple[date | None, Value]], keyed_on: Expr | None) -> Parameter:
    dated = tuple(DatedValue(start=s, value=v, span=HERE) for s, v in values)
    return Parameter(name=name, type=type_, values=dated, keyed_on=keyed_on, span=HERE)


def definition(name: str, type_: Type, body: Expr | Table, each: str | None = None) -> Definition:
    return Definition(name=name, type=type_, each=each, body=body, span=HERE)


def table(
    hit: str,
    type_: Type,
    rows: Sequence[tuple[Sequence[Expr], Expr]],
    otherwise: Expr | None = None,
) -> Table:
    return Table(
        hit=hit,  # type: ignore[arg-type]
        inputs=(),
        outputs=(("value", type_),),
        rows=tuple(Row(tests=tuple(t), outputs=(o,), span=HERE) for t, o in rows),
        otherwise=None if otherwise is None else (otherwise,),
        span=HERE,
    )


class Words:
    """References to what a bundle declares, by name."""

    def __init__(self, bundle: CheckedBundle) -> None:
        self.bundle = bundle

    def fact(self, name: str) -> FactRef:
        return FactRef(name=name, type=self.bundle.facts[name].type, span=HERE)

    def list(self, name: str) -> ListRef:
        return ListRef(name=name, type=Type(Kind.LIST, name=name), span=HERE)

    def item(self, list_name: str, field: str, variable: str | None = None) -> ItemField:
        of = self.bundle.lists[list_name]
        return ItemField(
            variable=variable or of.each, list=list_name, field=field, type=of.fields[field].type, span=HERE
        )

    def param(self, name: str) -> ParameterRef:
        return ParameterRef(name=name, type=self.bundle.parameters[name].type, span=HERE)

    def ref(self, name: str) -> DefinitionRef:
        of = self.bundle.definitions[name]
        variable = self.bundle.lists[of.each].each if of.each else None
        return DefinitionRef(name=name, variable=variable, type=of.type, span=HERE)

    def filter(self, source: Expr, list_name: str, predicate: Expr) -> Filter:
        variable = self.bundle.lists[list_name].each
        return Filter(list=source, variable=variable, predicate=predicate, type=source.type, span=HERE)

    def pluck(self, source: Expr, list_name: str, field: str) -> Pluck:
        item = self.bundle.lists[list_name].fields[field].type
        return Pluck(list=source, field=field, type=values_of(item), span=HERE)

    def some(self, variable: str, source: Expr, body: Expr, kind: str = "some") -> Quantifier:
        return Quantifier(kind=kind, variable=variable, list=source, body=body, span=HERE)  # type: ignore[arg-type]


def rule(index: int, *parts: Expr, each: str | None = None, step: int = 0) -> Rule:
    """A rule of up to three parts: guard, applies, own."""
    guard, applies, own = (*parts, TRUE, TRUE, TRUE)[:3]
    return Rule(
        index=index,
        id=f"R-{index}",
        kind="exclusions",
        policy="p",
        each=each,
        step=step,
        rule_class=Class.REFUSED,
        word="no",
        guard=guard,
        applies=applies,
        own=own,
        because=Message({"": ("because",)}),
        span=HERE,
    )


def decision(rules: Sequence[Rule], each: str | None = None, name: str = "d") -> DecisionSpec:
    document = tuple(r for r in rules if r.each is None)
    elements = tuple(r for r in rules if r.each is not None)
    steps = [Step(index=0, each=None, rules=document)] if document else []
    if elements:
        steps.append(Step(index=len(steps), each=each, rules=elements))
    words = {"no": Class.REFUSED, "yes": Class.GRANTED}
    return DecisionSpec(
        name=name,
        title=name,
        each=each,
        verdicts=words,
        element_verdicts=words if each else {},
        steps=tuple(steps),
        warnings=(),
        otherwise=Outcome(word="yes", id=None, because=None, span=HERE),
        report=(),
        payout=None,
        value=None,
        span=HERE,
    )


def bundle(
    facts: Sequence[Fact] = (),
    lists: Sequence[FactList] = (),
    parameters: Sequence[Parameter] = (),
    definitions: Sequence[Definition] = (),
    decisions: Sequence[DecisionSpec] = (),
) -> CheckedBundle:
    return CheckedBundle(
        id="b",
        title="b",
        version="1",
        digest="0" * 64,
        time_zone="UTC",
        in_force_on=None,
        calendar="bank",
        facts={f.name: f for f in facts},
        lists={x.name: x for x in lists},
        parameters={p.name: p for p in parameters},
        calendars={"bank": BANK},
        definitions={d.name: d for d in definitions},
        decisions={d.name: d for d in decisions},
    )


def fact_list(name: str, each: str, fields: Sequence[Fact], *, default_empty: bool = False) -> FactList:
    return FactList(
        name=name,
        each=each,
        id_field="id",
        fields={f.name: f for f in fields},
        default_empty=default_empty,
        span=HERE,
    )


def memory(
    facts: Mapping[str, Given] | None = None,
    lists: Mapping[str, Sequence[Mapping[str, Given]]] | None = None,
    as_of: date = TODAY,
) -> WorkingMemory:
    elements = {
        name: tuple(Element(name, f"e{i}", i, fields) for i, fields in enumerate(records, 1))
        for name, records in (lists or {}).items()
    }
    return WorkingMemory(facts or {}, elements, as_of)


def set_type(enum: Type) -> Type:
    return set_of(enum)
