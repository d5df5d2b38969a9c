"""Text to syntax tree, and what to say when the text is not in the language."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import cast

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedEOF, UnexpectedInput, UnexpectedToken

from policyengine.language import syntax as s


class ExpressionSyntaxError(Exception):
    """The text is not in the language. ``start`` and ``end`` are offsets of what was not understood."""

    def __init__(self, start: int, end: int, expected: str, help: str | None) -> None:  # noqa: A002 - as in diagnostics
        self.start, self.end, self.expected, self.help = start, end, expected, help
        super().__init__(expected)


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


def parse_expression(text: str) -> s.Node:
    """The syntax tree of an expression, or :class:`ExpressionSyntaxError`."""
    return _build(_parse(text, "expression"))


def parse_tests(text: str) -> tuple[s.Test, ...]:
    """The unary tests of a text (any of which may hold), or :class:`ExpressionSyntaxError`."""
    tree = _parse(text, "unary_tests")
    if tree.data == "tests":
        return _tests(tree)
    return (cast("s.Test", _build(tree)),)


def _parse(text: str, start: str) -> Tree[Token]:
    _refuse_monsters(text)
    _refuse_foreign_dates(text)
    try:
        tree = _lark().parse(text, start=start)
    except UnexpectedInput as e:
        raise _explain(text, e) from None
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


# What to say for signs that other languages have, and for common slips. The first that fits is taken.
_FOREIGN: tuple[tuple[str, str], ...] = (
    (r"==", "write `=` for equal"),
    (r"=>", "write `>=`"),
    (r"=<", "write `<=`"),
    (r"<>", "write `!=` for not equal"),
    (r"&&|&", "write `and`"),
    (r"\|\||\|", "write `or`"),
    (r"!(?!=)", "write `not(…)`"),
    (r"'", 'put text between double quotes: "…"'),
    (r"not\s+[^(\s]", "write `not(…)` with brackets"),
    (r"is\s+after\b", "write `>` (later)"),
    (r"is\s+before\b", "write `<` (earlier)"),
    (r"is\s|is$", "write `=`"),
    (r"AND\b", "write `and` in small letters"),
    (r"OR\b", "write `or` in small letters"),
    (r"NOT\b", "write `not(…)` in small letters"),
    (r"%", "write the percentage as a number, such as `amount * 5 / 100`"),
    (r"[€$£]", "write the currency as a code after the amount, such as `50 EUR`"),
    (r"\d{1,3}(?:,\d{3})+", "write numbers without commas"),
    (r"(?<=\d),\d", "write a decimal with a point, such as `2.5`"),
)
# The same, of what stands exactly where reading stopped.
_SLIPS: tuple[tuple[str, str], ...] = (
    (r"(?<=[A-Z]{3} )\d", "write the currency after the amount, such as `50 USD`"),
    (r"(?<=\d)[A-Z]{3}(?![A-Za-z0-9_])", "put a blank between the amount and its currency"),
    (r"(?<=\d )(?:usd|eur|gbp|cny|jpy)(?![A-Za-z0-9_])", "write currencies in capital letters"),
    (r"(?<=less )then|(?<=more )then", "write `than`"),
    (r"<=|>=|!=|=|<|>", "compare two values at a time; for a range write `x in [1..5]`"),
    (r'"', 'close the quote with another `"`'),
)


def _explain(text: str, e: UnexpectedInput) -> ExpressionSyntaxError:
    if isinstance(e, UnexpectedToken) and e.token.type != "$END":
        start, end = e.token.start_pos or 0, e.token.end_pos or 0
    elif isinstance(e, UnexpectedCharacters):
        start = cast("int", e.pos_in_stream)
        end = start + 1
    else:
        start = end = len(text)
    accepts: set[str] = set()
    if isinstance(e, (UnexpectedToken, UnexpectedEOF)):
        accepts = set(e.accepts if isinstance(e, UnexpectedToken) and e.accepts else e.expected)
    return ExpressionSyntaxError(start, end, _expected(accepts, text), _foreign_help(text, start))


# What stands before the place that was not understood, in the words of other languages.
_BEFORE: tuple[tuple[str, str], ...] = (
    (r"\b(?:over|exceeds|greater|higher|min|minimum)\s+\S$", "write `more than …`, `at least …` or `above … to …`"),
    (r"\b(?:under|below|lower|fewer|smaller|max|maximum|up|until)\s+\S$", "write `less than …` or `at most …`"),
    (r"\bbetween\s+\S$", "write `from … to …`"),
    (r"\b(?:is|equals|equal)\s+\S$", "write `=`, or the value alone in a test"),
    (
        r"\d\s+[A-Za-z]$",
        "a number may stand with a unit: days, weeks, months, years, working days [by <calendar>], or a currency",
    ),
)


def _foreign_help(text: str, start: int) -> str | None:
    # The offending sign may begin one character earlier: `==` is read as `=` and then `=`.
    for pattern, remedy in _FOREIGN:
        for at in (start, start - 1, text.rfind("not", 0, start + 1)):
            if at >= 0 and re.compile(pattern).match(text, at):
                return remedy
    slip = next((remedy for pattern, remedy in _SLIPS if re.compile(pattern).match(text, start)), None)
    # With the first letter of what was not understood, so that a pattern may ask for a word there.
    return slip or next((remedy for pattern, remedy in _BEFORE if re.search(pattern, text[: start + 1])), None)


_WORDS: Mapping[str, str] = {
    "RSQB": "`]`",
    "RPAR": "`)`",
    "THEN": "`then`",
    "ELSE": "`else`",
    "SATISFIES": "`satisfies`",
    "IN": "`in`",
    "TO": "`to`",
    "LPAR": "`(`",
}


def _expected(accepts: set[str], text: str) -> str:
    if not text.strip():
        return "something to test or compute"
    if "NUMBER" in accepts:
        return "a value here, such as a name, a number or a date"
    if accepts == {"NAME"}:
        return "a name here"
    words = [w for token, w in _WORDS.items() if token in accepts and token not in ("IN", "LPAR")]
    if len(words) == 1 and "COMPARE" in accepts:
        return f"an operator or {words[0]}"
    if words or accepts == {"LPAR"}:
        return " or ".join(words) or "`(`"
    return "an operator such as `=`, `and`, `+`, or the end" if "$END" in accepts else "another sign here"


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
