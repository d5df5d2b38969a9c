"""Text to syntax tree."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import cast

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from policyengine.language import syntax as s
from policyengine.language.faults import ExpressionSyntaxError, explained


@cache
def _lark() -> Lark:
    grammar = files("policyengine.language").joinpath("grammar.lark").read_text("utf-8")
    return Lark(
        grammar,
        parser="lalr",
        lexer="basic",
        start=["expression", "unary_tests"],
        propagate_positions=True,
        maybe_placeholders=False,
    )


# A nested expression is parsed and walked by recursion; deeper text than this is no rule that anyone reads.
MOST_BRACKETS = 60
MOST_LEVELS = 100
LONGEST = 5000


# Names, words and figures come back in rule after rule, so short texts are remembered; longer ones hardly repeat.
_SHORT = 60
_REMEMBERED = 4096


def parse_expression(text: str) -> s.Node:
    """The syntax tree of an expression, or :class:`ExpressionSyntaxError`."""
    return _short_expression(text) if len(text) <= _SHORT else _expression(text)


def parse_tests(text: str) -> tuple[s.Test, ...]:
    """The unary tests of a text (any of which may hold), or :class:`ExpressionSyntaxError`."""
    return _short_tests(text) if len(text) <= _SHORT else _unary_tests(text)


def _expression(text: str) -> s.Node:
    return _build(_parse(text, "expression"))


def _unary_tests(text: str) -> tuple[s.Test, ...]:
    tree = _parse(text, "unary_tests")
    if tree.data == "tests":
        return _tests(tree)
    return (cast("s.Test", _build(tree)),)


_short_expression = lru_cache(_REMEMBERED)(_expression)
_short_tests = lru_cache(_REMEMBERED)(_unary_tests)


def _parse(text: str, start: str) -> Tree[Token]:
    _refuse_monsters(text)
    _refuse_foreign_dates(text)
    try:
        tree = _lark().parse(text, start=start)
    except UnexpectedInput as e:
        raise explained(text, e) from None
    _refuse_deep(tree)
    return tree


def _refuse_monsters(text: str) -> None:
    if len(text) > LONGEST:
        raise ExpressionSyntaxError(0, 1, f"at most {LONGEST} characters", "split it into definitions")
    depth = 0
    for i, c in enumerate(text):
        depth += (c in "([") - (c in ")]")
        if depth > MOST_BRACKETS:
            raise ExpressionSyntaxError(i, i + 1, f"at most {MOST_BRACKETS} open brackets", "split it into definitions")


_FOREIGN_DATE = re.compile(
    r"(?<![\w./])(?:(?P<y>\d{4})[/.](?P<m>\d{1,2})[/.](?P<d>\d{1,2})|\d{1,2}[/.]\d{1,2}[/.]\d{4})(?![\w./])"
)


def _refuse_foreign_dates(text: str) -> None:
    """``2024/01/01`` would be two divisions, and ``01.02.2024`` leaves open which is the month."""
    for found in _FOREIGN_DATE.finditer(text):
        if text[: found.start()].count('"') % 2 == 0:
            year, month, day = (found.group(g) for g in "ymd")
            example = f"{year}-{month:0>2}-{day:0>2}" if year else "2024-02-01"
            help_ = f"write `{example}`" if year else f"dates are written year-month-day, such as `{example}`"
            raise ExpressionSyntaxError(found.start(), found.end(), "a date written year-month-day", help_)


def _refuse_deep(tree: Tree[Token]) -> None:
    level, layer = 0, [tree]
    while layer:
        level += 1
        if level > MOST_LEVELS:
            start, end = _at(layer[0])
            raise ExpressionSyntaxError(start, end, "fewer operations in one expression", "split it into definitions")
        layer = [c for t in layer for c in t.children if isinstance(c, Tree)]


_COMPARE_WORDS: Mapping[str, s.Op] = {"MORE_THAN": ">", "LESS_THAN": "<", "AT_LEAST": ">=", "AT_MOST": "<="}


def _build(tree: Tree[Token]) -> s.Node:
    return _BUILDERS[tree.data](tree)


def _at(tree: Tree[Token]) -> tuple[int, int]:
    return tree.meta.start_pos, tree.meta.end_pos


def _token(tree: Tree[Token], i: int = 0) -> str:
    return str(tree.children[i])


def _sub(tree: Tree[Token], i: int) -> s.Node:
    return _build(cast("Tree[Token]", tree.children[i]))


def _subs(tree: Tree[Token], start: int = 0) -> tuple[s.Node, ...]:
    return tuple(_build(cast("Tree[Token]", c)) for c in tree.children[start:])


def _tests(tree: Tree[Token]) -> tuple[s.Test, ...]:
    return cast("tuple[s.Test, ...]", _subs(tree))


def _money(t: Tree[Token]) -> s.Node:
    digits, currency = _token(t).split()
    return s.Number(*_at(t), digits, currency)


def _duration(t: Tree[Token]) -> s.Node:
    words = _token(t).split()
    calendar = words[words.index("by") + 1] if "by" in words else None
    unit = " ".join(words[1 : words.index("by")] if "by" in words else words[1:])
    return s.DurationText(*_at(t), words[0], unit if unit.endswith("s") else unit + "s", calendar)


def _string(t: Tree[Token]) -> s.Node:
    try:
        return s.Text(*_at(t), str(json.loads(_token(t), strict=False)))
    except ValueError:
        start, end = _at(t)
        raise ExpressionSyntaxError(start, end, 'text whose backslashes are `\\\\`, `\\"` or `\\n`', None) from None


def _quantifier(kind: str) -> Callable[[Tree[Token]], s.Node]:
    def build(t: Tree[Token]) -> s.Node:
        return s.QuantifierText(*_at(t), "some" if kind == "some" else "every", _token(t), _sub(t, 1), _sub(t, 2))

    return build


def _logic(op: str) -> Callable[[Tree[Token]], s.Node]:
    return lambda t: s.Logic(*_at(t), "and" if op == "and" else "or", _subs(t))


def _range(*, low_open: bool, high_open: bool) -> Callable[[Tree[Token]], s.Node]:
    return lambda t: s.Range(*_at(t), _sub(t, 0), _sub(t, 1), low_open, high_open)


def _range_words(*, low_open: bool, high_open: bool) -> Callable[[Tree[Token]], s.Node]:
    return lambda t: s.RangeTest(*_at(t), s.Range(*_at(t), _sub(t, 0), _sub(t, 1), low_open, high_open))


def _compare_test(t: Tree[Token]) -> s.Node:
    token = cast("Token", t.children[0])
    return s.CompareTest(*_at(t), _COMPARE_WORDS.get(token.type) or cast("s.Op", str(token)), _sub(t, 1))


class _Target:
    """What stands after ``contains``: kept apart until the subject is known."""

    def __init__(self, mode: str, tree: Tree[Token]) -> None:
        self.mode = cast("s.ContainsMode", mode)
        self.node = _sub(tree, 0)


def _target(tree: Tree[Token], i: int) -> _Target:
    sub = cast("Tree[Token]", tree.children[i])
    return _Target(str(sub.data).removeprefix("contains_"), sub)


def _contains(t: Tree[Token]) -> s.Node:
    target = _target(t, 1)
    return s.ContainsText(*_at(t), _sub(t, 0), target.mode, target.node)


def _contains_test(t: Tree[Token]) -> s.Node:
    target = _target(t, 0)
    return s.ContainsTest(*_at(t), target.mode, target.node)


def _one_of(t: Tree[Token]) -> s.Node:
    return s.OneOfTests(*_at(t), _tests(cast("Tree[Token]", t.children[0])))


_BUILDERS: Mapping[str, Callable[[Tree[Token]], s.Node]] = {
    "number": lambda t: s.Number(*_at(t), _token(t)),
    "money": _money,
    "date": lambda t: s.DateText(*_at(t), _token(t)),
    "duration": _duration,
    "string": _string,
    "true": lambda t: s.Boolean(*_at(t), True),
    "false": lambda t: s.Boolean(*_at(t), False),
    "null": lambda t: s.NullText(*_at(t)),
    "path": lambda t: s.Name(*_at(t), _token(t)),
    "call": lambda t: s.CallText(*_at(t), _token(t), _subs(t, 1)),
    "not_": lambda t: s.NotText(*_at(t), _tests(t)),
    "list": lambda t: s.ListText(*_at(t), _subs(t)),
    "if_": lambda t: s.IfText(*_at(t), _sub(t, 0), _sub(t, 1), _sub(t, 2)),
    "some": _quantifier("some"),
    "every": _quantifier("every"),
    "arith": lambda t: s.Binary(*_at(t), cast("s.ArithOp", _token(t, 1)), _sub(t, 0), _sub(t, 2)),
    "negate": lambda t: s.NegateText(*_at(t), _sub(t, 1)),
    "or_": _logic("or"),
    "and_": _logic("and"),
    "compare": lambda t: s.CompareText(*_at(t), cast("s.Op", _token(t, 1)), _sub(t, 0), _sub(t, 2)),
    "in_": lambda t: s.InText(*_at(t), _sub(t, 0), _sub(t, 1)),
    "one_of": _one_of,
    "contains": _contains,
    "index": lambda t: s.Index(*_at(t), _sub(t, 0), _sub(t, 1)),
    "dot": lambda t: s.Dot(*_at(t), _sub(t, 0), _token(t, 1).lstrip(". \t\n")),
    "closed_closed": _range(low_open=False, high_open=False),
    "closed_open": _range(low_open=False, high_open=True),
    "open_closed": _range(low_open=True, high_open=False),
    "open_open": _range(low_open=True, high_open=True),
    "anything": lambda t: s.AnythingTest(*_at(t)),
    "compare_test": _compare_test,
    "from_to": _range_words(low_open=False, high_open=False),
    "above_to": _range_words(low_open=True, high_open=False),
    "from_to_below": _range_words(low_open=False, high_open=True),
    "given": lambda t: s.GivenTest(*_at(t), False),
    "not_given": lambda t: s.GivenTest(*_at(t), True),
    "range_test": lambda t: s.RangeTest(*_at(t), cast("s.Range", _sub(t, 0))),
    "in_test": lambda t: s.InTest(*_at(t), _sub(t, 0)),
    "contains_test": _contains_test,
    "equals_test": lambda t: s.EqualsTest(*_at(t), _sub(t, 0)),
}
