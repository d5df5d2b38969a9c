"""Keys as plain data, as the file of keys holds them, and back. Whatever does not fit raises ValueError or the like."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, Final

from policyengine.access.buckets import MOST_KEYS
from policyengine.access.keys import ApiKey
from policyengine.access.rates import Rate, read_rate
from policyengine.access.scopes import Scope

Json = Any  # what the standard library's reader of JSON gives
_FORM: Final = 1
_HASH_LENGTH: Final = 64


def to_data(keys: Iterable[ApiKey]) -> Json:
    """The content of a file that holds these keys."""
    return {"form": _FORM, "keys": [_record(key) for key in keys]}


def from_data(data: Json) -> list[ApiKey]:
    """The keys that such a content tells of."""
    if set(data) != {"form", "keys"} or data["form"] != _FORM:
        raise ValueError("this is no file of keys of a form that is known")
    keys = [_key(record) for record in data["keys"]]
    if len({k.id for k in keys}) < len(keys) or len({k.number for k in keys}) < len(keys):
        raise ValueError("two keys have the same id or number")
    return keys


def _record(key: ApiKey) -> Json:
    return {
        "id": key.id,
        "number": key.number,
        "holder": key.holder,
        "scopes": [scope.value for scope in Scope if scope in key.scopes],
        "sha256": key.sha256,
        "rate": f"{key.rate.count}/{key.rate.period}" if key.rate else None,
        "burst": key.rate.burst if key.rate else None,
        "created": _written(key.created),
        "expires": key.expires.isoformat() if key.expires else None,
        "revoked": _written(key.revoked) if key.revoked else None,
    }


def _key(record: Json) -> ApiKey:
    key = ApiKey(
        id=str(record["id"]),
        number=int(record["number"]),
        holder=str(record["holder"]),
        scopes=frozenset(Scope(name) for name in record["scopes"]),
        sha256=str(record["sha256"]),
        created=_moment(record["created"]),
        rate=_rate(record),
        expires=None if record["expires"] is None else date.fromisoformat(record["expires"]),
        revoked=None if record["revoked"] is None else _moment(record["revoked"]),
    )
    if len(key.sha256) != _HASH_LENGTH or key.number not in range(MOST_KEYS):
        raise ValueError("a hash or a number is none")
    if _record(key) != record:
        raise ValueError("a record says more or less than a key has")
    return key


def _rate(record: Json) -> Rate | None:
    return None if record["rate"] is None else read_rate(record["rate"], record["burst"])


def _written(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
