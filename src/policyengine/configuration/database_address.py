"""Addresses of databases as they are shown to people: without a password, however it is written."""

from __future__ import annotations

import re
from typing import Final

#: What may be shown of an address after its ``?``. Whatever else stands there may be a secret.
SHOWN: Final = frozenset({
    "application_name", "channel_binding", "connect_timeout", "database", "dbname", "host", "hostaddr", "keepalives",
    "keepalives_count", "keepalives_idle", "keepalives_interval", "mode", "options", "port", "require_auth",
    "sslcert", "sslkey", "sslmode", "sslrootcert", "target_session_attrs", "tcp_user_timeout", "user",
})  # fmt: skip
_SECRET: Final = frozenset({"password", "passfile", "sslpassword", "oauth_client_secret"})
HIDDEN: Final = "***"
# An address, also one with slashes too few or without its first word: then it is taken for a file, and is still shown
# without its password.
_BEGINNING: Final = re.compile(r"[^:/]*://|\s*postgres[a-z+0-9]*:/*|(?=[^@]*:.*@)", re.IGNORECASE | re.DOTALL)
# What a person writes who takes the setting for a list of words, as PostgreSQL's own clients do.
_WORDS: Final = re.compile(r"(?:pass|secret)\w*\s*=", re.IGNORECASE)
# Those of several hosts, with commas between them.
_PORTS: Final = re.compile(r"[0-9]*(,[^:/?]*:[0-9]*)*(?=[/?]|$)")
_PARTS: Final = re.compile(r"[?&;]")


def shown_address(address: str) -> str:
    """The address with ``***`` for every part that is, or may be, a secret; a path of a file as it is.

    A password may hold any sign, also those that it should not: what stands between the first ``:`` and the last ``@``
    is taken for one. Rather too much is hidden than too little.
    """
    begins = _BEGINNING.match(address)
    hidden = _words(address)
    if begins is not None:
        start = begins.end()
        hidden += [*_password(address, start), *_no_port(address, start), *_secrets(address, start)]
    return _without(address, sorted(hidden))


def _words(address: str) -> list[tuple[int, int]]:
    """Where a password may stand in a list of words; it goes on to the end, because it may hold blanks."""
    found = _WORDS.search(address.partition("?")[0])
    return [(found.end(), len(address))] if found else []


def _password(address: str, start: int) -> list[tuple[int, int]]:
    """Where the password of ``USER:PASSWORD@HOST`` may stand."""
    colon, at = address.find(":", start), address.rfind("@")
    return [(colon + 1, at)] if -1 < colon < at else []


def _no_port(address: str, start: int) -> list[tuple[int, int]]:
    """What stands where ports should, and is none: a password after which the ``@HOST`` was forgotten."""
    host = max(start, address.rfind("@") + 1)
    colon, slash = address.find(":", host), address.find("/", host)
    if address.startswith("[", host) or colon == -1 or -1 < slash < colon:
        return []
    return [] if _PORTS.match(address, colon + 1) else [(colon + 1, len(address))]


def _secrets(address: str, start: int) -> list[tuple[int, int]]:
    """Where secrets may stand after the ``?``."""
    asks = address.find("?", start)
    if asks == -1:
        return []
    begins = [found.end() for found in _PARTS.finditer(address, asks)]
    places = []
    for begin, following in zip(begins, [*begins[1:], len(address) + 1], strict=True):
        end = following - 1
        name, equals, _ = address[begin:end].partition("=")
        if name not in SHOWN:
            # What has no name that is known may be the rest of a value that has such a sign in it.
            places.append((begin + len(name + equals) if name in _SECRET and equals else begin, end))
    return places


def _without(address: str, places: list[tuple[int, int]]) -> str:
    told: list[str] = []
    shown_to = 0
    for begin, end in places:
        if begin > shown_to or not told:
            told += [address[shown_to:begin], HIDDEN]
        shown_to = max(shown_to, end)
    return "".join([*told, address[shown_to:]])
