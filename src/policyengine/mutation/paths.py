"""Places inside the checked model, and the model with something else at them.

The model is frozen, so a change makes new nodes from the changed one up to the bundle; all else is shared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, NamedTuple, TypeVar, cast


class Key(NamedTuple):
    """A key of a mapping; a plain text is the name of a field, a number the position in a tuple."""

    name: object


Step = str | int | Key
Path = tuple[Step, ...]

Whole = TypeVar("Whole")

#: What rules do not live in: where a node was written, its type, and texts for people.
_ASIDE = frozenset({"span", "type", "because", "title", "source", "description", "example", "unit"})


@cache
def field_names(kind: type[Any]) -> tuple[str, ...]:
    """The fields of a node that may hold other nodes."""
    return tuple(f.name for f in fields(kind) if f.name not in _ASIDE)


def below(value: object) -> Iterator[tuple[Step, object]]:
    """What is directly inside a node, a tuple or a mapping, with the step that leads to it, in the order of writing."""
    if isinstance(value, Mapping):
        yield from ((Key(k), v) for k, v in value.items())
    elif isinstance(value, tuple):
        yield from enumerate(value)
    elif is_dataclass(value) and not isinstance(value, type):
        yield from ((name, getattr(value, name)) for name in field_names(type(value)))


def put(whole: Whole, path: Path, new: object) -> Whole:
    """The same model with ``new`` at a place, which must be of a kind that fits there."""
    return cast("Whole", _put(whole, path, new))


def _put(whole: Any, path: Path, new: object) -> object:  # noqa: ANN401 - any part of the model
    if not path:
        return new
    step, rest = path[0], path[1:]
    match step:
        case Key(name):
            return {**whole, name: _put(whole[name], rest, new)}
        case int():
            return (*whole[:step], _put(whole[step], rest, new), *whole[step + 1 :])
        case _:
            return replace(whole, **{step: _put(getattr(whole, step), rest, new)})


def put_all(whole: Whole, paths: Iterable[Path], new: object) -> Whole:
    """The same model with ``new`` at several places, none inside another."""
    for path in paths:
        whole = put(whole, path, new)
    return whole
