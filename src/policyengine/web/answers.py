"""Answers on the wire: data as JSON bytes, and bytes as a response."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import orjson
from flask import Response
from werkzeug.datastructures import Headers

from policyengine.api_schema.openapi import DIGEST_HEADER, STREAM_TYPE

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Json = object
JSON_TYPE: Final = "application/json"
# Nothing that an answer holds is an object of Python's own kinds: such would be a mistake, and must not be written.
_STRICT: Final = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


#: Headers of every answer. Answers are data about somebody's order: no cache keeps them, no page shows them as its own
#: part or reads them, and nothing in them is run. There is no header that lets pages of other origins ask (CORS).
SECURITY: Final = (
    ("X-Content-Type-Options", "nosniff"),
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
)


def json_bytes(data: Json) -> bytes:
    """The bytes of an answer: the same data gives the same bytes."""
    try:
        return orjson.dumps(data, option=_STRICT)
    except orjson.JSONEncodeError:
        # Whole numbers beyond 64 bits, for one. The standard library says what cannot be written at all.
        return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def answer(data: Json, digest: str | None = None, status: int = 200, content_type: str = JSON_TYPE) -> Response:
    """The response that says this; ``digest`` is of the bundle that answers, if one does."""
    return response(json_bytes(data), digest, status, content_type)


def response(body: bytes, digest: str | None = None, status: int = 200, content_type: str = JSON_TYPE) -> Response:
    """The response with these bytes."""
    headers = [
        ("Content-Type", content_type),
        ("Content-Length", str(len(body))),
        *SECURITY,
    ]
    if digest is not None:
        headers.append((DIGEST_HEADER, digest))
    return _Complete(body, status, headers, direct_passthrough=True)


def streamed(parts: Iterator[bytes], digest: str) -> Response:
    """The response that sends these parts as they come."""
    headers = [("Content-Type", STREAM_TYPE), *SECURITY, (DIGEST_HEADER, digest)]
    return _Complete(parts, 200, headers)


class _Complete(Response):
    """A response whose headers are all there, so that none has to be worked out."""

    def get_wsgi_headers(self, environ: WSGIEnvironment) -> Headers:  # noqa: ARG002 - the same for every request
        """The headers."""
        return self.headers
