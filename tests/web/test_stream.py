"""Batches as JSON lines: an answer for each line, in order, while the rest is still to come."""

from __future__ import annotations

import io
import json
from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from tests.web.conftest import Server
from tests.web.raw import connect, head
from tests.web.test_admission import wait_for

from policyengine.api_schema.files import api_schema
from policyengine.web.body import MOST_BYTES
from policyengine.web.lines import BLOCK, MOST_LINES, Line, groups_of

BATCH = "/v1/bundles/umbrella/decisions/refund/batch"
LINES = {"Content-Type": "application/x-ndjson"}
PROBLEM = Draft202012Validator(api_schema("problem"))


def item(n, **more):
    cause = ("seam", "lost", "wind")[n % 3]
    return {"id": n, "as_of": "2025-06-01", "facts": {"damage": {"cause": cause}}, **more}


def ask(client, *lines):
    body = b"\n".join(line if isinstance(line, bytes) else json.dumps(line).encode() for line in lines)
    answer = client.post(BATCH, content=body, headers=LINES)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/x-ndjson")
    assert "Policy-Bundle-Digest" in answer.headers
    assert answer.content == b"" or answer.content.endswith(b"\n")
    return [json.loads(line) for line in answer.content.splitlines()]


def test_a_stream_gets_the_answers_of_a_batch_in_its_order(client):
    items = [item(n) for n in range(250)]
    batch = client.post(BATCH, json={"items": items}).json()["items"]
    assert ask(client, *items) == batch


def test_a_bad_line_touches_no_other_and_is_told_by_its_number(client):
    good = item(0)
    told = ask(
        client, good, b"", b'{"facts": }', b"  \r", b"\xff", b"[1]", {"id": "x", "facts": {"no": 1}}, {"id": {}}, good
    )
    assert told[0] == told[-1]
    assert told[0]["decision"]["verdict"] == "undetermined"
    problems = [line["problem"] for line in told[1:-1]]
    for problem in problems:
        PROBLEM.validate(problem)
    assert [line["id"] for line in told] == [0, None, None, None, "x", None, 0]
    assert [p["status"] for p in problems] == [400, 400, 422, 422, 422]
    assert problems[0]["detail"] == "cannot read this as JSON at line 3, column 11: expecting value"
    assert problems[1]["detail"] == "line 5: this is not UTF-8 text: byte 1 cannot be read"
    assert problems[3]["errors"][0]["pointer"] == "/facts/no"
    assert problems[4]["errors"][0]["pointer"] == "/id"


def test_each_line_says_the_form_of_its_answer_and_may_repeat_an_id(client):
    told = ask(client, item(1, answer="short"), item(1, answer="full"), item(1, answer="long"))
    assert set(told[0]["decision"]) == {"verdict", "class", "rules", "bundle", "as_of"}
    assert told[1]["decision"]["as_of"] == "2025-06-01"
    assert told[2]["problem"]["errors"][0]["pointer"] == "/answer"


def test_a_line_that_is_too_long_is_passed_over(client):
    told = ask(client, item(0), b" " * MOST_BYTES + b"1", json.dumps(item(1)).encode() + b" " * 100, item(2))
    assert [line["id"] for line in told] == [0, None, 1, 2]
    assert told[1]["problem"]["status"] == 413
    assert told[1]["problem"]["detail"].startswith("line 2 ")


@pytest.mark.parametrize("body", [b"", b"\n\n \r\n"])
def test_a_stream_of_nothing(client, body):
    assert ask(client, body) == []


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (BATCH.removesuffix("/batch"), {}, 415),
        (BATCH.replace("refund", "refunds"), {}, 404),
        (f"{BATCH}?as_of=x", {}, 400),
        (BATCH, {"Content-Encoding": "gzip"}, 415),
        (BATCH, {"Content-Type": "application/x-ndjson; charset=latin-1"}, 415),
        (BATCH, {"Idempotency-Key": "a"}, 400),
    ],
)
def test_what_is_wrong_with_the_whole_is_told_before_the_first_line(client, path, headers, status):
    answer = client.post(path, content=json.dumps(item(0)).encode(), headers=LINES | headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")


def chunk(data):
    return b"%x\r\n%b\r\n" % (len(data), data)


def start(connection):
    connection.sendall(head(BATCH, None).replace(b"application/json", b"application/x-ndjson"))


def part_of(stream):
    """The next part of an answer in chunks."""
    data = stream.read(int(stream.readline(), 16))
    stream.readline()
    return data


def test_the_first_answers_leave_before_the_last_lines_arrive(server):
    first = [item(n) for n in range(2 * BLOCK // 60)]
    with connect(server.address) as connection, connection.makefile("rb") as stream:
        start(connection)
        connection.sendall(chunk(b"".join(json.dumps(i).encode() + b"\n" for i in first)))
        while stream.readline().strip():
            pass
        assert json.loads(part_of(stream).splitlines()[0])["id"] == 0
        connection.sendall(chunk(json.dumps(item(99_999)).encode()) + b"0\r\n\r\n")
        rest = b"".join(iter(lambda: part_of(stream), b""))
    assert json.loads(rest.splitlines()[-1])["id"] == 99_999


def test_a_stream_holds_a_place_until_it_ends_also_by_leaving(bundles):
    running = Server(str(bundles / "umbrella"), "--concurrency", "1")
    body = b"".join(json.dumps(item(n)).encode() + b"\n" for n in range(200))
    try:
        with running.client() as client, ExitStack() as stack:
            for _ in range(3):
                connection = stack.enter_context(connect(running.address))
                start(connection)
                connection.sendall(chunk(body))
                wait_for(client, 1)
                assert client.post(BATCH, json={"items": []}).status_code == 503
                connection.close()
                wait_for(client, 0)
            assert len(ask(client, item(0), item(1))) == 2
            wait_for(client, 0)
    finally:
        code, _ = running.stop()
    assert code == 0


def test_each_answer_of_a_stream_is_in_the_log_before_it_is_sent(bundles, tmp_path):
    running = Server(str(bundles / "umbrella"), "--log", str(tmp_path / "log.sqlite"), "--read-log")
    try:
        with running.client() as client:
            told = ask(client, *[item(n) for n in range(150)], b"{", item(150))
            decided = [line for line in told if "decision" in line]
            assert len(decided) == 151
            for line in (decided[0], decided[-1]):
                record = client.get(f"/v1/log/{line['envelope']['decision_id']}")
                assert record.status_code == 200
                assert line["decision"]["verdict"] in record.text
    finally:
        running.stop()


@given(st.lists(st.binary(max_size=30), max_size=40), st.integers(1, 9))
def test_lines_are_split_as_in_one_piece(lines, longest):
    body = b"\n".join(lines)
    pieces = body.split(b"\n")
    expected = [
        Line(n, None if len(piece) > longest else piece.strip(b" \t\r"))
        for n, piece in enumerate(pieces, 1)
        if len(piece) > longest or piece.strip(b" \t\r")
    ]
    groups = list(groups_of(Dripping(body), longest))
    assert [line for group in groups for line in group] == expected
    assert all(1 <= len(group) <= MOST_LINES for group in groups)


class Dripping(io.BytesIO):
    """A body that arrives in small pieces."""

    def read(self, size=-1, /):
        return super().read(min(size, 7))
