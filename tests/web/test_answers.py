"""Answers as bytes: those that the standard library writes, however they are written."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policyengine import Engine, load_bundle
from policyengine.diagnostics import Diagnostics
from policyengine.shipped import shipped_policies
from policyengine.testing.cases import read_cases
from policyengine.web.answers import json_bytes


def plainly(data) -> bytes:
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def test_every_answer_of_the_cases_of_the_shipped_policies():
    for folder in sorted(p for p in shipped_policies().iterdir() if p.is_dir()):
        bundle = load_bundle(folder)
        cases = read_cases(bundle, folder, Diagnostics())
        assert len(cases) > 50
        with Engine(bundle) as engine:
            for case in cases:
                decision = engine.decide(case.decision, case.facts, as_of=case.as_of)
                assert json_bytes(decision.to_dict()) == plainly(decision.to_dict())
                assert json_bytes(decision.to_short_dict()) == plainly(decision.to_short_dict())


TEXTS = st.text(st.characters(codec="utf-8")) | st.sampled_from(
    ["\x00\x1f\x7f\x80", '"\\/\b\f\n\r\t', "\u2028\u2029\ufeff\ufffe", "é😀", "</script>"]
)
NUMBERS = st.integers() | st.sampled_from([2**63, -(2**63), 2**64 - 1, 2**64, -(2**64), 10**400])
DATA = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=20,
)


@settings(deadline=None, max_examples=400, derandomize=True)
@given(DATA)
def test_any_data(data):
    assert json_bytes(data) == plainly(data)


@pytest.mark.parametrize("data", [date(2025, 1, 1), Decimal(1), {"a": object()}, {"a": {1}}, b"x"])
def test_what_is_no_json_is_not_written(data):
    with pytest.raises(TypeError):
        json_bytes(data)
