"""What cannot be provoked from outside: faults of the service itself."""

from __future__ import annotations

import logging

import pytest

from policyengine import Engine, load_bundle
from policyengine.web.app import create_app

REFUND = "/v1/bundles/umbrella/decisions/refund"


@pytest.fixture(scope="module")
def app(bundles):
    return create_app({"umbrella": load_bundle(bundles / "umbrella")})


@pytest.fixture
def broken(monkeypatch):
    """An engine that fails for one bad cause, as an unforeseen fault would."""
    answer = Engine.answer

    def sometimes(self, decision, facts, **more):
        if facts.get("damage") == {"cause": "pet"} or not facts:
            raise ZeroDivisionError("secret inside")
        return answer(self, decision, facts, **more)

    monkeypatch.setattr(Engine, "answer", sometimes)


def test_an_unforeseen_fault_is_a_problem_without_its_inside(app, broken, caplog):
    with caplog.at_level(logging.ERROR):
        answer = app.test_client().post(REFUND, json={"facts": {"damage": {"cause": "pet"}}})
    assert answer.status_code == 500
    assert answer.content_type == "application/problem+json"
    assert answer.json["type"] == "urn:policyengine:problem:internal-error"
    assert "secret" not in answer.text
    assert "ZeroDivisionError" not in answer.text
    assert "secret inside" in caplog.text


def test_it_does_not_touch_the_other_items_of_a_batch(app, broken, caplog):
    items = [{"id": n, "facts": {"damage": {"cause": cause}}} for n, cause in enumerate(["lost", "pet", "lost"])]
    answer = app.test_client().post(f"{REFUND}/batch", json={"items": items})
    first, second, third = answer.json["items"]
    assert first["decision"]["verdict"] == third["decision"]["verdict"] == "not_refunded"
    assert second["problem"]["status"] == 500
    assert "secret" not in answer.text


@pytest.mark.usefixtures("forgetful")
def test_a_service_whose_engine_fails_is_not_ready_but_alive(app, broken, caplog):
    client = app.test_client()
    assert client.get("/healthz").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json["detail"]) == (503, "these bundles cannot decide: `umbrella`")


@pytest.mark.usefixtures("forgetful")
def test_a_fault_is_no_fault_of_the_next_request(app):
    assert app.test_client().get("/readyz").status_code == 200
