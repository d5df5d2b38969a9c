"""Sends a running service what no honest caller would send, and sees that it answers, and that others are answered.

`python -m tests.hostile 10000 [first seed]` prints the figures.

Each number is one request, made from its seed alone. Every tenth is an honest one: it must get the same bytes as when
nobody else asks.
"""

from __future__ import annotations

import json
import random
import socket
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.web.raw import Answer, answer_of, connect, head

DECIDE = "/v1/bundles/umbrella/decisions/refund"
BATCH = f"{DECIDE}/batch"
HONEST = [
    json.dumps(
        {"as_of": "2025-06-01", "facts": {"umbrella": {"price": price, "bought_on": "2025-03-01"}, "damage": damage}}
    ).encode()
    for price in ("40 EUR", {"amount": "12.5", "currency": "EUR"}, None)
    for damage in ({"cause": "seam"}, {"cause": "lost"}, {})
]
_EVERY_HONEST = 10
_THREADS = 16
JUNK = [
    b"NaN",
    b"-Infinity",
    b"1e999999999",
    b"-1E-400",
    b"9" * 5000,
    b"0x10",
    b"01",
    b"'x'",
    b'"\\ud800"',
    b'"\\udc00\\ud800"',
    b'"\\u0000"',
    b'"\xff\xfe"',
    b'"\xed\xa0\x80"',
    b'"\x00"',
    b'"\xf0\x9f\x92"',
    b'"' + b"A" * 200_000 + b'"',
    b"[" * 400 + b"]" * 400,
    b'{"a":' * 3000 + b"1" + b"}" * 3000,
    b"[" * 100_000,
    b'{"amount": "1", "currency": "EUR", "currency": "USD"}',
    b'{"amount": 1e30, "currency": "EUR"}',
    b'"99999999999999999999 EUR"',
    b'"40 EUR\\n"',
    b'"0000-00-00"',
    b'"9999-12-31T23:59:60+99:99"',
    b'"2025-02-30"',
    b"[]",
    b"{}",
    b"true",
    b"0",
    b'""',
    b"// x",
    b"/**/",
    b"\xef\xbb\xbf",
    b"{" + b",".join(b'"k%d":%d' % (n, n) for n in range(3000)) + b"}",
]


@dataclass
class Sent:
    """One request: its bytes, and how it ends on its side. ``whole`` False: no answer is owed, only that it ends."""

    data: bytes
    whole: bool = True
    honest: int | None = None


@dataclass
class Found:
    """What a run found. ``faults`` says of a seed what must not be."""

    statuses: Counter[str] = field(default_factory=Counter)
    honest: int = 0
    faults: list[str] = field(default_factory=list)


def _posted(body: bytes, *more: str, path: str = DECIDE) -> Sent:
    return Sent(head(path, len(body), *more, "Connection: close") + body)


def _truncated(r: random.Random) -> Sent:
    body = r.choice(HONEST)
    return _posted(body[: r.randrange(len(body))])


def _mutated(r: random.Random) -> Sent:
    body = bytearray(r.choice(HONEST))
    for _ in range(r.randint(1, 6)):
        place = r.randrange(len(body))
        match r.randrange(3):
            case 0:
                body[place] = r.randrange(256)
            case 1:
                del body[place : place + r.randint(1, 9)]
                body += b" " * 9
            case _:
                body[place:place] = r.choice([b'"', b"{", b"}", b"[", b",", b":", b"\\", b"\0", b"\xff", b"null", b"-"])
    return _posted(bytes(body), path=r.choice([DECIDE, BATCH]))


def _junk_in_place(r: random.Random) -> Sent:
    junk = r.choice(JUNK)
    frame = r.choice(
        [
            b"%b",
            b'{"facts": %b}',
            b'{"facts": {}, "as_of": %b}',
            b'{"facts": {}, "answer": %b}',
            b'{"facts": {"umbrella": %b}}',
            b'{"facts": {"umbrella": {"price": %b}}}',
            b'{"facts": {"umbrella": {"bought_on": %b}}}',
            b'{"facts": {"damage": {"cause": %b}}}',
            b'{"facts": {}, "facts": %b}',
            b'{"facts": {}, %b: 1}',
            b'{"items": %b}',
            b'{"items": [%b]}',
            b'{"items": [{"facts": {}, "id": %b}]}',
            b'{"items": [{"facts": %b}, {"facts": {}}]}',
        ]
    )
    return _posted(frame % junk, path=BATCH if b"items" in frame else DECIDE)


def _odd_types(r: random.Random) -> Sent:
    def value(depth: int) -> object:
        kind = r.randrange(8 if depth else 6)
        if kind == 6:
            return [value(depth - 1) for _ in range(r.randrange(4))]
        if kind == 7:
            return {r.choice(["facts", "umbrella", "price", "é", "", "items", "id"]): value(depth - 1) for _ in "123"}
        return [None, True, r.randrange(-(10**20), 10**20), r.random() * 1e9, "x" * r.randrange(9), "40 EUR"][kind]

    body = {r.choice(["facts", "fact", "items"]): value(4), r.choice(["as_of", "answer", "id"]): value(2)}
    return _posted(json.dumps(body).encode(), path=r.choice([DECIDE, BATCH]))


def _odd_chunks(r: random.Random) -> Sent:
    body = r.choice(HONEST)
    start = head(DECIDE, None, "Connection: close")
    good = b"%x\r\n%b\r\n" % (len(body), body)
    return r.choice(
        [
            Sent(start + good + b"0\r\n\r\n"),
            Sent(start + b"%x;ext=1\r\n%b\r\n0\r\nTrailer: x\r\n\r\n" % (len(body), body)),
            Sent(start + b"".join(b"1\r\n%c\r\n" % c for c in body) + b"0\r\n\r\n"),
            Sent(start + b"zz\r\n" + body, whole=False),
            Sent(start + b"-5\r\n" + body, whole=False),
            Sent(start + b"fffffffffffffffffff\r\n" + body, whole=False),
            Sent(start + b"%x\n%b\n0\n\n" % (len(body), body), whole=False),
            Sent(start + good, whole=False),
            Sent(start + b"0\r\n\r\n"),
        ]
    )


def _odd_lengths(r: random.Random) -> Sent:
    body = r.choice(HONEST)
    lines = b"POST %b HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nConnection: close\r\n" % DECIDE.encode()
    length = r.choice([b"-1", b"+5", b"0x20", b"1e3", b"9" * 30, b"", b" ", b"5, 5", b"5,6", b"\xd9\xa3"])
    return r.choice(
        [
            Sent(lines + b"Content-Length: %b\r\n\r\n%b" % (length, body), whole=False),
            Sent(lines + b"Content-Length: %d\r\n\r\n%b" % (len(body) + 9, body), whole=False),
            Sent(lines + b"Content-Length: %d\r\n\r\n%b" % (len(body) // 2, body)),
            Sent(lines + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + body, whole=False),
            Sent(lines + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % len(body), whole=False),
            Sent(lines + b"Transfer-Encoding: chunked, identity\r\n\r\n" + body, whole=False),
            Sent(lines + b"Transfer-Encoding: xchunked\r\nContent-Length: 4\r\n\r\n" + body, whole=False),
            Sent(lines + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", whole=False),
            Sent(lines + b"\r\n" + body),
        ]
    )


def _odd_heads(r: random.Random) -> Sent:
    body = r.choice(HONEST)
    odd = r.choice(
        [
            "X-Request-ID: " + "x" * r.choice([1, 200, 9000]),
            "X-Request-ID: a\tb",
            "Content-Type: text/plain",
            "Content-Encoding: gzip",
            "Expect: 100-continue",
            "Expect: nonsense",
            "Authorization: Bearer \x7f",
            "Cookie: " + "a=b; " * 500,
            "X-Long: " + "y" * 300_000,
            "Upgrade: websocket",
            "Transfer-Encoding: gzip",
            "Host: evil",
            "X\x00: y",
            ": empty",
            "no colon at all",
            " folded: line",
        ]
    )
    path = r.choice([DECIDE, BATCH, DECIDE + "?as_of=%00", "/%ff%fe", "//", "/" + "a" * 5000, "/../../etc", "*"])
    method = r.choice(["POST", "POST", "GET", "PUT", "BREW", "TRACE", "CONNECT", "post"])
    data = head(path, len(body), odd, "Connection: close", method=method) + body
    return Sent(data, whole=False)


def _smuggled(r: random.Random) -> Sent:
    inner = head("/healthz", 0, method="GET")
    body = b"0\r\n\r\n" + inner
    lines = f"POST {DECIDE} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n".encode()
    both = b"Content-Length: %d\r\nTransfer-Encoding: %b\r\n\r\n%b"
    coding = r.choice(
        [b"chunked", b"Chunked", b"chunked\r\nTransfer-Encoding: x", b"\x0bchunked", b"identity, chunked"]
    )
    return r.choice(
        [
            Sent(lines + both % (len(body), coding, body), whole=False),
            Sent(lines + both % (4, coding, body), whole=False),
            Sent(b"GET http://evil/ HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", whole=False),
            Sent(b"GET /healthz HTTP/9.9\r\n\r\n", whole=False),
            Sent(b"GET /healthz\r\n\r\n", whole=False),
            Sent(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + r.randbytes(60), whole=False),
            Sent(b"\x16\x03\x01" + r.randbytes(200), whole=False),
            Sent(r.randbytes(r.randint(1, 400)), whole=False),
            Sent(b"\r\n" * 50 + b"\0", whole=False),
        ]
    )


_MAKERS: list[Callable[[random.Random], Sent]] = [
    *[_truncated, _mutated, _mutated, _junk_in_place, _junk_in_place, _odd_types],
    *[_odd_chunks, _odd_lengths, _odd_heads, _smuggled],
]


def made(seed: int) -> Sent:
    """The request of this number."""
    r = random.Random(seed)
    if seed % _EVERY_HONEST == 0:
        which = r.randrange(len(HONEST))
        sent = _posted(HONEST[which])
        sent.honest = which
        return sent
    return r.choice(_MAKERS)(r)


def ask(address: str, sent: Sent) -> tuple[list[Answer], bool]:
    """Every answer on a connection that sends only this, and whether the other side ended it."""
    answers: list[Answer] = []
    with connect(address) as connection:
        try:
            connection.sendall(sent.data)
            # The end of sending: what is not whole will never be.
            connection.shutdown(socket.SHUT_WR) if not sent.whole else None
            while (answer := answer_of(connection)) is not None:
                answers.append(answer)
        except TimeoutError:
            return answers, False
        except OSError:
            pass  # Refused in the middle of what was sent: an end like any other.
    return answers, True


def run(address: str, count: int, first: int = 0) -> Found:
    """Ask so many times, several at a time."""
    found = Found()
    alone = [ask(address, _posted(body))[0][0] for body in HONEST]
    with ThreadPoolExecutor(_THREADS) as pool:
        seeds = range(first, first + count)
        for seed, fault, answers in pool.map(lambda seed: _judged(address, seed, alone), seeds):
            found.statuses.update([str(a.status) for a in answers] or ["no answer"])
            found.honest += made(seed).honest is not None
            if fault:
                found.faults.append(f"seed {seed}: {fault}")
    return found


def _judged(address: str, seed: int, alone: list[Answer]) -> tuple[int, str, list[Answer]]:
    sent = made(seed)
    answers, ended = ask(address, sent)
    return seed, "; ".join(_faults(sent, answers, alone, ended=ended)), answers


def _faults(sent: Sent, answers: list[Answer], alone: list[Answer], *, ended: bool) -> Iterator[str]:
    if not ended:
        yield "the connection was neither answered nor ended"
    if any(answer.status >= 500 for answer in answers):
        yield f"status {[a.status for a in answers]}: {answers[0].body[:200]!r}"
    if sent.whole and not answers and ended:
        yield "no answer"
    if sent.honest is not None and [(a.status, a.body) for a in answers] != [
        (200, alone[sent.honest].body),
    ]:
        yield "an honest request was not answered as when nobody else asks"


def main() -> int:
    """Start a service over a small bundle, and report."""
    from tests.web.conftest import Server

    given = [int(argument) for argument in sys.argv[1:3]]
    count, first = given[0] if given else 10_000, given[1] if len(given) > 1 else 0
    server = Server(_bundle(), "--no-differences")
    try:
        with server.client() as client:
            client.get("/healthz").raise_for_status()
        found = run(server.address, count, first)
    finally:
        code, errors = server.stop()
    print(f"{count} requests, {found.honest} of them honest; answers by status: {dict(sorted(found.statuses.items()))}")
    print(f"exit code {code}; {len(errors.splitlines())} lines logged; {len(found.faults)} faults")
    print("\n".join(found.faults[:20]), errors[:2000], sep="\n")
    return bool(found.faults)


def _bundle() -> str:
    import tempfile
    from pathlib import Path

    from click.testing import CliRunner

    from policyengine.cli.main import cli

    folder = Path(tempfile.mkdtemp(), "umbrella")
    CliRunner().invoke(cli, ["init", str(folder)])
    return str(folder)


if __name__ == "__main__":
    sys.exit(main())
