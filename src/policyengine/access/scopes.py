"""What a key may be allowed, and the one table of what each address of the service needs."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Final


class Scope(StrEnum):
    """What a key allows. No scope includes another: a key has each of those that it was given."""

    DECIDE = "decide"
    READ_LOG = "read_log"
    MONITOR = "monitor"
    ADMIN = "admin"


#: What each scope is for, as people read it.
MEANINGS: Final[Mapping[Scope, str]] = MappingProxyType(
    {
        Scope.DECIDE: "ask for decisions",
        Scope.READ_LOG: "read the log of decisions",
        Scope.MONITOR: "read counts and times, and the whole of /readyz",
        Scope.ADMIN: "change the running service",
    }
)


class Other(Enum):
    """What an address needs besides scopes."""

    #: Nobody needs a key.
    NOTHING = "nothing"
    #: Any key that is good, whatever its scopes.
    ANY_KEY = "any key"


Need = Scope | Other

#: What each address needs, by method and path. An address that is not here cannot be served.
NEEDS: Final[Mapping[str, Need]] = MappingProxyType(
    {
        "POST /v1/bundles/{bundle}/decisions/{decision}": Scope.DECIDE,
        "POST /v1/bundles/{bundle}/decisions/{decision}/batch": Scope.DECIDE,
        "GET /v1/log": Scope.READ_LOG,
        "GET /v1/log/{decision_id}": Scope.READ_LOG,
        "GET /v1/bundles": Other.ANY_KEY,
        "GET /v1/bundles/{bundle}": Other.ANY_KEY,
        "GET /openapi.json": Other.ANY_KEY,
        "GET /metrics": Scope.MONITOR,
        "GET /healthz": Other.NOTHING,
        # Without a key it says no more than yes or no: names of bundles are for `monitor`.
        "GET /readyz": Other.NOTHING,
    }
)
