"""What the parts of a policy file are called when a schema fault is told: "rule `RT-LATE`", "item 2 of `rules`"."""

from __future__ import annotations

from collections.abc import Collection

from policyengine.frontend.nodes import Path, Plain

# Mappings from names of the author's choice, by their path's pattern (`*` is any name): what an entry is.
_NAMED: dict[tuple[str, ...], str] = {
    ("policies", "*"): "policy",
    ("decisions", "*"): "decision",
    ("facts", "*"): "fact",
    ("facts", "*", "fields", "*"): "field",
    ("types", "*"): "type",
    ("parameters", "*"): "parameter",
    ("calendars", "*"): "calendar",
    ("definitions", "*"): "definition",
    ("bases", "*"): "base",
}
# Lists of records: what an item is, and the key that names it.
_LISTED = {
    "rules": ("rule", "id"),
    "steps": ("step", "id"),
    "limits": ("limit", "id"),
    "cases": ("case", "name"),
    "tables": ("table", "name"),
}
_CONDITIONS = frozenset({"when", "unless", "require", "not"})
_PARTS = {
    "table": "the table",
    "otherwise": "`otherwise`",
    "in_force": "`in_force`",
    "split": "the split",
    "expect": "the expectation",
}
# What the words of a key are called.
_WORDS = {
    "type": "a type",
    "hit": "a hit policy",
    "mode": "a rounding mode",
    "weekend": "a day of the week",
    "verdicts": "a class of verdict",
    "element_verdicts": "a class of verdict for an element",
    "expect": "an expectation",
    "outputs": "a type",
}


def at(data: Plain, path: Path) -> Plain:
    """The part of plain data at a path that is there."""
    for step in path:
        data = data[step]  # type: ignore[index]  # a path of this very data fits its shape
    return data


def thing(data: Plain, path: Path) -> str:
    """What the mapping at ``path`` is, with its name if it has one."""
    if not path:
        return "the file"
    kind = _NAMED.get(_pattern(path))
    if kind:
        return f"{kind} `{path[-1]}`"
    last = path[-1]
    if isinstance(last, int):
        return _item(data, path)
    if last in _CONDITIONS:
        return "this condition"
    return _PARTS.get(last, f"`{last}`")


def _item(data: Plain, path: Path) -> str:
    what, key = _LISTED.get(str(path[-2]), ("", ""))
    if not what:
        return "this condition" if path[-2] in ("all", "any") else part(path)
    item = at(data, path)
    name = item.get(key) if isinstance(item, dict) else None
    return f"this {what}" if name is None or isinstance(name, (dict, list)) else f"{what} `{name}`"


def part(path: Path) -> str:
    """What stands at ``path``, by its key or its place in a list."""
    if not path:
        return "the file"
    last = path[-1]
    return f"item {last + 1} of {part(path[:-1])}" if isinstance(last, int) else f"`{last}`"


def word_for(path: Path) -> str:
    """What a fixed word at ``path`` ought to be."""
    for step in reversed(path):
        if isinstance(step, str) and step in _WORDS:
            return _WORDS[step]
    return f"a word for {part(path)}"


def shape(types: Collection[str]) -> str:
    """The shapes that a schema allows, as one phrase."""
    names = []
    if {"string", "number"} <= set(types):
        names.append("a single value")
    elif "string" in types:
        names.append("a text")
    named = {"boolean": "true or false", "integer": "a whole number", "array": "a list", "object": "a mapping"}
    names += [name for type_, name in named.items() if type_ in types and not (type_ == "boolean" and names)]
    return " or ".join(names)


def _pattern(path: Path) -> tuple[str, ...]:
    """The path with every second step, a name in the mappings of :data:`_NAMED`, made a star."""
    return tuple("*" if i % 2 else str(step) for i, step in enumerate(path))
