"""The Flask application: routes, headers, and errors as problems. One function for each address."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Mapping
from typing import Final

from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound, RequestEntityTooLarge

import policyengine
from policyengine.api_schema.openapi import DIGEST_HEADER, PROBLEM_TYPE, openapi
from policyengine.engine.json_reader import read_json
from policyengine.errors import RequestError
from policyengine.model.bundle import CheckedBundle
from policyengine.web import problems
from policyengine.web.describe import bundle_json, bundles_json
from policyengine.web.metrics import CONTENT_TYPE, Metrics
from policyengine.web.problems import Problem, malformed
from policyengine.web.service import Service, failed

Json = object
JSON_TYPE: Final = "application/json"
#: The largest body of one question, and of a batch, in bytes.
MOST_BYTES: Final = 2**20
MOST_BATCH_BYTES: Final = 2**24
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_log = logging.getLogger(__name__)


def create_app(bundles: Mapping[str, CheckedBundle]) -> Flask:
    """The service over these bundles, by id. Create it in the process that serves it: it holds the engines."""
    app = Flask("policyengine.web", static_folder=None)
    metrics = Metrics(bundles)
    service = Service(bundles, metrics.decided)
    _add_decisions(app, service)
    _add_descriptions(app, service)
    _add_health(app, service, metrics)
    _add_errors(app)
    _add_measuring(app, metrics)
    return app


def json_bytes(data: Json) -> bytes:
    """The bytes of an answer: the same data gives the same bytes."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def _add_decisions(app: Flask, service: Service) -> None:
    @app.post("/v1/bundles/<bundle>/decisions/<decision>")
    def decide(bundle: str, decision: str) -> Response:
        _answering(service, bundle)
        service.engine(bundle, decision)
        return _answer(service.decide(bundle, decision, _body(MOST_BYTES)))

    @app.post("/v1/bundles/<bundle>/decisions/<decision>/batch")
    def batch(bundle: str, decision: str) -> Response:
        _answering(service, bundle)
        service.engine(bundle, decision)
        return _answer(service.batch(bundle, decision, _body(MOST_BATCH_BYTES)))


def _add_descriptions(app: Flask, service: Service) -> None:
    document = json_bytes(openapi(service.bundles, policyengine.__version__))

    @app.get("/v1/bundles")
    def bundles() -> Response:
        return _answer(bundles_json(service.bundles))

    @app.get("/v1/bundles/<bundle>")
    def bundle(bundle: str) -> Response:
        _answering(service, bundle)
        return _answer(bundle_json(service.bundle(bundle)))

    @app.get("/openapi.json")
    def describe() -> Response:
        return Response(document, content_type=JSON_TYPE)


def _add_health(app: Flask, service: Service, metrics: Metrics) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        return _answer({"status": "ok", "version": policyengine.__version__})

    @app.get("/readyz")
    def readyz() -> Response:
        faulty = service.faulty_engines()
        if faulty:
            raise Problem(problems.NOT_READY, "these bundles cannot decide: " + ", ".join(f"`{b}`" for b in faulty))
        return _answer({"status": "ready", "bundles": {b.id: b.digest for b in service.bundles.values()}})

    @app.get("/metrics")
    def counts() -> Response:
        return Response(metrics.text(), content_type=CONTENT_TYPE)


def _answering(service: Service, bundle: str) -> None:
    """From here on the answer is one of this bundle, whatever becomes of the request."""
    g.digest = service.bundle(bundle).digest


def _answer(data: Json, status: int = 200, content_type: str = JSON_TYPE) -> Response:
    return Response(json_bytes(data), status, content_type=content_type)


def _check_media_type() -> None:
    """A Problem unless the body is sent as plain JSON in UTF-8."""
    if request.mimetype != JSON_TYPE:
        sent = f"it is sent as `{request.mimetype}`" if request.mimetype else "its type is not said"
        detail = f"the body must be JSON, and {sent}"
        raise Problem(problems.WRONG_MEDIA_TYPE, detail, f"send the header `Content-Type: {JSON_TYPE}`")
    charset = request.mimetype_params.get("charset", "utf-8").lower()
    if charset not in ("utf-8", "utf8"):
        raise Problem(problems.WRONG_MEDIA_TYPE, f"the body is in `{charset}`, and JSON is UTF-8", "send it as UTF-8")
    if request.content_encoding not in (None, "", "identity"):
        detail = f"the body is packed as `{request.content_encoding}`, which is not read here"
        raise Problem(problems.WRONG_MEDIA_TYPE, detail, "send it as it is")


def _body(most_bytes: int) -> Json:
    """The data of the body, read strictly."""
    _check_media_type()
    if request.query_string:
        help_ = "everything that is asked stands in the body, `as_of` too"
        raise Problem(problems.BAD_REQUEST, "this address takes nothing after a `?`", help_)
    # One byte more is let through, to tell a body that just fits from one that was cut off at the limit.
    request.max_content_length = most_bytes + 1
    try:
        data = request.get_data(cache=False)
    except RequestEntityTooLarge as e:
        raise _too_large(most_bytes) from e
    if len(data) > most_bytes:
        raise _too_large(most_bytes)
    try:
        return read_json(data, most_bytes)
    except RequestError as e:
        raise malformed(e.problems) from e


def _too_large(most_bytes: int) -> Problem:
    help_ = None if most_bytes == MOST_BATCH_BYTES else "many questions at once go to /batch"
    return Problem(problems.TOO_LARGE, f"the body may have {most_bytes} bytes at most", help_)


def _add_errors(app: Flask) -> None:
    @app.errorhandler(Problem)
    def refused(problem: Problem) -> Response:
        return _answer(problem.to_dict(), problem.kind.status, PROBLEM_TYPE)

    @app.errorhandler(HTTPException)
    def refused_by_flask(error: HTTPException) -> Response:
        answer = refused(_problem_of(error))
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            answer.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return answer

    @app.errorhandler(Exception)
    def crashed(error: Exception) -> Response:
        _log.error("%s %s failed", request.method, request.path, exc_info=error)
        return refused(failed())


def _problem_of(error: HTTPException) -> Problem:
    """What Flask itself refuses, as a problem."""
    if isinstance(error, NotFound):
        return Problem(problems.UNKNOWN_PATH, "this address is not known", "/openapi.json lists the addresses")
    if isinstance(error, MethodNotAllowed):
        methods = ", ".join(sorted(error.valid_methods or ()))
        return Problem(problems.WRONG_METHOD, f"this address takes: {methods}", "/openapi.json lists the addresses")
    return Problem(problems.BAD_REQUEST, "the request cannot be read")


def _add_measuring(app: Flask, metrics: Metrics) -> None:
    @app.before_request
    def start() -> None:
        g.started = time.perf_counter()

    @app.after_request
    def finish(answer: Response) -> Response:
        if "digest" in g:
            answer.headers[DIGEST_HEADER] = g.digest
        answer.headers["X-Content-Type-Options"] = "nosniff"
        route = request.url_rule.rule if request.url_rule else "unknown"
        method = request.method if request.method in _METHODS else "other"
        metrics.answered(route, method, answer.status_code, time.perf_counter() - g.started)
        return answer
