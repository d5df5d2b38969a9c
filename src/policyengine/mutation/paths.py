"""Places inside the checked model, and the model with something else at them.

The model is frozen, so a change makes new nodes from the changed one up to the bundle; all else is shared.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from functools import cache
from typing import Any, NamedTuple, TypeVar


class Key(NamedTuple):
    """A key of a mapping; a plain text is the name of a field, a number the position in a tuple."""

    name: object


Step = str | int | Key
Path = tuple[Step, ...]

Whole = TypeVar("Whole")

#: What rules do not live in: where a node was written, its type, and texts for people.
_ASIDE = frozenset({"span", "type", "because", "title", "source", "description", "example", "unit"})


@cache
def field_names(kind: type) -> tuple[str, ...]:
    """The fields of a node that may hold other nodes."""
    return tuple(f.name for f in fields(kind) if f.name not in _ASIDE)


def below(value: object) -> Iterator[tuple[Step, object]]:
    """What is directly inside a node, a tuple or a mapping, with the step that leads to it, in the order of writing."""
    if isinstance(value, Mapping):
        yield from ((Key(k), v) for k, v in value.items())
    elif isinstance(value, tuple):
        yield from enumerate(value)
    elif is_dataclass(value):
        yield from ((name, getattr(value, name)) for name in field_names(type(value)))


def put(whole: Whole, path: Path, new: object) -> Whole:
    """The same model with ``new`` at a place."""
    if not path:
        return new  # type: ignore[return-value] - whoever names a place knows what fits there
    made: Any = whole
    step, rest = path[0], path[1:]
    match step:
        case Key(name):
            return {**made, name: put(made[name], rest, new)}  # type: ignore[return-value]
        case int():
            return (*made[:step], put(made[step], rest, new), *made[step + 1 :])  # type: ignore[return-value]
        case _:
            return replace(made, **{step: put(getattr(made, step), rest, new)})  # type: ignore[no-any-return]


def put_all(whole: Whole, paths: Iterable[Path], new: object) -> Whole:
    """The same model with ``new`` at several places, none inside another."""
    for path in paths:
        whole = put(whole, path, new)
    return whole
