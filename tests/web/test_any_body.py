"""Laws: whatever is sent, the answer is a decision or a problem, and says so in the form that is published."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from policyengine import load_bundle
from policyengine.api_schema.files import api_schema
from policyengine.web.app import create_app

REFUND = "/v1/bundles/umbrella/decisions/refund"
PROBLEM, DECISION = (Draft202012Validator(api_schema(name)) for name in ("problem", "decision"))
FEW = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

KEYS = st.sampled_from(
    [
        "facts",
        "as_of",
        "answer",
        "items",
        "id",
        "umbrella",
        "price",
        "bought_on",
        "damage",
        "cause",
        "report",
        "has_receipt",
        "é",
    ]
)
WORDS = st.sampled_from(["40 EUR", "40 USD", "2025-03-01", "seam", "lost", "", "\x00", "9" * 400])
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | WORDS | st.text(max_size=5)
DATA = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=12
)
NEAR = st.fixed_dictionaries(
    {"facts": st.dictionaries(KEYS, DATA, max_size=4)}, optional={"as_of": DATA, "id": DATA, "answer": DATA}
)


@pytest.fixture(scope="module")
def client(bundles):
    return create_app({"umbrella": load_bundle(bundles / "umbrella")}).test_client()


def is_answer(answer) -> bool:
    if answer.status_code == 200:
        DECISION.validate(answer.json["decision"])
        return True
    PROBLEM.validate(answer.json)
    return answer.status_code in (400, 422)


@FEW
@given(DATA | NEAR)
def test_any_json_gets_a_decision_or_a_problem(client, body):
    # `json.dumps` writes NaN and lone surrogates too: the service must refuse them, not fail.
    assert is_answer(client.post(REFUND, data=json.dumps(body), content_type="application/json"))


@FEW
@given(st.binary(max_size=60) | st.text(alphabet='{}[]":,\\u1e5 ', max_size=40).map(str.encode))
def test_any_bytes_get_a_problem(client, body):
    assert is_answer(client.post(REFUND, data=body, content_type="application/json"))


@FEW
@given(st.lists(NEAR | DATA, max_size=5))
def test_every_item_of_any_batch_gets_one_or_the_other(client, items):
    answer = client.post(f"{REFUND}/batch", data=json.dumps({"items": items}), content_type="application/json")
    if answer.status_code == 400:
        return
    assert answer.status_code == 200
    assert len(answer.json["items"]) == len(items)
    for item in answer.json["items"]:
        if "decision" in item:
            DECISION.validate(item["decision"])
        else:
            PROBLEM.validate(item["problem"])
            assert item["problem"]["status"] == 422
