"""The floors under a service: the same server, reading and writing the same JSON, and deciding nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import orjson
from flask import Flask, Response, request

_MADE_UP = {"outcome": "eligible", "matched": ["C1-LATE-SHIPMENT", "P1-ESCROW", "I1-VETERAN"]}

flask_app = Flask(__name__, static_folder=None)


@flask_app.post("/decide")
def decide() -> Response:
    """The made-up answer, or one for each item, by Flask."""
    return Response(_body(request.get_data()), content_type="application/json")


def bare_app(environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
    """The same without Flask."""
    body = _body(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    start("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _body(data: bytes) -> bytes:
    asked = orjson.loads(data)
    items = asked.get("items")
    return orjson.dumps(_MADE_UP if items is None else {"items": [_MADE_UP for _ in items]})
