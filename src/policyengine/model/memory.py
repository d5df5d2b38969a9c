"""Working memory: the facts of one request, typed, exactly as the caller gave them (defaults are not filled in)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Final, NamedTuple

from policyengine.model.expr import Value


class _Empty(Enum):
    """The date that was given as ``""``: there is none, and that is known."""

    EMPTY_DATE = ""

    def __repr__(self) -> str:
        return self.name


EMPTY_DATE: Final = _Empty.EMPTY_DATE
Given = Value | _Empty


class Element(NamedTuple):
    """One record of a list. ``id`` is its id as text, or None when the list knows elements by position.

    ``position`` counts from 1. ``fields`` holds the given fields only.
    """

    list: str
    id: str | None
    position: int
    fields: Mapping[str, Given]

    @property
    def key(self) -> str:
        """The id, or ``#`` and the position: what stands between the brackets of an address."""
        return self.id if self.id is not None else f"#{self.position}"

    def address(self, field: str) -> str:
        """``claims[c1].amount`` or ``items[#2].loss``."""
        return f"{self.list}[{self.key}].{field}"


class WorkingMemory(NamedTuple):
    """``facts`` by dotted name, ``lists`` by name: only what the caller gave. ``as_of`` in the bundle's zone."""

    facts: Mapping[str, Given]
    lists: Mapping[str, tuple[Element, ...]]
    as_of: date
