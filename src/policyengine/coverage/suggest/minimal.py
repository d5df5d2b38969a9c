"""Documents without anything that they do not need."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy

from policyengine.model.bundle import CheckedBundle
from policyengine.probing import Document

Json = object
Path = tuple[str | int, ...]


def minimal(bundle: CheckedBundle, document: Document, keeps: Callable[[Document], bool]) -> Document:
    """The document without every fact and element whose removal ``keeps`` allows; what is left are no needless ones.

    Whole lists and groups go first, then what is in them, later ones before earlier ones.
    """
    ids = {items.name: items.id_field for items in bundle.lists.values()}
    smaller = True
    while smaller:
        smaller = False
        for path in list(_paths(document.facts, (), ids)):
            tried = Document(_without(document.facts, path), document.as_of)
            # A path may be gone together with what it was in.
            if tried.facts != document.facts and keeps(tried):
                document, smaller = tried, True
    return document


def _paths(node: Json, at: Path, ids: Mapping[str, str | None]) -> Iterator[Path]:
    """Everything that can be left out, what is wider first; the id of an element goes only with the element."""
    if isinstance(node, Mapping):
        for name in reversed(list(node)):
            yield (*at, name)
            yield from _paths(node[name], (*at, name), ids)
    elif isinstance(node, list):
        identity = ids.get(".".join(map(str, at)))
        for n in range(len(node) - 1, -1, -1):
            yield (*at, n)
            record = node[n]
            fields = reversed(list(record)) if isinstance(record, Mapping) else ()
            yield from ((*at, n, field) for field in fields if field != identity)


def _without(facts: Mapping[str, Json], path: Path) -> dict[str, Json]:
    """A copy without what is at the path, if that is still there; groups that are left empty go with it."""
    out = deepcopy(dict(facts))
    _remove(out, path)
    return out


def _remove(node: Json, path: Path) -> None:
    """Take out what the path leads to. An element or a list that is left empty stays: it says that there is one."""
    step, rest = path[0], path[1:]
    if isinstance(node, dict) and step in node:
        if rest:
            _remove(node[step], rest)
        if not rest or node[step] == {}:
            del node[step]
    elif isinstance(node, list) and isinstance(step, int) and step < len(node):
        if rest:
            _remove(node[step], rest)
        else:
            del node[step]
