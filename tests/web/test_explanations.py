"""Explanations over HTTP: beside the decision, the same bytes each time, of bounded cost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from tests.web.test_decisions import REFUND, SEAM

from policyengine.api_schema.files import api_schema
from policyengine.api_schema.request import MOST_EXPLAINED

EXPLANATION = Draft202012Validator(api_schema("explanation"))
DAY = "2025-06-01"


def test_an_explanation_beside_the_decision(client):
    plain = client.post(REFUND, json={"facts": SEAM, "as_of": DAY}).json()
    answer = client.post(REFUND, json={"facts": SEAM, "as_of": DAY, "explain": True})
    told = answer.json()
    assert told["decision"] == plain["decision"]
    EXPLANATION.validate(told["explanation"])
    assert "refunded, as of 2025-06-01." in told["explanation"]["summary"]
    assert {r["rule"]: r["truth"] for r in told["explanation"]["rules"]}["UM-SEAM"] is True
    again = client.post(REFUND, json={"facts": SEAM, "as_of": DAY, "explain": True})
    assert again.content == answer.content


def test_each_change_is_what_the_service_itself_decides(client):
    told = client.post(REFUND, json={"facts": SEAM, "as_of": DAY, "explain": True}).json()["explanation"]
    seen = 0
    for change in told["changes"]["found"]:
        if change["fact"] == "as_of":
            body = {"facts": SEAM, "as_of": change["to"]}
        else:
            group, name = change["fact"].split(".")
            body = {"facts": {**SEAM, group: {**SEAM.get(group, {}), name: change["to"]}}, "as_of": DAY}
        assert client.post(REFUND, json=body).json()["decision"]["verdict"] == change["verdict"]
        seen += 1
    assert seen > 2


@pytest.mark.parametrize("explain", [False, None])
def test_no_explanation_that_was_not_asked_for(client, explain):
    asked = client.post(REFUND, json={"facts": SEAM, "as_of": DAY, "explain": explain})
    assert asked.content == client.post(REFUND, json={"facts": SEAM, "as_of": DAY}).content


def test_a_short_answer_may_be_explained(client):
    told = client.post(REFUND, json={"facts": SEAM, "as_of": DAY, "answer": "short", "explain": True}).json()
    assert set(told["decision"]) == {"verdict", "class", "rules", "bundle", "as_of"}
    EXPLANATION.validate(told["explanation"])


def test_numbers_that_were_given_as_numbers_come_back_as_text(client):
    facts = Path("tests/explaining/ready.json").read_text().strip().removesuffix("}")
    order = '{"fx_to_usd": 1.25, "currency": "EUR", "total": {"amount": 39999.5, "currency": "EUR"}}'
    body = f'{{"explain": true, "as_of": "2025-01-05", "facts": {facts}, "order": {order}}}}}'
    path = "/v1/bundles/trade_assurance/decisions/readiness"
    told = client.post(path, content=body, headers={"Content-Type": "application/json"}).json()["explanation"]
    before = {change["fact"]: change["from"] for change in told["changes"]["found"]}
    assert before["order.fx_to_usd"] == "1.25"
    assert before["order.total"] == {"amount": "39999.5", "currency": "EUR"}


def test_a_batch_explains_each_item(client):
    items = [{"id": "a", "facts": SEAM}, {"id": "b", "facts": {"damage": {"cause": "x"}}}, {"id": "c", "facts": {}}]
    answer = client.post(f"{REFUND}/batch", json={"items": items, "explain": True})
    first, bad, open_ = answer.json()["items"]
    for told in (first, open_):
        EXPLANATION.validate(told["explanation"])
    assert set(bad) == {"id", "problem"}


def test_a_batch_that_is_explained_is_small(client):
    def ask(count: int):
        return client.post(f"{REFUND}/batch", json={"items": [{"facts": SEAM}] * count, "explain": True})

    assert ask(MOST_EXPLAINED).status_code == 200
    refused = ask(MOST_EXPLAINED + 1)
    assert (refused.status_code, refused.json()["type"]) == (413, "urn:policyengine:problem:too-large")
    assert str(MOST_EXPLAINED) in refused.json()["detail"]


def test_every_decision_of_the_service_is_explained_as_openapi_says(client):
    for bundle in client.get("/v1/bundles").json()["bundles"]:
        for decision in bundle["decisions"]:
            told = client.post(f"/v1/bundles/{bundle['id']}/decisions/{decision}", json={"facts": {}, "explain": True})
            EXPLANATION.validate(json.loads(told.content)["explanation"])
