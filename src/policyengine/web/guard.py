"""The guard before every address: who asks is let in by key, or told why not.

Without keys everybody is let in. Who was let in is told to the rest of the service in the environment of the request.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from flask import Flask, Request, Response, request

from policyengine.access.buckets import Buckets
from policyengine.access.gate import Gate, Refusal, Verdict
from policyengine.access.key_file import KeyFile
from policyengine.access.scopes import NEEDS, Need, Scope
from policyengine.web import problems
from policyengine.web.problems import Problem

#: Where the name of who asks stands in the environment of a request, and the id of the key. Not there without keys.
CALLER: Final = "policyengine.caller"
KEY_ID: Final = "policyengine.key"
# Headers for the answer to this request: a list of name and value.
_MORE: Final = "policyengine.headers"
_REALM: Final = 'Bearer realm="policyengine"'
_KINDS: Final = {
    Refusal.NO_KEY: problems.NO_KEY,
    Refusal.BAD_KEY: problems.NO_KEY,
    Refusal.NO_SCOPE: problems.NO_SCOPE,
    Refusal.TOO_OFTEN: problems.TOO_OFTEN,
    Refusal.NO_KEYS_READABLE: problems.NO_KEYS_READABLE,
}
_SECOND: Final = 1_000_000_000
# An answer to OPTIONS names the methods of an address, which the documentation does too.
_ALWAYS_OPEN: Final = "OPTIONS"


@dataclass(frozen=True, slots=True)
class KeyPlaces:
    """What the workers of one server share: the file of keys, and the one of the buckets that their rates empty."""

    keys: Path
    buckets: Path

    def gate(self) -> Gate:
        """The gate, in the process that is to use it."""
        return Gate(KeyFile(self.keys), Buckets(self.buckets))


def guard(app: Flask, gate: Gate | None) -> None:
    """Put the guard before every address of ``app``. Raises LookupError if what one of them needs is not said."""
    needs = _needs_of(app)
    if gate is None:
        return

    @app.before_request
    def let_in() -> None:
        rule = request.url_rule
        # An address that is not there needs no key: the answer to it tells nothing.
        if rule is None or request.method == _ALWAYS_OPEN:
            return
        method = "GET" if request.method == "HEAD" else request.method
        verdict = gate.check(request.environ.get("HTTP_AUTHORIZATION"), needs[method, rule.rule])
        _note(request, verdict)
        if verdict.refusal is not None:
            raise Problem(_KINDS[verdict.refusal], verdict.detail, verdict.help)


def knows(gate: Gate | None, asked: Request, scope: Scope) -> bool:
    """Whether a request to an open address may be told what needs this scope; without keys everybody may."""
    return gate is None or gate.knows(asked.environ.get("HTTP_AUTHORIZATION"), scope)


def finish(asked: Request, response: Response) -> None:
    """Give the answer the headers that the guard has for it."""
    more = asked.environ.get(_MORE)
    if more is not None:
        response.headers.extend(more)


def _needs_of(app: Flask) -> dict[tuple[str, str], Need]:
    """What each method and address of the application needs, by how Flask writes the address."""
    needs: dict[tuple[str, str], Need] = {}
    for rule in app.url_map.iter_rules():
        path = rule.rule.replace("<", "{").replace(">", "}")
        for method in (rule.methods or set()) - {"HEAD", _ALWAYS_OPEN}:
            needs[method, rule.rule] = NEEDS[f"{method} {path}"]
    return needs


def _note(asked: Request, verdict: Verdict) -> None:
    """Leave in the environment of the request who asks, and the headers of the answer."""
    if verdict.key is not None:
        asked.environ[CALLER] = verdict.key.holder
        asked.environ[KEY_ID] = verdict.key.id
    more = _challenge(verdict) + _budget(verdict)
    if more:
        asked.environ[_MORE] = more


def _challenge(verdict: Verdict) -> list[tuple[str, str]]:
    """How to ask with a key (RFC 6750), for who asks without a good one."""
    match verdict.refusal:
        case Refusal.NO_KEY:
            return [("WWW-Authenticate", _REALM)]
        case Refusal.BAD_KEY:
            return [("WWW-Authenticate", f'{_REALM}, error="invalid_token"')]
        case Refusal.NO_SCOPE:
            return [("WWW-Authenticate", f'{_REALM}, error="insufficient_scope"')]
        case _:
            return []


def _budget(verdict: Verdict) -> list[tuple[str, str]]:
    """What is left of the rate, as the IETF's draft on RateLimit headers writes it; and when to come again."""
    rate, taken = verdict.rate, verdict.taken
    if rate is None or taken is None:
        return []
    wait = -(-taken.wait // _SECOND)
    left = [
        ("RateLimit-Policy", f'"key";q={rate.count};w={rate.seconds}'),
        ("RateLimit", f'"key";r={taken.left};t={wait}'),
    ]
    return left if taken.allowed else [*left, ("Retry-After", str(wait))]
