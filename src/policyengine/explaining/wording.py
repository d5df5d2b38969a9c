"""Expressions in words, close to how policies write them, whatever shape they were written in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policyengine.model import expr as x
from policyengine.values.text import value_text
from policyengine.values.types import Kind

_SIGNS: Final[Mapping[str, str]] = {
    "=": "is",
    "!=": "is not",
    "<": "is below",
    "<=": "is at most",
    ">": "is above",
    ">=": "is at least",
}
_DAYS: Final[Mapping[str, str]] = {
    "=": "is",
    "!=": "is not",
    "<": "is before",
    "<=": "is no later than",
    ">": "is after",
    ">=": "is no earlier than",
}


def words(e: x.Expr) -> str:
    """The expression as text on one line; brackets only where something is put together from parts."""
    match e:
        case x.Literal():
            return e.value if isinstance(e.value, str) and e.type.kind is Kind.ENUM else value_text(e.value, e.type)
        case x.Null():
            return "unknown"
        case x.FactRef() | x.ListRef() | x.ParameterRef() | x.Special():
            return e.name
        case x.ItemField():
            return f"{e.variable}.{e.field}"
        case x.DefinitionRef():
            return f"{e.name}.{e.output}" if e.output else e.name
        case x.AsOf():
            return "as_of"
        case _:
            return _test(e)


def _test(e: x.Expr) -> str:
    match e:
        case x.Compare():
            signs = _DAYS if e.left.type.kind is Kind.DATE else _SIGNS
            return f"{words(e.left)} {signs[e.op]} {words(e.right)}"
        case x.Within():
            low, high = ("above" if e.low_open else "from"), ("to below" if e.high_open else "to")
            return f"{words(e.subject)} is {low} {words(e.low)} {high} {words(e.high)}"
        case x.MemberOf():
            return f"{words(e.subject)} is in {words(e.container)}"
        case x.Contains():
            which = "" if len(e.members) == 1 else f"{e.mode} of "
            return f"{words(e.container)} contains {which}{', '.join(words(m) for m in e.members)}"
        case x.Known():
            return f"{words(e.target)} was given"
        case x.Stated():
            return f"{words(e.target)} is stated"
        case x.SplitIs():
            return f"the fewest {e.split.called}: {e.outcome}"
        case _:
            return _whole(e)


def _whole(e: x.Expr) -> str:
    match e:
        case x.And():
            return " and ".join(_part(i) for i in e.items) or "always"
        case x.Or():
            return " or ".join(_part(i) for i in e.items) or "never"
        case x.Not():
            return f"not ({words(e.item)})"
        case x.Quantifier():
            return f"{e.kind} {e.variable} in {words(e.list)}: {words(e.body)}"
        case x.If():
            return f"if {words(e.condition)} then {words(e.then)} else {words(e.otherwise)}"
        case _:
            return _value(e)


def _value(e: x.Expr) -> str:
    match e:
        case x.Arith():
            return f"{_part(e.left)} {e.op} {_part(e.right)}"
        case x.Negate():
            return f"-{_part(e.item)}"
        case x.Call():
            return f"{e.function}({', '.join(words(a) for a in e.args)})"
        case x.Filter():
            return f"{words(e.list)} with {words(e.predicate)}"
        case x.Pluck():
            return f"{words(e.list)}.{e.field}"
        case x.ListOf():
            return f"[{', '.join(words(i) for i in e.items)}]"
        case _:
            return " ".join(e.span.underlined.split())


def _part(e: x.Expr) -> str:
    """Words for a part of something larger, in brackets if it is put together itself."""
    return f"({words(e)})" if isinstance(e, x.Arith | x.If | x.And | x.Or | x.Quantifier) else words(e)
