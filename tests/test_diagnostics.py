"""Diagnostics: rendering, order, one fault a place, and suggestions that do not guess wildly."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyengine.diagnostics import Diagnostic, Diagnostics, Severity, did_you_mean, edit_distance, nearest
from policyengine.source import Position, SourceFile, Span, nowhere

FILE = SourceFile("policies/x/facts.yaml", "a: 1\nclaim.cause: washng\n", "facts.yaml")
SPAN = Span(FILE, Position(2, 14), Position(2, 20))


def test_a_diagnostic_shows_place_line_caret_and_help():
    message = "`washng` is not a member of `claim.cause`"
    text = Diagnostic("type/member", message, SPAN, "did you mean `washing`?").render()
    assert text.splitlines() == [
        "policies/x/facts.yaml:2:14: error[type/member]: `washng` is not a member of `claim.cause`",
        "2 | claim.cause: washng",
        "  |              ^^^^^^",
        "  = help: did you mean `washing`?",
    ]


def test_spans_know_their_text_and_place():
    assert SPAN.underlined == "washng"
    assert SPAN.at == "facts.yaml:2"
    assert nowhere("policies/none").place == "policies/none:1:1"


def test_the_caret_stays_under_the_text_beside_odd_characters():
    odd = SourceFile("a.yaml", "\tx: \x07bad", "a.yaml")
    lines = Span(odd, Position(1, 6), Position(1, 9)).snippet().splitlines()
    assert lines[0].index("bad") == lines[1].index("^^^")


def test_one_error_a_place_and_sorted():
    sink = Diagnostics()
    sink.error("b/second", "later", SPAN)
    sink.error("b/again", "hidden", SPAN)
    sink.error("a/first", "sooner", Span(FILE, Position(1, 1), Position(1, 2)))
    sink.warning("c/warn", "also kept", SPAN)
    assert [d.code for d in sink] == ["a/first", "b/second", "c/warn"]
    assert sink.failed


def test_warnings_alone_do_not_fail():
    sink = Diagnostics()
    sink.warning("c/warn", "only advice", SPAN)
    assert not sink.failed
    assert next(iter(sink)).severity is Severity.WARNING


@pytest.mark.parametrize(
    ("a", "b", "distance"), [("", "abc", 3), ("ca", "abc", 3), ("order", "odrer", 1), ("same", "same", 0)]
)
def test_edit_distance(a, b, distance):
    assert edit_distance(a, b) == edit_distance(b, a) == distance


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text("ab_", max_size=9), st.text("ab_", max_size=9), st.integers(0, 6))
def test_a_distance_is_exact_up_to_the_most_that_is_asked_for(a, b, most):
    exact, found = edit_distance(a, b), edit_distance(a, b, most)
    assert found == exact if exact <= most else found > most


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.text("ab_", max_size=9), st.lists(st.text("ab_", max_size=9)))
def test_the_nearest_word_is_the_first_of_those_with_the_fewest_edits(word, known):
    limit = min(max(2, len(word) // 3), max(len(word) - 1, 0))
    distance, best = min(((edit_distance(word, k), k) for k in known), default=(limit + 1, None))
    assert nearest(word, known) == (best if distance <= limit else None)


def test_suggestions_stay_near():
    assert did_you_mean("washng", ["washing", "transit"]) == "did you mean `washing`?"
    assert nearest("order.totl", ["order.total", "order.placed_on"]) == "order.total"
    assert nearest("banana", ["washing", "transit"]) is None
    assert nearest("x", ["y"]) is None
