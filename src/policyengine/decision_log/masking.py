"""What is left out of the log, and only there: the answer that a caller gets never changes.

A mask names places of an entry by a JSON Pointer below ``/input`` (the facts) or ``/result`` (the decision). ``*``
stands for every element of a list, or every key of an object: ``/input/payments/*/amount``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from policyengine.decision_log.errors import LogError
from policyengine.engine.pointers import step_into

Json = object
#: What stands in the place of a masked value.
MASK: Final = "***"
#: The keys of an entry below which there may be masks.
MASKED_KEYS: Final = ("input", "result")
EACH: Final = "*"
_ESCAPES: Final = (("~1", "/"), ("~0", "~"))


@dataclass(frozen=True, slots=True)
class Masks:
    """``hidden``: values to replace by :data:`MASK`; ``erased``: to take out together with their keys."""

    hidden: tuple[tuple[str, ...], ...] = ()
    erased: tuple[tuple[str, ...], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.hidden or self.erased)

    def paths(self) -> tuple[tuple[str, ...], ...]:
        """Every place, each once."""
        return tuple(dict.fromkeys((*self.hidden, *self.erased)))


def masks(hidden: Sequence[str] = (), erased: Sequence[str] = ()) -> Masks:
    """The masks written as pointers; LogError for one that is none."""
    return Masks(tuple(map(_path, hidden)), tuple(map(_path, erased)))


def pointer_of(path: Sequence[str]) -> str:
    """The place as it is written."""
    pointer = ""
    for step in path:
        pointer = step_into(pointer, step)
    return pointer


def masked(entry: dict[str, Json], by: Masks) -> tuple[dict[str, Json], list[str], list[str]]:
    """The entry with its masks laid over copies of what they touch, and the pointers of what was hidden and erased."""
    # Erased first: what is gone need not be hidden as well.
    copy = {key: _copy(value) if key in MASKED_KEYS else value for key, value in entry.items()}
    erased = [pointer for path in by.erased for pointer in _apply(copy, path, "", erase=True)]
    hidden = [pointer for path in by.hidden for pointer in _apply(copy, path, "", erase=False)]
    return copy, list(dict.fromkeys(hidden)), list(dict.fromkeys(erased))


def _apply(inside: Json, path: tuple[str, ...], at: str, *, erase: bool) -> Iterator[str]:
    step, rest = path[0], path[1:]
    for key in _matching(inside, step):
        pointer = step_into(at, key)
        if rest:
            yield from _apply(inside[key], rest, pointer, erase=erase)  # type: ignore[index] # the container's own key
            continue
        if erase and isinstance(inside, dict):
            del inside[key]
        else:
            # Elements of lists keep their places: a list that closed up would move the others' pointers.
            inside[key] = None if erase else MASK  # type: ignore[index] # likewise
        yield pointer


def _matching(inside: Json, step: str) -> list[str | int]:
    if isinstance(inside, dict):
        return list(inside) if step == EACH else [step] * (step in inside)
    if isinstance(inside, list):
        if step == EACH:
            return list(range(len(inside)))
        return [int(step)] if step.isascii() and step.isdigit() and int(step) < len(inside) else []
    return []


def _copy(data: Json) -> Json:
    if isinstance(data, Mapping):
        return {key: _copy(value) for key, value in data.items()}
    return [_copy(value) for value in data] if isinstance(data, list | tuple) else data


def _path(pointer: str) -> tuple[str, ...]:
    first, *steps = pointer.split("/")
    if first or len(steps) < 2 or steps[0] not in MASKED_KEYS or not all(steps):  # noqa: PLR2004 - a key and below
        below = " or ".join(f"/{key}/…" for key in MASKED_KEYS)
        raise LogError(f"`{pointer}` is no place to mask; give {below}, such as /input/payments/*/amount")
    for escape, meant in _ESCAPES:
        steps = [step.replace(escape, meant) for step in steps]
    return tuple(steps)
