"""The places of a document at which a fact may stand, and documents with one of them changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Final

from policyengine.model.bundle import CheckedBundle
from policyengine.model.memory import Given, WorkingMemory
from policyengine.model.vocabulary import Fact, FactList
from policyengine.probing.reading import Readable, Use

Json = object
Path = tuple[str | int, ...]

#: The address of the evaluation day, which is given beside the facts.
AS_OF: Final = "as_of"
#: So many elements of each list are looked into; those behind them are left as they are.
MOST_ELEMENTS: Final = 50


class Absent(Enum):
    """Nothing is given: the fact is unknown, or on its default."""

    ABSENT = "absent"

    def __repr__(self) -> str:
        return self.name


ABSENT: Final = Absent.ABSENT


@dataclass(frozen=True, slots=True)
class Document:
    """What is asked: the facts as a request gives them, and the evaluation day."""

    facts: Mapping[str, Json]
    as_of: date


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for a fact: ``order.total``, ``claims``, ``claims[c1].amount`` or ``as_of``.

    ``path`` leads to it through the facts of a request (empty for ``as_of``), ``declared`` is the declaration (None for
    ``as_of``). ``given`` is what the document has there, as typed when it is no list.
    """

    address: str
    path: Path
    declared: Fact | FactList | None
    use: Use
    given: Json | Absent
    typed: Given | None = None


@dataclass(frozen=True, slots=True)
class Proposal:
    """Another value for one slot, in the form of a request; ``typed`` is None for lists and for :data:`ABSENT`."""

    slot: Slot
    value: Json | Absent
    typed: Given | None = None

    def applied(self, document: Document) -> Document:
        """The document with this change and no other; what it shares with the old one is not copied."""
        if isinstance(self.typed, date) and not self.slot.path:
            return Document(document.facts, self.typed)
        facts = _put(document.facts, self.slot.path, self.value)
        assert isinstance(facts, Mapping)  # noqa: S101 - a path begins with a name
        return Document(facts, document.as_of)


def _put(node: Json, path: Path, value: Json | Absent) -> Json:
    key, *rest = path
    if isinstance(key, int):
        items = list(node) if isinstance(node, Sequence) else []
        items[key] = _put(items[key], tuple(rest), value)
        return items
    out = dict(node) if isinstance(node, Mapping) else {}
    if rest:
        out[key] = _put(out.get(key), tuple(rest), value)
    elif value is ABSENT:
        out.pop(key, None)
    else:
        out[key] = value
    return out


def _at(node: Json, path: Path) -> Json | Absent:
    for key in path:
        if isinstance(key, int):
            node = node[key] if isinstance(node, Sequence) else None
        else:
            node = node.get(key) if isinstance(node, Mapping) else None
    return ABSENT if node is None else node


def slots_of(bundle: CheckedBundle, document: Document, memory: WorkingMemory, reads: Readable) -> Iterator[Slot]:
    """Every slot: facts and then lists in the order of the vocabulary, each list's elements after it, ``as_of`` last.

    ``memory`` holds the document's facts as they were read.
    """
    for fact in bundle.facts.values():
        path = tuple(fact.name.split("."))
        given = _at(document.facts, path)
        yield Slot(fact.name, path, fact, reads.use(fact.name), given, memory.facts.get(fact.name))
    for items in bundle.lists.values():
        path = tuple(items.name.split("."))
        yield Slot(items.name, path, items, reads.use(items.name), _at(document.facts, path))
        for element in memory.lists.get(items.name, ())[:MOST_ELEMENTS]:
            for field in items.fields.values():
                if field.name == items.id_field:
                    continue  # another id is another element, not another fact of this one
                inner: Path = (*path, element.position - 1, field.name)
                use, given = reads.use(items.name, field.name), _at(document.facts, inner)
                typed = element.fields.get(field.name)
                yield Slot(element.address(field.name), inner, field, use, given, typed)
    yield Slot(AS_OF, (), None, reads.use(AS_OF), document.as_of.isoformat(), document.as_of)
