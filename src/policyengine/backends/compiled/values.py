"""Expressions to Python text that computes their values: None for unknown, Bounds for what is known in part."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from policyengine.backends.compiled.frames import NAME, Frame
from policyengine.backends.compiled.patterns import DEEPEST
from policyengine.model.expr import (
    And,
    Arith,
    AsOf,
    Call,
    Compare,
    Contains,
    DefinitionRef,
    Expr,
    FactRef,
    Filter,
    If,
    ItemField,
    ListOf,
    ListRef,
    Literal,
    MemberOf,
    Negate,
    Not,
    Null,
    Or,
    ParameterRef,
    Pluck,
    Quantifier,
    Special,
    SplitIs,
    Stated,
    Within,
)
from policyengine.model.vocabulary import Fact
from policyengine.values.dates import Duration, Unit
from policyengine.values.types import Kind

if TYPE_CHECKING:
    from policyengine.backends.compiled.units import Units

_ARITHMETIC: Mapping[str, str] = {"+": "add", "-": "sub", "*": "mul", "/": "div"}
_DATED = (Compare, Within, MemberOf, Contains)
_CONDITIONS = (*_DATED, And, Or, Not)
#: Conditions inside values inside values are cut earlier than other values, for they are deep themselves.
_DEEPEST_CONDITION = 2


class OfEach(NamedTuple):
    """What a helper asks of every element of a list: the value of ``body``, ``variable`` standing for the element."""

    helper: str
    list: Expr
    variable: str
    body: Expr


class Values:
    """Writes the values of expressions into functions."""

    def __init__(self, units: Units) -> None:
        self.units = units
        self.lowering = units.lowering
        self.bundle = units.lowering.bundle
        self._depth = 0
        self._forms: Mapping[type[Expr], Callable[[Frame, Any], str]] = {
            Literal: lambda frame, e: frame.source.constant(e.value),
            Null: lambda _, __: "None",
            Special: lambda _, __: "None",
            AsOf: lambda frame, _: self.as_of(frame),
            FactRef: lambda frame, e: self.fact(frame, e.name),
            ItemField: lambda frame, e: self.item(frame, e.variable, e.list, e.field),
            ListRef: lambda _, e: f"whole(s, {e.name!r}, {self.bundle.lists[e.name].default_empty})",
            ParameterRef: self._parameter,
            DefinitionRef: self._definition,
            If: self._if,
            Arith: self._arith,
            Negate: lambda frame, e: f"negated({self.text(frame, e.item)})",
            Call: self._call,
            Stated: self._stated,
            Quantifier: lambda frame, e: self.units.over_list(frame, e, OfEach(e.kind, e.list, e.variable, e.body)),
            Filter: lambda frame, e: self.units.over_list(
                frame, e, OfEach("filtered", e.list, e.variable, e.predicate)
            ),
            Pluck: self._pluck,
            ListOf: lambda frame, e: f"Column(({''.join(self.text(frame, i) + ', ' for i in e.items)}))",
            SplitIs: lambda _, e: f"split_is({self.units.split(e.split)}, {e.outcome!r})",
        }

    def of_number(self, frame: Frame, number: int) -> str:
        """The value of a numbered expression."""
        return self.text(frame, self.lowering.values[number])

    def text(self, frame: Frame, e: Expr) -> str:
        """The value of an expression; what lies too deep inside another is computed by a function of its own."""
        if self._depth >= DEEPEST or (self._depth >= _DEEPEST_CONDITION and isinstance(e, _CONDITIONS)):
            return self.units.expression(frame, e)
        self._depth += 1
        text = self.here(frame, e)
        self._depth -= 1
        return text

    def here(self, frame: Frame, e: Expr) -> str:
        """The same, computed here however deep it is."""
        if isinstance(e, _DATED) and self.lowering.reads.dated(e):
            return self.units.tried(frame, e)
        return self.plain(frame, e)

    def plain(self, frame: Frame, e: Expr) -> str:
        """The same; dated parameters whose day is open are not tried."""
        form = self._forms.get(e.__class__)
        if form is not None:
            return form(frame, e)
        constants: list[object] = []
        pattern = self.lowering.whole(e, constants)
        if pattern is None:
            return self._comparison(frame, e)
        return self.units.truths(frame).truth(pattern, [frame.source.constant(c) for c in constants])

    def _comparison(self, frame: Frame, e: Expr) -> str:
        """A comparison that is no pattern: of whole lists, or with sets that are not constant."""
        match e:
            case Compare():
                name = {"=": "eq", "!=": "ne"}[e.op]
                return f"{name}({self.text(frame, e.left)}, {self.text(frame, e.right)})"
            case MemberOf():
                return f"member({self.text(frame, e.subject)}, {self.text(frame, e.container)})"
            case Contains():
                wanted = "".join(self.text(frame, m) + ", " for m in e.members)
                return f"contains({e.mode!r}, {self.text(frame, e.container)}, ({wanted}))"
            case _:
                raise TypeError(f"no such expression: {e!r}")

    def exact(self, frame: Frame, number: int) -> str:
        """The value of a numbered expression in two-valued code, which raises Inexact if it is not exactly known."""
        e = self.lowering.values[number]
        return self._simple(frame, e) or f"need({self.of_number(frame, number)})"

    def _simple(self, frame: Frame, e: Expr, depth: int = 0) -> str | None:
        """What Python computes itself, exactly or not at all: facts, constants, their sums and products."""
        if depth > DEEPEST:
            return None
        if e.type.numeric and isinstance(e, Arith) and e.op != "/":
            if not (e.left.type.numeric and e.right.type.numeric):
                return None
            left, right = self._simple(frame, e.left, depth + 1), self._simple(frame, e.right, depth + 1)
            return f"({left} {e.op} {right})" if left and right else None
        match e:
            case FactRef() | ItemField() | AsOf() | Literal():
                return self.text(frame, e)
            case ParameterRef() if self.bundle.parameters[e.name].constant:
                return self.text(frame, e)
            case Arith(op="+" | "-", left=FactRef() | ItemField() | AsOf() as day) if e.type.kind is Kind.DATE:
                days = self._days(e.right)
                return None if days is None else f"({self.text(frame, day)} {e.op} {frame.source.bind(days)})"
            case _:
                return None

    def _days(self, e: Expr) -> timedelta | None:
        value = e.value if isinstance(e, Literal) else None
        if isinstance(e, ParameterRef) and self.bundle.parameters[e.name].constant:
            value = self.bundle.parameters[e.name].values[0].value
        return timedelta(value.count) if isinstance(value, Duration) and value.unit is Unit.DAYS else None

    # --- names ---

    def as_of(self, frame: Frame) -> str:
        """The evaluation day."""
        return frame.local("as_of", "d", "s.as_of", f"{NAME} = s.as_of")

    def fact(self, frame: Frame, name: str) -> str:
        """A fact of the document, or its default."""
        return self._given(frame, ("fact", name), self.bundle.facts[name], "f", "")

    def item(self, frame: Frame, variable: str, list_: str, field: str) -> str:
        """A field of the element that a variable stands for, or its default."""
        element = frame.variables[variable]
        fact = self.bundle.lists[list_].fields[field]
        return self._given(frame, ("item", variable, field), fact, f"{element}.fields", list_, element)

    def _given(self, frame: Frame, key: object, fact: Fact, facts: str, list_: str, *element: str) -> str:
        if frame.has(key):
            return frame.mark(key)
        is_date = fact.type.kind is Kind.DATE
        if fact.default is None and frame.exact:
            return frame.given(key, facts, fact.name, *([f"if {NAME} is EMPTY: raise Inexact"] if is_date else []))
        text = f"{facts}.get({fact.name!r})"
        lines = [f"{NAME} = {text}"]
        if fact.default is not None and not isinstance(fact.default, Null):
            default = self._default(frame, fact, list_, *element)
            lines.append(f"if {NAME} is None: {NAME} = {default}")
        if frame.exact:
            lines.append(f"if {NAME} is None or {NAME}.__class__ is Bounds: raise Inexact")
        if is_date:
            lines.append(f"if {NAME} is EMPTY: " + ("raise Inexact" if frame.exact else f"{NAME} = None"))
        return frame.local(key, "x", None, *lines)

    def _default(self, frame: Frame, fact: Fact, list_: str, *element: str) -> str:
        match fact.default:
            case Literal(value=value):
                return frame.source.constant(value)
            case AsOf():
                return "s.as_of"
            case Expr() as default:
                return self.units.default(list_, fact.name, default, *element)
        raise TypeError(fact.default)

    def _parameter(self, frame: Frame, e: ParameterRef) -> str:
        parameter = self.bundle.parameters[e.name]
        if parameter.constant:
            return frame.source.constant(parameter.values[0].value)
        return f"{self.units.dated(parameter)}(s)"

    def _definition(self, frame: Frame, e: DefinitionRef) -> str:
        definition = self.bundle.definitions[e.name]
        if isinstance(definition.body, Literal):
            return frame.source.constant(definition.body.value)
        if definition.each is None:
            return self.units.definition(definition, e.output)
        variable = e.variable or self.bundle.lists[definition.each].each
        return self.units.definition(definition, e.output, frame.variables[variable])

    # --- operators ---

    def _if(self, frame: Frame, e: If) -> str:
        """Each branch is written twice, so each is a name or a call."""
        condition = self.text(frame, e.condition)
        then, otherwise = (self._short(frame, branch) for branch in (e.then, e.otherwise))
        key = ("if", id(e))
        asked = frame.local(key, "v", condition)
        name = frame.name_of(key)
        return f"({then} if {asked} is True else {otherwise} if {name} is False else agree(({then}, {otherwise})))"

    def _short(self, frame: Frame, e: Expr) -> str:
        simple = isinstance(e, Literal | Null | FactRef | ItemField | AsOf | ParameterRef | DefinitionRef)
        return self.text(frame, e) if simple else self.units.expression(frame, e)

    def _arith(self, frame: Frame, e: Arith) -> str:
        return f"{_ARITHMETIC[e.op]}({self.text(frame, e.left)}, {self.text(frame, e.right)})"

    def _call(self, frame: Frame, e: Call) -> str:
        name = "money_sum" if e.function == "sum" and e.type.kind is Kind.MONEY else e.function
        return f"call_{name}({', '.join(self.text(frame, a) for a in e.args)})"

    def _stated(self, frame: Frame, e: Stated) -> str:
        value = self.text(frame, e.target)
        match e.target:
            case FactRef() as fact:
                return f"stated(f.get({fact.name!r}), {value})"
            case ItemField() as item:
                return f"stated({frame.variables[item.variable]}.fields.get({item.field!r}), {value})"
            case _:
                return f"stated(None, {value})"

    def _pluck(self, frame: Frame, e: Pluck) -> str:
        list_ = str(e.list.type.name)
        singular = self.bundle.lists[list_].each
        item = self.bundle.lists[list_].fields[e.field].type
        field = ItemField(variable=singular, list=list_, field=e.field, type=item, span=e.span)
        return self.units.over_list(frame, e, OfEach("column", e.list, singular, field))
