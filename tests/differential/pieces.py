"""Plain data taken apart: the pieces of a bundle's files, or of a request's facts, that may be left out."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from typing import Any

Path = tuple[str | int, ...]

#: What every file or element must say.
_NEEDED = ("kind", "bundle", "title", "version", "decision")


def pieces_of(data: object, here: Path = ()) -> Iterator[Path]:
    """Every entry of a mapping and every item of a list, at any depth."""
    for key, value in _inside(data):
        if key not in _NEEDED or not isinstance(value, str):
            yield (*here, key)
        yield from pieces_of(value, (*here, key))


def facts_in(data: object, here: Path = ()) -> Iterator[Path]:
    """Every fact, group of facts and element; the ids of elements and the halves of money stay."""
    for key, value in _inside(data):
        if isinstance(data, list) and not isinstance(value, dict):
            continue  # members of a set are one fact
        if key not in ("key", "amount", "currency") or not isinstance(value, str):
            yield (*here, key)
        yield from facts_in(value, (*here, key))


def _inside(data: object) -> Iterator[tuple[str | int, object]]:
    if isinstance(data, Mapping):
        yield from data.items()
    elif isinstance(data, list):
        yield from enumerate(data)


def without(data: Mapping[str, object], path: Path) -> dict[str, Any] | None:
    """A copy without one piece; None if it is not there any more."""
    copied: Any = copy.deepcopy(dict(data))
    node = copied
    for key in path[:-1]:
        node = _at(node, key)
    if _at(node, path[-1]) is None:
        return None
    del node[path[-1]]
    return dict(copied)


def _at(node: Any, key: str | int) -> Any:
    if isinstance(node, list):
        return node[key] if isinstance(key, int) and key < len(node) else None
    return node.get(key) if isinstance(node, dict) else None


def tidied(files: Mapping[str, Any]) -> dict[str, Any]:
    """Files without what speaks of decisions and policies that are gone, and without those that say nothing more."""
    kept = copy.deepcopy(dict(files))
    decisions = kept.get("bundle", {}).get("decisions", {})
    kept = {n: f for n, f in kept.items() if f.get("decision", "") in ("", *decisions) and _says_something(f)}
    for key, decision in decisions.items():
        mine = [f for f in kept.values() if f.get("decision") == key]
        policies = {name for f in mine for name in f.get("policies", {})}
        decision["steps"] = _steps(decision.get("steps", []), policies)
        if not decision["steps"]:
            del decision["steps"]
    return kept


def _says_something(file: Mapping[str, Any]) -> bool:
    return file["kind"] == "bundle" or any(value for key, value in file.items() if key not in _NEEDED)


def _steps(steps: list[Any], policies: set[str]) -> list[Any]:
    """The steps with the policies that are left; a policy that no step names is for the checker to refuse."""
    found = [[p for p in s if p in policies] if isinstance(s, list) else s for s in steps]
    return [s for s in found if (s in policies if isinstance(s, str) else s)]
