"""Typing of comparisons, membership and ``contains``: shared by expressions and unary tests."""

from __future__ import annotations

from collections.abc import Mapping

from policyengine.check.names import needs_type, pair
from policyengine.check.typist import ANYTHING, Form, Hint, Typist, form
from policyengine.language import syntax as s
from policyengine.model import expr as x
from policyengine.values.money import Money
from policyengine.values.types import INTEGER, Kind, Type, comparable, element_of

RATE_HELP = "use `convert(…)` with a stated rate"


def _is_zero(e: x.Expr) -> bool:
    return isinstance(e, x.Literal) and e.type == INTEGER and e.value == 0


def _fits(left: x.Expr, right: x.Expr) -> bool:
    """Whether two values may be compared: one type, or money with the number 0."""
    if comparable(left.type, right.type):
        return True
    kinds = {left.type.kind, right.type.kind}
    return Kind.MONEY in kinds and (_is_zero(left) or _is_zero(right))


def static_currency(e: x.Expr) -> str | None:
    """The currency that an amount certainly has, as far as its text says."""
    match e:
        case x.Literal(value=Money() as money):
            return money.currency
        case x.Call(function="convert", args=(_, _, x.Literal(value=str() as currency))):
            return currency
        case x.Negate():
            return static_currency(e.item)
        case x.Arith() if e.type.kind is Kind.MONEY:
            return static_currency(e.left) or static_currency(e.right)
        case x.Call(function="min" | "max" | "round"):
            return next((c for a in e.args if (c := static_currency(a))), None)
        case _:
            return None


def one_currency(t: Typist, node: s.Node, left: x.Expr, right: x.Expr, done: str) -> None:
    """Report two amounts whose currencies are known to differ; ``done`` is what cannot be done to them."""
    a, b = static_currency(left), static_currency(right)
    if a and b and a != b:
        t.fail("type/currency", f"`{a}` and `{b}` cannot be {done}", node, RATE_HELP)


def ordered(t: Typist, node: s.Node, sign: str, *sides: x.Expr) -> None:
    """Report a side that has no order; ``sign`` is how the comparison was written."""
    for side in sides:
        if not side.type.ordered:
            t.fail("type/not-ordered", f"`{sign}` cannot compare {side.type} values", node, _order_help(side.type))


def _order_help(type_: Type) -> str | None:
    match type_.kind:
        case Kind.SET:
            return "use `contains`, or compare `count(…)`"
        case Kind.LIST | Kind.VALUES:
            return "compare `count(…)`, `sum(…)`, `min(…)` or `max(…)`"
        case Kind.DURATION:
            return "compare dates instead, such as `a + 5 days < b`"
        case _:
            return "use `=` or `in`"


def fitting(t: Typist, left: x.Expr, right: x.Expr, right_node: s.Node) -> None:
    """Report a right side that cannot be compared with the left."""
    if not _fits(left, right):
        t.mismatch(right_node, right.type, str(left.type), _fit_help(left.type, right, right_node))


def _fit_help(left: Type, right: x.Expr, node: s.Node) -> str | None:
    kinds = {left.kind, right.type.kind}
    if right.type.kind is Kind.VALUES or (right.type.kind is Kind.SET and left.kind is Kind.ENUM):
        return "use `in` for a list"
    if left.kind is Kind.SET:
        return "use `contains`, such as `contains any [one, other]`"
    if left.numeric and right.type.kind is Kind.MONEY:
        return "write the number without a currency"
    if left.numeric and right.type.kind is Kind.TEXT:
        return "write numbers without quotes"
    if left.kind is Kind.MONEY and right.type.numeric:
        return "write an amount with its currency, such as `500 USD`"
    if Kind.TEXT in kinds and left.kind in (Kind.ENUM, Kind.CURRENCY):
        return "write members without quotes" if isinstance(node, s.Text) else None
    if Kind.DATE in kinds and Kind.DURATION in kinds:
        return "add a duration to a date, such as `as_of - 40 days`"
    if left.kind is Kind.LIST:
        return "ask about its elements: `some … in … satisfies …`, `count(…)`, or a field in brackets"
    if left.kind is Kind.ENUM and right.type.kind is Kind.ENUM:
        return "the two have different members"
    return None


def compare(t: Typist, node: s.Node, op: s.Op, sides: tuple[x.Expr, x.Expr], right_node: s.Node) -> x.Compare:
    """``left op right`` with its types checked; ``node`` is the whole of it."""
    left, right = sides
    if op not in ("=", "!="):
        ordered(t, node, op, left, right)
    fitting(t, left, right, right_node)
    one_currency(t, node, left, right, "compared")
    return x.Compare(op=op, left=left, right=right, span=t.span(node))


# -- membership ---------------------------------------------------------------------------------


def within(t: Typist, node: s.Node, subject: x.Expr, target: s.Range) -> x.Expr:
    """The subject lies in a range."""
    low, high = (t.infer(end, Hint(subject.type)) for end in (target.low, target.high))
    ordered(t, node, _range_sign(t, node, target), subject)
    for end, end_node in ((low, target.low), (high, target.high)):
        fitting(t, subject, end, end_node)
        one_currency(t, end_node, subject, end, "compared")
    one_currency(t, target, low, high, "compared")
    return x.Within(
        subject=subject, low=low, high=high, low_open=target.low_open, high_open=target.high_open, span=t.span(node)
    )


def _range_sign(t: Typist, node: s.Node, target: s.Range) -> str:
    first = t.scalar.text[node.start : target.low.start].split()
    return f"{first[0]} … to …" if first and first[0] in ("from", "above") else ".."


def in_target(t: Typist, node: s.Node, subject: x.Expr, target: s.Node) -> x.Expr:
    """``subject in target``: a range, a list, tests in brackets, or a set by name."""
    match target:
        case s.Range():
            return within(t, node, subject, target)
        case s.OneOfTests():
            return t.any_test(target.tests, subject)
        case s.ListText():
            return _one_of(t, node, subject, target)
        case _:
            return _member_of(t, node, subject, target)


def _one_of(t: Typist, node: s.Node, subject: x.Expr, target: s.ListText) -> x.Expr:
    parts = []
    for item in target.items:
        right = t.infer(item, Hint(subject.type, subject.span.underlined))
        parts.append(compare(t, item, "=", (subject, right), item))
    return x.Or(items=tuple(parts), span=t.span(node))


def _member_of(t: Typist, node: s.Node, subject: x.Expr, target: s.Node) -> x.Expr:
    container = t.infer(target)
    if container.type.kind is not Kind.SET:
        needed = "a set, a list in brackets or a range"
        t.mismatch(target, container.type, needed, _in_help(t, container.type, target))
    if not comparable(subject.type, element_of(container.type)):
        t.mismatch(target, container.type, f"a set that may hold {subject.type}")
    return x.MemberOf(subject=subject, container=container, span=t.span(node))


def _in_help(t: Typist, type_: Type, target: s.Node) -> str:
    if type_.kind in (Kind.LIST, Kind.VALUES):
        return "use `some … in … satisfies …` for a list of records"
    return f"write `= {t.source(target)}` to compare with one value"


def contains(t: Typist, node: s.Node, subject: x.Expr, mode: s.ContainsMode, target: s.Node) -> x.Expr:
    """The subject, a set, contains the members of the target: the one, any, or all."""
    if subject.type.kind is not Kind.SET:
        what = subject.span.underlined
        words = f"`{what}` is {subject.type}, but a set is needed before `contains`"
        t.fail("type/mismatch", words, node, "use `in` or `=`")
    if mode == "one" and isinstance(target, s.ListText):
        words = "it is not said whether any or all must be contained"
        t.fail("type/mismatch", words, target, "write `contains any` or `contains all`")
    nodes = target.items if isinstance(target, s.ListText) else (target,)
    members = tuple(_contained(t, n, subject, mode) for n in nodes)
    return x.Contains(container=subject, mode="any" if mode == "any" else "all", members=members, span=t.span(node))


def _contained(t: Typist, node: s.Node, subject: x.Expr, mode: s.ContainsMode) -> x.Expr:
    member = t.infer(node, Hint(element_of(subject.type), subject.span.underlined))
    whole = member.type.kind is Kind.SET
    if not comparable(member.type, subject.type if whole else element_of(subject.type)):
        t.mismatch(node, member.type, f"a member of {subject.type}")
    if whole and mode == "one":
        t.fail("type/mismatch", f"`{t.source(node)}` is a set", node, "write `contains any` or `contains all`")
    return member


# -- forms --------------------------------------------------------------------------------------


def _compare(t: Typist, node: s.CompareText, _hint: Hint) -> x.Expr:
    return compare(t, node, node.op, pair(t, node.left, node.right), node.right)


def _in(t: Typist, node: s.InText, _hint: Hint) -> x.Expr:
    return in_target(t, node, t.infer(node.subject, _element_hint(t, node)), node.target)


def _element_hint(t: Typist, node: s.InText) -> Hint:
    """What a bare word before ``in`` is a member of, going by what stands after it."""
    if not needs_type(t, node.subject) or isinstance(node.target, s.Range | s.OneOfTests):
        return ANYTHING
    if isinstance(node.target, s.ListText):
        known = next((i for i in node.target.items if not needs_type(t, i)), None)
        return ANYTHING if known is None else Hint(t.infer(known).type, t.source(known))
    container = t.infer(node.target)
    return Hint(element_of(container.type), t.source(node.target)) if container.type.kind is Kind.SET else ANYTHING


def _contains(t: Typist, node: s.ContainsText, _hint: Hint) -> x.Expr:
    return contains(t, node, t.infer(node.subject), node.mode, node.target)


FORMS: Mapping[type[s.Node], Form] = dict(
    (form(s.CompareText, _compare), form(s.InText, _in), form(s.ContainsText, _contains))
)
