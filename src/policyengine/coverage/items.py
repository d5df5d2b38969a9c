"""What can be covered: items, each one thing that some case should show, and the kinds they come in."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from policyengine.source import Span


class Kind(StrEnum):
    """The kinds of item, in the order in which they are told."""

    VERDICT = "verdict"
    RULE = "rule"
    CONDITION = "condition"
    DECIDING = "deciding"
    LIMIT = "limit"
    DATE = "date"
    ROW = "row"
    BRANCH = "branch"
    PAYOUT = "payout"
    MESSAGE = "message"


#: Each kind in a few words.
TITLES: Final = {
    Kind.VERDICT: "verdicts given",
    Kind.RULE: "rules true, false, unknown",
    Kind.CONDITION: "conditions true, false",
    Kind.DECIDING: "conditions deciding",
    Kind.LIMIT: "limits below, at, above",
    Kind.DATE: "dates before, from",
    Kind.ROW: "table rows deciding",
    Kind.BRANCH: "branches taken",
    Kind.PAYOUT: "payout limits binding, not",
    Kind.MESSAGE: "messages told",
}


@dataclass(frozen=True, slots=True)
class Owner:
    """What an item belongs to. ``decision`` is None for what several decisions may share.

    ``path`` begins the ids of its items, ``name`` says it to people.
    """

    decision: str | None
    path: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that some case should show.

    ``id`` says it by names and by what is written, never by lines, so it stays when files are laid out anew.
    ``about`` is what the item is about; "no case ``lacks``" says what is missing while no case covers it.
    ``proof`` says why no case can ever cover it; empty where that is not proved.
    """

    id: str
    kind: Kind
    decision: str | None
    about: str
    lacks: str
    proof: str = ""
    span: Span = field(compare=False, repr=False)


class Register:
    """Collects items and gives each its number, from 0."""

    def __init__(self) -> None:
        self._items: list[Item] = []
        self._ids: dict[str, int] = {}

    def add(self, kind: Kind, owner: Owner, what: str, about: str, lacks: str, span: Span, proof: str = "") -> int:  # noqa: PLR0913, PLR0917 - what an item is made of
        """The number of a new item. ``what`` tells it from the others of its owner; twins are counted."""
        id_ = f"{owner.path}: {what}"
        seen = self._ids[id_] = self._ids.get(id_, 0) + 1
        item = Item(
            id=id_ if seen == 1 else f"{id_} #{seen}",
            kind=kind,
            decision=owner.decision,
            about=about,
            lacks=lacks,
            proof=proof,
            span=span,
        )
        self._items.append(item)
        return len(self._items) - 1

    def prove(self, number: int, proof: str) -> None:
        """Note why no case can ever cover an item, unless that is noted already."""
        item = self._items[number]
        if not item.proof:
            self._items[number] = replace(item, proof=proof)

    def proof(self, number: int) -> str:
        """Why an item can never be covered; empty where that is not proved."""
        return self._items[number].proof

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self._items)

    def items(self) -> tuple[Item, ...]:
        """All items by number."""
        return tuple(self._items)
