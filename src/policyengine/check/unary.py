"""Typing of unary tests: each applied to a subject."""

from __future__ import annotations

from collections.abc import Mapping

from policyengine.check.comparisons import compare, contains, in_target, ordered, within
from policyengine.check.names import needs_type
from policyengine.check.typist import Hint, TestForm, Typist, test_form
from policyengine.language import syntax as s
from policyengine.model import expr as x
from policyengine.values.types import Kind


def _anything(t: Typist, test: s.AnythingTest, _subject: x.Expr) -> x.Expr:
    return x.And(items=(), span=t.span(test))


def _compare(t: Typist, test: s.CompareTest, subject: x.Expr) -> x.Expr:
    right = t.infer(test.right, Hint(subject.type, subject.span.underlined))
    if test.op not in ("=", "!="):
        sign = " ".join(t.scalar.text[test.start : test.right.start].replace("(", " ").split())
        ordered(t, test, sign, subject, right)
    return compare(t, test, test.op, (subject, right), test.right)


def _range(t: Typist, test: s.RangeTest, subject: x.Expr) -> x.Expr:
    return within(t, test, subject, test.range)


def _given(t: Typist, test: s.GivenTest, subject: x.Expr) -> x.Expr:
    if not isinstance(subject, x.FactRef | x.ItemField | x.ListRef):
        what = subject.span.underlined
        words = f"`given` asks about a fact, but `{what}` is none"
        t.fail("type/not-a-fact", words, test, "test a fact, or use `where:`")
    known = x.Known(target=subject, span=t.span(test))
    return x.Not(item=known, span=t.span(test)) if test.negated else known


def _in(t: Typist, test: s.InTest, subject: x.Expr) -> x.Expr:
    return in_target(t, test, subject, test.target)


def _contains(t: Typist, test: s.ContainsTest, subject: x.Expr) -> x.Expr:
    return contains(t, test, subject, test.mode, test.target)


def _equals(t: Typist, test: s.EqualsTest, subject: x.Expr) -> x.Expr:
    if isinstance(test.right, s.NotText):
        return x.Not(item=t.any_test(test.right.tests, subject), span=t.span(test))
    _refuse_joined(t, test.right, subject)
    right = t.infer(test.right, Hint(subject.type, subject.span.underlined))
    return compare(t, test, "=", (subject, right), test.right)


def _refuse_joined(t: Typist, node: s.Node, subject: x.Expr) -> None:
    """Report `lost or pet`: words joined as if they were conditions."""
    if not isinstance(node, s.Logic) or not all(isinstance(i, s.Name) and needs_type(t, i) for i in node.items):
        return
    words = f"[{', '.join(t.source(i) for i in node.items)}]"
    either = f"write `{words}` for either of them"
    if subject.type.kind is Kind.SET:
        either = f"write `contains {'any' if node.op == 'or' else 'all'} {words}`"
    elif node.op == "and":
        either = f"one value cannot be both; {either}"
    t.fail("type/mismatch", f"`{node.op}` joins conditions, and these are words", node, either)


FORMS: Mapping[type[s.Node], TestForm] = dict(
    (
        test_form(s.AnythingTest, _anything),
        test_form(s.CompareTest, _compare),
        test_form(s.RangeTest, _range),
        test_form(s.GivenTest, _given),
        test_form(s.InTest, _in),
        test_form(s.ContainsTest, _contains),
        test_form(s.EqualsTest, _equals),
    )
)
