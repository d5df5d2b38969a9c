"""A document in the words of the old bundle: without the facts that only the new one has.

That is what whoever asks the old bundle could have sent. A word that only the new bundle knows, such as another member
of an enum, stays: nobody can say what would have been sent in its place.
"""

from __future__ import annotations

from collections.abc import Mapping

from policyengine.model.bundle import CheckedBundle

Facts = Mapping[str, object]


class Narrowing:
    """Takes out of documents what ``new`` declares and ``old`` does not."""

    def __init__(self, old: CheckedBundle, new: CheckedBundle) -> None:
        known = {*old.facts, *old.lists}
        #: Facts and whole lists by their names, then fields of lists that both have: all in the order of ``new``.
        self._whole = [name for name in (*new.facts, *new.lists) if name not in known]
        self._fields = [
            (name, field)
            for name, items in new.lists.items()
            if name in old.lists
            for field in items.fields
            if field not in old.lists[name].fields
        ]

    def of(self, facts: Facts) -> tuple[Facts, tuple[str, ...]]:
        """The facts that the old bundle can take, and the names of those taken out: fields are ``list.field``."""
        out: list[str] = []
        for name in self._whole:
            facts, found = _without(facts, name.split("."))
            out += [name] if found else []
        for name, field in self._fields:
            facts, found = _without(facts, [*name.split("."), field])
            out += [f"{name}.{field}"] if found else []
        return facts, tuple(out)


def _without(given: Facts, path: list[str]) -> tuple[Facts, bool]:
    """A copy without what is at the path, and whether there was any; an object that is empty then goes too."""
    key, rest = path[0], path[1:]
    if key not in given:
        return given, False
    others = {k: v for k, v in given.items() if k != key}
    if not rest:
        return others, True
    inside = given[key]
    if isinstance(inside, Mapping):
        made, found = _without(inside, rest)
        return (
            ({k: made if k == key else v for k, v in given.items()} if made else others, True)
            if found
            else (given, False)
        )
    if isinstance(inside, list | tuple) and len(rest) == 1:
        pairs = [_without(item, rest) if isinstance(item, Mapping) else (item, False) for item in inside]
        if any(found for _, found in pairs):
            return {k: [item for item, _ in pairs] if k == key else v for k, v in given.items()}, True
    return given, False
