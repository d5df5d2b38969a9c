"""Expressions as text that does not depend on how the YAML is laid out: what items are named and told by."""

from __future__ import annotations

from policyengine.model import expr as x
from policyengine.model.expr import Expr
from policyengine.values.text import value_text
from policyengine.values.types import Kind


def written(e: Expr) -> str:  # noqa: C901, PLR0912 - one case for each kind of node
    """The expression in the words of the language. The parts of ``and`` and ``or`` come in alphabetical order."""
    match e:
        case x.Literal():
            return literal(e)
        case x.Null():
            return "null"
        case x.AsOf():
            return "as_of"
        case x.FactRef() | x.ListRef() | x.ParameterRef() | x.Special():
            return e.name
        case x.ItemField():
            return f"{e.variable}.{e.field}"
        case x.DefinitionRef():
            return f"{e.name}.{e.output}" if e.output else e.name
        case x.Compare():
            return f"{_part(e.left)} {e.op} {_part(e.right)}"
        case x.Within():
            low, high = ("(" if e.low_open else "["), (")" if e.high_open else "]")
            return f"{_part(e.subject)} in {low}{written(e.low)}..{written(e.high)}{high}"
        case x.MemberOf():
            return f"{_part(e.subject)} in {_part(e.container)}"
        case x.Contains():
            members = ", ".join(map(written, e.members))
            said = members if len(e.members) == 1 and e.mode == "all" else f"{e.mode} [{members}]"
            return f"{_part(e.container)} contains {said}"
        case x.And() | x.Or():
            word = " and " if isinstance(e, x.And) else " or "
            return word.join(sorted(map(_part, e.items))) or str(isinstance(e, x.And)).lower()
        case x.Not():
            return f"not({written(e.item)})"
        case x.If():
            return f"if {written(e.condition)} then {written(e.then)} else {written(e.otherwise)}"
        case x.Arith():
            return f"{_part(e.left)} {e.op} {_part(e.right)}"
        case x.Negate():
            return f"-{_part(e.item)}"
        case x.Call():
            return f"{e.function}({', '.join(map(written, e.args))})"
        case x.Known():
            return f"known({written(e.target)})"
        case x.Stated():
            return f"stated({written(e.target)})"
        case x.Quantifier():
            return f"{e.kind} {e.variable} in {written(e.list)} satisfies {_part(e.body)}"
        case x.Filter():
            return f"{written(e.list)}[{written(e.predicate)}]"
        case x.Pluck():
            return f"{written(e.list)}.{e.field}"
        case x.ListOf():
            return f"[{', '.join(map(written, e.items))}]"
        case x.SplitIs():
            return f"the split comes out as {e.outcome}"
        case _:
            raise TypeError(f"no such expression: {e!r}")


_JOINED = (x.And, x.Or, x.If, x.Quantifier, x.Arith, x.Compare, x.Within)


def _part(e: Expr) -> str:
    """The same inside of another expression."""
    several = isinstance(e, _JOINED) and not (isinstance(e, x.And | x.Or) and not e.items)
    return f"({written(e)})" if several else written(e)


def literal(e: x.Literal) -> str:
    """A constant as a policy has it."""
    match e.type.kind:
        case Kind.ENUM | Kind.CURRENCY:
            return str(e.value)
        case Kind.TEXT:
            return f'"{e.value}"'
        case Kind.BOOLEAN:
            return "true" if e.value else "false"
        case Kind.SET:
            return f"[{', '.join(sorted(e.value))}]" if isinstance(e.value, frozenset) else str(e.value)
        case _:
            return value_text(e.value, e.type)
