"""``split`` thresholds: three core rules over the number of parts."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal as OneOf

from policyengine.check.comparisons import fitting, one_currency
from policyengine.check.context import Context
from policyengine.check.declarations import singular
from policyengine.check.headers import Header
from policyengine.check.messages import TOO_LARGE, message
from policyengine.check.reading import mapping, scalar, text
from policyengine.check.typist import Hint, Rejected, Scope
from policyengine.frontend.nodes import Mapping, Scalar
from policyengine.language import syntax as s
from policyengine.language.faults import ExpressionSyntaxError
from policyengine.language.parser import parse_tests
from policyengine.model import expr as x
from policyengine.model.rules import Class, Rule, Split
from policyengine.source import Span
from policyengine.values.types import BOOLEAN, INTEGER, MONEY

_CLASSES: dict[str, Class] = {"one": Class.GRANTED, "several": Class.GRANTED, "none": Class.REFUSED}


def split_rules(ctx: Context, rule: Mapping, frame: Rule | None, scope: Scope, header: Header) -> tuple[Rule, ...]:
    """The rules for one part, several, and none possible; empty when at fault (reported)."""
    split = _split(ctx, rule, scope)
    words = {k: _word(ctx, rule, k, header) for k in _CLASSES}
    too_large = mapping(rule, "too_large")
    because = message(ctx, too_large.get("because") if too_large else None, scope, TOO_LARGE)
    id_ = scalar(too_large, "id")
    if split is None or frame is None or because is None or id_ is None or None in words.values():
        return ()
    made = {
        k: replace(frame, rule_class=c, word=words[k], own=_outcome(split, k, frame.span), split=split)
        for k, c in _CLASSES.items()
    }
    none = replace(
        made["none"], id=id_.text, because=because, source=text(too_large, "source") or frame.source, span=id_.span
    )
    return replace(made["one"], silent=True), made["several"], none


def _outcome(split: Split, outcome: str, span: Span) -> x.SplitIs:
    known: dict[str, OneOf["one", "several", "none"]] = {"one": "one", "several": "several", "none": "none"}
    return x.SplitIs(split=split, outcome=known[outcome], span=span)


def _word(ctx: Context, rule: Mapping, outcome: str, header: Header) -> str | None:
    word = scalar(mapping(rule, "verdicts"), outcome)
    if word is None:
        return None
    if word.text not in header.verdicts:
        header.refuse_word(ctx.sink, word, header.verdicts)
        return None
    class_ = header.verdicts[word.text]
    if class_ is not _CLASSES[outcome]:
        message_ = f"`{outcome}` of a split cannot give `{word.text}`, which is {class_}"
        ctx.sink.error("rules/class", message_, word.span, f"name a word that is {_CLASSES[outcome]}")
        return None
    return word.text


def _split(ctx: Context, rule: Mapping, scope: Scope) -> Split | None:
    node = mapping(rule, "split")
    word = scalar(node, "each")
    id_, called, part = scalar(rule, "id"), scalar(node, "called"), scalar(node, "part")
    if node is None or word is None or id_ is None or called is None or part is None:
        return None
    list_name = singular(word, ctx.symbols, ctx.sink)
    if list_name is None:
        return None
    if ctx.symbols.lists[list_name].id_field is None:
        message_ = f"list `{list_name}` is split element by element, but names no `id`"
        ctx.sink.error("decisions/no-id", message_, word.span, "add `id:` with the field that names an element")
        return None
    inner = scope.with_variable(word.text, list_name)
    quantity = ctx.expression(node.get("quantity"), inner, INTEGER)
    weight = _weight(ctx, scalar(node, "weight"), inner)
    whole_node = scalar(node, "whole")
    whole = ctx.expression(whole_node, inner, BOOLEAN) if whole_node else _never(word.span)
    if quantity is None or weight is None or whole is None:
        return None
    limit = _limit(ctx, part, scope, weight)
    if limit is None:
        return None
    return Split(
        id=id_.text,
        list=list_name,
        variable=word.text,
        called=called.text,
        quantity=quantity,
        weight=weight,
        whole=whole,
        op=limit[0],
        limit=limit[1],
    )


def _never(span: Span) -> x.Expr:
    return x.Literal(value=False, type=BOOLEAN, span=span)


def _weight(ctx: Context, node: Scalar | None, scope: Scope) -> x.Expr | None:
    weight = ctx.expression(node, scope, None)
    if weight is not None and not (weight.type.numeric or weight.type == MONEY):
        words = f"the weight is {weight.type}, but a number or money is needed here"
        ctx.sink.error("type/mismatch", words, weight.span, "say what one unit counts")
        return None
    return weight


def _limit(ctx: Context, part: Scalar, scope: Scope, weight: x.Expr) -> tuple[OneOf["<", "<="], x.Expr] | None:
    try:
        tests = parse_tests(part.text)
    except ExpressionSyntaxError as e:
        span = part.sub(e.start, e.end)
        ctx.sink.error("expr/syntax", f"cannot read this expression: expected {e.expected}", span, e.help)
        return None
    test = tests[0]
    if len(tests) != 1 or not isinstance(test, s.CompareTest) or test.op not in ("<", "<="):
        message_ = "a part is bounded from above only"
        ctx.sink.error("rules/split-part", message_, part.span, "write `less than …` or `at most …`")
        return None
    typist = ctx.typist(part, scope)
    try:
        limit = typist.infer(test.right, Hint(weight.type))
        fitting(typist, weight, limit, test.right)
        one_currency(typist, test.right, weight, limit, "compared")
    except Rejected:
        return None
    return ("<" if test.op == "<" else "<=", limit)
