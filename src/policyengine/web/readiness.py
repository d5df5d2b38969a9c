"""Whether the service is ready, and which bundles it serves: what a load balancer and an operator ask.

A service that serves an old bundle because the new one was refused can decide, and is ready; but it says so, and why.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from flask import Flask, Response

from policyengine.web.answers import answer
from policyengine.web.catalogue import Catalogue
from policyengine.web.fitness import Fitness, Found, LogState
from policyengine.web.generations import ALLOWED_SKEW, Refused, Released, Status, now_text
from policyengine.web.logbook import unavailable
from policyengine.web.problems import NO_KEYS_READABLE, NOT_READY, Problem

Json = dict[str, Any]
_STARTED: Final = now_text()


def add_readiness(  # noqa: PLR0913 - all who are asked
    app: Flask,
    fitness: Fitness,
    status: Callable[[], Status],
    set_aside: Callable[[], list[str]],
    may_know: Callable[[], bool],
    *,
    requires_current: bool,
) -> None:
    """Add ``/readyz``. With ``requires_current`` a service that refused an update is not ready.

    ``set_aside`` names decisions without their engine.

    Whom ``may_know`` does not let know more is only told yes or no, and of what kind the problem is.
    """

    @app.get("/readyz")
    def readyz() -> Response:
        knows, stands, tried = may_know(), status(), fitness.lately()
        try:
            _refuse_if_unfit(tried, stands, requires_current=requires_current)
        except Problem as problem:
            if knows:
                problem.more = {"service": readiness_json(stands)}
                raise
            raise Problem(problem.kind, "not ready") from None
        unlogged = {"log": "unavailable"} if tried.log is LogState.MISSED else {}
        aside = set_aside()
        told = readiness_json(stands) | unlogged | ({"set_aside": aside} if aside else {})
        return answer(told if knows else {"status": "ready"})


def _refuse_if_unfit(tried: Found, stands: Status, *, requires_current: bool) -> None:
    if tried.faulty:
        raise Problem(NOT_READY, "these bundles cannot decide: " + ", ".join(f"`{b}`" for b in tried.faulty))
    if tried.log is LogState.NEEDED:
        raise unavailable()
    if not tried.reads_keys:
        raise Problem(NO_KEYS_READABLE, "the keys cannot be read at the moment, and nobody is let in")
    late = stands.late(time.time())
    if late:
        pids = ", ".join(map(str, late))
        detail = f"these workers serve an old generation for more than {ALLOWED_SKEW:g} seconds: {pids}"
        raise Problem(NOT_READY, detail, "start the service again")
    if requires_current and not stands.is_current():
        raise Problem(NOT_READY, _outdated(stands), "mend the bundle, and reload")


def _outdated(stands: Status) -> str:
    if stands.failed:
        return stands.failed
    return "; ".join(f"`{r.bundle}` was refused, and {_stays(r)}: {r}" for r in stands.refused)


def _stays(refused: Refused) -> str:
    """What is in service of a bundle that was refused."""
    if refused.serving is None:
        return "is not in service"
    return f"{refused.serving['version']} with digest {refused.serving['digest']} stays in service"


def readiness_json(stands: Status) -> Json:
    """How things stand, as ``/readyz`` tells it."""
    told: Json = {
        "status": "ready" if stands.is_current() else "outdated",
        "generation": stands.generation,
        "bundles": {b.id: b.identity() | {"since": b.since, "source": b.source} for b in stands.bundles},
        "refused": [refusal_json(refused) for refused in stands.refused],
        "reloads": dict(sorted(stands.reloads.items())),
        "workers": [{"pid": pid, "generation": number} for pid, number in sorted(stands.workers.items())],
        "skew": {"allowed_seconds": ALLOWED_SKEW, "last_seconds": stands.skew, "exceeded": False},
    }
    return told | ({"failed": stands.failed} if stands.failed else {})


def refusal_json(refused: Refused) -> Json:
    """What was refused, as it is told: with its first faults, their places and what to do about them."""
    return {
        "bundle": refused.bundle,
        "source": refused.source,
        "serving": refused.serving,
        "since": refused.since,
        "times": refused.times,
        "faults": refused.faults,
        "first": [fault_json(fault) for fault in refused.first],
    }


def fault_json(fault: Mapping[str, Any]) -> Json:
    """A fault in short."""
    place = f"{fault['file']}:{fault['line']}:{fault['column']}"
    return {"code": fault["code"], "at": place, "message": fault["message"], "help": fault["help"]}


def status_of(catalogue: Catalogue) -> Status:
    """How things stand in a service of one process, whose bundles are never exchanged."""
    bundles = catalogue.current.bundles.values()
    released = tuple(Released(b.id, b.version, b.digest, "", "", _STARTED) for b in bundles)
    number = catalogue.current.number
    return Status(number, time.time(), released, workers={os.getpid(): number})
