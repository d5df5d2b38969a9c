"""One worker or several: the same answers. Told to end, a service answers what it has, and takes nothing new."""

from __future__ import annotations

import json
import random
import signal
from contextlib import ExitStack

import pytest
from tests.hostile import HONEST, made
from tests.web.conftest import Server
from tests.web.raw import answer_of, connect, head
from tests.web.test_admission import wait_for

from policyengine import load_bundle
from policyengine.diagnostics import Diagnostics
from policyengine.testing.cases import read_cases

REFUND = "/v1/bundles/umbrella/decisions/refund"
TRADE = "/v1/bundles/trade_assurance/decisions"
JSON, LINES = ({"Content-Type": f"application/{kind}"} for kind in ("json", "x-ndjson"))
# Clients of their own: each opens its connections anew, and any worker may take them.
CLIENTS = 24


def documents(bundles):
    """Requests of every sort: address, headers and body."""
    folder = bundles / "trade_assurance"
    bundle = load_bundle(folder)
    asked = []
    for case in read_cases(bundle, folder, Diagnostics())[::3]:
        item = {"facts": case.facts, "as_of": case.as_of.isoformat()}
        text = json.dumps(item, default=str).encode()
        asked.append((f"{TRADE}/{case.decision}", JSON, text))
        if len(asked) % 10 == 0:
            asked.append((f"{TRADE}/{case.decision}/batch", JSON, b'{"items": [%b, {}, %b]}' % (text, text)))
            asked.append((f"{TRADE}/{case.decision}/batch", LINES, b"\n".join([text, b"{", text])))
    hostile = [made(seed).data.partition(b"\r\n\r\n")[2] for seed in range(60)]
    return asked + [(REFUND, JSON, body) for body in (*HONEST, *hostile) if len(body) < 50_000]


def answers(server, asked):
    """The status and the bytes of each answer, in the order of the documents, which are asked in another."""
    shuffled = list(enumerate(asked))
    random.Random(len(server.printed[-1])).shuffle(shuffled)
    found = {}
    for start in range(CLIENTS):
        with server.client() as client:
            for n, (path, headers, body) in shuffled[start::CLIENTS]:
                answer = client.post(path, content=body, headers=headers)
                found[n] = answer.status_code, answer.content
    return [found[n] for n in range(len(asked))]


def test_several_workers_answer_as_one_does(bundles):
    asked = documents(bundles)
    told = []
    for workers in ("1", "3"):
        running = Server(str(bundles), "--workers", workers, "--no-differences")
        try:
            told.append(answers(running, asked))
        finally:
            running.stop()
    assert told[0] == told[1]
    statuses = [status for status, _ in told[0]]
    assert statuses.count(200) > 150
    assert set(statuses) == {200, 400, 422}


def refuses(server):
    """Whether a new connection is refused, or ended without an answer."""
    try:
        with connect(server.address) as connection:
            connection.settimeout(5)
            connection.sendall(head("/healthz", 0, method="GET"))
            return answer_of(connection) is None
    except OSError:
        return True


@pytest.mark.parametrize("workers", ["1", "2"])
def test_what_is_being_asked_when_the_service_is_told_to_end_is_answered(bundles, workers):
    running = Server(str(bundles / "umbrella"), "--workers", workers)
    one = HONEST[0]
    batch = b'{"items": [%b]}' % b",".join([one] * 200)
    stream = b"\n".join([one] * 200)
    kinds = [(REFUND, one, b"json"), (f"{REFUND}/batch", batch, b"json"), (f"{REFUND}/batch", stream, b"x-ndjson")]
    asked = kinds * 3
    try:
        with ExitStack() as stack, running.client() as client:
            opened = []
            for path, body, kind in asked:
                connection = stack.enter_context(connect(running.address))
                connection.sendall(head(path, len(body)).replace(b"application/json", b"application/" + kind))
                connection.sendall(body[:-1])
                opened.append(connection)
            wait_for(client, len(asked))
            client.close()
            running.process.send_signal(signal.SIGTERM)
            assert any(refuses(running) for _ in range(1000))
            for connection, (_, body, _) in zip(opened, asked, strict=True):
                connection.sendall(body[-1:])
                answer = answer_of(connection)
                assert answer.status == 200
                assert answer.body.count(b'"decision":{"decision":"refund"') == (1 if body is one else 200)
    finally:
        code, errors = running.stop()
    assert code == 0, errors
