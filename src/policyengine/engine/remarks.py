"""Remarks about dates that stand in an unlikely order: worth knowing, and deciding nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Remark
from policyengine.model.memory import Element, Given, WorkingMemory
from policyengine.model.vocabulary import FactList


class _Pair(NamedTuple):
    """A date and the one that it should not precede; ``beside``: a field of the same element, else of the document."""

    name: str
    other: str
    beside: bool = False


class DateOrder:
    """The dates of a bundle that should not precede others, found once."""

    __slots__ = ("_facts", "_lists")

    def __init__(self, bundle: CheckedBundle) -> None:
        self._facts = tuple(_Pair(name, f.not_before) for name, f in bundle.facts.items() if f.not_before)
        pairs = ((name, _of_fields(declared)) for name, declared in bundle.lists.items())
        self._lists = tuple((name, found) for name, found in pairs if found)

    def remarks(self, memory: WorkingMemory) -> tuple[Remark, ...]:
        """A remark for each given date before another that it should not precede, in the order of the vocabulary."""
        if not self._facts and not self._lists:
            return ()
        facts = memory.facts
        found = [_early(p.name, facts.get(p.name), p.other, facts.get(p.other)) for p in self._facts if p.name in facts]
        for name, pairs in self._lists:
            elements = memory.lists.get(name, ())
            found += [_of_element(element, pair, facts) for pair in pairs for element in elements]
        return tuple([remark for remark in found if remark is not None])


def _of_fields(declared: FactList) -> tuple[_Pair, ...]:
    fields = declared.fields
    return tuple(_Pair(f.name, f.not_before, f.not_before in fields) for f in fields.values() if f.not_before)


def _of_element(element: Element, pair: _Pair, facts: Mapping[str, Given]) -> Remark | None:
    given = element.fields.get(pair.name)
    if given is None:
        return None
    if pair.beside:
        return _early(element.address(pair.name), given, element.address(pair.other), element.fields.get(pair.other))
    return _early(element.address(pair.name), given, pair.other, facts.get(pair.other))


def _early(address: str, day: Given | None, other: str, limit: Given | None) -> Remark | None:
    if isinstance(day, date) and isinstance(limit, date) and day < limit:
        return Remark(code="facts/order", message=f"`{address}` is before `{other}`", fact=address)
    return None
