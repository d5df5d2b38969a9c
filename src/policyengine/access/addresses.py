"""Which addresses only programs of the same machine can reach, and by which names they do."""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address
from typing import Final

_LOCALHOST: Final = "localhost"
_PORT: Final = re.compile(r":[0-9]{1,5}$")


def is_loopback(address: str) -> bool:
    """Whether the IP address (of either kind; not a name) is reached from its own machine only."""
    ip = ip_address(address)
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        return ip.ipv4_mapped.is_loopback
    return ip.is_loopback


def is_own_name(host: str) -> bool:
    """Whether the header ``Host`` (a name or an address, perhaps with a port) is how a machine calls itself.

    A web page can have its own name lead to this machine, and have the browser ask under it: such a request comes from
    this machine, but from a stranger.
    """
    name = _PORT.sub("", host).lower().rstrip(".")
    if name == _LOCALHOST or name.endswith(f".{_LOCALHOST}"):
        return True
    try:
        return is_loopback(name.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
