"""Keys, asked of real servers: each scope at each address, revoking while it runs, rates over two workers, secrets."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import httpx
import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from tests.web.conftest import Server

from policyengine import Engine, load_bundle
from policyengine.access.buckets import Buckets
from policyengine.access.gate import Gate
from policyengine.access.key_file import KeyFile, NewKey
from policyengine.access.rates import read_rate
from policyengine.access.scopes import NEEDS, Other, Scope
from policyengine.api_schema.files import api_schema
from policyengine.cli.commands.serve import told_of_keys
from policyengine.web import guard, logs
from policyengine.web.app import create_app

REFUND = "/v1/bundles/umbrella/decisions/refund"
NAMES = {"{bundle}": "umbrella", "{decision}": "refund"}
BODIES = {"POST": {"facts": {}}, "batch": {"items": [{"facts": {}}]}}


@pytest.fixture(scope="module")
def keys(tmp_path_factory) -> KeyFile:
    found = KeyFile(tmp_path_factory.mktemp("keys") / "keys.json")
    found.create("the first", Scope)
    return found


@pytest.fixture(scope="module")
def keyed(bundles, keys, tmp_path_factory) -> Iterator[Server]:
    """Two workers that ask for keys, listen on every address, and log every request and every decision."""
    running = Server(
        str(bundles / "umbrella"),
        "--workers",
        "2",
        "--keys",
        str(keys.path),
        "--host",
        "0.0.0.0",  # noqa: S104 - keys are what makes it safe
        "--access-log",
        "--log",
        str(tmp_path_factory.mktemp("log") / "decisions.sqlite"),
    )
    running.address = running.address.replace("0.0.0.0", "127.0.0.1")  # noqa: S104 - the address to ask, not to listen on
    yield running
    running.stop()


@pytest.fixture
def ask(keyed):
    """Ask once, on a connection of its own, so that any worker may take it."""

    def once(address: str, key: NewKey | str | None = None, **more) -> httpx.Response:
        method, path = address.split(" ")
        for name, value in NAMES.items():
            path = path.replace(name, value)
        if method == "POST" and not more:
            more = {"json": BODIES["batch" if path.endswith("/batch") else method]}
        text = key.text if isinstance(key, NewKey) else key
        headers = {"Authorization": f"Bearer {text}"} if text else {}
        with keyed.client() as client:
            return client.request(method, path, headers=headers, **more)

    return once


def problem(answer: httpx.Response, status: int, kind: str) -> dict:
    assert answer.status_code == status, answer.text
    data = answer.json()
    Draft202012Validator(api_schema("problem")).validate(data)
    assert data["type"] == f"urn:policyengine:problem:{kind}"
    return data


# --- scopes and addresses


@pytest.mark.parametrize("address", NEEDS)
@pytest.mark.parametrize("scope", Scope)
def test_each_scope_at_each_address(ask, keys, address, scope):
    need = NEEDS[address]
    answer = ask(address, keys.create("one scope", [scope]))
    if need in (scope, *Other):
        # No decision has the id that the table of addresses has in the place of one.
        assert answer.status_code == (404 if "{decision_id}" in address else 200), answer.text
    else:
        data = problem(answer, 403, "no-scope")
        assert data["detail"] == f"this key lacks the scope `{need}`"
        assert (
            answer.headers["WWW-Authenticate"]
            == f'Bearer realm="policyengine", error="insufficient_scope", scope="{need}"'
        )


@pytest.mark.parametrize("address", NEEDS)
def test_each_address_without_a_key_and_with_a_wrong_one(ask, address):
    for key, challenge in ((None, ""), ("pe_0a1b2c3d4e5f_" + "0" * 40, ', error="invalid_token"')):
        answer = ask(address, key)
        if NEEDS[address] is Other.NOTHING:
            assert answer.status_code == 200
        else:
            assert "Authorization: Bearer" in problem(answer, 401, "no-key")["help"]
            assert answer.headers["WWW-Authenticate"] == f'Bearer realm="policyengine"{challenge}'


def test_an_address_that_does_not_say_what_it_needs_cannot_be_served(bundles):
    app = create_app({"umbrella": load_bundle(bundles / "umbrella")})
    app.add_url_rule("/v1/everything", "everything", lambda: "")
    with pytest.raises(LookupError, match="GET /v1/everything"):
        guard.guard(app, None)


def test_every_need_is_that_of_an_address(bundles):
    app = create_app({"umbrella": load_bundle(bundles / "umbrella")})
    served = {
        f"{method} {rule.rule.replace('<', '{').replace('>', '}')}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served == set(NEEDS)


def test_head_needs_what_get_needs(ask, keys):
    assert ask("HEAD /metrics").status_code == 401
    assert ask("HEAD /metrics", keys.create("monitor", [Scope.MONITOR])).status_code == 200


def test_what_is_not_there_is_told_to_everybody(ask):
    problem(ask("GET /v1/nowhere"), 404, "unknown-path")
    problem(ask("POST /v1/bundles", json={}), 405, "wrong-method")


def test_whether_a_bundle_is_there_is_not(ask):
    problem(ask("GET /v1/bundles/quite_another"), 401, "no-key")
    problem(ask("POST /v1/bundles/quite_another/decisions/x"), 401, "no-key")


def test_readiness_names_bundles_to_monitors_only(ask, keys):
    assert ask("GET /readyz").json() == {"status": "ready"}
    assert ask("GET /readyz", keys.create("x", [Scope.DECIDE])).json() == {"status": "ready"}
    assert set(ask("GET /readyz", keys.create("x", [Scope.MONITOR])).json()["bundles"]) == {"umbrella"}


def test_a_large_body_without_a_key_is_answered(ask):
    content = b"0" * 20_000_000
    problem(ask(f"POST {REFUND}/batch", content=content), 401, "no-key")


# --- while it runs


def test_keys_made_revoked_and_past_while_it_runs(ask, keys):
    address = f"POST {REFUND}"
    made = keys.create("made while it runs", [Scope.DECIDE])
    assert {ask(address, made).status_code for _ in range(10)} == {200}
    keys.revoke(made.key.id)
    # Every worker refuses it from now on, without a moment's grace.
    told = {problem(ask(address, made), 401, "no-key")["detail"] for _ in range(10)}
    assert {t.rpartition(" ")[0] for t in told} == {"this key is good no more: it was revoked on"}
    past = keys.create("past", [Scope.DECIDE], expires=date(2020, 2, 29))
    assert problem(ask(address, past), 401, "no-key")["detail"].endswith("its last day was 2020-02-29")


def test_while_the_file_cannot_be_read_nobody_is_let_in(ask, keys):
    made = keys.create("checkout", [Scope.DECIDE])
    aside = keys.path.with_name("aside")
    keys.path.rename(aside)
    try:
        problem(ask(f"POST {REFUND}", made), 503, "no-keys-readable")
        eventually(lambda: ask("GET /readyz").status_code == 503)
        problem(ask("GET /readyz"), 503, "no-keys-readable")
        assert ask("GET /healthz").status_code == 200
    finally:
        aside.rename(keys.path)
    assert ask(f"POST {REFUND}", made).status_code == 200
    eventually(lambda: ask("GET /readyz").status_code == 200)


def eventually(happens: Callable[[], bool]) -> None:
    """What was tried out counts for a second, in each worker."""
    limit = time.monotonic() + 60
    while not happens():
        assert time.monotonic() < limit
        time.sleep(0.2)


def test_the_commands_work_on_a_running_service(ask, keys):
    def key(*words: str) -> str:
        command = [sys.executable, "-m", "policyengine", "key", *words, "--keys", str(keys.path)]
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.strip()

    text = key("create", "by command")
    assert ask(f"POST {REFUND}", text).status_code == 200
    key("revoke", text.split("_")[1])
    assert ask(f"POST {REFUND}", text).status_code == 401


# --- rates


def test_a_rate_holds_over_both_workers_exactly(ask, keys):
    made = keys.create("quick", [Scope.DECIDE], read_rate("1/h", 20))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: ask("GET /v1/bundles", made), range(40)))
    fine = [a for a in answers if a.status_code == 200]
    refused = [a for a in answers if a.status_code != 200]
    assert len(fine) == 20
    left = sorted(int(a.headers["RateLimit"].split(";")[1].removeprefix("r=")) for a in fine)
    assert left == list(range(20))
    for answer in refused:
        problem(answer, 429, "too-often")
        assert 0 < int(answer.headers["Retry-After"]) <= 3600
        assert answer.headers["RateLimit"] == f'"key";r=0;t={answer.headers["Retry-After"]}'
    assert {a.headers["RateLimit-Policy"] for a in answers} == {'"key";q=1;w=3600'}


def test_a_key_without_a_rate_is_told_of_none(ask, keys):
    answer = ask("GET /v1/bundles", keys.create("free", [Scope.DECIDE]))
    assert not [name for name in answer.headers if name.startswith("ratelimit") or name == "retry-after"]


# --- what a stranger sees, and what the log does not


def test_every_answer_has_the_security_headers_and_none_tells_a_version(ask, keys):
    made = keys.create("all", Scope)
    for address in (*NEEDS, "GET /nowhere", "OPTIONS /v1/bundles", "DELETE /v1/bundles"):
        for key in (made, None):
            headers = ask(address, key).headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Cache-Control"] == "no-store"
            assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
            assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
            assert headers["Referrer-Policy"] == "no-referrer"
            assert headers.get("Server", "granian") == "granian"
            assert not [name for name in headers if name.startswith("access-control-")]


def test_no_page_of_another_origin_may_ask(keyed):
    headers = {"Origin": "https://example.org", "Access-Control-Request-Method": "POST"}
    with keyed.client() as client:
        for answer in (client.options(REFUND, headers=headers), client.get("/healthz", headers=headers)):
            assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_no_secret_is_logged_and_no_stack_trace_told(bundles, tmp_path):
    keys = KeyFile(tmp_path / "keys.json")
    good, limited = keys.create("a", [Scope.DECIDE]), keys.create("b", [Scope.DECIDE], read_rate("1/h"))
    wrong = "pe_0a1b2c3d4e5f_" + "9" * 40
    running = Server(str(bundles / "umbrella"), "--keys", str(keys.path), "--access-log")
    answers: list[httpx.Response] = []
    try:
        with running.client() as client:
            for text in (good.text, wrong, limited.text, limited.text, "hunter2"):
                headers = {"Authorization": f"Bearer {text}", "X-Api-Key": text}
                facts = {"damage": {"cause": text}, text: {"x": text}}
                answers += [
                    client.post(REFUND, json={"facts": {}}, headers=headers),
                    client.post(f"{REFUND}?key={text}", json={"facts": facts}, headers=headers),
                    client.post(f"{REFUND}/batch", json={"items": [{"id": text, "facts": facts}]}, headers=headers),
                    client.get(f"/{text}", headers=headers),
                    client.get(f"/v1/bundles/{text}?{text}={text}", headers=headers),
                    client.get(f"/v1/{text.replace('_', '%5F')}", headers=headers),
                ]
            keys.path.write_text("{")
            answers.append(client.get("/v1/bundles", headers={"Authorization": f"Bearer {good.text}"}))
    finally:
        code, log = running.stop()
    assert code == 0
    # One line for each request, so that what is looked for below was there to be found.
    assert log.count(" method=GET ") + log.count(" method=POST ") == len(answers)
    assert f"pe_{good.key.id}_…" in log
    # Who asked, and that a key was refused, is told.
    assert f" caller=a key={good.key.id}" in log
    assert 'WARNING a key was refused why="this is not a key of this service" address=127.0.0.1' in log
    for text in (good.text, wrong, limited.text):
        assert text.rpartition("_")[2] not in log + "\n".join(running.printed)
    assert all("Traceback" not in answer.text for answer in answers)


def test_a_crash_is_told_without_its_inside_and_logged_without_keys(bundles, tmp_path, caplog):
    """The form in which the server logs with, over what the application logs when an address fails."""
    keys = KeyFile(tmp_path / "keys.json")
    made = keys.create("a", Scope)
    app = create_app({"umbrella": load_bundle(bundles / "umbrella")}, gate=Gate(keys, Buckets(tmp_path / "buckets")))

    def fails() -> str:
        raise RuntimeError(f"while answering {made.text}")

    app.view_functions["healthz"] = fails
    answer = app.test_client().get("/healthz", headers={"Authorization": f"Bearer {made.text}"})
    assert answer.status_code == 500
    assert made.text not in answer.text
    assert "RuntimeError" not in answer.text
    (record,) = caplog.records
    line = logs.formatter(logs.TEXT).format(record)
    assert "RuntimeError: while answering pe_" in line
    assert made.text.rpartition("_")[2] not in line


# --- who asks, for the rest of the service


def test_the_name_of_who_asks_stands_in_the_environment_of_the_request(bundles, tmp_path):
    keys = KeyFile(tmp_path / "keys.json")
    made = keys.create("checkout of the shop", [Scope.DECIDE])
    bundle = {"umbrella": load_bundle(bundles / "umbrella")}
    buckets = Buckets(tmp_path / "buckets")
    app = create_app(bundle, gate=Gate(keys, buckets))
    seen: list[tuple[object, object]] = []

    @app.before_request
    def look() -> None:
        from flask import request

        seen.append((request.environ.get(guard.CALLER), request.environ.get(guard.KEY_ID)))

    client = app.test_client()
    assert client.get("/v1/bundles", headers={"Authorization": f"Bearer {made.text}"}).status_code == 200
    # Nobody can give himself a name.
    assert client.get("/healthz", headers={"Policyengine-Caller": "x"}).status_code == 200
    assert client.get("/v1/bundles").status_code == 401
    assert seen == [("checkout of the shop", made.key.id), (None, None)]
    assert guard.CALLER == "policyengine.caller"


def test_a_stranger_is_not_told_which_bundle_cannot_decide(bundles, tmp_path, monkeypatch, caplog):
    keys = KeyFile(tmp_path / "keys.json")
    made = keys.create("a", [Scope.MONITOR])
    bundle = {"umbrella": load_bundle(bundles / "umbrella")}
    client = create_app(bundle, gate=Gate(keys, Buckets(tmp_path / "buckets"))).test_client()

    def fails(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Engine, "decide", fails)
    for headers, detail in (
        ({}, "not ready"),
        ({"Authorization": f"Bearer {made.text}"}, "these bundles cannot decide: `umbrella`"),
    ):
        answer = client.get("/readyz", headers=headers)
        assert (answer.status_code, answer.json["detail"]) == (503, detail)


# --- start


def test_it_says_how_many_keys_are_good(keyed, tmp_path):
    assert keyed.printed[-4].endswith("keys.json, 1 of them good")
    keys = KeyFile(tmp_path / "keys.json")
    keys.revoke(keys.create("ended", [Scope.DECIDE]).key.id)
    assert told_of_keys(str(keys.path)).startswith(f"keys in {keys.path}, but none that is good: nobody may ask; ")


def test_an_address_for_everybody_is_refused_without_keys_unless_it_is_meant(bundles):
    host = "0.0.0.0"  # noqa: S104 - that it is refused is the point
    command = [sys.executable, "-m", "policyengine", "serve", str(bundles / "umbrella"), "--port", "0", "--host", host]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"Error: on `{host}` other machines could ask, and no keys are set up; make one with")
    running = Server(str(bundles / "umbrella"), "--host", host, "--no-keys")
    try:
        port = running.address.rpartition(":")[2]
        address = f"http://127.0.0.1:{port}/v1/bundles"
        assert httpx.get(address, headers={"Host": "policies.example.org"}, timeout=20).status_code == 200
    finally:
        running.stop()


def test_without_keys_a_page_cannot_ask_under_its_own_name(server, bundles):
    """As it does when its name is made to lead to this machine."""
    with server.client() as client:
        for host in (
            "page.example.org",
            "page.example.org:8000",
            "127.0.0.1.example.org",
            "localhost.example.org",
            "x",
        ):
            answer = client.post(REFUND, json={"facts": {}}, headers={"Host": host})
            assert "start the service with `--keys` or `--no-keys`" in problem(answer, 421, "foreign-name")["help"]
            assert client.get("/healthz", headers={"Host": host}).status_code == 421
        for host in ("localhost", "LOCALHOST:80", "127.0.0.1:1", "[::1]:8000", "a.localhost"):
            assert client.post(REFUND, json={"facts": {}}, headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["localhost", "127.0.0.2"])
def test_on_the_own_machine_no_keys_are_needed(bundles, host):
    running = Server(str(bundles / "umbrella"), "--host", host)
    try:
        with running.client() as client:
            assert client.get("/v1/bundles").status_code == 200
            assert "bundles" in client.get("/readyz").json()
            assert "components" in client.get("/openapi.json").json()
            assert "securitySchemes" not in client.get("/openapi.json").json()["components"]
    finally:
        running.stop()


# --- the description


def test_the_description_says_which_key_each_operation_needs(ask, keys):
    document = ask("GET /openapi.json", keys.create("x", [Scope.DECIDE])).json()
    assert [str(e) for e in OpenAPIV31SpecValidator(document).iter_errors()] == []
    assert document["components"]["securitySchemes"] == {"key": {"type": "http", "scheme": "bearer"}}
    for address, need in NEEDS.items():
        method, path = address.split(" ")
        if "{decision}" in path:
            path = path.replace("{bundle}", "umbrella").replace("{decision}", "refund")
        operation = document["paths"][path][method.lower()]
        if need is Other.NOTHING:
            assert "security" not in operation
        else:
            assert operation["security"] == [{"key": [need] if isinstance(need, Scope) else []}]
            assert {"401", "403", "429", "503"} <= set(operation["responses"])
