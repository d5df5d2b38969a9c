"""Whether plain data fits a schema, and nothing more: the quick yes for documents that are well.

jsonschema gives the reasons of a no, and takes many times longer for a yes. So a schema is made into
one function of plain Python. Only the keywords that our own schemas use are known here; another one
raises when a schema is compiled. Tests hold that this says yes only where jsonschema finds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Literal

from policyengine.frontend.schema_parts import Schema

Fits = Callable[[Any], bool]
"""Whether a piece of plain data fits a piece of schema."""

_Pieces = dict[str, Fits]
_Maker = Callable[[Any, Schema, _Pieces], Fits]
_REFERENCE = "#/$defs/"
# Plain data holds no floats: a number is an integer.
_TYPES: Mapping[str, type] = {
    "string": str,
    "number": int,
    "integer": int,
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}


def compiled(schema: Schema) -> Fits:
    """The function that says whether plain data fits ``schema``. Raises ``KeyError`` for an unknown keyword."""
    pieces: _Pieces = {}
    for name, piece in schema.get("$defs", {}).items():
        pieces[name] = _fits(piece, pieces)
    return _fits(schema, pieces)


def _fits(schema: Schema, pieces: _Pieces) -> Fits:
    demands = [_MAKERS[key](value, schema, pieces) for key, value in schema.items() if key not in _SAYS_NOTHING]
    match demands:
        case []:
            return lambda _: True
        case [only]:
            return only
        case _:
            return _all_of(demands)


def _all_of(demands: list[Fits]) -> Fits:
    def fits(data: object) -> bool:
        for demand in demands:  # noqa: SIM110 - a generator for `all` costs as much as the demands
            if not demand(data):
                return False
        return True

    return fits


def _reference(target: str, _: Schema, pieces: _Pieces) -> Fits:
    name = target.removeprefix(_REFERENCE)

    def fits(data: object) -> bool:
        # Looked up at each use: a condition holds conditions, so the piece may not be made yet.
        return pieces[name](data)

    return fits


# -- any value ----------------------------------------------------------------------------------


def _type(names: str | list[str], _: Schema, __: _Pieces) -> Fits:
    types = {_TYPES[n] for n in ([names] if isinstance(names, str) else names)}
    # Not `isinstance`: `true` is no number.
    return lambda data: type(data) in types


def _one_of_words(words: list[object], _: Schema, __: _Pieces) -> Fits:
    known = {(type(w), w) for w in words}
    return lambda data: not isinstance(data, list | dict) and (type(data), data) in known


def _constant(value: object, schema: Schema, pieces: _Pieces) -> Fits:
    return _one_of_words([value], schema, pieces)


def _pattern(pattern: str, _: Schema, __: _Pieces) -> Fits:
    search = re.compile(pattern).search
    return lambda data: type(data) is not str or search(data) is not None


def _minimum(least: int, _: Schema, __: _Pieces) -> Fits:
    return lambda data: type(data) is not int or data >= least


def _maximum(most: int, _: Schema, __: _Pieces) -> Fits:
    return lambda data: type(data) is not int or data <= most


# -- lists --------------------------------------------------------------------------------------


def _items(schema: Schema, _: Schema, pieces: _Pieces) -> Fits:
    fits = _fits(schema, pieces)
    return lambda data: type(data) is not list or all(map(fits, data))


def _min_items(least: int, _: Schema, __: _Pieces) -> Fits:
    return lambda data: type(data) is not list or len(data) >= least


# -- mappings -----------------------------------------------------------------------------------


def _properties(properties: dict[str, Schema], _: Schema, pieces: _Pieces) -> Fits:
    known = {key: _fits(schema, pieces) for key, schema in properties.items()}

    def fits(data: object) -> bool:
        if type(data) is dict:
            for key, value in data.items():
                if key in known and not known[key](value):
                    return False
        return True

    return fits


def _additional(rest: Schema | Literal[False], schema: Schema, pieces: _Pieces) -> Fits:
    known = frozenset(schema.get("properties", ()))
    if rest is False:
        return lambda data: type(data) is not dict or data.keys() <= known
    fits = _fits(rest, pieces)
    return lambda data: type(data) is not dict or all(fits(v) for key, v in data.items() if key not in known)


def _names(schema: Schema, _: Schema, pieces: _Pieces) -> Fits:
    fits = _fits(schema, pieces)
    return lambda data: type(data) is not dict or all(map(fits, data))


def _min_properties(least: int, _: Schema, __: _Pieces) -> Fits:
    return lambda data: type(data) is not dict or len(data) >= least


def _required(keys: list[str], _: Schema, __: _Pieces) -> Fits:
    needed = frozenset(keys)
    return lambda data: type(data) is not dict or data.keys() >= needed


def _required_with(demands: dict[str, list[str]], _: Schema, __: _Pieces) -> Fits:
    needed = {key: frozenset(keys) for key, keys in demands.items()}
    return lambda data: type(data) is not dict or all(data.keys() >= keys for k, keys in needed.items() if k in data)


def _schemas_with(demands: dict[str, Schema], _: Schema, pieces: _Pieces) -> Fits:
    known = {key: _fits(schema, pieces) for key, schema in demands.items()}
    return lambda data: type(data) is not dict or all(fits(data) for key, fits in known.items() if key in data)


# -- several schemas ----------------------------------------------------------------------------


def _every(schemas: list[Schema], _: Schema, pieces: _Pieces) -> Fits:
    return _all_of([_fits(s, pieces) for s in schemas])


def _some(schemas: list[Schema], _: Schema, pieces: _Pieces) -> Fits:
    branches = [_fits(s, pieces) for s in schemas]
    return lambda data: any(fits(data) for fits in branches)


def _exactly_one(schemas: list[Schema], _: Schema, pieces: _Pieces) -> Fits:
    branches = [_fits(s, pieces) for s in schemas]
    return lambda data: sum(fits(data) for fits in branches) == 1


def _none(schema: Schema, _: Schema, pieces: _Pieces) -> Fits:
    fits = _fits(schema, pieces)
    return lambda data: not fits(data)


def _if(condition: Schema, schema: Schema, pieces: _Pieces) -> Fits:
    applies, then = _fits(condition, pieces), _fits(schema.get("then", {}), pieces)
    return lambda data: not applies(data) or then(data)


# `then` is read with its `if`, and shared pieces where they are referred to.
_SAYS_NOTHING = frozenset({"$schema", "$defs", "$comment", "title", "description", "then"})
_MAKERS: Mapping[str, _Maker] = {
    "$ref": _reference,
    "type": _type,
    "enum": _one_of_words,
    "const": _constant,
    "pattern": _pattern,
    "minimum": _minimum,
    "maximum": _maximum,
    "items": _items,
    "minItems": _min_items,
    "properties": _properties,
    "additionalProperties": _additional,
    "propertyNames": _names,
    "minProperties": _min_properties,
    "required": _required,
    "dependentRequired": _required_with,
    "dependentSchemas": _schemas_with,
    "allOf": _every,
    "anyOf": _some,
    "oneOf": _exactly_one,
    "not": _none,
    "if": _if,
}
