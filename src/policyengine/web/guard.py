"""The guard before every address: who asks is let in by key, or told why not.

Without keys everybody is let in, or only who asks this machine by a name of its own. Who was let in is told to the rest
of the service in the environment of the request.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

from flask import Flask, Request, Response, request

from policyengine.access.addresses import is_own_name
from policyengine.access.buckets import Buckets
from policyengine.access.gate import Gate, Refusal, Verdict
from policyengine.access.key_file import KeyFile
from policyengine.access.scopes import NEEDS, Need, Scope
from policyengine.engine.pointers import shown
from policyengine.web import problems
from policyengine.web.problems import Problem
from policyengine.web.refusals import Refusals

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
class Guarding:
    """How the addresses of one server are guarded: told to the workers, each of which makes what it needs of it.

    ``keys`` is the file of keys, None where everybody may ask; ``buckets`` the one that the workers share for their
    rates; ``own_names_only`` refuses, without keys, what is asked under the name of another machine.
    """

    keys: Path | None
    buckets: Path
    own_names_only: bool

    def gate(self) -> Gate | None:
        """The gate, in the process that is to use it."""
        return None if self.keys is None else Gate(KeyFile(self.keys), Buckets(self.buckets))


def guard(app: Flask, gate: Gate | None, *, own_names_only: bool = False) -> None:
    """Put the guard before every address of ``app``. Raises LookupError if what one of them needs is not said."""
    needs = _needs_of(app)
    if gate is not None:
        app.before_request(partial(_ask_for_key, gate, needs, Refusals()))
    elif own_names_only:
        app.before_request(_refuse_foreign_names)


def _ask_for_key(gate: Gate, needs: Mapping[tuple[str, str], Need], refusals: Refusals) -> None:
    """Let in who holds a key that allows what is asked; a Problem for who does not."""
    rule = request.url_rule
    # An address that is not there needs no key: the answer to it tells nothing.
    if rule is None or request.method == _ALWAYS_OPEN:
        return
    need = needs["GET" if request.method == "HEAD" else request.method, rule.rule]
    verdict = gate.check(request.environ.get("HTTP_AUTHORIZATION"), need)
    _note(request, verdict, need)
    if verdict.refusal is not None:
        refusals.tell(verdict, request.environ.get("REMOTE_ADDR"))
        raise Problem(_KINDS[verdict.refusal], verdict.detail, verdict.help)


def _refuse_foreign_names() -> None:
    """A Problem for a request that a browser of this machine may have sent for a page of a stranger."""
    host = request.environ.get("HTTP_HOST", "")
    if host and not _is_own_name(host):
        detail = f"without keys only programs of the same machine may ask, and this was asked of {shown(host)}"
        raise Problem(problems.FOREIGN_NAME, detail, "ask 127.0.0.1, or start the service with `--keys` or `--no-keys`")


_is_own_name = lru_cache(maxsize=64)(is_own_name)


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


def _note(asked: Request, verdict: Verdict, need: Need) -> None:
    """Leave in the environment of the request who asks, and the headers of the answer."""
    if verdict.key is not None:
        asked.environ[CALLER] = verdict.key.holder
        asked.environ[KEY_ID] = verdict.key.id
    more = _challenge(verdict, need) + _budget(verdict)
    if more:
        asked.environ[_MORE] = more


def _challenge(verdict: Verdict, need: Need) -> list[tuple[str, str]]:
    """How to ask with a key (RFC 6750), for who asks without a good one."""
    match verdict.refusal:
        case Refusal.NO_KEY:
            return [("WWW-Authenticate", _REALM)]
        case Refusal.BAD_KEY:
            return [("WWW-Authenticate", f'{_REALM}, error="invalid_token"')]
        case Refusal.NO_SCOPE:
            return [("WWW-Authenticate", f'{_REALM}, error="insufficient_scope", scope="{need}"')]
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
