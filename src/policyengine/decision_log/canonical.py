"""JSON with exact numbers: the same data gives the same bytes, and reading them gives the same data."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import orjson

from policyengine.engine.json_reader import read_json_carefully

Json = object
#: A JSON text that is put into another one as it is.
Fragment = orjson.Fragment

_STRICT: Final = orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS
# An entry holds the facts of a request, which may be 50 deep, and more around them.
_DEPTH: Final = 100


def canonical(data: Json, *, sort_keys: bool = False) -> bytes:
    """The JSON text of the data, without blanks. Decimals are numbers, with all their digits.

    Keys stay in their order, unless they are sorted: then data that mean the same have the same text.
    """
    option = _STRICT | orjson.OPT_SORT_KEYS if sort_keys else _STRICT
    try:
        return orjson.dumps(data, default=_exact, option=option)
    except orjson.JSONEncodeError:
        # Whole numbers beyond 64 bits are refused without asking what else to do.
        return orjson.dumps(_with_texts(data), default=_exact, option=option)


def indented(data: Json) -> str:
    """The same for people, over several lines."""
    return orjson.dumps(_with_texts(data), default=_exact, option=_STRICT | orjson.OPT_INDENT_2).decode()


def read(text: str | bytes) -> dict[str, Json]:
    """The data of an entry: the strict reader's exact numbers, so that :func:`canonical` gives the same text again."""
    data = read_json_carefully(text.encode() if isinstance(text, str) else text, _DEPTH)
    if not isinstance(data, dict):
        raise TypeError("an entry of the log is a JSON object")
    return data


def _exact(value: object) -> object:
    if isinstance(value, Decimal):
        return Fragment(str(value))
    if isinstance(value, dict):
        return dict(value)
    raise TypeError(f"no JSON for {type(value).__name__}")


def _with_texts(data: Json) -> Json:
    """The data, with every whole number as the text it has in JSON."""
    if isinstance(data, dict):
        return {key: _with_texts(value) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [_with_texts(value) for value in data]
    return Fragment(str(data)) if isinstance(data, int) and not isinstance(data, bool) else data
