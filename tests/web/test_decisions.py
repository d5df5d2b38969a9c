"""Decisions over HTTP, asked of a real server."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from policyengine import Engine, load_bundle
from policyengine.api_schema.request import MOST_ITEMS
from policyengine.web.body import MOST_BYTES

REFUND = "/v1/bundles/umbrella/decisions/refund"
SEAM = {
    "umbrella": {"price": "40 EUR", "bought_on": "2025-03-01"},
    "damage": {"cause": "seam"},
    "report": {"has_receipt": True},
}


def ask(client, facts, as_of="2025-06-01", path=REFUND):
    return client.post(path, json={"facts": facts, "as_of": as_of})


def test_a_decision(client):
    answer = ask(client, SEAM)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    decision = answer.json()["decision"]
    assert (decision["verdict"], decision["class"]) == ("refunded", "granted")
    assert decision["amount"] == {"amount": "40.00", "currency": "EUR"}
    assert [r["rule"] for r in decision["reasons"]] == ["UM-SEAM"]
    assert decision["as_of"] == "2025-06-01"
    assert answer.headers["Policy-Bundle-Digest"] == decision["bundle"]["digest"]


def test_it_is_the_decision_of_the_python_api_byte_for_byte(client, bundles):
    with Engine(load_bundle(bundles / "umbrella")) as engine:
        expected = {"decision": engine.decide("refund", SEAM, as_of="2025-06-01").to_dict()}
    first, second = ask(client, SEAM), ask(client, SEAM)
    assert first.content == second.content
    assert first.content == json.dumps(expected, ensure_ascii=False, separators=(",", ":")).encode()


def test_a_refusal_is_an_answer(client):
    answer = ask(client, {**SEAM, "damage": {"cause": "lost"}})
    assert answer.status_code == 200
    assert answer.json()["decision"]["class"] == "refused"


def test_what_is_left_out_or_null_is_unknown(client):
    left_out = ask(client, {})
    assert left_out.json()["decision"]["verdict"] == "undetermined"
    assert left_out.content == ask(client, {"damage": {"cause": None}, "umbrella": None}).content


def test_a_day_that_is_left_out_is_today_in_the_zone_of_the_bundle(client):
    zone = ZoneInfo("Europe/Lisbon")
    before = datetime.now(UTC).astimezone(zone).date()
    days = {
        client.post(REFUND, json=body).json()["decision"]["as_of"]
        for body in ({"facts": {}, "as_of": None}, {"facts": {}})
    }
    assert days <= {before.isoformat(), datetime.now(UTC).astimezone(zone).date().isoformat()}


def test_a_moment_stands_for_its_day_in_the_zone_of_the_bundle(client):
    assert ask(client, {}, "2025-06-30T23:30:00Z").json()["decision"]["as_of"] == "2025-07-01"


def test_texts_go_in_and_out_as_utf_8(client):
    body = json.dumps({"facts": {"umbrella": {"prixé": 1}}}, ensure_ascii=False).encode()
    answer = client.post(REFUND, content=body, headers={"Content-Type": "application/json; charset=UTF-8"})
    assert answer.status_code == 422
    assert "prixé".encode() in answer.content


def test_every_kind_of_decision_answers(client):
    for bundle in client.get("/v1/bundles").json()["bundles"]:
        for decision in bundle["decisions"]:
            answer = ask(client, {}, path=f"/v1/bundles/{bundle['id']}/decisions/{decision}")
            assert answer.status_code == 200
            assert answer.json()["decision"]["decision"] == decision


# --- many at once


def batch(client, *items):
    return client.post(f"{REFUND}/batch", json={"items": list(items)})


def test_a_batch_keeps_the_order_and_decides_what_can_be_decided(client):
    answer = batch(
        client,
        {"id": "a", "facts": SEAM, "as_of": "2025-06-01"},
        {"id": "b", "facts": {"damage": {"cause": "winds"}}},
        {"id": 3, "facts": {**SEAM, "damage": {"cause": "lost"}}, "as_of": "2025-06-01"},
        {"facts": {}, "as_of": "2025-06-01"},
    )
    assert answer.status_code == 200
    items = answer.json()["items"]
    assert [i["id"] for i in items] == ["a", "b", 3, None]
    assert [i.get("decision", {}).get("verdict") for i in items] == ["refunded", None, "not_refunded", "undetermined"]
    problem = items[1]["problem"]
    assert problem["status"] == 422
    assert [(e["pointer"], e["code"]) for e in problem["errors"]] == [("/items/1/facts/damage/cause", "request/member")]
    assert "did you mean `wind`?" in problem["errors"][0]["help"]
    assert len(answer.headers["Policy-Bundle-Digest"]) == 64


def test_an_item_is_the_same_decision_as_a_question_alone(client):
    alone = ask(client, SEAM).json()["decision"]
    assert batch(client, {"facts": SEAM, "as_of": "2025-06-01"}).json() == {"items": [{"id": None, "decision": alone}]}


def test_the_days_left_out_in_one_batch_are_one_day(client):
    items = batch(client, *({"facts": {}} for _ in range(50))).json()["items"]
    assert len({i["decision"]["as_of"] for i in items}) == 1


@pytest.mark.parametrize(
    ("item", "pointer", "code"),
    [
        (3, "/items/1", "request/type"),
        ({"id": "b"}, "/items/1", "request/missing-key"),
        ({"id": "b", "facts": []}, "/items/1/facts", "request/type"),
        ({"id": "b", "facts": {}, "as_of": "soon"}, "/items/1/as_of", "request/type"),
        ({"id": "b", "facts": {}, "fact": {}}, "/items/1/fact", "request/unknown-key"),
        ({"id": ["b"], "facts": {}}, "/items/1/id", "request/type"),
        ({"id": True, "facts": {}}, "/items/1/id", "request/type"),
        ({"id": "x" * 201, "facts": {}}, "/items/1/id", "request/range"),
        ({"id": "a", "facts": {}}, "/items/1/id", "request/duplicate-id"),
    ],
)
def test_one_bad_item(client, item, pointer, code):
    good = {"id": "a", "facts": SEAM, "as_of": "2025-06-01"}
    first, bad, last = batch(client, good, item, {"id": "z", "facts": {}}).json()["items"]
    assert [(e["pointer"], e["code"]) for e in bad["problem"]["errors"]] == [(pointer, code)]
    assert first["decision"]["verdict"] == "refunded"
    assert last["decision"]["verdict"] == "undetermined"


def test_an_item_tells_all_its_faults(client):
    (item,) = batch(client, {"id": {}, "facts": {"x": 1}, "as_of": 3}).json()["items"]
    assert [e["pointer"] for e in item["problem"]["errors"]] == ["/items/0/id", "/items/0/as_of", "/items/0/facts/x"]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "", "request/missing-key"),
        ([], "", "request/type"),
        ({"items": {}}, "/items", "request/type"),
        ({"items": [], "as_of": "2025-01-01"}, "/as_of", "request/unknown-key"),
    ],
)
def test_a_body_that_is_no_batch(client, body, pointer, code):
    answer = client.post(f"{REFUND}/batch", json=body)
    assert answer.status_code == 422
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(pointer, code)]


@pytest.mark.parametrize(
    ("key", "help_"),
    [
        ("as_of", "give it in each item"),
        ("facts", "give it in each item"),
        ("id", "give it in each item"),
        ("item", "did you mean `items`?"),
        ("day", "known here: `items`, `answer`, `explain`"),
    ],
)
def test_a_key_beside_the_items_of_a_batch(client, key, help_):
    (error,) = client.post(f"{REFUND}/batch", json={"items": [], key: "2025-01-01"}).json()["errors"]
    assert (error["pointer"], error["help"]) == (f"/{key}", help_)


def test_an_empty_batch_has_an_empty_answer(client):
    assert batch(client).json() == {"items": []}


def test_a_full_batch_is_answered_and_a_fuller_one_refused(client):
    assert len(batch(client, *({"facts": {}} for _ in range(MOST_ITEMS))).json()["items"]) == MOST_ITEMS
    answer = batch(client, *({"facts": {}} for _ in range(MOST_ITEMS + 1)))
    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:policyengine:problem:too-large"
    assert str(MOST_ITEMS) in answer.json()["detail"]


def test_a_batch_may_be_larger_than_a_question(client):
    space = " " * MOST_BYTES
    answer = client.post(
        f"{REFUND}/batch", content=f'{{"items":[]}}{space}', headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 200


# --- short answers

SHORT = {"verdict": "refunded", "class": "granted", "rules": ["UM-SEAM"]}


def outcome(short: dict) -> dict:
    """A short decision without by which policies and for which day it was made."""
    return {name: value for name, value in short.items() if name not in {"bundle", "as_of"}}


def test_a_short_answer(client):
    answer = client.post(REFUND, json={"facts": SEAM, "as_of": "2025-06-01", "answer": "short"})
    digest = answer.headers["Policy-Bundle-Digest"]
    bundle = {"id": "umbrella", "version": "0.1.0", "digest": digest}
    assert answer.json() == {"decision": {**SHORT, "bundle": bundle, "as_of": "2025-06-01"}}
    assert len(digest) == 64


def test_a_short_answer_says_what_the_full_one_says(client):
    for cause in ("seam", "lost", "wind", "pet", None):
        body = {"facts": {**SEAM, "damage": {"cause": cause}}, "as_of": "2025-06-01"}
        full = client.post(REFUND, json=body).json()["decision"]
        short = client.post(REFUND, json={**body, "answer": "short"}).json()["decision"]
        rules = [reason["rule"] for reason in full["reasons"]]
        assert short == {name: full[name] for name in ("verdict", "class", "bundle", "as_of")} | {"rules": rules}


@pytest.mark.parametrize("form", ["full", None])
def test_a_full_answer_is_what_is_given_otherwise(client, form):
    body = {"facts": SEAM, "as_of": "2025-06-01"}
    assert client.post(REFUND, json={**body, "answer": form}).content == client.post(REFUND, json=body).content


def test_short_answers_to_a_batch(client):
    items = [{"id": "a", "facts": SEAM, "as_of": "2025-06-01"}, {"id": "b", "facts": {"x": 1}}, {"facts": {}}]
    first, second, third = client.post(f"{REFUND}/batch", json={"answer": "short", "items": items}).json()["items"]
    assert first["id"] == "a"
    assert outcome(first["decision"]) == SHORT
    assert places_of(second["problem"]) == [("/items/1/facts/x", "request/unknown-fact")]
    assert third["id"] is None
    assert outcome(third["decision"]) == {"verdict": "undetermined", "class": "undetermined", "rules": []}


def places_of(problem: dict) -> list[tuple[str, str]]:
    return [(e["pointer"], e["code"]) for e in problem["errors"]]


@pytest.mark.parametrize(
    ("given", "code", "help_"),
    [
        ("shrt", "request/member", "did you mean `short`? answers: `full`, `short`"),
        ("brief", "request/member", "answers: `full`, `short`"),
        (True, "request/type", "answers: `full`, `short`"),
        (["short"], "request/type", "answers: `full`, `short`"),
        ({}, "request/type", "answers: `full`, `short`"),
    ],
)
def test_an_unknown_form_of_answer(client, given, code, help_):
    for path, body in ((REFUND, {"facts": {}}), (f"{REFUND}/batch", {"items": []})):
        answer = client.post(path, json={**body, "answer": given})
        assert answer.status_code == 422
        assert places_of(answer.json()) == [("/answer", code)]
        assert answer.json()["errors"][0]["help"] == help_


def test_an_unknown_form_of_answer_is_told_along_with_other_faults(client):
    data = client.post(REFUND, json={"answer": "x", "facts": {"x": 1}, "as_of": "soon"}).json()
    assert [p for p, _ in places_of(data)] == ["/answer", "/as_of", "/facts/x"]
    data = client.post(f"{REFUND}/batch", json={"answer": "x", "items": 1, "y": 1}).json()
    assert [p for p, _ in places_of(data)] == ["/answer", "/y", "/items"]


def test_the_form_is_chosen_for_a_whole_batch(client):
    (item,) = batch(client, {"facts": {}, "answer": "short"}).json()["items"]
    assert places_of(item["problem"]) == [("/items/0/answer", "request/unknown-key")]
