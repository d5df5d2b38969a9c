"""Typing of functions: for each, which arguments it takes and what it gives. One entry a function."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import NoReturn

from policyengine.check.typist import Typist
from policyengine.diagnostics import did_you_mean
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

ROUNDING_MODES = ("half_up", "half_even", "half_down", "up", "down")

Typing = Callable[[Typist, s.CallText, Type | None], x.Expr]


def call(t: Typist, node: s.CallText, expected: Type | None) -> x.Expr:
    """A function call, typed by the function's entry."""
    entry = FUNCTIONS.get(node.function)
    if entry is None:
        near = did_you_mean(node.function, [*FUNCTIONS, "not"])
        functions = "functions: " + ", ".join(sorted([*FUNCTIONS, "not"]))
        t.fail("names/unknown", f"unknown function `{node.function}`", node, near or functions)
    return entry(t, node, expected)


def _call(t: Typist, node: s.CallText, args: tuple[x.Expr, ...], type_: Type) -> x.Call:
    return x.Call(function=node.function, args=args, type=type_, span=t.span(node))


def _arity(t: Typist, node: s.CallText, least: int, most: int | None = None) -> None:
    most = least if most is None else most
    if not least <= len(node.args) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        t.fail(
            "type/mismatch", f"`{node.function}` takes {wanted} arguments, not {len(node.args)}", node, _USAGE[node.function]
        )


def _value(t: Typist, arg: s.Node, *kinds: Kind, words: str, expected: Type | None = None) -> x.Expr:
    e = t.infer(arg, expected)
    if e.type.kind not in kinds:
        t.mismatch(arg, e.type, words)
    return e


_NUMBER = (Kind.INTEGER, Kind.DECIMAL)


def _extreme(*kinds: Kind, words: str) -> Typing:
    """``min max earliest latest``: values one by one, or one list of them."""

    def typing(t: Typist, node: s.CallText, expected: Type | None) -> x.Expr:
        if not node.args:
            t.fail("type/mismatch", f"`{node.function}` takes at least 1 argument", node, _USAGE[node.function])
        args = tuple(t.infer(a, expected) for a in node.args)
        first = args[0].type.item if len(args) == 1 and args[0].type.item else args[0].type
        for n, a in zip(node.args, args, strict=True):
            item = a.type.item if len(args) == 1 and a.type.item else a.type
            if item.kind not in kinds:
                t.mismatch(n, a.type, words)
            if not comparable(item, first):
                t.mismatch(n, a.type, str(first))
        items = [a.type.item or a.type for a in args]
        return _call(t, node, args, DECIMAL if DECIMAL in items else first)

    return typing


def _sum(t: Typist, node: s.CallText, _expected: Type | None) -> x.Expr:
    _arity(t, node, 1)
    e = t.infer(node.args[0])
    item = e.type.item
    if item is None or item.kind not in (*_NUMBER, Kind.MONEY):
        t.mismatch(node.args[0], e.type, "a list of numbers or money", "name a field: `sum(list.field)`")
    return _call(t, node, (e,), item)


def _count(t: Typist, node: s.CallText, _expected: Type | None) -> x.Expr:
    _arity(t, node, 1)
    e = _value(t, node.args[0], Kind.LIST, Kind.SET, Kind.VALUES, words="a list or a set")
    return _call(t, node, (e,), INTEGER)


def _common(t: Typist, node: s.CallText, expected: Type | None) -> x.Expr:
    _arity(t, node, 2)
    a = _value(t, node.args[0], Kind.SET, words="a set", expected=expected)
    b = _value(t, node.args[1], Kind.SET, words="a set", expected=a.type)
    if not comparable(a.type, b.type):
        t.mismatch(node.args[1], b.type, str(a.type))
    return _call(t, node, (a, b), a.type)


def _of_count(t: Typist, node: s.CallText, _expected: Type | None) -> x.Expr:
    """``days weeks months years``: a whole number to a duration."""
    _arity(t, node, 1)
    return _call(t, node, (_value(t, node.args[0], Kind.INTEGER, words="a whole number"),), DURATION)


def _calendar_literal(t: Typist, node: s.Node, name: str | None) -> x.Literal:
    return x.Literal(value=t.calendar(node, name), type=TEXT, span=t.span(node))


def _working_days(t: Typist, node: s.CallText, _expected: Type | None) -> x.Expr:
    _arity(t, node, 1)
    count = _value(t, node.args[0], Kind.INTEGER, words="a whole number")
    return _call(t, node, (count, _calendar_literal(t, node, None)), DURATION)


def _days_between(t: Typist, node: s.CallText, _expected: Type | None) -> x.Expr:
    _arity(t, node, 2)
    return _call(t, node, tuple(_value(t, a, Kind.DATE, words="a date") for a in node.args), INTEGER)


def _roll(t: Typist, node: s.CallText, _expected: Type | None) -> x.Expr:
    _arity(t, node, 1, 2)
    day = _value(t, node.args[0], Kind.DATE, words="a date")
    if len(node.args) == 1:
        return _call(t, node, (day, _calendar_literal(t, node, None)), DATE)
    name = node.args[1]
    if not isinstance(name, s.Name):
        t.mismatch(name, TEXT, "the name of a calendar")
    return _call(t, node, (day, _calendar_literal(t, name, name.text)), DATE)


def _end_of(t: Typist, node: s.CallText, _expected: Type | None) -> x.Expr:
    _arity(t, node, 1)
    return _call(t, node, (_value(t, node.args[0], Kind.DATE, words="a date"),), DATE)


def _convert(t: Typist, node: s.CallText, _expected: Type | None) -> x.Expr:
    _arity(t, node, 3)
    amount = _value(t, node.args[0], Kind.MONEY, words="money")
    rate = _value(t, node.args[1], *_NUMBER, words="a number (the rate)")
    currency = _value(t, node.args[2], Kind.CURRENCY, words="a currency", expected=CURRENCY)
    return _call(t, node, (amount, rate, currency), MONEY)


def _round(t: Typist, node: s.CallText, _expected: Type | None) -> x.Expr:
    _arity(t, node, 3)
    value = _value(t, node.args[0], *_NUMBER, Kind.MONEY, words="a number or money")
    step = t.infer(node.args[1])
    if not isinstance(step, x.Literal) or not step.type.numeric or not _positive(step):
        t.fail("type/mismatch", "the step of `round` must be a number above 0", node.args[1], "such as `0.01`")
    mode = node.args[2]
    if not isinstance(mode, s.Name) or mode.text not in ROUNDING_MODES:
        modes = ", ".join(ROUNDING_MODES)
        near = did_you_mean(mode.text, ROUNDING_MODES) if isinstance(mode, s.Name) else None
        t.fail("type/member", f"`{t.source(mode)}` is not a way of rounding", mode, " ".join(filter(None, (near, f"ways: {modes}"))))
    word = x.Literal(value=mode.text, type=TEXT, span=t.span(mode))
    return _call(t, node, (value, step, word), value.type if value.type == MONEY else DECIMAL)


def _positive(e: x.Literal) -> bool:
    return not isinstance(e.value, bool | str) and isinstance(e.value, int | Fraction) and e.value > 0


def _target(t: Typist, node: s.CallText) -> x.FactRef | x.ItemField | x.ListRef:
    _arity(t, node, 1)
    e = t.infer(node.args[0])
    if isinstance(e, x.FactRef | x.ItemField | x.ListRef):
        return e
    _not_a_fact(t, node, e)


def _not_a_fact(t: Typist, node: s.CallText, e: x.Expr) -> NoReturn:
    what = {x.DefinitionRef: "a definition", x.ParameterRef: "a parameter"}.get(type(e), "none")
    t.fail(
        "type/not-a-fact", f"`{node.function}` asks about a fact, but `{t.source(node.args[0])}` is {what}", node.args[0]
    )


def _known(t: Typist, node: s.CallText, _expected: Type | None) -> x.Expr:
    return x.Known(target=_target(t, node), span=t.span(node), type=BOOLEAN)


def _stated(t: Typist, node: s.CallText, _expected: Type | None) -> x.Expr:
    return x.Stated(target=_target(t, node), span=t.span(node), type=BOOLEAN)


FUNCTIONS: Mapping[str, Typing] = {
    "min": _extreme(*_NUMBER, Kind.MONEY, words="a number or money"),
    "max": _extreme(*_NUMBER, Kind.MONEY, words="a number or money"),
    "earliest": _extreme(Kind.DATE, words="a date"),
    "latest": _extreme(Kind.DATE, words="a date"),
    "sum": _sum,
    "count": _count,
    "common": _common,
    "days": _of_count,
    "weeks": _of_count,
    "months": _of_count,
    "years": _of_count,
    "working_days": _working_days,
    "days_between": _days_between,
    "roll": _roll,
    "end_of_month": _end_of,
    "end_of_year": _end_of,
    "convert": _convert,
    "round": _round,
    "known": _known,
    "stated": _stated,
}

_USAGE: Mapping[str, str] = {
    "min": "write `min(a, b)` or `min(list.field)`",
    "max": "write `max(a, b)` or `max(list.field)`",
    "earliest": "write `earliest(a, b)`",
    "latest": "write `latest(a, b)`",
    "sum": "write `sum(list.field)`",
    "count": "write `count(list)` or `count(set)`",
    "common": "write `common(set, set)`",
    "days": "write `days(n)`",
    "weeks": "write `weeks(n)`",
    "months": "write `months(n)`",
    "years": "write `years(n)`",
    "working_days": "write `working_days(n)`",
    "days_between": "write `days_between(from, to)`",
    "roll": "write `roll(date)` or `roll(date, calendar)`",
    "end_of_month": "write `end_of_month(date)`",
    "end_of_year": "write `end_of_year(date)`",
    "convert": "write `convert(amount, rate, currency)`",
    "round": "write `round(x, 0.01, half_up)`",
    "known": "write `known(fact)`",
    "stated": "write `stated(fact)`",
}
