"""Typing of operators, lists and unary tests: which types each form takes and gives."""

from __future__ import annotations

from policyengine.check.functions import FUNCTIONS, call
from policyengine.check.typist import Typist
from policyengine.language import syntax as s
from policyengine.model import expr as x
from policyengine.values.types import (
    BOOLEAN,
    DATE,
    DECIMAL,
    DURATION,
    INTEGER,
    MONEY,
    Kind,
    Type,
    comparable,
    element_of,
    values_of,
)

__all__ = ["FUNCTIONS", "infer", "unary"]


def infer(t: Typist, node: s.Node, expected: Type | None) -> x.Expr:
    """The typed form of an operator node."""
    match node:
        case s.CompareText():
            left, right = t.pair(node.left, node.right)
            return compare(t, node, node.op, left, right, node.right)
        case s.InText():
            return _in(t, node, t.infer(node.subject), node.target)
        case s.ContainsText():
            return _contains(t, node, t.infer(node.subject), node.mode, node.target)
        case s.Binary():
            return _arith(t, node)
        case s.NegateText():
            return _negate(t, node)
        case s.NotText():
            return _not(t, node)
        case s.ListText():
            return _list(t, node, expected)
        case s.CallText():
            return call(t, node, expected)
        case s.QuantifierText():
            return _quantifier(t, node)
        case s.Index():
            return _filter(t, node)
        case s.Dot():
            base = t.infer(node.base)
            if base.type.kind is not Kind.LIST:
                t.mismatch(node.base, base.type, "a list")
            return t.pluck(node, base, node.field)
        case _:
            t.mismatch(node, BOOLEAN, "a value")


# -- comparison ---------------------------------------------------------------------------------


def _is_zero(e: x.Expr) -> bool:
    return isinstance(e, x.Literal) and e.type == INTEGER and e.value == 0


def _fits(left: x.Expr, right: x.Expr) -> bool:
    """Whether two values may be compared: one type, or money with the number 0."""
    if comparable(left.type, right.type):
        return True
    kinds = {left.type.kind, right.type.kind}
    return Kind.MONEY in kinds and (_is_zero(left) or _is_zero(right))


def _static_currency(e: x.Expr) -> str | None:
    value = e.value if isinstance(e, x.Literal) else None
    return getattr(value, "currency", None)


def compare(t: Typist, node: s.Node, op: s.Op, left: x.Expr, right: x.Expr, right_node: s.Node) -> x.Compare:
    """``left op right`` with its types checked."""
    if op not in ("=", "!="):
        for side in (left, right):
            if not side.type.ordered:
                t.fail("type/not-ordered", f"`{op}` cannot compare {side.type} values", node, _order_help(side.type))
    if not _fits(left, right):
        help_ = "use `in` for a list" if right.type.kind is Kind.VALUES else None
        if Kind.MONEY in (left.type.kind, right.type.kind) and (left.type.numeric or right.type.numeric):
            help_ = "write an amount with its currency, such as `500 USD`"
        t.mismatch(right_node, right.type, str(left.type), help_)
    a, b = _static_currency(left), _static_currency(right)
    if a and b and a != b:
        t.fail("type/currency", f"`{a}` and `{b}` cannot be compared", node, "use `convert(…)` with a stated rate")
    return x.Compare(op=op, left=left, right=right, span=t.span(node))


def _order_help(type_: Type) -> str | None:
    if type_.kind is Kind.SET:
        return "use `contains`, or compare `count(…)`"
    return "use `=` or `in`" if type_.kind in (Kind.ENUM, Kind.TEXT, Kind.CURRENCY) else None


# -- membership ---------------------------------------------------------------------------------


def _in(t: Typist, node: s.Node, subject: x.Expr, target: s.Node) -> x.Expr:
    match target:
        case s.Range():
            return _within(t, node, subject, target)
        case s.OneOfTests():
            return t.any_test(target.tests, subject)
        case s.ListText():
            return _one_of(t, node, subject, target)
        case _:
            return _member_of(t, node, subject, target)


def _within(t: Typist, node: s.Node, subject: x.Expr, target: s.Range) -> x.Expr:
    low = t.infer(target.low, subject.type)
    high = t.infer(target.high, subject.type)
    compare(t, target.low, ">=", subject, low, target.low)
    compare(t, target.high, "<=", subject, high, target.high)
    return x.Within(
        subject=subject,
        low=low,
        high=high,
        low_open=target.low_open,
        high_open=target.high_open,
        span=t.span(node),
    )


def _one_of(t: Typist, node: s.Node, subject: x.Expr, target: s.ListText) -> x.Expr:
    parts = []
    for item in target.items:
        right = t.infer(item, subject.type, subject.span.underlined)
        parts.append(compare(t, item, "=", subject, right, item))
    return x.Or(items=tuple(parts), span=t.span(node))


def _member_of(t: Typist, node: s.Node, subject: x.Expr, target: s.Node) -> x.Expr:
    container = t.infer(target)
    if container.type.kind is not Kind.SET:
        t.mismatch(target, container.type, "a set, a list in brackets or a range", "write `= …` to compare with one value")
    if not comparable(subject.type, element_of(container.type)):
        t.mismatch(target, container.type, f"a set of {subject.type}")
    return x.MemberOf(subject=subject, container=container, span=t.span(node))


def _contains(t: Typist, node: s.Node, subject: x.Expr, mode: s.ContainsMode, target: s.Node) -> x.Expr:
    if subject.type.kind is not Kind.SET:
        what = t.source(node).split(" contains")[0] if isinstance(node, s.ContainsText) else subject.span.underlined
        t.fail(
            "type/mismatch", f"`{what}` is {subject.type}, but a set is needed before `contains`", node, "use `in` or `=`"
        )
    nodes = target.items if isinstance(target, s.ListText) else (target,)
    members = tuple(t.infer(n, element_of(subject.type), subject.span.underlined) for n in nodes)
    for n, m in zip(nodes, members, strict=True):
        whole = m.type.kind is Kind.SET
        fits = comparable(m.type, subject.type if whole else element_of(subject.type))
        if not fits:
            t.mismatch(n, m.type, f"a member of {subject.type}")
        if whole and mode == "one":
            t.fail("type/mismatch", f"`{t.source(n)}` is a set", n, "write `contains any` or `contains all`")
    if mode == "one" and isinstance(target, s.ListText):
        t.fail(
            "type/mismatch", "it is not said whether any or all must be contained", target, "write `contains any` or `contains all`"
        )
    return x.Contains(
        container=subject, mode="any" if mode == "any" else "all", members=members, span=t.span(node)
    )


# -- arithmetic ---------------------------------------------------------------------------------


def _arith(t: Typist, node: s.Binary) -> x.Expr:
    left, right = t.infer(node.left), t.infer(node.right)
    kind = _arith_type(t, node, left, right)
    return x.Arith(op=node.op, left=left, right=right, type=kind, span=t.span(node))


def _arith_type(t: Typist, node: s.Binary, left: x.Expr, right: x.Expr) -> Type:
    a, b, op = left.type, right.type, node.op
    if op == "-" and a == b == DATE:
        t.fail("type/date-minus-date", "dates cannot be subtracted", node, "use `days_between(a, b)`")
    if a == DATE and b == DURATION and op in "+-":
        return DATE
    if a.numeric and b.numeric:
        return INTEGER if a == b == INTEGER and op != "/" else DECIMAL
    if a == b == MONEY:
        if op in "+-":
            _same_currency(t, node, left, right)
            return MONEY
        if op == "/":
            return DECIMAL
    if a == MONEY and b.numeric and op in "*/":
        return MONEY
    if a.numeric and b == MONEY and op == "*":
        return MONEY
    t.fail("type/mismatch", f"`{op}` cannot join {a} and {b}", node, _arith_help(a, b))


def _same_currency(t: Typist, node: s.Node, left: x.Expr, right: x.Expr) -> None:
    a, b = _static_currency(left), _static_currency(right)
    if a and b and a != b:
        t.fail("type/currency", f"`{a}` and `{b}` cannot be added", node, "use `convert(…)` with a stated rate")


def _arith_help(a: Type, b: Type) -> str | None:
    kinds = {a.kind, b.kind}
    if Kind.DATE in kinds and kinds & {Kind.INTEGER, Kind.DECIMAL}:
        return "say of what: `+ 5 days`, or `+ days(n)` for a counted fact"
    if Kind.MONEY in kinds and kinds & {Kind.INTEGER, Kind.DECIMAL}:
        return "write the number with its currency, such as `5 USD`"
    return None


def _negate(t: Typist, node: s.NegateText) -> x.Expr:
    item = t.infer(node.item)
    if not (item.type.numeric or item.type in (MONEY, DURATION)):
        t.mismatch(node.item, item.type, "a number, money or a duration")
    return x.Negate(item=item, type=item.type, span=t.span(node))


def _not(t: Typist, node: s.NotText) -> x.Expr:
    if len(node.tests) != 1 or not isinstance(node.tests[0], s.EqualsTest):
        t.fail("expr/syntax", "cannot read this expression: `not(…)` takes one condition here", node)
    return x.Not(item=t.check(node.tests[0].right, BOOLEAN), span=t.span(node))


# -- lists --------------------------------------------------------------------------------------


def _list(t: Typist, node: s.ListText, expected: Type | None) -> x.Expr:
    if expected is not None and expected.kind is Kind.SET:
        return _set_literal(t, node, expected)
    item = expected.item if expected and expected.kind is Kind.VALUES else None
    parts: list[x.Expr] = []
    for n in node.items:
        part = t.infer(n, item)
        if item is not None and not comparable(part.type, item):
            t.mismatch(n, part.type, str(item))
        item = part.type if item is None or part.type == DECIMAL else item
        parts.append(part)
    if item is None:
        t.fail("type/mismatch", "an empty list has no type here", node, "leave it out")
    return x.ListOf(items=tuple(parts), type=values_of(item), span=t.span(node))


def _set_literal(t: Typist, node: s.ListText, expected: Type) -> x.Expr:
    members = set()
    for n in node.items:
        part = t.infer(n, element_of(expected))
        if not isinstance(part, x.Literal) or not isinstance(part.value, str) or part.type.kind is not Kind.ENUM:
            t.mismatch(n, part.type, f"a member of {expected}")
        members.add(part.value)
    return x.Literal(value=frozenset(members), type=expected, span=t.span(node))


def _filter(t: Typist, node: s.Index) -> x.Expr:
    base = t.infer(node.base)
    if base.type.kind is not Kind.LIST:
        t.mismatch(node.base, base.type, "a list")
    item = t.symbols.lists[str(base.type.name)]
    if item.each in t.scope.variables and not isinstance(base, x.Filter):
        _shadowed(t, node, item.each, item.name)
    inner = Typist(t.symbols, t.sink, t.scalar, t.scope.with_variable(item.each, item.name))
    predicate = inner.check(node.predicate, BOOLEAN)
    return x.Filter(list=base, variable=item.each, predicate=predicate, type=base.type, span=t.span(node))


def _shadowed(t: Typist, node: s.Node, variable: str, list_name: str) -> None:
    t.fail(
        "names/shadowed",
        f"`{variable}` here hides the {variable} being decided",
        node,
        f"use `some other in {list_name} satisfies …`",
    )


def _quantifier(t: Typist, node: s.QuantifierText) -> x.Expr:
    base = t.infer(node.list)
    if base.type.kind is not Kind.LIST:
        t.mismatch(node.list, base.type, "a list")
    item = t.symbols.lists[str(base.type.name)]
    variable = node.variable
    if variable in t.scope.variables:
        _shadowed(t, node, variable, item.name)
    kind = t.symbols.kind_of(variable)
    if "." in variable or (kind and variable != item.each):
        t.fail("names/taken", f"`{variable}` is already the name of a {kind or 'fact'}", node, "choose another word")
    inner = Typist(t.symbols, t.sink, t.scalar, t.scope.with_variable(variable, item.name))
    body = inner.check(node.body, BOOLEAN)
    return x.Quantifier(kind=node.kind, variable=variable, list=base, body=body, span=t.span(node))


# -- unary tests --------------------------------------------------------------------------------


def unary(t: Typist, test: s.Test, subject: x.Expr) -> x.Expr:
    """One unary test applied to a subject."""
    match test:
        case s.AnythingTest():
            return x.And(items=(), span=t.span(test))
        case s.CompareTest():
            right = t.infer(test.right, subject.type, subject.span.underlined)
            return compare(t, test, test.op, subject, right, test.right)
        case s.RangeTest():
            return _within(t, test, subject, test.range)
        case s.GivenTest():
            return _given(t, test, subject)
        case s.InTest():
            return _in(t, test, subject, test.target)
        case s.ContainsTest():
            return _contains(t, test, subject, test.mode, test.target)
        case s.EqualsTest():
            return _equals(t, test, subject)
        case _:
            t.fail("expr/syntax", "cannot read this test", test)


def _given(t: Typist, test: s.GivenTest, subject: x.Expr) -> x.Expr:
    if not isinstance(subject, x.FactRef | x.ItemField | x.ListRef):
        what = subject.span.underlined
        t.fail("type/not-a-fact", f"`given` asks about a fact, but `{what}` is none", test, "test a fact, or use `where:`")
    known = x.Known(target=subject, span=t.span(test))
    return x.Not(item=known, span=t.span(test)) if test.negated else known


def _equals(t: Typist, test: s.EqualsTest, subject: x.Expr) -> x.Expr:
    if isinstance(test.right, s.NotText):
        inner = t.any_test(test.right.tests, subject)
        return x.Not(item=inner, span=t.span(test))
    right = t.infer(test.right, subject.type, subject.span.underlined)
    return compare(t, test, "=", subject, right, test.right)
