"""More requests than a worker decides at a time: the rest is refused at once, and health is still told."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress

import pytest
from prometheus_client import CollectorRegistry
from tests.web.conftest import Server
from tests.web.raw import answer_of, connect, head
from tests.web.test_service import counts

from policyengine import load_bundle
from policyengine.web.admission import Places
from policyengine.web.app import create_app
from policyengine.web.problems import Problem

REFUND = "/v1/bundles/umbrella/decisions/refund"
BODY = b'{"facts": {}, "as_of": "2025-03-01", "answer": "short"}'
OVERLOADED = "urn:policyengine:problem:overloaded"


@pytest.fixture(scope="module")
def small(bundles):
    """A service that decides three requests at a time."""
    running = Server(str(bundles / "umbrella"), "--concurrency", "3")
    yield running
    assert running.stop()[0] == 0


@pytest.fixture
def opened(small):
    """Opens so many connections to the service; they end with the test."""
    with ExitStack() as stack:
        yield lambda count: [stack.enter_context(connect(small.address)) for _ in range(count)]


def hold(held):
    """Requests that hold a place each, with bodies whose last byte has not been sent."""
    for n, one in enumerate(held):
        one.sendall(head(f"{REFUND}{'/batch' * (n == 0)}", len(BODY)) + BODY[:-1])
    return held


def wait_for(client, deciding):
    """Until so many requests hold a place: each look is a request, and their number is bounded."""
    for _ in range(500):
        if counts(client)[("policyengine_http_deciding",)] == deciding:
            return
    pytest.fail(f"there were never {deciding} requests being decided")


def test_what_is_too_much_is_refused_at_once_and_all_is_well_afterwards(small, opened):
    with small.client() as client:
        held = hold(opened(3))
        wait_for(client, 3)
        before = counts(client)[("policyengine_http_overloaded_total",)]
        refused = client.post(REFUND, content=BODY, headers={"Content-Type": "application/json"})
        assert (refused.status_code, refused.json()["type"]) == (503, OVERLOADED)
        assert (refused.headers["Retry-After"], refused.headers["Connection"]) == ("1", "close")
        assert client.post(f"{REFUND}/batch", json={"items": []}).status_code == 503
        assert {client.get(path).status_code for path in ("/healthz", "/readyz", "/metrics", "/openapi.json")} == {200}
        assert counts(client)[("policyengine_http_overloaded_total",)] == before + 2
        for one in held:
            one.sendall(BODY[-1:])
        # The first asked a batch, and asked it wrongly.
        assert [answer_of(one).status for one in held] == [422, 200, 200]
        wait_for(client, 0)
        assert client.post(REFUND, content=BODY, headers={"Content-Type": "application/json"}).status_code == 200


def test_a_body_of_a_request_that_is_refused_is_not_waited_for(small, opened):
    with small.client() as client:
        held = hold(opened(3))
        wait_for(client, 3)
        beyond = hold(opened(40))
        answers = [answer_of(one) for one in beyond]
        assert {(a.status, a.headers["connection"]) for a in answers} == {(503, "close")}
        for one in held:
            one.close()
        wait_for(client, 0)
        assert client.post(REFUND, json={"facts": {}}).status_code == 200


def test_bodies_that_nobody_reads_and_that_never_come_leave_health(small, opened):
    unread = opened(40)
    for one in unread:
        one.sendall(head("/nowhere", 100) + b"{")
    # All but as many as are waited for are told at once.
    with ThreadPoolExecutor(len(unread)) as pool, small.client() as client:
        told = [pool.submit(answer_of, one) for one in unread]
        assert client.get("/healthz").status_code == 200
        assert client.post(REFUND, json={"facts": {}}).status_code == 200
        for one in unread:
            with suppress(OSError):
                one.sendall(b" " * 99)
        assert {answer.result().status for answer in told} == {404}


def test_a_large_body_that_is_not_read_still_gets_its_answer(small, opened):
    with small.client() as client:
        held = hold(opened(3))
        wait_for(client, 3)
        body = BODY + b" " * 60_000
        for _ in range(20):
            with small.client() as fresh:
                answer = fresh.post(REFUND, content=body, headers={"Content-Type": "application/json"})
            assert answer.status_code == 503
        for one in held:
            one.close()
        wait_for(client, 0)


def test_a_place_is_given_back_whatever_happens(bundles):
    app = create_app({"umbrella": load_bundle(bundles / "umbrella")}, concurrency=1)
    asked = app.test_client()
    for body, status in ((b"{", 400), (b'{"facts": 1}', 422), (BODY, 200)):
        for _ in range(2):
            assert asked.post(REFUND, data=body, content_type="application/json").status_code == status
    assert asked.post("/v1/bundles/none/decisions/refund", json={}).status_code == 404
    assert asked.post(REFUND, data=BODY, content_type="application/json").status_code == 200


def test_places_are_exactly_as_many_as_were_said():
    places = Places(2, CollectorRegistry())
    places.take()
    places.take()
    with pytest.raises(Problem) as refused:
        places.take()
    assert refused.value.kind.status == 503
    places.leave()
    places.take()
    places.leave()
    places.leave()
    with pytest.raises(ValueError, match="released too many times"):
        places.leave()
