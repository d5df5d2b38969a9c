"""The gate: from what a request says of itself to who asks, or to why nobody may."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Final

from policyengine.access.buckets import Buckets
from policyengine.access.key_file import KeyFile, KeyFileError
from policyengine.access.keys import ApiKey, id_of, is_text_of
from policyengine.access.rates import Rate, Taken
from policyengine.access.scopes import Need, Other, Scope

_log = logging.getLogger(__name__)
_BEARER: Final = "bearer"


class Refusal(Enum):
    """Why a request does not come in."""

    NO_KEY = "no key"
    BAD_KEY = "bad key"
    NO_SCOPE = "no scope"
    TOO_OFTEN = "too often"
    NO_KEYS_READABLE = "no keys readable"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the gate says: ``refusal`` None lets the request in.

    ``key`` is known as soon as somebody has proved to hold it, ``taken`` (what is left of its ``rate``) if it has one.
    ``detail`` and ``help`` are sentences for the caller.
    """

    refusal: Refusal | None = None
    key: ApiKey | None = None
    rate: Rate | None = None
    taken: Taken | None = None
    detail: str = ""
    help: str | None = None


def _today() -> date:
    return datetime.now(UTC).date()


class Gate:
    """Lets in who holds a good key from ``keys``, no more often than its rate allows."""

    def __init__(self, keys: KeyFile, buckets: Buckets, today: Callable[[], date] = _today) -> None:
        self._keys, self._buckets, self._today = keys, buckets, today
        self._fault = ""
        self._lock = threading.Lock()

    def check(self, authorization: str | None, need: Need) -> Verdict:
        """Whether a request with this header ``Authorization`` may have what has this need."""
        if need is Other.NOTHING:
            return Verdict()
        try:
            proved = self._holder(authorization)
        except KeyFileError as e:
            self._log_once(str(e))
            return Verdict(Refusal.NO_KEYS_READABLE, detail="the keys cannot be read at the moment")
        if isinstance(proved, Verdict):
            return proved
        if proved.rate is None:
            return _scoped(proved, need, None)
        taken = self._buckets.take(proved.number, proved.rate)
        if not taken.allowed:
            detail = f"this key may ask {proved.rate}"
            return Verdict(Refusal.TOO_OFTEN, proved, proved.rate, taken, detail, "wait as long as `Retry-After` says")
        return _scoped(proved, need, taken)

    def is_open(self) -> bool:
        """Whether anybody can be let in: while the keys cannot be read, nobody is."""
        try:
            self._keys.keys()
        except KeyFileError as e:
            self._log_once(str(e))
            return False
        return True

    def knows(self, authorization: str | None, scope: Scope) -> bool:
        """Whether a request to an open address comes with a key of this scope. It takes nothing from its rate."""
        try:
            proved = self._holder(authorization)
        except KeyFileError as e:
            self._log_once(str(e))
            return False
        return isinstance(proved, ApiKey) and scope in proved.scopes

    def _holder(self, authorization: str | None) -> ApiKey | Verdict:
        """The key that the request proves to hold."""
        help_ = "send the header `Authorization: Bearer` with your key"
        keys = self._keys.keys()
        self._fault = ""
        if not authorization:
            return Verdict(Refusal.NO_KEY, detail="a key is needed here", help=help_)
        kind, _, text = authorization.partition(" ")
        text = text.strip(" ")
        known = keys.get(id_of(text) or "")
        # The text is compared whatever it is, so that the time an answer takes tells nothing.
        if not is_text_of(known, text) or known is None or kind.lower() != _BEARER:
            return Verdict(Refusal.BAD_KEY, detail="this is not a key of this service", help=help_)
        fault = known.fault(self._today())
        if fault is not None:
            detail = f"this key is good no more: {fault}"
            return Verdict(Refusal.BAD_KEY, known, detail=detail, help="ask for a new one")
        return known

    def _log_once(self, fault: str) -> None:
        with self._lock:
            is_new, self._fault = fault != self._fault, fault
        if is_new:
            _log.error("nobody is let in: %s", fault)


def _scoped(key: ApiKey, need: Need, taken: Taken | None) -> Verdict:
    if isinstance(need, Scope) and need not in key.scopes:
        detail = f"this key lacks the scope `{need}`"
        return Verdict(Refusal.NO_SCOPE, key, key.rate, taken, detail, f"ask for a key with the scope `{need}`")
    return Verdict(None, key, key.rate, taken)
