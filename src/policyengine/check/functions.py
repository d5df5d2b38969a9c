"""Typing of functions: for each, how it is called, which arguments it takes and what it gives. One entry a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from policyengine.check.comparisons import one_currency
from policyengine.check.constants import calendar_of
from policyengine.check.typist import ANYTHING, Form, Hint, Typist, form
from policyengine.diagnostics import advice, did_you_mean
from policyengine.frontend.schema_words import ROUNDING_MODES
from policyengine.language import syntax as s
from policyengine.model import expr as x
from policyengine.values.types import (
    BOOLEAN,
    CURRENCY,
    DATE,
    DECIMAL,
    DURATION,
    INTEGER,
    MONEY,
    TEXT,
    Kind,
    Type,
    comparable,
)

Typing = Callable[[Typist, s.CallText, Hint], x.Expr]


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language: how it is written, for help texts and documents, and how a call is typed."""

    usage: str
    typing: Typing


def _typed_call(t: Typist, node: s.CallText, hint: Hint) -> x.Expr:
    entry = FUNCTIONS.get(node.function)
    if entry is None:
        known = [*FUNCTIONS, "not"]
        place = s.Node(node.start, node.start + len(node.function))
        help_ = did_you_mean(node.function, known) or "functions: " + ", ".join(sorted(known))
        t.fail("names/unknown", f"unknown function `{node.function}`", place, help_)
    return entry.typing(t, node, hint)


def _usage(node: s.CallText) -> str:
    return f"write `{FUNCTIONS[node.function].usage}`"


def _call(t: Typist, node: s.CallText, args: tuple[x.Expr, ...], type_: Type) -> x.Call:
    return x.Call(function=node.function, args=args, type=type_, span=t.span(node))


def _arity(t: Typist, node: s.CallText, least: int, most: int | None = None) -> None:
    most = least if most is None else most
    if not least <= len(node.args) <= most:
        wanted = str(least) if least == most else f"{least} or {most}"
        plural = "" if wanted == "1" else "s"
        words = f"`{node.function}` takes {wanted} argument{plural}, not {len(node.args)}"
        t.fail("type/mismatch", words, node, _usage(node))


def _value(t: Typist, arg: s.Node, *kinds: Kind, words: str, hint: Hint = ANYTHING) -> x.Expr:
    e = t.infer(arg, hint)
    if e.type.kind not in kinds:
        t.mismatch(arg, e.type, words)
    return e


_NUMBER = (Kind.INTEGER, Kind.DECIMAL)


def _extreme(*kinds: Kind, words: str) -> Typing:
    """``min max earliest latest``: values one by one, or one list of them."""

    def typing(t: Typist, node: s.CallText, hint: Hint) -> x.Expr:
        if not node.args:
            t.fail("type/mismatch", f"`{node.function}` takes at least 1 argument", node, _usage(node))
        args = tuple(t.infer(a, hint) for a in node.args)
        # One list stands for its values; beside other arguments a list is out of place.
        items = [args[0].type.item or args[0].type] if len(args) == 1 else [a.type for a in args]
        for n, item in zip(node.args, items, strict=True):
            if item.kind not in kinds:
                t.mismatch(n, item, words, _extreme_help(item, node))
            if not comparable(item, items[0]):
                t.mismatch(n, item, str(items[0]))
        for n, other in zip(node.args[1:], args[1:], strict=True):
            one_currency(t, n, args[0], other, "compared")
        return _call(t, node, args, DECIMAL if DECIMAL in items else items[0])

    return typing


def _extreme_help(item: Type, node: s.CallText) -> str | None:
    if item.kind in (Kind.LIST, Kind.VALUES):
        return _usage(node)
    if item.kind is Kind.DATE:
        return "for dates use `earliest` or `latest`"
    return "for numbers and money use `min` or `max`" if item.numeric or item == MONEY else None


def _sum(t: Typist, node: s.CallText, _hint: Hint) -> x.Expr:
    _arity(t, node, 1)
    e = t.infer(node.args[0])
    item = e.type.item
    if item is None or item.kind not in (*_NUMBER, Kind.MONEY):
        help_ = "name a field: `sum(list.field)`" if e.type.kind is Kind.LIST else None
        t.mismatch(node.args[0], e.type, "a list of numbers or money", help_)
    return _call(t, node, (e,), item)


def _count(t: Typist, node: s.CallText, _hint: Hint) -> x.Expr:
    _arity(t, node, 1)
    e = _value(t, node.args[0], Kind.LIST, Kind.SET, Kind.VALUES, words="a list or a set")
    return _call(t, node, (e,), INTEGER)


def _common(t: Typist, node: s.CallText, hint: Hint) -> x.Expr:
    _arity(t, node, 2)
    a = _value(t, node.args[0], Kind.SET, words="a set", hint=hint)
    b = _value(t, node.args[1], Kind.SET, words="a set", hint=Hint(a.type))
    if not comparable(a.type, b.type):
        t.mismatch(node.args[1], b.type, str(a.type))
    return _call(t, node, (a, b), a.type)


def _of_count(t: Typist, node: s.CallText, _hint: Hint) -> x.Expr:
    """``days weeks months years``: a whole number to a duration."""
    _arity(t, node, 1)
    return _call(t, node, (_value(t, node.args[0], Kind.INTEGER, words="a whole number"),), DURATION)


def _calendar_literal(t: Typist, node: s.Node, name: str | None) -> x.Literal:
    return x.Literal(value=calendar_of(t, node, name), type=TEXT, span=t.span(node))


def _working_days(t: Typist, node: s.CallText, _hint: Hint) -> x.Expr:
    _arity(t, node, 1)
    count = _value(t, node.args[0], Kind.INTEGER, words="a whole number")
    return _call(t, node, (count, _calendar_literal(t, node, None)), DURATION)


def _days_between(t: Typist, node: s.CallText, _hint: Hint) -> x.Expr:
    _arity(t, node, 2)
    return _call(t, node, tuple(_value(t, a, Kind.DATE, words="a date") for a in node.args), INTEGER)


def _roll(t: Typist, node: s.CallText, _hint: Hint) -> x.Expr:
    _arity(t, node, 1, 2)
    day = _value(t, node.args[0], Kind.DATE, words="a date")
    if len(node.args) == 1:
        return _call(t, node, (day, _calendar_literal(t, node, None)), DATE)
    name = node.args[1]
    if not isinstance(name, s.Name):
        t.fail("type/mismatch", f"`{t.source(name)}` is not the name of a calendar", name, _usage(node))
    return _call(t, node, (day, _calendar_literal(t, name, name.text)), DATE)


def _end_of(t: Typist, node: s.CallText, _hint: Hint) -> x.Expr:
    _arity(t, node, 1)
    return _call(t, node, (_value(t, node.args[0], Kind.DATE, words="a date"),), DATE)


def _convert(t: Typist, node: s.CallText, _hint: Hint) -> x.Expr:
    _arity(t, node, 3)
    amount = _value(t, node.args[0], Kind.MONEY, words="money")
    rate = _value(t, node.args[1], *_NUMBER, words="a number (the rate)")
    currency = _value(t, node.args[2], Kind.CURRENCY, words="a currency", hint=Hint(CURRENCY))
    return _call(t, node, (amount, rate, currency), MONEY)


def _round(t: Typist, node: s.CallText, _hint: Hint) -> x.Expr:
    _arity(t, node, 3)
    value = _value(t, node.args[0], *_NUMBER, Kind.MONEY, words="a number or money")
    step = t.infer(node.args[1])
    if not isinstance(step, x.Literal) or not step.type.numeric or not _positive(step):
        t.fail("type/mismatch", "the step of `round` must be a number above 0", node.args[1], "such as `0.01`")
    mode = node.args[2]
    if not isinstance(mode, s.Name) or mode.text not in ROUNDING_MODES:
        near = did_you_mean(t.source(mode), ROUNDING_MODES)
        help_ = advice(near, "ways: " + ", ".join(ROUNDING_MODES))
        t.fail("type/member", f"`{t.source(mode)}` is not a way of rounding", mode, help_)
    word = x.Literal(value=mode.text, type=TEXT, span=t.span(mode))
    return _call(t, node, (value, step, word), value.type if value.type == MONEY else DECIMAL)


def _positive(e: x.Literal) -> bool:
    return not isinstance(e.value, bool | str) and isinstance(e.value, int | Fraction) and e.value > 0


def _target(t: Typist, node: s.CallText) -> x.FactRef | x.ItemField | x.ListRef:
    _arity(t, node, 1)
    e = t.infer(node.args[0])
    if isinstance(e, x.FactRef | x.ItemField | x.ListRef):
        return e
    what = _KINDS_OF_NODE.get(type(e), "none")
    words = f"`{node.function}` asks about a fact, but `{t.source(node.args[0])}` is {what}"
    return t.fail("type/not-a-fact", words, node.args[0], "ask about the facts that it is made of")


_KINDS_OF_NODE: Mapping[type[x.Expr], str] = {x.DefinitionRef: "a definition", x.ParameterRef: "a parameter"}


def _known(t: Typist, node: s.CallText, _hint: Hint) -> x.Expr:
    return x.Known(target=_target(t, node), span=t.span(node), type=BOOLEAN)


def _stated(t: Typist, node: s.CallText, _hint: Hint) -> x.Expr:
    return x.Stated(target=_target(t, node), span=t.span(node), type=BOOLEAN)


FUNCTIONS: Mapping[str, Function] = {
    "min": Function("min(a, b)", _extreme(*_NUMBER, Kind.MONEY, words="a number or money")),
    "max": Function("max(a, b)", _extreme(*_NUMBER, Kind.MONEY, words="a number or money")),
    "earliest": Function("earliest(a, b)", _extreme(Kind.DATE, words="a date")),
    "latest": Function("latest(a, b)", _extreme(Kind.DATE, words="a date")),
    "sum": Function("sum(list.field)", _sum),
    "count": Function("count(list)", _count),
    "common": Function("common(set, set)", _common),
    "days": Function("days(n)", _of_count),
    "weeks": Function("weeks(n)", _of_count),
    "months": Function("months(n)", _of_count),
    "years": Function("years(n)", _of_count),
    "working_days": Function("working_days(n)", _working_days),
    "days_between": Function("days_between(from, to)", _days_between),
    "roll": Function("roll(date, calendar)", _roll),
    "end_of_month": Function("end_of_month(date)", _end_of),
    "end_of_year": Function("end_of_year(date)", _end_of),
    "convert": Function("convert(amount, rate, currency)", _convert),
    "round": Function("round(x, 0.01, half_up)", _round),
    "known": Function("known(fact)", _known),
    "stated": Function("stated(fact)", _stated),
}

FORMS: Mapping[type[s.Node], Form] = dict((form(s.CallText, _typed_call),))
