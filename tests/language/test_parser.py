from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyengine.language import syntax as s
from policyengine.language.faults import ExpressionSyntaxError
from policyengine.language.parser import MOST_BRACKETS, MOST_LEVELS, parse_expression, parse_tests

TOKENS = [
    *[
        "if",
        "then",
        "else",
        "some",
        "every",
        "in",
        "satisfies",
        "or",
        "and",
        "not",
        "all",
        "any",
        "contains",
        "given",
        "from",
        "to",
        "above",
        "below",
        "true",
        "false",
        "null",
    ],
    *[
        "as_of",
        "x",
        "a.b",
        "claims",
        "claim.amount",
        "count",
        "days",
        "1",
        "012",
        "2.5",
        "5.USD",
        "2025-03-20",
        "2025-02-30",
        '"t"',
    ],
    *["=", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "(", ")", "[", "]", ",", "..", ".", "'"],
    *("500 USD", "40 days", "7 working days by bank", "more than", "at least", "not given"),
]
WORDS = st.lists(st.sampled_from(TOKENS))
TEXTS = st.one_of(st.text(max_size=40), WORDS.map(" ".join), WORDS.map("".join))


@given(TEXTS)
@settings(deadline=None, max_examples=600, derandomize=True)
def test_any_text_is_read_or_refused_at_a_place(text):
    for parse in (parse_expression, parse_tests):
        fault = refused(parse, text)
        if fault is not None:
            assert 0 <= fault.start <= fault.end <= len(text)
            assert fault.expected
            assert "\n" not in fault.expected


def refused(parse, text):
    try:
        parse(text)
    except ExpressionSyntaxError as e:
        return e
    return None


@pytest.mark.parametrize(
    ("text", "bracketed"),
    [
        ("a + b * c", "a + (b * c)"),
        ("a - b - c", "(a - b) - c"),
        ("a / b * c", "(a / b) * c"),
        ("-a + b", "(-a) + b"),
        ("a or b and c", "a or (b and c)"),
        ("a and b or c and d", "(a and b) or (c and d)"),
        ("a = b and c < d", "(a = b) and (c < d)"),
        ("not(a) and b", "(not(a)) and b"),
        ("if a then b else if c then d else e", "if a then b else (if c then d else e)"),
        ("if a then b else c + d", "if a then b else (c + d)"),
        ("some c in claims satisfies c.a and b", "some c in claims satisfies (c.a and b)"),
        ("claims[claim.cause = washing].amount > 3", "((claims[(claim.cause = washing)]).amount) > 3"),
        ("a in [1..b + 1] and c", "(a in [1..(b + 1)]) and c"),
        ("parcel.by = 50000 USD", "(parcel.by) = (50000 USD)"),
        ("order.in and given.all", "(order.in) and (given.all)"),
    ],
)
def test_binding(text, bracketed):
    assert unplaced(parse_expression(text)) == unplaced(parse_expression(bracketed))


@pytest.mark.parametrize(
    ("words", "signs"),
    [
        ("more than 5 USD", "> 5 USD"),
        ("less than 5", "< 5"),
        ("at least 5", ">= 5"),
        ("at most 5", "<= 5"),
        ("from 1 to 40", "[1..40]"),
        ("above 50 to 150", "(50..150]"),
        ("from 1 to below 40", "[1..40)"),
        ("any", "-"),
        ("at  least\n 5", ">= 5"),
    ],
)
def test_words_and_signs_say_the_same(words, signs):
    assert unplaced(parse_tests(words)) == unplaced(parse_tests(signs))


def unplaced(node: object) -> object:
    if isinstance(node, tuple):
        return tuple(map(unplaced, node))
    if isinstance(node, s.Node):
        fields = (f for f in node.__dataclass_fields__ if f not in ("start", "end"))
        return (type(node).__name__, *(unplaced(getattr(node, f)) for f in fields))
    return node


@pytest.mark.parametrize(
    "text",
    [
        "(" * 200 + "1" + ")" * 200,
        "[" * 200 + "1" + "]" * 200,
        "not(" * 200 + "true" + ")" * 200,
        "if true then " * 300 + "1",
        "1 + " * 300 + "1",
        "some c in claims satisfies " * 200 + "true",
        "x" * 10_000,
        "9" * 10_000,
    ],
    ids=lambda t: f"{t[:12]} x {len(t)}",
)
def test_monsters_are_refused(text):
    with pytest.raises(ExpressionSyntaxError):
        parse_expression(text)


@pytest.mark.parametrize(
    "text", ["(" * MOST_BRACKETS + "1" + ")" * MOST_BRACKETS, " + ".join(["1"] * (MOST_LEVELS - 5))]
)
def test_large_expressions_are_read(text):
    parse_expression(text)


def test_a_text_that_was_read_before_says_the_same_again():
    assert parse_expression("a + 1") == parse_expression("a + 1")
    assert parse_tests("a + 1") == parse_tests("a + 1")
    assert parse_expression("a") != parse_tests("a")
    for _ in range(2):
        with pytest.raises(ExpressionSyntaxError) as caught:
            parse_expression("a + ")
        assert (caught.value.start, caught.value.end) == (4, 4)
