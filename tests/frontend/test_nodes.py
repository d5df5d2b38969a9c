"""Nodes: plain data with places, and places inside a scalar in every style of writing."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyengine.diagnostics import Diagnostics
from policyengine.frontend.nodes import Mapping, Scalar, Sequence, to_plain
from policyengine.frontend.yaml_reader import read_document
from policyengine.source import SourceFile, Span


def read(text: str) -> Mapping:
    sink = Diagnostics()
    document = read_document(SourceFile("f.yaml", text, "f.yaml"), sink)
    assert document is not None, [d.render() for d in sink]
    return document


def scalar(text: str) -> Scalar:
    node = read(text).get("a")
    assert isinstance(node, Scalar)
    return node


@pytest.mark.parametrize(
    "written",
    [
        "a: if x = cafe then y",
        "a:   if x = cafe then y   # comment",
        "a: 'if x = cafe then y'",
        'a: "if x = cafe then y"',
        "a: &anchor if x = cafe then y",
        "a: &anchor 'if x = cafe then y'",
        "a: if x\n   = cafe\n   then y",
        "a: 'if x\n   = cafe\n   then y'",
        'a: "if x \\\n   = cafe\n   then y"',
        'a: "if \\x78 = caf\\u0065 then y"',
        "a: >-\n  if x\n  = cafe\n  then y\n# end\nb: c",
        "a: |\n  if x\n  = cafe\n  then y\n\nb: c",
        "{a: if x = cafe then y, b: c}",
        "a: if x\r\n   = cafe\r\n   then y\r\nb: c\r\n",
        "\ufeffa: if x = cafe then y",
    ],
)
@pytest.mark.parametrize(("word", "least"), [("if", "if"), ("x", "x"), ("caf", "caf"), ("then y", "then y")])
def test_a_word_is_found_where_it_is_written(written, word, least):
    node = scalar(written)
    start = node.text.index(word)
    span = node.sub(start, start + len(word))
    expected = {"x": ("x", "\\x78")}.get(word, (word,))
    assert span.underlined in expected
    assert span.start.line == next(n for n, line in enumerate(written.split("\n"), 1) if span.underlined in line)


def test_letters_beyond_the_basic_plane_count_once():
    node = scalar("a: '𐍈é = 𐍈𐍈 or x'")
    assert node.sub(5, 7).underlined == "𐍈𐍈"
    assert node.sub(5, 7).start.column == 10


@pytest.mark.parametrize(
    ("written", "text", "underlined"),
    [("a: 'it''s so'", "s so", "s so"), ("a: 'x''''y z'", "y z", "y z"), ('a: "p\\"q r"', "q r", "q r")],
)
def test_quotes_inside_quotes(written, text, underlined):
    node = scalar(written)
    start = node.text.index(text)
    assert node.sub(start, start + len(text)).underlined == underlined


def test_an_empty_stretch_gives_one_character():
    node = scalar("a: x = ")
    assert (node.text, node.sub(3, 3).start.column, node.sub(3, 3).end.column) == ("x =", 7, 8)
    assert scalar("a: x = y").sub(0, 0).underlined == "x"
    assert scalar("a: 'x = '").sub(4, 4).start.column == 9


def test_nothing_to_find_gives_the_whole_span():
    assert scalar("a: ''").sub(0, 0).underlined == "''"


INK = st.text(st.sampled_from("ab𐍈é'\"\\#:,[]{}> \n"), min_size=1, max_size=30)


@given(INK, st.data())
@settings(deadline=None, max_examples=300, derandomize=True)
def test_any_stretch_of_a_text_is_found_in_any_style(text, data):
    words = text.split()
    if not words:
        return
    text = " ".join(words)
    style = data.draw(st.sampled_from(["single", "double", "folded", "literal"]))
    width = data.draw(st.integers(1, 3))
    parts = [" ".join(words[i : i + width]) for i in range(0, len(words), width)]
    indented = "\n   ".join(parts)
    written = {
        "single": "a: '" + indented.replace("'", "''") + "'",
        "double": 'a: "' + indented.replace("\\", "\\\\").replace('"', '\\"') + '"',
        "folded": "a: >-\n   " + indented,
        "literal": "a: |-\n   " + indented,
    }[style]
    node = scalar(written)
    assert node.text == ("\n".join(parts) if style == "literal" else text)
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    if not text[start:end].strip():
        return
    span = node.sub(start, end)
    found = between(written, span)
    unquoted = {"single": found.replace("''", "'"), "double": re.sub(r"\\(.)", r"\1", found)}.get(style, found)
    assert "".join(unquoted.split()) == "".join(text[start:end].split())


def between(text: str, span: Span) -> str:
    lines = text.split("\n")[span.start.line - 1 : span.end.line]
    lines[-1] = lines[-1][: span.end.column - 1]
    lines[0] = lines[0][span.start.column - 1 :]
    return "\n".join(lines)


def test_plain_data_is_typed_only_where_policies_are():
    text = """
kind: tests
a: [true, false, 'true', yes, NO, on, 0, -3, 007, 0x1F, 1_000, 1e3, 0.10, 12:30:00, 2024-05-20, 99999999999999999999]
b: {c: ~, 'd': "~"}
"""
    plain = to_plain(read(text)).data
    assert plain == {
        "kind": "tests",
        "a": [
            True,
            False,
            "true",
            "yes",
            "NO",
            "on",
            0,
            -3,
            "007",
            "0x1F",
            "1_000",
            "1e3",
            "0.10",
            "12:30:00",
            "2024-05-20",
            "99999999999999999999",
        ],
        "b": {"c": None, "d": "~"},
    }


def test_places_of_keys_and_values():
    located = to_plain(read("a:\n  - b: one\n    c: {d: two}\n"))
    assert located.keys["a", 0, "c", "d"].underlined == "d"
    assert located.values["a", 0, "c", "d"].underlined == "two"
    assert located.values["a", 0].underlined == "- b: one"[2:]
    assert located.values["a", 0, "c"].underlined == "{d: two}"
    assert located.values[()].start.line == 1


def test_mapping_lookups():
    document = read("a: x\nb: [y]\n")
    assert isinstance(document.get("b"), Sequence)
    assert "a" in document
    assert document.get("c") is None
    assert document.key_span("c") is None
    assert [key.text for key, _ in document] == ["a", "b"]
