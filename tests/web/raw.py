"""Requests by hand, on sockets: what no HTTP client would send, and bodies that are never finished."""

from __future__ import annotations

import socket
from typing import NamedTuple

#: The longest wait for a byte of an answer. Never reached by a service that answers.
PATIENCE = 60


class Answer(NamedTuple):
    """An answer as it came: its status, its headers by lower-case name, its body."""

    status: int
    headers: dict[str, str]
    body: bytes


def connect(address: str) -> socket.socket:
    """A connection to a service at ``http://HOST:PORT``."""
    host, port = address.removeprefix("http://").rsplit(":", 1)
    return socket.create_connection((host, int(port)), timeout=PATIENCE)


def head(path: str, length: int | None, *more: str, method: str = "POST") -> bytes:
    """The head of a request with JSON; ``length`` None for one in chunks."""
    size = "Transfer-Encoding: chunked" if length is None else f"Content-Length: {length}"
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json", size, *more]
    return "\r\n".join([*lines, "", ""]).encode()


def answer_of(connection: socket.socket) -> Answer | None:
    """The next answer on a connection; None if it ends instead."""
    with connection.makefile("rb") as stream:
        first = stream.readline()
        if not first:
            return None
        headers: dict[str, str] = {}
        while (line := stream.readline().strip()) != b"":
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        if headers.get("transfer-encoding") == "chunked":
            body = b"".join(iter(lambda: _chunk(stream), b""))
        else:
            body = stream.read(int(headers.get("content-length", "0")))
        return Answer(int(first.split()[1]), headers, body)


def _chunk(stream) -> bytes:
    size = int(stream.readline() or b"0", 16)
    data = stream.read(size)
    stream.readline()
    return data
