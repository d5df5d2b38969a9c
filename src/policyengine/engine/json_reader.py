"""Reading JSON text strictly: one meaning or none.

Numbers are exact (``int`` or ``Decimal``). Refused, with a place: duplicate keys, ``NaN`` and
``Infinity``, numbers of absurd size, text that is not Unicode, nesting too deep, bodies too large.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from policyengine.engine.plain_json import read_plain_json
from policyengine.engine.pointers import step_into
from policyengine.errors import FactProblem, RequestError

#: Digits of a number and powers of ten it may span. More is no price and no quantity.
MOST_DIGITS: Final = 100
DEFAULT_DEPTH: Final = 50
CODE: Final = "request/json"

# Possessive, and happy with a string that never ends: the time is linear whatever is sent.
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")
_MAYBE_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def read_json(data: bytes, max_bytes: int, max_depth: int = DEFAULT_DEPTH) -> object:
    """The data of a UTF-8 JSON text: dict, list, str, int, Decimal, bool or None.

    Raises :class:`~policyengine.errors.RequestError` with problems of code ``request/json``.
    """
    if len(data) > max_bytes:
        raise _refused(f"the request is larger than {max_bytes} bytes")
    plain = read_plain_json(data, max_depth)
    return read_json_carefully(data, max_depth) if plain is None else plain


def read_json_carefully(data: bytes, max_depth: int = DEFAULT_DEPTH) -> object:
    """The definition of how a text is read, which finds the place of every fault."""
    text = _decoded(data)
    if text.count("[") + text.count("{") > max_depth and _depth(text) > max_depth:
        raise _refused(f"objects and lists are nested more than {max_depth} deep")
    reader = _Reader()
    value = reader.read(text)
    if reader.suspicious or _MAYBE_SURROGATE.search(text):
        problems = tuple(_faults(value))
        if problems:
            raise RequestError(problems)
    return value


def _refused(detail: str, help_: str | None = None) -> RequestError:
    return RequestError([FactProblem("", CODE, detail, help_)])


def _decoded(data: bytes) -> str:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as e:
        raise _refused(f"this is not UTF-8 text: byte {e.start + 1} cannot be read") from e
    if text.startswith("\ufeff"):
        raise _refused("the text starts with a byte order mark", "send plain UTF-8")
    return text


def _depth(text: str) -> int:
    """How deep brackets nest, looked at without recursion. Exact up to the first fault of the text."""
    depth = deepest = 0
    for bracket in _BRACKET.finditer(_STRING.sub("", text)):
        depth += 1 if bracket.group() in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


class _Refused:
    """Stands where a value cannot be used, until the walk over the data tells its place."""

    __slots__ = ("detail",)

    def __init__(self, detail: str) -> None:
        self.detail = detail


class _Object(dict[str, object]):
    """An object in which keys were given twice."""

    twice: tuple[str, ...] = ()


class _Reader:
    """The standard library's parser with strict hooks; ``suspicious`` is set when a hook met something."""

    def __init__(self) -> None:
        self.suspicious = False

    def read(self, text: str) -> object:
        try:
            return json.loads(
                text,
                object_pairs_hook=self._object,
                parse_int=self._integer,
                parse_float=self._decimal,
                parse_constant=self._constant,
            )
        except json.JSONDecodeError as e:
            what = e.msg[:1].lower() + e.msg[1:]
            raise _refused(f"cannot read this as JSON at line {e.lineno}, column {e.colno}: {what}") from e

    def _object(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        made = dict(pairs)
        if len(made) == len(pairs):
            return made
        self.suspicious = True
        seen: set[str] = set()
        twice = dict.fromkeys(k for k, _ in pairs if k in seen or seen.add(k))  # type: ignore[func-returns-value]
        out = _Object(made)
        out.twice = tuple(twice)
        return out

    def _integer(self, text: str) -> object:
        return int(text) if len(text) <= MOST_DIGITS else self._refuse("this number has too many digits")

    def _decimal(self, text: str) -> object:
        if len(text) > MOST_DIGITS:
            return self._refuse("this number has too many digits")
        power = int(re.split("[eE]", text)[1]) if "e" in text.lower() else 0
        if abs(power) > MOST_DIGITS:
            return self._refuse("the exponent of this number is too large")
        return Decimal(text)

    def _constant(self, text: str) -> object:
        return self._refuse(f"`{text}` is not a number")

    def _refuse(self, detail: str) -> _Refused:
        self.suspicious = True
        return _Refused(detail)


def _faults(value: object) -> Iterator[FactProblem]:
    """Every unusable place of the data, in order of writing."""
    stack: list[tuple[str, object]] = [("", value)]
    while stack:
        pointer, item = stack.pop()
        if isinstance(item, _Refused):
            yield FactProblem(pointer, CODE, item.detail)
        elif isinstance(item, str) and not _is_unicode(item):
            yield FactProblem(pointer, CODE, "this text has half of a surrogate pair, which is no character")
        elif isinstance(item, dict):
            yield from _key_faults(pointer, item)
            stack += [(step_into(pointer, _printable(k)), v) for k, v in reversed(item.items())]
        elif isinstance(item, list):
            stack += [(step_into(pointer, i), v) for i, v in reversed(list(enumerate(item)))]


def _key_faults(pointer: str, item: dict[str, object]) -> Iterator[FactProblem]:
    for key in item.twice if isinstance(item, _Object) else ():
        shown = _printable(key)
        yield FactProblem(step_into(pointer, shown), CODE, f"`{shown}` is given twice")
    for key in item:
        if not _is_unicode(key):
            shown = _printable(key)
            yield FactProblem(step_into(pointer, shown), CODE, f"the key `{shown}` has half of a surrogate pair")


def _is_unicode(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _printable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
