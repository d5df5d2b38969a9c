"""A client that costs little beside the server: bytes made beforehand, over connections that stay open."""

from __future__ import annotations

import socket
import threading
import time
from statistics import quantiles

CONNECTIONS = 8


class Refused(Exception):  # noqa: N818 - it is told, not handled
    """An answer that is not 200."""


def request(path: str, body: bytes) -> bytes:
    """The bytes of a POST."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    return f"{head}\r\n\r\n".encode() + body


def ask(port: int, requests: list[bytes], seconds: float) -> tuple[float, float, float]:
    """Ask over all connections for so long: requests a second, and the milliseconds of p50 and p99. Raises Refused."""
    times: list[list[float]] = [[] for _ in range(CONNECTIONS)]
    faults: list[str] = []
    end = time.perf_counter() + seconds

    def call(number: int) -> None:
        try:
            _call(port, requests, end, times[number])
        except (Refused, OSError) as e:
            faults.append(str(e))

    threads = [threading.Thread(target=call, args=(n,)) for n in range(CONNECTIONS)]
    began = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    took = time.perf_counter() - began
    if faults:
        raise Refused(faults[0])
    every = [one for some in times for one in some]
    cuts = quantiles(every, n=100)
    return len(every) / took, cuts[49] * 1000, cuts[98] * 1000


def _call(port: int, requests: list[bytes], end: float, times: list[float]) -> None:
    with socket.create_connection(("127.0.0.1", port), 30) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        turn = 0
        while (began := time.perf_counter()) < end:
            connection.sendall(requests[turn % len(requests)])
            _read(connection)
            times.append(time.perf_counter() - began)
            turn += 1


def _read(connection: socket.socket) -> bytes:
    """One whole answer: its body."""
    got = b""
    while b"\r\n\r\n" not in got:
        got += _more(connection)
    head, _, body = got.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise Refused(got[:300].decode(errors="replace"))
    (length,) = [int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    parts, missing = [body], length - len(body)
    while missing > 0:
        parts.append(_more(connection))
        missing -= len(parts[-1])
    return b"".join(parts)


def _more(connection: socket.socket) -> bytes:
    got = connection.recv(1 << 16)
    if not got:
        raise Refused("the connection ended")
    return got
