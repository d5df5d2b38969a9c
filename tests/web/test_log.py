"""The log in the service: logged before it is sent, the same answer, no answer without it, and how it is read."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from logging import INFO
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import event, update

from policyengine import __version__, load_bundle
from policyengine.decision_log import writer as writers
from policyengine.decision_log.archive import keep_bundle
from policyengine.decision_log.log import LogSettings
from policyengine.decision_log.masking import masks
from policyengine.decision_log.migrate import migrate
from policyengine.decision_log.schema import IDEMPOTENCY
from policyengine.decision_log.store import Store
from policyengine.decision_log.verify import verify
from policyengine.frontend.bundle_files import read_files
from policyengine.web.admission import MOST_READERS
from policyengine.web.app import LOGBOOK, create_app
from policyengine.web.guard import CALLER, KEY_ID
from policyengine.web.logs import ACCESS

REFUND = "/v1/bundles/umbrella/decisions/refund"
BODY = {"facts": {"damage": {"cause": "lost"}, "umbrella": {"price": "40 EUR"}}, "as_of": "2025-06-01"}
OTHER = {"facts": {"damage": {"cause": "wind"}}, "as_of": "2025-06-01"}


@pytest.fixture(scope="module")
def bundle(bundles):
    return load_bundle(bundles / "umbrella")


@pytest.fixture
def store(tmp_path, bundle, bundles) -> Iterator[Store]:
    made = Store(str(tmp_path / "log.sqlite"))
    migrate(made)
    keep_bundle(made, read_files(bundles / "umbrella"), bundle)
    yield made
    made.close()


@contextmanager
def logging(bundle, store, **more):
    """A client of a service that logs there."""
    app = create_app({"umbrella": bundle}, log=LogSettings(database=store.shown, **{"readable": True, **more}))
    try:
        yield app.test_client()
    finally:
        app.extensions[LOGBOOK].log.close()


@pytest.fixture
def client(bundle, store):
    with logging(bundle, store) as found:
        yield found


@pytest.fixture(scope="module")
def plain(bundle):
    """A client of a service that logs nothing."""
    return create_app({"umbrella": bundle}).test_client()


def record_of(client, envelope) -> dict:
    return client.get(f"/v1/log/{envelope['decision_id']}").json


def decision_bytes(answer) -> bytes:
    """The bytes of the decision inside of an answer."""
    return answer.data.removeprefix(b'{"decision":').partition(b',"envelope":')[0]


@pytest.mark.parametrize("form", ["full", "short"])
def test_logging_and_masking_change_no_byte_of_a_decision(bundle, store, plain, client, form):
    body = {**BODY, "answer": form}
    without = plain.post(REFUND, json=body)
    logged = client.post(REFUND, json=body)
    hide = masks(["/input/umbrella/price", "/result/reasons/*/message"], ["/input/damage", "/result/values"])
    with logging(bundle, store, masks=hide) as masked_client:
        masked = masked_client.post(REFUND, json=body)
    assert decision_bytes(logged) == decision_bytes(masked) == without.data.removeprefix(b'{"decision":')[:-1]
    record = record_of(client, masked.json["envelope"])
    assert record["erased"] == ["/input/damage", "/result/values"]
    assert record["masked"] == ["/input/umbrella/price", "/result/reasons/0/message"]
    assert "40 EUR" not in json.dumps(record)


def test_a_record_says_all_there_is_to_say(client, bundle):
    headers = {"X-Request-ID": "order-7"}
    answer = client.post(REFUND, json=BODY, headers=headers, environ_overrides={CALLER: "shop"})
    envelope = answer.json["envelope"]
    assert list(answer.json) == ["decision", "envelope"]
    record = record_of(client, envelope)
    assert {key: record[key] for key in envelope} == envelope
    assert record["result"] == answer.json["decision"]
    assert record["input"] == BODY["facts"]
    assert record["bundles"] == {"umbrella": {"revision": "0.1.0", "digest": bundle.digest}}
    assert record["labels"] == {"version": __version__, "engine": "durable", "check": "sampled"}
    assert (record["requested_by"], record["req_id"], record["as_of"]) == ("shop", "order-7", "2025-06-01")
    assert record["metrics"]["timer_server_handler_ns"] > 0
    assert (record["verdict"], record["class"], record["rules"]) == ("not_refunded", "refused", ["UM-LOST"])
    again = client.post(REFUND, json=BODY).json["envelope"]
    assert record_of(client, again)["labels"]["check"] == "agreed"


def test_exact_numbers_are_logged_as_they_came(client):
    text = '{"facts": {"umbrella": {"price": "40.10 EUR"}}, "as_of": "2025-06-01"}'
    envelope = client.post(REFUND, data=text, content_type="application/json").json["envelope"]
    assert b'"input":{"umbrella":{"price":"40.10 EUR"}}' in client.get(f"/v1/log/{envelope['decision_id']}").data


def test_every_item_of_a_batch_has_a_record_of_its_own(client, plain, store):
    items = [{"id": n, **(BODY if n % 2 else OTHER)} for n in range(9)] + [{"id": "bad", "facts": {"no": 1}}]
    answer = client.post(f"{REFUND}/batch", json={"items": items}).json["items"]
    expected = plain.post(f"{REFUND}/batch", json={"items": items}).json["items"]
    envelopes = [item.pop("envelope", None) for item in answer]
    assert answer == expected
    assert envelopes.pop() is None
    assert len({e["decision_id"] for e in envelopes}) == 9
    assert [record_of(client, e)["item"] for e in envelopes] == list(range(9))
    assert verify(store).records == 9


# --- the same answer again ---


def test_a_key_gives_the_first_answer_again(client, store):
    first = client.post(REFUND, json=BODY, headers={"Idempotency-Key": "k1"})
    spaced = json.dumps(BODY, indent=4)
    again = client.post(REFUND, data=spaced, content_type="application/json", headers={"Idempotency-Key": '"k1"'})
    assert (again.status_code, again.data) == (200, first.data)
    assert again.headers["Policy-Bundle-Digest"] == first.headers["Policy-Bundle-Digest"]
    assert (first.headers.get("Idempotent-Replayed"), again.headers["Idempotent-Replayed"]) == (None, "true")
    assert verify(store).records == 1


@pytest.fixture(scope="module")
def revised(bundles, tmp_path_factory):
    """The same bundle in its next edition."""
    folder = tmp_path_factory.mktemp("revised") / "umbrella"
    shutil.copytree(bundles / "umbrella", folder)
    file = folder / "bundle.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("version: 0.1.0", "version: 0.2.0"), encoding="utf-8")
    return load_bundle(folder)


IN_ONE_OR_MANY = pytest.mark.parametrize(
    "asked", [(REFUND, BODY), (f"{REFUND}/batch", {"items": [BODY, OTHER]})], ids=["one", "batch"]
)


@IN_ONE_OR_MANY
def test_an_answer_that_is_given_again_names_the_policies_of_then(bundle, revised, store, asked, caplog):
    caplog.set_level(INFO, ACCESS)
    path, body = asked
    headers = {"Idempotency-Key": "k1"}
    with logging(bundle, store) as client:
        first = client.post(path, json=body, headers=headers)
    with logging(revised, store) as client:
        again, fresh = (client.post(path, json=body, headers=h) for h in (headers, {}))
    assert again.data == first.data
    told = [answer.headers["Policy-Bundle-Digest"] for answer in (first, again, fresh)]
    assert told == [bundle.digest, bundle.digest, revised.digest]
    accessed = [record.msg["bundle_digest"] for record in caplog.records if record.name == ACCESS]
    assert accessed == told


def test_a_key_with_another_request_is_refused(client, store):
    client.post(REFUND, json=BODY, headers={"Idempotency-Key": "k1"})
    for path, body in ((REFUND, OTHER), (f"{REFUND}/batch", {"items": [BODY]})):
        answer = client.post(path, json=body, headers={"Idempotency-Key": "k1"})
        assert (answer.status_code, answer.json["type"]) == (422, "urn:policyengine:problem:idempotency-key-reused")
    assert verify(store).records == 1


def test_two_callers_may_use_the_same_key(client):
    answers = [
        client.post(REFUND, json=body, headers={"Idempotency-Key": "k1"}, environ_overrides={CALLER: caller})
        for body, caller in ((BODY, "a"), (OTHER, "b"))
    ]
    assert [a.status_code for a in answers] == [200, 200]
    assert answers[0].json != answers[1].json


def test_a_key_is_forgotten_after_its_time(client, monkeypatch):
    monkeypatch.setattr("policyengine.decision_log.idempotency.KEPT_HOURS", -1)
    first, second = (client.post(REFUND, json=BODY, headers={"Idempotency-Key": "k1"}) for _ in range(2))
    assert first.json["envelope"] != second.json["envelope"]


def test_the_same_key_at_the_same_time_is_answered_once(bundle, store, client):
    """Two services over one log, as two workers are; every request of both finds no answer yet when it begins."""
    with logging(bundle, store) as other, ThreadPoolExecutor(16) as pool:
        together = threading.Barrier(16)

        def ask(number: int) -> bytes:
            together.wait(20)
            who = (client, other)[number % 2]
            return who.application.test_client().post(REFUND, json=BODY, headers={"Idempotency-Key": "k1"}).data

        answers = set(pool.map(ask, range(16)))
    assert len(answers) == 1
    assert verify(store).records == 1


def test_a_batch_with_a_key_is_given_again_as_a_whole(client, store):
    body = {"items": [{"id": 1, **BODY}, {"id": 2, "facts": {"no": 1}}]}
    first, again = (client.post(f"{REFUND}/batch", json=body, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert first.data == again.data
    assert verify(store).records == 1


@pytest.mark.parametrize("key", ["", "a" * 256, "kä"])
def test_keys_that_are_none(client, key):
    answer = client.post(REFUND, json=BODY, headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json["type"]) == (400, "urn:policyengine:problem:bad-request")


def test_a_key_without_a_log_is_refused(plain):
    answer = plain.post(REFUND, json=BODY, headers={"Idempotency-Key": "k1"})
    assert (answer.status_code, "keeps none" in answer.json["detail"]) == (400, True)


# --- no log, no answer ---


def broken(client) -> None:
    """Take the database away: whatever is committed from now on fails."""
    store = client.application.extensions[LOGBOOK].log._store
    for file in Path(store.shown).parent.glob("log.sqlite*"):
        file.rename(file.with_name(f"away-{file.name}"))


def mended(client) -> None:
    store = client.application.extensions[LOGBOOK].log._store
    for file in Path(store.shown).parent.glob("away-*"):
        file.rename(file.with_name(file.name.removeprefix("away-")))


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize(("path", "body"), [(REFUND, BODY), (f"{REFUND}/batch", {"items": [BODY, OTHER]})])
def test_no_answer_that_is_not_logged_and_it_recovers_by_itself(client, store, caplog, path, body):
    assert client.post(path, json=body).status_code == 200
    before = verify(store).records
    broken(client)
    for _ in range(3):
        answer = client.post(path, json=body)
        assert (answer.status_code, answer.json["type"]) == (503, "urn:policyengine:problem:log-unavailable")
        assert answer.headers["Retry-After"] == "5"
        assert b"verdict" not in answer.data
        assert store.shown.encode() not in answer.data
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["type"]) == (503, "urn:policyengine:problem:log-unavailable")
    assert client.get("/v1/log").status_code == 503
    mended(client)
    assert client.get("/readyz").status_code == 200
    assert client.post(path, json=body).status_code == 200
    assert verify(store).records == 2 * before
    told = [r.getMessage() for r in caplog.records if r.name == "policyengine.web.logbook"]
    assert [t.partition(":")[0] for t in told] == ["decisions cannot be logged", "decisions are logged again"]


def test_a_commit_that_fails_is_no_answer(client, store):
    """The last moment at which it can go wrong."""
    failing = threading.Event()
    failing.set()

    def fail(connection):
        if failing.is_set():
            connection.exec_driver_sql("SELECT * FROM nowhere")

    event.listen(client.application.extensions[LOGBOOK].log._store.engine, "commit", fail)
    answer = client.post(REFUND, json=BODY, headers={"Idempotency-Key": "k1"})
    assert answer.status_code == 503
    failing.clear()
    assert verify(store).records == 0
    again = client.post(REFUND, json=BODY, headers={"Idempotency-Key": "k1"})
    assert (again.status_code, "Idempotent-Replayed" in again.headers) == (200, False)


@pytest.mark.usefixtures("forgetful")
def test_answers_without_a_log_for_who_prefers_them(bundle, store, plain, caplog):
    with logging(bundle, store, answers_without=True) as client:
        broken(client)
        for headers in ({}, {"Idempotency-Key": "k1"}):
            answer = client.post(REFUND, json=BODY, headers=headers)
            assert (answer.status_code, answer.data) == (200, plain.post(REFUND, json=BODY).data)
        assert client.get("/readyz").json["log"] == "unavailable"
        assert "policyengine_log_answers_without_total 2.0" in client.get("/metrics").text
        mended(client)
        assert "envelope" in client.post(REFUND, json=BODY).json
        assert "log" not in client.get("/readyz").json


def test_records_commits_and_failures_are_counted(client):
    client.post(f"{REFUND}/batch", json={"items": [BODY, OTHER]})
    broken(client)
    client.post(REFUND, json=BODY)
    told = client.get("/metrics").text
    mended(client)
    for name, value in (("records", 2), ("commits", 1), ("failures", 1), ("answers_without", 0)):
        assert f"policyengine_log_{name}_total {value}.0" in told


def failures(client) -> float:
    (line,) = [n for n in client.get("/metrics").text.splitlines() if n.startswith("policyengine_log_failures_total ")]
    return float(line.split()[1])


@pytest.mark.usefixtures("forgetful")
@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.post(REFUND, json=BODY),
        lambda client: client.post(REFUND, json=BODY, headers={"Idempotency-Key": "k1"}),
        lambda client: client.post(f"{REFUND}/batch", json={"items": [BODY, OTHER]}),
        lambda client: client.post(f"{REFUND}/batch", json={"items": [BODY]}, headers={"Idempotency-Key": "k1"}),
        lambda client: client.get("/readyz"),
        lambda client: client.get("/v1/log"),
        lambda client: client.get("/v1/log/01a223e7-55bb-737d-8f2f-29420b31edc6"),
    ],
    ids=["decision", "decision with a key", "batch", "batch with a key", "readyz", "page", "record"],
)
def test_whoever_is_told_that_there_is_no_log_is_counted_once(client, ask):
    broken(client)
    assert [ask(client).status_code for _ in range(3)] == [503] * 3
    assert failures(client) == 3
    mended(client)
    ask(client)
    assert failures(client) == 3


def test_who_asks_readyz_within_the_second_is_counted_too(client):
    broken(client)
    assert {client.get("/readyz").status_code for _ in range(5)} == {503}
    assert failures(client) == 5


@pytest.mark.usefixtures("forgetful")
def test_an_answer_without_a_log_is_counted_once(bundle, store):
    with logging(bundle, store, answers_without=True) as client:
        broken(client)
        for headers in ({}, {"Idempotency-Key": "k1"}):
            assert client.post(REFUND, json=BODY, headers=headers).status_code == 200
        assert failures(client) == 2


def test_a_part_of_a_stream_that_is_refused_is_counted_once(client):
    broken(client)
    lines = "".join(json.dumps(body) + "\n" for body in (BODY, OTHER))
    told = client.post(f"{REFUND}/batch", data=lines, content_type="application/x-ndjson")
    assert [json.loads(line)["problem"]["status"] for line in told.text.splitlines()] == [503, 503]
    assert failures(client) == 1


def test_who_waits_too_long_and_who_is_too_many_is_counted(bundle, store, monkeypatch):
    held, go_on = threading.Event(), threading.Event()

    def hold(_):
        held.set()
        assert go_on.wait(20)

    with logging(bundle, store) as client, ThreadPoolExecutor(1) as pool:
        log = client.application.extensions[LOGBOOK].log
        event.listen(log._store.engine, "commit", hold)
        first = pool.submit(client.application.test_client().post, REFUND, json=BODY)
        assert held.wait(20)
        monkeypatch.setattr(log._writer, "_wait", 0.01)
        assert client.post(REFUND, json=BODY).status_code == 503
        assert failures(client) == 1
        monkeypatch.setattr("policyengine.decision_log.writer.MOST_WAITING", 0)
        log._writer._waiting.append(writers._Pending([]))
        assert client.post(REFUND, json=BODY).status_code == 503
        assert failures(client) == 2
        go_on.set()
        assert first.result(20).status_code == 200


def test_a_first_answer_that_was_forged_in_the_database_is_not_given(client, store, caplog):
    told = {"headers": {"Idempotency-Key": "k1"}, "json": BODY}
    first = client.post(REFUND, **told)
    assert client.post(REFUND, **told).data == first.data
    forged = first.data.replace(b"not_refunded", b"refunded")
    assert forged != first.data
    with store.writing() as connection:
        connection.execute(update(IDEMPOTENCY).values(body=forged))
    answer = client.post(REFUND, **told)
    assert (answer.status_code, answer.json["type"]) == (500, "urn:policyengine:problem:first-answer-changed")
    assert b"verdict" not in answer.data
    assert "was changed: verify the log" in caplog.text
    assert client.post(REFUND, headers={"Idempotency-Key": "k2"}, json=BODY).status_code == 200


# --- reading ---


def test_readers_are_few_at_a_time_and_leave_decisions_alone(bundle, store):
    held, go_on = threading.Semaphore(0), threading.Event()
    turns = iter([True] * MOST_READERS)

    def hold(_):
        if next(turns, False):
            held.release()
            assert go_on.wait(20)

    with logging(bundle, store) as client, ThreadPoolExecutor(MOST_READERS) as pool:
        event.listen(client.application.extensions[LOGBOOK].log._store.readers, "begin", hold)
        readers = [pool.submit(client.application.test_client().get, "/v1/log") for _ in range(MOST_READERS)]
        assert all(held.acquire(timeout=20) for _ in range(MOST_READERS))
        for path in ("/v1/log", "/v1/log/01a223e7-55bb-737d-8f2f-29420b31edc6"):
            refused = client.get(path)
            assert (refused.status_code, refused.json["type"]) == (503, "urn:policyengine:problem:overloaded")
            assert refused.headers["Retry-After"] == "1"
        assert "policyengine_http_overloaded_total 2.0" in client.get("/metrics").text
        made = [client.post(REFUND, json=BODY, headers=h) for h in ({}, {"Idempotency-Key": "k1"})]
        assert [answer.status_code for answer in made] == [200, 200]
        go_on.set()
        assert {reader.result(20).status_code for reader in readers} == {200}
        assert len(client.get("/v1/log").json["records"]) == 2


def test_a_search_goes_from_page_to_page(client):
    asked = [BODY, OTHER, BODY, BODY, OTHER]
    ids = [client.post(REFUND, json=body).json["envelope"]["decision_id"] for body in asked]
    found, cursor = [], None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = client.get("/v1/log", query_string={"rule": "UM-LOST", "limit": "2", **more}).json
        found += [r["decision_id"] for r in page["records"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert found == [ids[3], ids[2], ids[0]]
    assert client.get("/v1/log?verdict=nothing").json == {"records": [], "cursor": None}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("rules=UM-LOST", "`rules` is no way to look for decisions"),
        ("limit=0", "`limit` is out of range"),
        ("limit=1001", "`limit` is out of range"),
        ("limit=-1", "`limit` is no number"),
        ("since=yesterday", "`since`: `yesterday` is no moment"),
        ("cursor=12", "`cursor` is none"),
        ("verdict=%00", "`verdict` holds no text"),
        ("verdict=" + "a" * 201, "`verdict` holds no text"),
    ],
)
def test_searches_that_cannot_be_understood(client, query, told):
    answer = client.get(f"/v1/log?{query}")
    assert (answer.status_code, told in answer.json["detail"]) == (400, True), answer.json


@pytest.mark.parametrize("moment", ["0001-01-01", "0001-01-01T00:00:00%2B14:00", "1900-01-01t00:00:00z"])
def test_a_search_may_begin_before_there_were_computers(client, moment):
    made = client.post(REFUND, json=BODY).json["envelope"]["decision_id"]
    found = client.get(f"/v1/log?since={moment}&until=9999-12-31T23:59:59-14:00")
    assert [r["decision_id"] for r in found.json["records"]] == [made]
    assert client.get(f"/v1/log?until={moment}").json["records"] == []


def test_a_plus_that_became_a_blank_is_told(client):
    answer = client.get("/v1/log?since=2026-01-01T00:00:00+01:00")
    assert (answer.status_code, answer.json["help"]) == (400, "write the `+` of an offset as `%2B`")


def test_every_parameter_is_described_by_what_it_may_be(client):
    described = {p["name"]: p["schema"] for p in client.get("/openapi.json").json["paths"]["/v1/log"]["parameters"]}
    assert list(described) == ["since", "until", "bundle", "decision", "verdict", "rule", "limit", "cursor"]
    fits = Draft202012Validator(described["limit"]).is_valid
    for limit in (0, 1, 1_000, 1_001):
        assert client.get(f"/v1/log?limit={limit}").status_code == (200 if fits(limit) else 400)


@pytest.mark.parametrize("id_", ["0" * 36, "x", "01a223e7-55bb-737d-8f2f-29420b31edc6", "%00"])
def test_a_record_that_is_not_there(client, id_):
    answer = client.get(f"/v1/log/{id_}")
    assert (answer.status_code, answer.json["type"]) == (404, "urn:policyengine:problem:unknown-record")


def test_who_may_read_the_log(bundle, store, client, plain):
    def status(of, **environ):
        return [of.get(path, environ_overrides=environ).status_code for path in ("/v1/log", "/v1/log/x")]

    with logging(bundle, store, readable=False) as closed:
        assert status(closed) == [403, 403]
        assert "--read-log" in closed.get("/v1/log").json["help"]
        # Whoever came in by a key was let in for its scope.
        assert status(closed, **{KEY_ID: "0a1b"}) == [200, 404]
    assert status(client) == [200, 404]
    assert status(plain) == [403, 403]
