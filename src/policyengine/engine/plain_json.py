"""Reading plain JSON text quickly, and being sure that it is plain.

orjson reads several times faster than the standard library, but it keeps the last of two equal keys in silence, and
numbers that are no whole numbers of 64 bits become binary floating point. Both can be seen in what it gives:

* A number that it could not hold exactly is a ``float``.
* Each key of an object is followed by a colon. Keys that are given twice leave fewer keys than there are colons.

Where either is seen, or a text is refused, nothing is said here: :mod:`~policyengine.engine.json_reader` reads it
again, and is the definition.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import orjson

_LEAVES: Final = frozenset((str, int, bool, type(None)))
Container = dict[str, object] | list[object]


def read_plain_json(data: bytes, max_depth: int) -> Container | None:
    """The object or list of a JSON text, just as the definition reads it; None where that is not sure."""
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return None
    if type(value) is not dict and type(value) is not list:
        return None
    found = _containers(value, max_depth)
    return value if found is not None and _no_key_was_lost(data, found) else None


def _containers(value: Container, max_depth: int) -> list[Container] | None:
    """The value and all objects and lists in it, outer ones first; None if it holds a float or is too deep."""
    found, level = [value], [value]
    while level:
        max_depth -= 1
        if max_depth < 0:
            return None
        inner: list[Container] = []
        for one in level:
            for item in one.values() if type(one) is dict else one:
                if type(item) not in _LEAVES:
                    if type(item) is float:
                        return None
                    inner.append(item)  # type: ignore[arg-type]  # what is no leaf and no float is a container
        found += inner
        level = inner
    return found


def _no_key_was_lost(data: bytes, found: list[Container]) -> bool:
    """Whether the text has no more colons than are accounted for.

    There are at least as many colons as keys were written, so where there are just as many as keys were kept, all were
    kept. Colons inside of texts count as well, as long as nothing is escaped and texts are what was written.
    """
    colons = data.count(b":")
    objects = [one for one in found if type(one) is dict]
    keys = sum(map(len, objects))
    if keys == colons:
        return True
    return b"\\" not in data and keys + sum(_colons(one) for one in found) == colons


def _colons(value: Container) -> int:
    """The colons in the texts of an object or a list, keys included."""
    texts: Iterable[object] = (*value, *value.values()) if type(value) is dict else value
    return sum(text.count(":") for text in texts if type(text) is str)
