"""What only who runs the service may do over HTTP: have the bundles loaded anew."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Request, Response, request

from policyengine.api_schema.openapi import PROBLEM_TYPE
from policyengine.web.answers import answer
from policyengine.web.generations import ALLOWED_SKEW, Refused
from policyengine.web.guard import CALLER
from policyengine.web.problems import ADMIN_CLOSED, RELOAD_FAILED, RELOAD_REFUSED, Problem
from policyengine.web.readiness import refusal_json
from policyengine.web.worker import Link

Json = dict[str, Any]
#: Raises a Problem for a request of somebody who may not administer the service.
MayAdminister = Callable[[Request], None]
_DONE: Final = ("changed", "unchanged")


def only_on_loopback(link: Link | None, asked: Request) -> None:
    """Without keys: whoever has a program on this machine may, unless it is a page in a browser."""
    if link is not None and not link.is_local:
        detail = "the service listens to other machines, and does not know who asks"
        raise Problem(ADMIN_CLOSED, detail, "send SIGHUP to its process instead")
    if "Origin" in asked.headers:
        raise Problem(ADMIN_CLOSED, "pages in a browser may not administer the service", "call it from a program")


def add_admin(app: Flask, link: Link | None, check: MayAdminister) -> None:
    """Add ``/v1/admin/reload`` for those whom ``check`` lets pass."""

    @app.post("/v1/admin/reload")
    def reload() -> Response:
        check(request)
        caller = request.environ.get(CALLER)
        return _answer(_reload(link, f"admin call by {caller}" if caller else "admin call"))


def _reload(link: Link | None, why: str) -> Json:
    if link is None:
        raise Problem(RELOAD_FAILED, "the bundles of this service cannot be exchanged", "start it with `serve`")
    try:
        return link.reload(why)
    except (OSError, EOFError) as e:
        raise Problem(RELOAD_FAILED, "the process that reloads bundles does not answer", "start it again") from e


def _answer(outcome: Json) -> Response:
    if outcome["result"] == "failed":
        raise Problem(RELOAD_FAILED, outcome["why"])
    refused = [Refused(**{**r, "first": tuple(r["first"])}) for r in outcome["refused"]]
    told = {**outcome, "refused": [refusal_json(r) for r in refused]}
    if outcome["result"] in _DONE:
        return answer(told)
    problem = _late(outcome) if outcome["late"] else _refused(refused)
    return answer(problem.to_dict() | told, status=problem.kind.status, content_type=PROBLEM_TYPE)


def _late(outcome: Json) -> Problem:
    pids = ", ".join(map(str, outcome["late"]))
    detail = f"these workers have not taken the bundles over within {ALLOWED_SKEW:g} seconds: {pids}"
    return Problem(RELOAD_FAILED, detail, "look at `/readyz`; if they stay behind, start the service again")


def _refused(refused: list[Refused]) -> Problem:
    detail = "; ".join(f"`{r.bundle}`: {r}" for r in refused)
    return Problem(RELOAD_REFUSED, detail, "mend what `refused` names, and reload again")
