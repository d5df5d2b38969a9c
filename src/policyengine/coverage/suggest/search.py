"""The search for documents that cover what no case does: near the cases that there are, and in a fixed order."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from policyengine.coverage.items import Item, Kind
from policyengine.coverage.meter import Meter
from policyengine.errors import RequestError
from policyengine.probing import Document, Prober

#: For each item, so many cases are changed by one fact …
MOST_CASES: Final = 6
#: … and, of the first ones of these, so many changed documents by a second one.
MOST_CHANGED: Final = 24
#: No item has more documents tried for its sake.
MOST_TRIED: Final = 3000
#: Once something is found, so many more are tried for a document in which the item's rule decides.
MOST_BETTER: Final = 300
#: So many of the documents found, the best first, are asked whether it does.
MOST_ASKED: Final = 20

Covered = frozenset[int]


class Tried(NamedTuple):
    """A document, and the items that it covers."""

    document: Document
    covered: Covered


class Search:
    """Finds documents of one decision. What was tried for one item counts for all.

    Of several documents that cover an item the one is taken in which its rule decides: the outcome would be another if
    the rule came out otherwise. An exception shows nothing where another rule refuses anyway. Then the one that touches
    most of what the item belongs to: a limit in a table is best shown where its row decides.
    """

    def __init__(self, meter: Meter, prober: Prober, decision: str, cases: Iterable[Document]) -> None:
        self._meter, self._prober, self._decision = meter, prober, decision
        self._tried: dict[str, Tried] = {}
        self._changed: dict[str, tuple[Tried, ...]] = {}
        self._deciding = frozenset(n for n, item in enumerate(meter.items) if item.kind is Kind.DECIDING)
        self._sways: dict[tuple[str, str], int] = {}
        self._left = 0
        self._starts = [self._measured(d) for d in cases]

    def find(self, number: int) -> Document | None:
        """A document that covers the item; None if none was found among those that may be tried for it."""
        self._left = MOST_TRIED
        item = self._meter.items[number]
        weights = weights_of(self._meter, item)
        starts = self._nearest(weights)
        for start in starts:
            self._changes(start.document)
        for start in starts:
            found = self._best(number, weights)
            if found is not None and self._is_good(number, found):
                return found
            if found is not None:
                self._left = min(self._left, MOST_BETTER)
                # What decides instead is often one fact.
                self._changes(found)
            for changed in self._promising(weights, start):
                self._changes(changed.document)
        return self._best(number, weights)

    def _is_good(self, number: int, document: Document) -> bool:
        """Whether nothing better need be looked for: what belongs to no rule has no rule that could decide."""
        return not self._meter.is_rule(owner_of(self._meter.items[number])) or self.sway(number, document) > 0

    def sway(self, number: int, document: Document) -> int:
        """How much of the answer to a document hangs on the rule that the item belongs to."""
        owner = owner_of(self._meter.items[number])
        key = owner, _key(document)
        if key not in self._sways:
            self._sways[key] = self._meter.sway(owner, self._decision, document.facts, document.as_of)
        return self._sways[key]

    def _best(self, number: int, weights: Mapping[int, int]) -> Document | None:
        found = [t for t in self._tried.values() if number in t.covered]
        # Where that leaves a choice, more should depend on the facts; of equals the first, for the nearest come first.
        found.sort(key=lambda t: (-_weight(t, weights), -len(t.covered & self._deciding)))
        # A document that covers the item is a request, so it can be asked.
        best = max(found[:MOST_ASKED], key=lambda t: self.sway(number, t.document), default=None)
        return None if best is None else best.document

    # --- where to start ---

    def _nearest(self, weights: Mapping[int, int]) -> Sequence[Tried]:
        """The cases that touch what the item is about, those that touch most of it first; none twice."""
        order = sorted(self._starts, key=lambda t: (-_weight(t, weights), len(_key(t.document))))
        chosen: dict[Covered, Tried] = {}
        for start in order:
            # Cases that are alike as far as this item goes would lead to the same documents.
            chosen.setdefault(_alike(start, weights), start)
            if len(chosen) == MOST_CASES:
                break
        return tuple(chosen.values())

    def _promising(self, weights: Mapping[int, int], start: Tried) -> Iterator[Tried]:
        """Documents one change away that differ in something that the item's owner notices; one of each sort."""
        seen = {_alike(start, weights)}
        for changed in self._changes(start.document):
            sort = _alike(changed, weights)
            if sort not in seen and len(seen) <= MOST_CHANGED:
                seen.add(sort)
                yield changed

    # --- trying ---

    def _changes(self, document: Document) -> tuple[Tried, ...]:
        """All documents one change away, as far as they may still be tried."""
        key = _key(document)
        if key not in self._changed and self._left > 0:
            self._changed[key] = tuple(self._try_changes(document))
        return self._changed.get(key, ())

    def _try_changes(self, document: Document) -> Iterator[Tried]:
        try:
            for proposal in self._prober.proposals(self._decision, document):
                if self._left <= 0:
                    return
                yield self._measured(proposal.applied(document))
        except RequestError:
            return

    def _measured(self, document: Document) -> Tried:
        key = _key(document)
        if key not in self._tried:
            self._left -= 1
            self._tried[key] = Tried(document, self._covered(document))
        return self._tried[key]

    def _covered(self, document: Document) -> Covered:
        """What a document covers: nothing if it is no request."""
        try:
            return self._meter.measured(self._decision, document.facts, document.as_of)[0]
        except RequestError:
            return frozenset()


def owner_of(item: Item) -> str:
    """How the ids of all items begin that belong to the same thing."""
    return item.id.partition(": ")[0]


def weights_of(meter: Meter, item: Item) -> Mapping[int, int]:
    """What counts for nearness to an item: the same thing, above all that it decides, and the rest of its owner."""
    owner = owner_of(item)
    found: dict[int, int] = {}
    for number, other in enumerate(meter.items):
        if other.about == item.about and other.span == item.span:
            found[number] = 100 if other.kind is Kind.DECIDING else 50
        elif other.id.startswith(f"{owner}: "):
            found[number] = 10 if other.kind is Kind.DECIDING else 1
    return found


def _weight(tried: Tried, weights: Mapping[int, int]) -> int:
    return sum(weights.get(n, 0) for n in tried.covered)


def _alike(tried: Tried, weights: Mapping[int, int]) -> Covered:
    return frozenset(n for n in tried.covered if n in weights)


def _key(document: Document) -> str:
    return f"{document.as_of} {json.dumps(document.facts, default=str)}"
