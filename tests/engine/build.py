"""Small checked bundles, made by hand, and a matcher that asks the evaluator itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from tests.truths import sparse_by_index

from policyengine.backends.base import Matches
from policyengine.evaluation.env import EMPTY_ENV
from policyengine.evaluation.evaluator import Evaluation, Evaluator
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import (
    And,
    Arith,
    Compare,
    CompareOp,
    Expr,
    FactRef,
    ItemField,
    Literal,
    Special,
    Value,
)
from policyengine.model.rules import (
    Class,
    DecisionSpec,
    Insert,
    Message,
    Outcome,
    Rule,
    Step,
)
from policyengine.model.vocabulary import Definition, Fact, FactList, Parameter
from policyengine.source import Position, SourceFile, Span
from policyengine.values.dates import Calendar, Duration, Unit
from policyengine.values.money import Money
from policyengine.values.types import (
    BOOLEAN,
    DURATION,
    MONEY,
    Type,
    enum_type,
)

FILE = SourceFile("bundle/rules.yaml", "", "rules.yaml")
ALWAYS = And(items=(), span=Span(FILE, Position(1, 1), Position(1, 1)))
TODAY = date(2025, 4, 1)
KINDS = enum_type(("late", "broken", "lost"), "kind")
COLOURS = enum_type(("red", "green"), "colour", open_=True)


def at(line: int) -> Span:
    return Span(FILE, Position(line, 1), Position(line, 5))


# --- expressions ---


def fact(name: str, type_: Type = BOOLEAN) -> FactRef:
    return FactRef(name=name, type=type_, span=at(1))


def item(field: str, type_: Type = BOOLEAN, *, items: str = "claims", each: str = "claim") -> ItemField:
    return ItemField(variable=each, list=items, field=field, type=type_, span=at(1))


def lit(value: Value, type_: Type) -> Literal:
    return Literal(value=value, type=type_, span=at(1))


def usd(amount: str | int) -> Literal:
    return lit(Money.of(amount, "USD"), MONEY)


def days(count: int, unit: Unit = Unit.DAYS, calendar: str | None = None) -> Literal:
    return lit(Duration(count, unit, calendar), DURATION)


def compare(left: Expr, op: CompareOp, right: Expr) -> Compare:
    return Compare(op=op, left=left, right=right, span=at(1))


def is_(e: Expr) -> Compare:
    """A boolean fact as a condition."""
    return compare(e, "=", lit(True, BOOLEAN))


def plus(left: Expr, right: Expr) -> Arith:
    return Arith(op="+", left=left, right=right, type=left.type, span=at(1))


def times(left: Expr, right: Expr) -> Arith:
    return Arith(op="*", left=left, right=right, type=left.type, span=at(1))


def amount_so_far() -> Special:
    return Special(name="amount", type=MONEY, span=at(1))


def text(*parts: str | Insert) -> Message:
    return Message({"": parts})


# --- vocabulary ---


def declared(name: str, type_: Type = BOOLEAN, **rest: object) -> Fact:
    return Fact(name=name, type=type_, span=at(1), **rest)  # type: ignore[arg-type]


def claims(*fields: Fact, **rest: object) -> FactList:
    settings: dict[str, object] = {"name": "claims", "each": "claim", "id_field": "id"} | rest
    return FactList(fields={f.name: f for f in fields}, span=at(1), **settings)  # type: ignore[arg-type]


# --- rules and decisions ---


def rule(index: int, rule_class: Class | None, word: str | None, own: Expr = ALWAYS, **rest: object) -> Rule:
    settings: dict[str, object] = {
        "id": f"R-{index}",
        "kind": "exclusions",
        "policy": "policy",
        "each": None,
        "step": 0,
        "guard": ALWAYS,
        "applies": ALWAYS,
        "because": text(f"Rule {index} holds."),
        "span": at(10 + index),
    } | rest
    return Rule(index=index, rule_class=rule_class, word=word, own=own, **settings)  # type: ignore[arg-type]


def decision(name: str = "coverage", **rest: object) -> DecisionSpec:
    settings: dict[str, object] = {
        "title": name,
        "each": None,
        "verdicts": {"no": Class.REFUSED, "wait": Class.PENDING, "some": Class.PARTLY, "yes": Class.GRANTED},
        "element_verdicts": {"no": Class.REFUSED, "wait": Class.PENDING, "yes": Class.GRANTED},
        "steps": (),
        "warnings": (),
        "otherwise": Outcome(word="yes", id=None, because=None, span=at(90)),
        "report": (),
        "payout": None,
        "value": None,
        "span": at(5),
    } | rest
    return DecisionSpec(name=name, **settings)  # type: ignore[arg-type]


def step(index: int, *rules: Rule, each: str | None = None) -> Step:
    return Step(index=index, each=each, rules=tuple(replace(r, step=index) for r in rules))


def bundle(  # noqa: PLR0913 - one for each part of a bundle
    *,
    facts: Sequence[Fact] = (),
    lists: Sequence[FactList] = (),
    decisions: Sequence[DecisionSpec] = (),
    definitions: Sequence[Definition] = (),
    parameters: Sequence[Parameter] = (),
    calendars: Mapping[str, Calendar] | None = None,
    time_zone: str = "UTC",
) -> CheckedBundle:
    return CheckedBundle(
        id="small",
        title="Small",
        version="1",
        digest="0" * 64,
        time_zone=time_zone,
        in_force_on=None,
        calendar=next(iter(calendars), None) if calendars else None,
        facts={f.name: f for f in facts},
        lists={items.name: items for items in lists},
        parameters={p.name: p for p in parameters},
        calendars=calendars or {},
        definitions={d.name: d for d in definitions},
        decisions={d.name: d for d in decisions},
    )


# --- a matcher without an engine ---


class Asking:
    """Asks the evaluator for each rule: the plainest back end there is."""

    name = "asking"

    def compile(self, checked: CheckedBundle, evaluator: Evaluator) -> AskingProgram:  # noqa: ARG002 - the protocol's
        return AskingProgram(checked)


class AskingProgram:
    def __init__(self, checked: CheckedBundle) -> None:
        self.bundle = checked

    def match(self, name: str, evaluation: Evaluation) -> Matches:
        spec = self.bundle.decisions[name]
        elements = evaluation.elements(spec.each) if spec.each else None
        each = self.bundle.lists[spec.each].each if spec.each else ""
        wholes = {r.index: And(items=r.parts, span=r.span) for r in spec.rules}
        rules = [r for s in spec.steps for r in s.rules]
        document = sparse_by_index({r.index: evaluation.truth(wholes[r.index]) for r in rules if not r.each})
        if elements is None:
            return Matches(document, None if spec.each else {})
        by_element = {
            e.key: sparse_by_index(
                {r.index: evaluation.truth(wholes[r.index], EMPTY_ENV.bind(each, e)) for r in rules if r.each}
            )
            for e in elements
        }
        return Matches(document, by_element)

    def close(self) -> None:
        pass
