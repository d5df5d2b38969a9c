"""Plain data as YAML text: block style, every text quoted that YAML could take for something else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

Data = object

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*( [A-Za-z0-9_.-]+)*")
#: Texts that YAML types, or that are refused unquoted.
_TYPED = {"null", "true", "false", "yes", "no", "on", "off", "y", "n", "nan", "inf"}


def yaml_text(data: Mapping[str, Data]) -> str:
    """A document. Mappings keep their order; values are texts, lists and mappings."""
    return "\n".join(_block(data, 0)) + "\n"


def _block(data: Data, depth: int) -> Iterator[str]:
    pad = "  " * depth
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _entry(f"{pad}{_scalar(key)}:", value, depth)
    elif isinstance(data, list):
        for item in data:
            yield from _entry(f"{pad}-", item, depth)


def _entry(head: str, value: Data, depth: int) -> Iterator[str]:
    if isinstance(value, Mapping | list) and value:
        yield head
        yield from _block(value, depth + 1)
    elif isinstance(value, Mapping | list):
        yield f"{head} {'{}' if isinstance(value, Mapping) else '[]'}"
    else:
        yield f"{head} {_scalar(str(value))}"


def _scalar(text: str) -> str:
    if text in ("true", "false") or (_PLAIN.fullmatch(text) and text.lower() not in _TYPED):
        return text
    return "'" + text.replace("'", "''") + "'"
