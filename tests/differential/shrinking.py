"""A difference made small: facts are dropped while the sides still differ."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import replace

from tests.differential.compare import Bench, Difference
from tests.differential.requests import Request

Path = tuple[str | int, ...]


def shrunk(found: Difference) -> Difference:
    """The same difference with as few facts as this finds, tried from the largest piece to the smallest."""
    bench = Bench.of(found.seed)
    changed = True
    while changed:
        changed = False
        for path in sorted(_paths(found.request.facts), key=len):
            smaller = Request(_without(found.request.facts, path), found.request.as_of)
            lines = _lines(bench, found.decision, smaller)
            if lines and _kind(lines) == _kind(found.lines):
                found, changed = replace(found, request=smaller, lines=lines), True
                break
    bench.production.close()
    return found


def _kind(lines: tuple[str, ...]) -> str:
    """What differs first: a rule, or a part of the answer."""
    return lines[0].partition(" ")[0]


def _lines(bench: Bench, decision: str, request: Request) -> tuple[str, ...]:
    before = len(bench.found)
    bench.compare(decision, request)
    return bench.found[-1].lines if len(bench.found) > before else ()


def _paths(data: object, here: Path = ()) -> Iterator[Path]:
    """Every piece that may be left out; the ids of elements stay."""
    inside: list[tuple[str | int, object]] = []
    if isinstance(data, dict):
        inside = [(k, v) for k, v in data.items() if k not in ("key", "amount", "currency") or not isinstance(v, str)]
    elif isinstance(data, list) and all(isinstance(i, dict) for i in data):
        inside = list(enumerate(data))
    for key, value in inside:
        yield (*here, key)
        yield from _paths(value, (*here, key))


def _without(data: dict[str, object], path: Path) -> dict[str, object]:
    copied = copy.deepcopy(data)
    node: object = copied
    for key in path[:-1]:
        node = node[key]  # type: ignore[index]  # a path of this very data
    del node[path[-1]]  # type: ignore[attr-defined]
    return copied
