"""The Flask application: its addresses, and errors as problems. One function for each address."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import wraps
from typing import Any, Final, TypeVar, cast

from flask import Flask, Request, Response, request
from structlog.contextvars import bind_contextvars
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound
from werkzeug.local import LocalProxy
from werkzeug.routing import MapAdapter

import policyengine
from policyengine.access.gate import Gate
from policyengine.access.scopes import Scope
from policyengine.api_schema.openapi import PROBLEM_TYPE
from policyengine.configuration.settings import CONCURRENCY
from policyengine.decision_log.log import LogSettings
from policyengine.model.bundle import CheckedBundle
from policyengine.web import problems
from policyengine.web.admin import add_admin, only_on_loopback
from policyengine.web.admission import Places
from policyengine.web.answers import answer, response, streamed
from policyengine.web.body import MOST_BATCH_BYTES, MOST_BYTES, BodyRequest, body_of, is_stream, leave_rest, lines_of
from policyengine.web.catalogue import Edition
from policyengine.web.describe import bundle_json, bundles_json
from policyengine.web.engines import Engines, MakeEngine
from policyengine.web.fitness import Fitness
from policyengine.web.guard import CALLER, KEY_ID, finish, guard, knows
from policyengine.web.log_reading import page_body, record_body
from policyengine.web.logbook import RETRY_SECONDS, Logbook, Reply
from policyengine.web.logs import ACCESS, event_log
from policyengine.web.metrics import CONTENT_TYPE, Metrics
from policyengine.web.problems import Problem
from policyengine.web.readiness import add_readiness, status_of
from policyengine.web.request_ids import REQUEST_ID, id_of
from policyengine.web.service import Service, desk_of, failed
from policyengine.web.visits import Visit, require_readable, visit_of
from policyengine.web.worker import Link

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_log = logging.getLogger(__name__)
_access = event_log(ACCESS)
#: Where an application keeps its logbook, for who has to close it.
LOGBOOK: Final = "policyengine.logbook"
_AGAIN: Final = "Idempotent-Replayed"
F = TypeVar("F", bound=Callable[..., Any])


def create_app(  # noqa: PLR0913 - all that an application is made of
    bundles: Mapping[str, CheckedBundle],
    engines: MakeEngine | None = None,
    link: Link | None = None,
    gate: Gate | None = None,
    *,
    own_names_only: bool = False,
    concurrency: int = CONCURRENCY,
    log: LogSettings | None = None,
) -> Flask:
    """The service over these bundles, by id. Create it in the process that serves it: it holds the engines.

    ``engines`` makes them; left out, they are the usual ones, and facts on which they differ are not kept. ``link``
    exchanges the bundles later on; left out, they stay. ``gate`` lets callers in by their keys; left out, everybody may
    ask, or with ``own_names_only`` who asks this machine by a name of its own. ``log`` says how decisions are logged;
    left out, they are not. No more than ``concurrency`` requests are decided at a time.
    """
    metrics = Metrics(concurrency)
    app = _App(metrics)
    book = Logbook(log, metrics.log)
    service = Service(bundles, metrics, engines or Engines(), book)
    status = link.status if link else functools.partial(status_of, service.catalogue)
    metrics.follow(status)
    _add_decisions(app, service, metrics.places)
    _add_descriptions(app, service, keyed=gate is not None)
    _add_health(app, metrics)
    _add_log(app, book, metrics.places)
    may_know = functools.partial(_may_know, gate)
    fitness = Fitness(service.faulty_engines, book.check, gate.is_open if gate else lambda: True)
    is_strict = link is not None and link.requires_current
    add_readiness(app, fitness, status, service.set_aside, may_know, requires_current=is_strict)
    add_admin(app, link, _let_in_already if gate else functools.partial(only_on_loopback, link))
    _add_errors(app, metrics)
    app.extensions[LOGBOOK] = book
    guard(app, gate, own_names_only=own_names_only)
    if link:
        link.follow(service.catalogue, service.edition)
    return app


class _Asked(BodyRequest):
    """A request, its id, when its answering began, and the digest of the bundle that answers it, once that is known."""

    digest: str | None = None
    decisions: tuple[str, ...] = ()

    def __init__(self, environ: dict[str, Any], *rest: Any, **more: Any) -> None:  # noqa: ANN401 - the base class's
        self.started = time.perf_counter()
        super().__init__(environ, *rest, **more)
        self.id = id_of(environ)
        # Whatever is logged until the next request of this thread belongs to this one.
        bind_contextvars(request_id=self.id)


class _App(Flask):
    """Flask, without what it does for every request and this service does not need."""

    request_class = _Asked

    def __init__(self, metrics: Metrics) -> None:
        super().__init__("policyengine.web", static_folder=None)
        self._metrics = metrics
        self._logs_access = logging.getLogger(ACCESS).isEnabledFor(logging.INFO)
        # No address leads to another: a slash too many is a mistake and gets told so.
        self.url_map.merge_slashes = False

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """What finds the function for an address, whatever host it is asked of. Nothing here builds addresses."""
        if request is None:
            return None
        path, method = request.path, request.method
        return MapAdapter(self.url_map, "", "/", "", request.scheme, path, method)

    def ensure_sync(self, func: F) -> F:
        """The function itself: none of ours is asynchronous."""
        return func

    def make_default_options_response(self) -> Response:
        """The answer to OPTIONS: the methods of an address."""
        told = response(b"", content_type="text/plain")
        told.headers["Allow"] = super().make_default_options_response().headers["Allow"]
        return told

    def process_response(self, response: Response) -> Response:
        """Counts and logs the answer. There are no cookies and no sessions to write."""
        asked = _asked()
        leave_rest(asked, response)
        finish(asked, response)
        response.headers[REQUEST_ID] = asked.id
        route = asked.url_rule.rule if asked.url_rule else "unknown"
        method = asked.method if asked.method in _METHODS else "other"
        seconds = time.perf_counter() - asked.started
        self._metrics.answered(route, method, response.status_code, seconds)
        if self._logs_access:
            _tell(asked, response, seconds)
        return response


def _asked() -> _Asked:
    """The request that is being answered."""
    return cast("LocalProxy[_Asked]", request)._get_current_object()  # noqa: SLF001 - public, despite its name


def _tell(asked: _Asked, response: Response, seconds: float) -> None:
    """Logs an answered request; of a batch only the first decision is named, the others follow it in the log."""
    made = asked.decisions
    of_log = {"decision_id": made[0], "decisions": len(made)} if made else {}
    _access.info(
        "answered",
        address=asked.environ.get("REMOTE_ADDR"),
        method=asked.method,
        path=asked.path,
        status=response.status_code,
        ms=round(seconds * 1000, 1),
        caller=asked.environ.get(CALLER),
        key=asked.environ.get(KEY_ID),
        bundle_digest=asked.digest,
        **of_log,
    )


def _holding(places: Places) -> Callable[[F], F]:
    """For a function that answers while it holds a place. Without one, the body is left where it is."""

    def hold(answering: F) -> F:
        @wraps(answering)
        def held(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - those of the function
            _asked().body_is_left = True
            places.take()
            _asked().body_is_left = False
            try:
                told = answering(*arguments, **named)
            except BaseException:
                places.leave()
                raise
            if told.is_streamed:
                told.call_on_close(places.leave)
            else:
                places.leave()
            return told

        return cast("F", held)

    return hold


def _add_decisions(app: Flask, service: Service, places: Places) -> None:
    @app.post("/v1/bundles/<bundle>/decisions/<decision>")
    @_holding(places)
    def decide(bundle: str, decision: str) -> Response:
        asked = _asked()
        visit = visit_of(asked, asked.id)
        with service.take(bundle) as edition:
            asked.digest = edition.bundle.digest
            desk = desk_of(edition, decision)
            return _sent(desk.decide(body_of(asked, MOST_BYTES), visit), asked)

    @app.post("/v1/bundles/<bundle>/decisions/<decision>/batch")
    @_holding(places)
    def batch(bundle: str, decision: str) -> Response:
        asked = _asked()
        visit = visit_of(asked, asked.id)
        if is_stream(asked):
            return _stream(service.take(bundle), decision, asked, visit)
        with service.take(bundle) as edition:
            asked.digest = edition.bundle.digest
            desk = desk_of(edition, decision)
            return _sent(desk.batch(body_of(asked, MOST_BATCH_BYTES), visit), asked)


def _stream(taken: Edition, decision: str, asked: _Asked, visit: Visit) -> Response:
    """The answers to a stream. Its bundle is held until the last of them is made."""
    with ExitStack() as before:
        edition = before.enter_context(taken)
        asked.digest = edition.bundle.digest
        parts = desk_of(edition, decision).stream(lines_of(asked), visit)
        told = streamed(parts, asked.digest)
        told.call_on_close(before.pop_all().close)
        return told


def _sent(reply: Reply, asked: _Asked) -> Response:
    asked.decisions = reply.decisions
    if reply.first is None:
        return response(reply.body, asked.digest)
    # Not the policies of today: those that answered then.
    asked.digest = reply.first.digest
    told = response(reply.body, asked.digest)
    told.headers[_AGAIN] = "true"
    return told


def _may_know(gate: Gate | None) -> bool:
    """Whether who asks may be told how the service stands."""
    return knows(gate, _asked(), Scope.MONITOR)


def _let_in_already(_: Request) -> None:
    """With keys, the guard has let in only who may administer the service."""


def _add_descriptions(app: Flask, service: Service, *, keyed: bool) -> None:
    @app.get("/v1/bundles")
    def bundles() -> Response:
        return answer(bundles_json(service.bundles))

    @app.get("/v1/bundles/<bundle>")
    def bundle(bundle: str) -> Response:
        found = service.bundle(bundle)
        return answer(bundle_json(found), found.digest)

    @app.get("/openapi.json")
    def describe() -> Response:
        return response(service.catalogue.current.document(keyed=keyed))


def _add_log(app: Flask, book: Logbook, places: Places) -> None:
    @app.get("/v1/log/<decision_id>")
    def record(decision_id: str) -> Response:
        require_readable(_asked(), readable=book.readable)
        with places.reading():
            return response(record_body(book.log, decision_id))

    @app.get("/v1/log")
    def records() -> Response:
        require_readable(_asked(), readable=book.readable)
        with places.reading():
            return response(page_body(book.log, _asked().args))


def _add_health(app: Flask, metrics: Metrics) -> None:
    @app.get("/healthz")
    def healthz() -> Response:
        return answer({"status": "ok", "version": policyengine.__version__})

    @app.get("/metrics")
    def counts() -> Response:
        return response(metrics.text(), content_type=CONTENT_TYPE)


def _add_errors(app: Flask, metrics: Metrics) -> None:
    @app.errorhandler(Problem)
    def refused(problem: Problem) -> Response:
        told = answer(problem.to_dict(), _asked().digest, problem.kind.status, PROBLEM_TYPE)
        told.headers.extend(problem.headers)
        if problem.kind is problems.LOG_UNAVAILABLE:
            metrics.log.refused()
            told.headers["Retry-After"] = str(RETRY_SECONDS)
        return told

    @app.errorhandler(HTTPException)
    def refused_by_flask(error: HTTPException) -> Response:
        told = refused(_problem_of(error))
        if isinstance(error, MethodNotAllowed) and error.valid_methods:
            told.headers["Allow"] = ", ".join(sorted(error.valid_methods))
        return told

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
