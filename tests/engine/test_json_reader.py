"""JSON text is read strictly: one meaning or a place and a reason."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from policyengine.engine.json_reader import read_json, read_json_carefully
from policyengine.engine.plain_json import read_plain_json
from policyengine.errors import FactProblem, RequestError

LIMIT = 100_000


def problems(data: bytes, **limits: int) -> tuple[FactProblem, ...]:
    with pytest.raises(RequestError) as caught:
        read_json(data, limits.pop("max_bytes", LIMIT), **limits)
    assert {p.code for p in caught.value.problems} == {"request/json"}
    return caught.value.problems


def test_numbers_are_exact() -> None:
    got = read_json(b"[1, -0, 12.50, 1e2, 123456789012345678901234567890, 0.1]", LIMIT)
    assert got == [1, 0, Decimal("12.50"), Decimal("1e2"), 123456789012345678901234567890, Decimal("0.1")]
    assert isinstance(got, list)
    assert [type(n) for n in got] == [int, int, Decimal, Decimal, int, Decimal]


def test_text_is_kept_as_sent() -> None:
    assert read_json('{"a/b": "é \\ud83d\\ude00"}'.encode(), LIMIT) == {"a/b": "é 😀"}


@pytest.mark.parametrize(
    ("data", "pointer", "detail"),
    [
        (b'{"a": {"b~/c": 1, "b~/c": 2}}', "/a/b~0~1c", "`b~/c` is given twice"),
        (b'{"a": 1, "b": [{"x": 1, "x": 1}]}', "/b/0/x", "`x` is given twice"),
        (b'{"a": [1, NaN]}', "/a/1", "`NaN` is not a number"),
        (b"-Infinity", "", "`-Infinity` is not a number"),
        (b'{"a": 1e999999999}', "/a", "the exponent of this number is too large"),
        (b'{"a": 1e' + b"9" * 80 + b"}", "/a", "the exponent of this number is too large"),
        (b'{"a": ' + b"9" * 5000 + b"}", "/a", "this number has too many digits"),
        (b'{"a": 0.' + b"1" * 5000 + b"}", "/a", "this number has too many digits"),
        (b'{"a": "\\ud800"}', "/a", "this text has half of a surrogate pair, which is no character"),
        (b'{"\\udc00": 1}', "/\\udc00", "the key `\\udc00` has half of a surrogate pair"),
        (b"", "", "cannot read this as JSON at line 1, column 1: expecting value"),
        (b'{"a": 1}\n{', "", "cannot read this as JSON at line 2, column 1: extra data"),
        (b'{"a": 01}', "", "cannot read this as JSON at line 1, column 8: expecting ',' delimiter"),
        (b'"\xff"', "", "this is not UTF-8 text: byte 2 cannot be read"),
        (b'"\xed\xa0\x80"', "", "this is not UTF-8 text: byte 2 cannot be read"),
        ('"a"'.encode("utf-16"), "", "this is not UTF-8 text: byte 1 cannot be read"),
        (b'\xef\xbb\xbf{"a": 1}', "", "the text starts with a byte order mark"),
    ],
)
def test_what_is_refused_and_where(data: bytes, pointer: str, detail: str) -> None:
    (problem,) = problems(data)
    assert (problem.pointer, problem.detail) == (pointer, detail)


def test_every_fault_of_the_data_is_told() -> None:
    found = problems(b'{"a": NaN, "b": [{"c": 1, "c": 2}, 1e999]}')
    assert [p.pointer for p in found] == ["/a", "/b/0/c", "/b/1"]


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":'])
def test_deep_nesting_is_refused_without_recursion(opening: bytes) -> None:
    (problem,) = problems(opening * 100_000, max_bytes=10_000_000)
    assert problem.detail == "objects and lists are nested more than 50 deep"


def test_depth_is_counted_outside_of_texts() -> None:
    assert read_json(b'["[[[[", "\\"[[["]', LIMIT, max_depth=1) == ["[[[[", '"[[[']
    assert problems(b"[[1]]", max_depth=1)


def test_size_is_bounded() -> None:
    assert read_json(b"[1]", 3) == [1]
    assert problems(b"[1] ", max_bytes=3)[0].detail == "the request is larger than 3 bytes"


@pytest.mark.parametrize("data", [b'"' + b'\\"' * 400_000, b'"' + b"a\\\\" * 300_000, b'\\"' * 400_000])
def test_texts_that_never_end_take_no_time(data: bytes) -> None:
    assert problems(data, max_bytes=10_000_000)


@settings(deadline=None, max_examples=300, derandomize=True)
@given(st.binary(max_size=60))
@example(b'{"a":')
def test_bytes_are_read_as_the_library_reads_them_or_refused(data: bytes) -> None:
    try:
        got = read_json(data, LIMIT)
    except RequestError:
        return
    assert got == json.loads(data.decode(), parse_float=Decimal)


DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None, max_examples=200, derandomize=True)
@given(DATA, st.booleans())
def test_what_was_written_is_read_back(data: object, ascii_only: bool) -> None:
    assert read_json(json.dumps(data, ensure_ascii=ascii_only).encode(), LIMIT) == data


# --- the plain reader says the same or nothing ---


def exactly(value: object) -> object:
    """The value with its types, for which 1, True and 1.0 are three things, and the order of keys counts."""
    if isinstance(value, dict):
        return [(k, exactly(v)) for k, v in value.items()]
    return [exactly(v) for v in value] if isinstance(value, list) else (type(value), value)


EXACT = ["0", "-0", "1", "-1", "9007199254740993", "18446744073709551615", "-9223372036854775808"]
LONG = ["18446744073709551616", "-9223372036854775809", "9" * 100, "9" * 101, "1" * 5000]
BROKEN = ["12.50", "0.1", "-0.0", "1e2", "1E400", "1e-400", "01", "1.", ".5", "+1", "NaN", "-Infinity"]
NUMBERS = st.sampled_from([*EXACT * 12, *LONG, *BROKEN])
FINE = [
    '"a"', '"b"', '"c"', '"\\u0061"', '"a:b"', '":"', '"\\":"', '"[{"', '"]}"', '""', '"é"', '"\\ud83d\\ude00"',
    '"\u2028"',
]  # fmt: skip
ODD = ['"\\u003a"', '"\\/"', '"2025-01-01T10:00:00Z"', '"\\ud800"', '"\x01"', "'a'", "a"]
QUOTED = st.sampled_from([*FINE * 4, *ODD])
SPACE = st.sampled_from([*["", " ", "\n\t"] * 30, "\u00a0", "\ufeff"])
LEAVES = st.one_of(NUMBERS, QUOTED, st.sampled_from([*["true", "false", "null"] * 20, ""]))


def spaced(text: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.builds("{}{}{}".format, SPACE, text, SPACE)


def containers(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.builds("{}:{}".format, spaced(QUOTED), inner)
    return spaced(
        st.lists(pair, max_size=4).map(lambda pairs: "{" + ",".join(pairs) + "}")
        | st.lists(inner, max_size=3).map(lambda items: "[" + ",".join(items) + "]")
    )


TEXTS = st.recursive(spaced(LEAVES), containers, max_leaves=12)


@settings(deadline=None, max_examples=1500, derandomize=True)
@given(containers(TEXTS), st.sampled_from([2, 5, 50]))
@example('{"a":1,"a":2,"b":":"}', 9)
@example('{"a":":","a":"\\u003a"}', 9)
@example('{"a":"\\u003a","a":2}', 9)
@example('{"a":{"x":1},"a":{"x":1,":":"::"}}', 9)
@example("[" * 2000 + "]" * 2000, 50)
def test_plain_text_is_read_as_by_the_definition_or_not_at_all(text: str, depth: int) -> None:
    plain = read_plain_json(text.encode(), depth)
    if plain is not None:
        assert exactly(plain) == exactly(read_json_carefully(text.encode(), depth))


@pytest.mark.parametrize(
    "text", ['{"a": {"b": [1, "x", null, true]}}', "[]", "{}", '{"at":"2025-01-01T10:00:00Z"}', '{"a": "\\n"}']
)
def test_plain_text_is_told_to_be_plain(text: str) -> None:
    assert read_plain_json(text.encode(), 50) == json.loads(text)
