"""Every kind of error, asked of a real server: RFC 9457, with places and help."""

from __future__ import annotations

import io

import httpx
import pytest
from jsonschema import Draft202012Validator

from policyengine import load_bundle
from policyengine.api_schema.files import api_schema
from policyengine.web.app import create_app
from policyengine.web.body import MOST_BYTES
from policyengine.web.problems import KINDS

REFUND = "/v1/bundles/umbrella/decisions/refund"
COVERAGE = "/v1/bundles/trade_assurance/decisions/coverage"
JSON = {"Content-Type": "application/json"}


def problem(answer: httpx.Response, status: int, kind: str) -> dict:
    """The problem of an answer, once it is sure to be one."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    data = answer.json()
    Draft202012Validator(api_schema("problem")).validate(data)
    assert (data["status"], data["type"]) == (status, f"urn:policyengine:problem:{kind}")
    assert "Traceback" not in answer.text
    return data


def places(data: dict) -> list[tuple[str, str]]:
    return [(e["pointer"], e["code"]) for e in data["errors"]]


def test_an_unknown_bundle(client):
    answer = client.post("/v1/bundles/umbrela/decisions/refund", json={"facts": {}})
    assert problem(answer, 404, "unknown-bundle")["help"] == "did you mean `umbrella`?"
    answer = client.get("/v1/bundles/quite_another")
    assert problem(answer, 404, "unknown-bundle")["help"] == "bundles: `trade_assurance`, `umbrella`"
    assert "Policy-Bundle-Digest" not in answer.headers


def test_an_unknown_decision(client):
    answer = client.post("/v1/bundles/umbrella/decisions/refunds", json={"facts": {}})
    assert problem(answer, 404, "unknown-decision")["help"] == "did you mean `refund`?"
    assert len(answer.headers["Policy-Bundle-Digest"]) == 64
    answer = client.post("/v1/bundles/umbrella/decisions/refunds/batch", json={"items": []})
    problem(answer, 404, "unknown-decision")


def test_a_bundle_from_nowhere_is_shown_harmlessly(client):
    data = problem(client.get("/v1/bundles/%1b%5b31m%ff" + "x" * 300), 404, "unknown-bundle")
    assert len(data["detail"]) < 100


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/bundles", "/v1/bundles/", f"{REFUND}/", "/static/x"])
def test_an_unknown_address(client, path):
    assert "/openapi.json" in problem(client.get(path), 404, "unknown-path")["help"]


@pytest.mark.parametrize(("method", "path", "allowed"), [("GET", REFUND, "POST"), ("POST", "/v1/bundles", "GET")])
def test_a_wrong_method(client, method, path, allowed):
    answer = client.request(method, path)
    problem(answer, 405, "wrong-method")
    assert allowed in answer.headers["Allow"].split(", ")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Content-Type": "text/plain"},
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": "application/json; charset=latin-1"},
        {"Content-Type": "application/json", "Content-Encoding": "gzip"},
    ],
)
def test_a_wrong_content_type(client, headers):
    answer = client.post(REFUND, content=b'{"facts": {}}', headers=headers)
    assert problem(answer, 415, "wrong-content-type")["help"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"", ""),
        (b"{", ""),
        (b'{"facts": {},}', ""),
        (b"\xff\xfe", ""),
        (b"\xef\xbb\xbf{}", ""),
        (b'{"facts": {"umbrella": {"price": NaN}}}', "/facts/umbrella/price"),
        (b'{"facts": {"umbrella": {"price": Infinity}}}', "/facts/umbrella/price"),
        (b'{"facts": {"damage": {"cause": "seam", "cause": "lost"}}}', "/facts/damage/cause"),
        (b'{"facts": {}, "facts": {}}', "/facts"),
        (b'{"facts": {"umbrella": {"price": ' + b"9" * 1000 + b"}}}", "/facts/umbrella/price"),
        (b'{"facts": {"damage": {"cause": "\\ud800"}}}', "/facts/damage/cause"),
        (b'{"facts": ' + b"[" * 1000 + b"]" * 1000 + b"}", ""),
    ],
)
def test_malformed_json(client, body, pointer):
    data = problem(client.post(REFUND, content=body, headers=JSON), 400, "malformed-json")
    assert places(data) == [(pointer, "request/json")]


def test_a_body_that_just_fits_and_one_that_does_not(client):
    body = b'{"facts":{}}'
    fits = body + b" " * (MOST_BYTES - len(body))
    assert client.post(REFUND, content=fits, headers=JSON).status_code == 200
    answer = client.post(REFUND, content=fits + b" ", headers=JSON)
    assert str(MOST_BYTES) in problem(answer, 413, "too-large")["detail"]


def test_a_body_that_does_not_say_how_long_it_is(client):
    def chunks(count):
        yield b'{"facts":{}}'
        for _ in range(count):
            yield b" " * 1024

    assert client.post(REFUND, content=chunks(1000), headers=JSON).status_code == 200
    answer = client.post(REFUND, content=chunks(1100), headers=JSON)
    problem(answer, 413, "too-large")
    assert answer.headers["Connection"] == "close"


def pieces():
    yield b'{"facts":{}}'


@pytest.mark.parametrize(
    ("path", "headers", "body"),
    [
        ("/nowhere", JSON, pieces()),
        (REFUND, {"Content-Type": "text/plain"}, pieces()),
        (REFUND, JSON, b" " * (MOST_BYTES + 1)),
        (REFUND, {"Content-Type": "text/plain"}, b" " * (MOST_BYTES + 1)),
    ],
)
def test_an_answer_after_which_the_connection_ends_says_so(client, path, headers, body):
    # Otherwise the client's next request, sent on the same connection, could get no answer at all.
    assert client.post(path, content=body, headers=headers).headers["Connection"] == "close"


def test_a_short_body_that_nobody_read_does_not_end_the_connection(client):
    for _ in range(20):
        answer = client.post("/nowhere", content=b'{"facts":{}}', headers=JSON)
        problem(answer, 404, "unknown-path")
        assert "Connection" not in answer.headers


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ([], "", "request/type"),
        ("facts", "", "request/type"),
        ({}, "", "request/missing-key"),
        ({"facts": None}, "/facts", "request/type"),
        ({"facts": []}, "/facts", "request/type"),
        ({"facts": {}, "explained": True}, "/explained", "request/unknown-key"),
        ({"facts": {}, "explain": "yes"}, "/explain", "request/type"),
        ({"facts": {}, "a/b~c": True}, "/a~1b~0c", "request/unknown-key"),
        ({"facts": {}, "as_of": "2025-02-30"}, "/as_of", "request/type"),
        ({"facts": {}, "as_of": 20250201}, "/as_of", "request/type"),
        ({"facts": {}, "as_of": "2025-02-01T10:00:00"}, "/as_of", "request/timestamp"),
        ({"facts": {"as_of": "2025-02-01"}}, "/facts/as_of", "request/unknown-fact"),
        ({"facts": {"umbrella.price": "4 EUR"}}, "/facts/umbrella.price", "request/unknown-fact"),
        ({"facts": {"umbrella": {"price": 40}}}, "/facts/umbrella/price", "request/type"),
        ({"facts": {"umbrella": {"price": "40 USD"}}}, "/facts/umbrella/price", "request/currency"),
        ({"facts": {"umbrella": {"price": "-1 EUR"}}}, "/facts/umbrella/price", "request/range"),
        ({"facts": {"damage": {"cause": "winds"}}}, "/facts/damage/cause", "request/member"),
        ({"facts": {"report": {"has_receipt": "true"}}}, "/facts/report/has_receipt", "request/type"),
    ],
)
def test_a_request_that_cannot_be_used(client, body, pointer, code):
    data = problem(client.post(REFUND, json=body), 422, "unusable-request")
    assert places(data) == [(pointer, code)]
    assert data["detail"] == data["errors"][0]["detail"]


def test_faults_inside_lists(client):
    claims = [{"id": "a", "amount": "9 USD"}, {"amount": "9 USD"}, {"id": "a", "reasn": "x"}]
    data = problem(client.post(COVERAGE, json={"facts": {"claims": claims}}), 422, "unusable-request")
    assert places(data) == [
        ("/facts/claims/1", "request/no-id"),
        ("/facts/claims/2/reasn", "request/unknown-fact"),
        ("/facts/claims/2/id", "request/duplicate-id"),
    ]
    assert data["errors"][1]["help"] == "did you mean `reason`?"


def test_everything_that_is_wrong_is_told_at_once(client):
    body = {"as_of": "soon", "fact": {}, "facts": {"umbrella": {"prise": 1}, "damage": {"cause": 3}}}
    data = problem(client.post(REFUND, json=body), 422, "unusable-request")
    assert [e["pointer"] for e in data["errors"]] == ["/fact", "/as_of", "/facts/umbrella/prise", "/facts/damage/cause"]
    assert data["detail"] == "4 things are wrong with the request"
    assert data["errors"][0]["help"] == "did you mean `facts`?"
    assert data["errors"][2]["help"].startswith("did you mean `price`?")


def test_kinds_have_names_of_their_own():
    assert len({k.name for k in KINDS}) == len(KINDS)


def test_a_body_that_ends_too_soon(bundles):
    app = create_app({"umbrella": load_bundle(bundles / "umbrella")})
    asked = {"CONTENT_LENGTH": "100", "CONTENT_TYPE": "application/json", "wsgi.input": io.BytesIO(b'{"facts": {}}')}
    answer = app.test_client().post(REFUND, environ_overrides=asked)
    assert (answer.status_code, answer.json["type"]) == (400, "urn:policyengine:problem:bad-request")


class Dripping(io.BytesIO):
    """A body that arrives in small pieces."""

    def read(self, size=-1, /):
        return super().read(min(size, 3))


def test_a_body_that_arrives_in_pieces(bundles):
    app = create_app({"umbrella": load_bundle(bundles / "umbrella")})
    asked = {"CONTENT_LENGTH": "13", "CONTENT_TYPE": "application/json", "wsgi.input": Dripping(b'{"facts": {}}')}
    assert app.test_client().post(REFUND, environ_overrides=asked).status_code == 200


@pytest.mark.parametrize("length", ["-5", "x", "1e3", "٣", "9" * 30, ""])
def test_a_body_whose_length_is_not_to_be_trusted(bundles, length):
    app = create_app({"umbrella": load_bundle(bundles / "umbrella")})
    stream = io.BytesIO(b'{"facts": {}}' + b" " * 100)
    asked = {"CONTENT_LENGTH": length, "CONTENT_TYPE": "application/json", "wsgi.input": stream}
    answer = app.test_client().post(REFUND, environ_overrides=asked)
    assert answer.status_code in (200, 400, 413)
    assert stream.tell() <= len(stream.getvalue())


def test_every_answer_forbids_guessing_its_type(client):
    answers = [client.get("/healthz"), client.get("/nowhere"), client.options(REFUND), client.post(REFUND, content=b"")]
    assert [a.headers.get("X-Content-Type-Options") for a in answers] == ["nosniff"] * 4
