"""Errors as answers: RFC 9457 problem details."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from policyengine.errors import FactProblem

Json = object


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """A kind of problem. ``name`` is the end of its URN and never changes its meaning."""

    name: str
    status: int
    title: str

    @property
    def uri(self) -> str:
        """What stands under ``type``."""
        return f"urn:policyengine:problem:{self.name}"


NO_KEY = ProblemKind("no-key", 401, "A key is needed")
NO_SCOPE = ProblemKind("no-scope", 403, "The key does not allow this")
UNKNOWN_PATH = ProblemKind("unknown-path", 404, "There is nothing at this address")
UNKNOWN_BUNDLE = ProblemKind("unknown-bundle", 404, "There is no such bundle")
UNKNOWN_DECISION = ProblemKind("unknown-decision", 404, "There is no such decision")
WRONG_METHOD = ProblemKind("wrong-method", 405, "This address does not take this method")
TOO_LARGE = ProblemKind("too-large", 413, "The request is too large")
WRONG_MEDIA_TYPE = ProblemKind("wrong-content-type", 415, "The body is not sent as JSON")
MALFORMED_JSON = ProblemKind("malformed-json", 400, "The body cannot be read as JSON")
BAD_REQUEST = ProblemKind("bad-request", 400, "The request cannot be read")
FOREIGN_NAME = ProblemKind("foreign-name", 421, "The service was asked under a name that is not its own")
UNUSABLE = ProblemKind("unusable-request", 422, "The request cannot be used")
TOO_OFTEN = ProblemKind("too-often", 429, "The key asks more often than it may")
INTERNAL = ProblemKind("internal-error", 500, "The service failed")
NOT_READY = ProblemKind("not-ready", 503, "The service cannot decide at the moment")
LOG_UNAVAILABLE = ProblemKind("log-unavailable", 503, "The decision cannot be logged at the moment")
KEY_WAS_REUSED = ProblemKind("idempotency-key-reused", 422, "The key belongs to another request")
FIRST_ANSWER_CHANGED = ProblemKind("first-answer-changed", 500, "The log does not hold what was answered")
UNKNOWN_RECORD = ProblemKind("unknown-record", 404, "There is no such decision in the log")
LOG_NOT_READABLE = ProblemKind("log-not-readable", 403, "The log cannot be read here")
NO_KEYS_READABLE = ProblemKind("no-keys-readable", 503, "Keys cannot be checked at the moment")
ADMIN_CLOSED = ProblemKind("admin-closed", 403, "The service may not be administered from here")
RELOAD_REFUSED = ProblemKind("reload-refused", 422, "Bundles were refused; what was in service of them stays")
RELOAD_FAILED = ProblemKind("reload-failed", 503, "The reload came to no end")
OVERLOADED = ProblemKind("overloaded", 503, "The service has more to decide than it can at a time")

KINDS = (
    NO_KEY,
    NO_SCOPE,
    UNKNOWN_PATH,
    UNKNOWN_BUNDLE,
    UNKNOWN_DECISION,
    WRONG_METHOD,
    TOO_LARGE,
    WRONG_MEDIA_TYPE,
    MALFORMED_JSON,
    BAD_REQUEST,
    FOREIGN_NAME,
    UNUSABLE,
    TOO_OFTEN,
    INTERNAL,
    NOT_READY,
    LOG_UNAVAILABLE,
    KEY_WAS_REUSED,
    FIRST_ANSWER_CHANGED,
    UNKNOWN_RECORD,
    LOG_NOT_READABLE,
    NO_KEYS_READABLE,
    ADMIN_CLOSED,
    RELOAD_REFUSED,
    RELOAD_FAILED,
    OVERLOADED,
)


@dataclass(eq=False)
class Problem(Exception):  # noqa: N818 - RFC 9457 calls it a problem
    """A request that gets no decision. ``errors`` lists its faults with pointers into the body.

    ``headers`` are those of the answer, besides the usual ones; ``more`` are members besides the usual ones.
    """

    kind: ProblemKind
    detail: str
    help: str | None = None
    errors: Sequence[FactProblem] = field(default=())
    headers: Sequence[tuple[str, str]] = field(default=())
    more: Mapping[str, Json] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Json]:
        """The wire form; ``help`` and ``errors`` only where there are some."""
        out: dict[str, Json] = {"type": self.kind.uri, "title": self.kind.title, "status": self.kind.status}
        out["detail"] = self.detail
        if self.help:
            out["help"] = self.help
        if self.errors:
            out["errors"] = [e.to_dict() for e in self.errors]
        return {**out, **self.more}


def unusable(errors: Sequence[FactProblem]) -> Problem:
    """A request with these faults in it."""
    detail = errors[0].detail if len(errors) == 1 else f"{len(errors)} things are wrong with the request"
    return Problem(UNUSABLE, detail, errors=errors)


def malformed(errors: Sequence[FactProblem]) -> Problem:
    """A body that is not JSON, or not JSON with one meaning only."""
    detail = errors[0].detail if len(errors) == 1 else f"{len(errors)} places of the body cannot be read"
    return Problem(MALFORMED_JSON, detail, errors=errors)
