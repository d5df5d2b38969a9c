"""The server as a whole: start, health, counts, descriptions, end."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.web.conftest import Server

from policyengine import __version__, load_bundle
from policyengine.web import logs
from policyengine.web.app import create_app
from policyengine.web.service import Desk

REFUND = "/v1/bundles/umbrella/decisions/refund"


def serve(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "policyengine", "serve", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def counts(client) -> dict[tuple[str, ...], float]:
    """The samples by name and labels."""
    text = client.get("/metrics").text
    return {
        (sample.name, *(f"{k}={v}" for k, v in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_it_says_what_it_serves_and_where(server, bundles):
    first, *listed, engine, last = server.printed
    assert first == f"policyengine {__version__}"
    for line, name in zip(listed, ("trade_assurance", "umbrella"), strict=True):
        bundle = load_bundle(bundles / name)
        assert line.split() == [bundle.id, bundle.version, "digest", bundle.digest]
    assert engine.startswith("  engine durable, checked, every 1,000th answer by the reference; differences in /")
    assert last == f"listening on {server.address} (1 worker); stop with Ctrl-C"


def test_health(client, bundles):
    assert client.get("/healthz").json() == {"status": "ok", "version": __version__}
    digests = {name: load_bundle(bundles / name).digest for name in ("trade_assurance", "umbrella")}
    told = client.get("/readyz").json()
    assert (told["status"], told["refused"], told["reloads"]) == ("ready", [], {})
    assert {name: bundle["digest"] for name, bundle in told["bundles"].items()} == digests
    assert [worker["generation"] for worker in told["workers"]] == [told["generation"]] == [1]


def test_bundles_in_brief(client):
    listed = client.get("/v1/bundles").json()["bundles"]
    assert [(b["id"], b["decisions"]) for b in listed][1] == ("umbrella", ["refund"])
    assert all(len(b["digest"]) == 64 for b in listed)


def test_a_bundle_and_its_vocabulary(client):
    answer = client.get("/v1/bundles/umbrella")
    bundle = answer.json()["bundle"]
    assert answer.headers["Policy-Bundle-Digest"] == bundle["digest"]
    assert bundle["time_zone"] == "Europe/Lisbon"
    (decision,) = bundle["decisions"]
    assert decision["verdicts"] == {"not_refunded": "refused", "send_receipt": "pending", "refunded": "granted"}
    facts = {f["name"]: f for f in bundle["vocabulary"]["facts"]}
    assert facts["damage.cause"]["members"] == ["wind", "seam", "lost", "pet", "other"]
    assert facts["umbrella.price"] == {
        "name": "umbrella.price",
        "type": "money",
        "title": "Price paid",
        "example": "40 EUR",
        "min": "0",
        "decimals": 2,
    }
    assert facts["damage.reported_on"]["default"] == "as_of"


def test_lists_of_a_vocabulary(client):
    bundle = client.get("/v1/bundles/trade_assurance").json()["bundle"]
    claims = next(items for items in bundle["vocabulary"]["lists"] if items["name"] == "claims")
    assert (claims["each"], claims["id"]) == ("claim", "id")
    assert {"name": "reason", "type": "enum"}.items() <= next(
        f for f in claims["fields"] if f["name"] == "reason"
    ).items()
    value = next(d for d in bundle["decisions"] if d["id"] == "next_step")
    assert set(value["verdicts"].values()) == {"value"}


def test_requests_and_decisions_are_counted(client):
    def asked(status):
        route = "route=/v1/bundles/<bundle>/decisions/<decision>"
        return ("policyengine_http_requests_total", "method=POST", route, f"status={status}")

    refused = decisions(verdict="not_refunded", class_="refused")
    before = counts(client)
    client.post(REFUND, json={"facts": {"damage": {"cause": "lost"}}})
    client.post(REFUND, json={"fact": {}})
    client.post(f"{REFUND}/batch", json={"items": [{"facts": {"damage": {"cause": "pet"}}}] * 3})
    after = counts(client)
    assert after[asked(200)] - before.get(asked(200), 0) == 1
    assert after[asked(422)] - before.get(asked(422), 0) == 1
    assert after[refused] - before.get(refused, 0) == 4


def decisions(verdict: str, class_: str) -> tuple[str, ...]:
    labels = ("bundle=umbrella", f"class={class_}", "decision=refund", f"verdict={verdict}")
    return ("policyengine_decisions_total", *labels)


def test_rules_and_unknown_facts_are_counted_whatever_the_ids_of_elements(client):
    def count(name, decision, **label):
        (only,) = label.items()
        labels = ("bundle=trade_assurance", f"decision={decision}", "{}={}".format(*only))
        return counts(client).get((f"policyengine_{name}_total", *labels), 0)

    coverage = "/v1/bundles/trade_assurance/decisions/coverage"
    known = {"order": {"trade_assurance": True, "currency": "USD"}, "evidence": {"kinds": ["photos"]}}
    late = {"id": "a].b", "reason": "late_shipment"}
    not_ta = {"facts": {"order": {"trade_assurance": False}}}
    asked = [{"facts": known | {"claims": [late, late | {"id": "c"}]}}, not_ta, not_ta]
    watched = [("rules", {"rule": "TA-NOT-TA"}), ("unknown_facts", {"fact": "shipment.status"})]
    before = [count(name, "coverage", **label) for name, label in watched]
    items = client.post(f"{coverage}/batch", json={"items": asked}).json()["items"]
    assert "shipment.status" in [m["fact"] for m in items[0]["decision"]["missing"]]
    after = [count(name, "coverage", **label) for name, label in watched]
    assert [b - a for a, b in zip(before, after, strict=True)] == [2, 1]
    asked = {"claims": [{"id": "]x[", "reason": "spec_mismatch"}, {"id": "y", "reason": "spec_mismatch"}]}
    missing = client.post(coverage, json={"facts": known | asked}).json()["decision"]["missing"]
    assert {"claims[]x[].attribute", "claims[y].attribute"} <= {m["fact"] for m in missing}
    assert count("unknown_facts", "coverage", fact="claims[].attribute") == 1


def test_callers_cannot_make_up_counters(client):
    client.request("BREW", "/v1/bundles")
    client.get("/made/up/path")
    labels = {part for name in counts(client) for part in name[1:] if part.startswith(("method=", "route="))}
    assert "method=other" in labels
    assert not any("made" in label or "BREW" in label for label in labels)


def test_two_workers_count_together_and_end_cleanly(bundles):
    running = Server(str(bundles / "umbrella"), "--workers", "2")
    try:
        assert "(2 workers)" in running.printed[-1]
        for _ in range(20):
            # A new connection each time: any worker may take it.
            with running.client() as client:
                assert client.post(REFUND, json={"facts": {}}).status_code == 200
        with running.client() as client:
            assert counts(client)[decisions(verdict="undetermined", class_="undetermined")] == 20
    finally:
        code, errors = running.stop()
    assert (code, errors) == (0, "")


def test_a_name_to_listen_on_and_a_log_of_every_request(bundles):
    running = Server(str(bundles / "umbrella"), "--host", "localhost", "--access-log")
    try:
        assert running.address.startswith("http://localhost:")
        with running.client() as client:
            assert client.get("/healthz").status_code == 200
            assert client.get("/a%0A2025-01-01 ERROR made up%1b").status_code == 404
        # A request is logged after its answer, so the lines are waited for, and may change places.
        lines = [running.process.stderr.readline() for _ in range(2)]
    finally:
        running.stop()
    told = {line.partition(" path=")[2].partition(" ms=")[0] for line in lines}
    assert told == {"/healthz status=200", r'"/a\n2025-01-01 ERROR made up\u001b" status=404'}


def test_a_log_of_json_lines_with_the_ids_of_requests_and_decisions(bundles, tmp_path):
    logging = ("--access-log", "--log-format", "json", "--log", str(tmp_path / "decisions.sqlite"))
    running = Server(str(bundles / "umbrella"), *logging)
    try:
        with running.client() as client:
            given = client.post(REFUND, json={"facts": {}}, headers={"X-Request-ID": "order-7/2"})
            made = client.get("/a%0A2025-01-01 ERROR made up%1b", headers={"X-Request-ID": "two words"})
        lines = [json.loads(running.process.stderr.readline()) for _ in range(2)]
    finally:
        running.stop()
    by_id = {line["request_id"]: line for line in lines}
    assert given.headers["X-Request-ID"] == "order-7/2"
    assert set(by_id) == {"order-7/2", made.headers["X-Request-ID"]}
    first, second = by_id["order-7/2"], by_id[made.headers["X-Request-ID"]]
    assert (first["method"], first["path"], first["status"]) == ("POST", REFUND, 200)
    assert first["bundle_digest"] == given.headers["Policy-Bundle-Digest"]
    assert (first["decision_id"], first["decisions"]) == (given.json()["envelope"]["decision_id"], 1)
    assert "decision_id" not in second
    assert (second["path"], second["status"], second["bundle_digest"]) == (
        "/a\n2025-01-01 ERROR made up\x1b",
        404,
        None,
    )
    assert {"address", "ms", "event", "level", "logger", "timestamp"} <= set(first)


@pytest.mark.parametrize(("proxies", "told"), [("0", "127.0.0.1"), ("1", "203.0.113.9"), ("2", "198.51.100.7")])
def test_the_address_that_is_logged_is_the_one_before_the_proxies(bundles, proxies, told):
    logging = ("--access-log", "--log-format", "json", "--proxies", proxies)
    running = Server(str(bundles / "umbrella"), *logging)
    try:
        with running.client() as client:
            client.get("/healthz", headers={"X-Forwarded-For": "192.0.2.1, 198.51.100.7, 203.0.113.9"})
        line = json.loads(running.process.stderr.readline())
    finally:
        running.stop()
    assert line["address"] == told


def _fails(_, body, visit):
    private = body["facts"]
    raise ZeroDivisionError(len(private))


def test_what_fails_is_logged_with_the_id_of_its_request_and_without_facts(bundles, caplog, monkeypatch):
    app = create_app({"umbrella": load_bundle(bundles / "umbrella")})
    monkeypatch.setattr(Desk, "decide", _fails)
    answer = app.test_client().post(REFUND, json={"facts": {"name": "Ada"}}, headers={"X-Request-ID": "r-1"})
    assert answer.status_code == 500
    (record,) = caplog.records
    told = json.loads(logs.formatter(logs.JSON).format(record))
    assert (told["request_id"], told["level"]) == ("r-1", "error")
    assert told["exception"][0]["exc_type"] == "ZeroDivisionError"
    assert "Ada" not in json.dumps(told)


def test_answers_under_load_from_many_threads(server, client):
    facts = {"umbrella": {"price": "40 EUR", "bought_on": "2025-03-01"}, "report": {"has_receipt": True}}
    causes = ["seam", "lost", "wind", None]

    def ask(n):
        body = {"facts": {**facts, "damage": {"cause": causes[n % 4]}}, "as_of": "2025-06-01"}
        return n % 4, client.post(REFUND, json=body).json()["decision"]["verdict"]

    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(ask, range(200)))
    assert found == {(0, "refunded"), (1, "not_refunded"), (2, "refunded"), (3, "undetermined")}


def test_a_bad_bundle_starts_nothing(bundles, tmp_path):
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "bundle.yaml").write_text("kind: bundle\nbundle: bad\n")
    done = serve("--port", "0", str(bundles / "umbrella"), str(bad))
    assert done.returncode == 3
    assert done.stdout == ""
    assert "bundle.yaml:1:1: error[schema/missing-key]" in done.stderr


@pytest.mark.parametrize("below", ["", "/below"])
def test_differences_cannot_be_kept_in_a_file(bundles, tmp_path, below):
    (tmp_path / "file").write_text("mine")
    done = serve("--port", "0", str(bundles / "umbrella"), "--differences", f"{tmp_path}/file{below}")
    assert (done.returncode, done.stdout) == (1, "")
    assert f"`{tmp_path}/file` is a file; name a folder, or one that can be made" in done.stderr


def test_differences_are_kept_or_not(bundles):
    done = serve("--port", "0", str(bundles / "umbrella"), "--differences", "kept", "--no-differences")
    assert (done.returncode, done.stdout) == (1, "")
    assert "--differences and --no-differences contradict each other" in done.stderr


def test_two_bundles_of_one_id(bundles):
    done = serve("--port", "0", str(bundles / "umbrella"), str(bundles / "umbrella") + "/../umbrella")
    assert done.returncode == 1
    assert "two bundles have the id `umbrella`" in done.stderr


def test_an_address_that_is_taken(bundles):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = serve("--port", str(port), str(bundles / "umbrella"))
    assert done.returncode == 1
    assert done.stderr == f"Error: cannot listen on 127.0.0.1 port {port}: {os.strerror(98)}\n"
    assert "listening" not in done.stdout


def test_clients_that_send_nothing_do_not_stop_the_others(server, client):
    host, port = server.address.removeprefix("http://").split(":")
    head = (
        "POST /v1/bundles/umbrella/decisions/refund HTTP/1.1\r\nHost: x\r\n"
        "Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
    )
    stalled = [socket.create_connection((host, int(port)), timeout=20) for _ in range(20)]
    try:
        for one in stalled:
            one.sendall(head.encode())
        assert client.get("/healthz").status_code == 200
    finally:
        for one in stalled:
            one.close()


def test_nothing_is_asked_behind_a_question_mark(client):
    done = client.post("/v1/bundles/umbrella/decisions/refund?as_of=2025-01-01", json={"facts": {}})
    assert done.status_code == 400
    assert done.json()["detail"] == "this address takes nothing after a `?`"
