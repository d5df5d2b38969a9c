"""Typing of logic, ``if`` and arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from policyengine.check.comparisons import one_currency
from policyengine.check.names import pair
from policyengine.check.typist import Form, Hint, Typist, form
from policyengine.language import syntax as s
from policyengine.model import expr as x
from policyengine.values.dates import Duration
from policyengine.values.money import Money
from policyengine.values.types import BOOLEAN, DATE, DECIMAL, DURATION, INTEGER, MONEY, Kind, Type, comparable

# -- logic --------------------------------------------------------------------------------------


def _logic(t: Typist, node: s.Logic, _hint: Hint) -> x.Expr:
    parts = tuple(t.check(i, BOOLEAN) for i in node.items)
    return (x.And if node.op == "and" else x.Or)(items=parts, span=t.span(node))


def _not(t: Typist, node: s.NotText, _hint: Hint) -> x.Expr:
    if len(node.tests) != 1 or not isinstance(node.tests[0], s.EqualsTest):
        t.fail("expr/syntax", "cannot read this expression: expected one condition inside `not(…)`", node)
    return x.Not(item=t.check(node.tests[0].right, BOOLEAN), span=t.span(node))


def _if(t: Typist, node: s.IfText, hint: Hint) -> x.Expr:
    condition = t.check(node.condition, BOOLEAN)
    then, otherwise = pair(t, node.then, node.otherwise, hint)
    if not comparable(then.type, otherwise.type):
        t.mismatch(node.otherwise, otherwise.type, str(then.type), "both branches of an `if` have one type")
    type_ = DECIMAL if DECIMAL in (then.type, otherwise.type) else then.type
    return x.If(condition=condition, then=then, otherwise=otherwise, type=type_, span=t.span(node))


# -- arithmetic ---------------------------------------------------------------------------------


def _arith(t: Typist, node: s.Binary, _hint: Hint) -> x.Expr:
    left, right = t.infer(node.left), t.infer(node.right)
    type_ = _arith_type(t, node, left.type, right.type)
    if type_ == MONEY and left.type == right.type:
        one_currency(t, node, left, right, "added")
    elif left.type == right.type == MONEY:
        one_currency(t, node, left, right, "divided")
    if node.op == "/" and isinstance(right, x.Literal) and right.value == 0:
        t.fail("type/division-by-zero", "nothing can be divided by 0", node.right)
    return x.Arith(op=node.op, left=left, right=right, type=type_, span=t.span(node))


def _arith_type(t: Typist, node: s.Binary, a: Type, b: Type) -> Type:
    op = node.op
    match a.kind, op, b.kind:
        case Kind.DATE, "-", Kind.DATE:
            t.fail("type/date-minus-date", "dates cannot be subtracted", node, "use `days_between(a, b)`")
        case Kind.DATE, "+" | "-", Kind.DURATION:
            return DATE
        case Kind.MONEY, "+" | "-", Kind.MONEY:
            return MONEY
        case Kind.MONEY, "/", Kind.MONEY:
            return DECIMAL
    if a.numeric and b.numeric:
        return INTEGER if a == b == INTEGER and op != "/" else DECIMAL
    if (a == MONEY and b.numeric and op in "*/") or (a.numeric and b == MONEY and op == "*"):
        return MONEY
    return t.fail("type/mismatch", f"`{op}` cannot join {a} and {b}", node, _arith_help(a, b))


def _arith_help(a: Type, b: Type) -> str | None:
    kinds = {a.kind, b.kind}
    numbers = kinds & {Kind.INTEGER, Kind.DECIMAL}
    if Kind.DATE in kinds and numbers:
        return "say of what: `+ 5 days`, or `+ days(n)` for a counted fact"
    if kinds == {Kind.DATE, Kind.DURATION}:
        return "write the date first, such as `day + 5 days`"
    if Kind.DURATION in kinds:
        return "a duration can only be added to a date, or taken from one"
    if Kind.MONEY in kinds and numbers:
        return "write the number with its currency, such as `5 USD`"
    if kinds & {Kind.LIST, Kind.VALUES}:
        return "use `sum(list.field)`"
    return None


def _negate(t: Typist, node: s.NegateText, _hint: Hint) -> x.Expr:
    item = t.infer(node.item)
    if not (item.type.numeric or item.type in (MONEY, DURATION)):
        t.mismatch(node.item, item.type, "a number, money or a duration")
    if isinstance(item, x.Literal):
        return x.Literal(value=_negative(item.value), type=item.type, span=t.span(node))
    return x.Negate(item=item, type=item.type, span=t.span(node))


def _negative(value: x.Value) -> x.Value:
    if isinstance(value, Money):
        return Money(-value.amount, value.currency)
    return -value if isinstance(value, int | Fraction | Duration) else value


FORMS: Mapping[type[s.Node], Form] = dict(
    (
        form(s.Logic, _logic),
        form(s.NotText, _not),
        form(s.IfText, _if),
        form(s.Binary, _arith),
        form(s.NegateText, _negate),
    )
)
