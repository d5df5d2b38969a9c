"""The whole report about an edit: what it changes in words, and in decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from policyengine.impact.behaviour.asking import Item, Work
from policyengine.impact.behaviour.cases import case_documents
from policyengine.impact.behaviour.comparing import compare_behaviour
from policyengine.impact.behaviour.findings import Behaviour
from policyengine.impact.behaviour.records import RecordReader
from policyengine.impact.sides import Edition
from policyengine.impact.structure.bundles import compare_bundles
from policyengine.impact.structure.change import Change, Weight

Json = object


@dataclass(frozen=True, slots=True)
class Impact:
    """What became of one bundle. ``old`` is None for a new one, ``new`` for one that is gone.

    ``changes`` and ``behaviour`` are None where they were not asked for.
    """

    id: str
    old: Edition | None
    new: Edition | None
    changes: tuple[Change, ...] | None
    behaviour: Behaviour | None

    def of_weight(self, weight: Weight) -> tuple[Change, ...]:
        """The changes of this weight."""
        return tuple(c for c in self.changes or () if c.weight is weight)

    @property
    def state(self) -> str:
        """``new``, ``gone``, ``changed`` (in meaning), ``reworded``, or ``same``."""
        if self.old is None or self.new is None:
            return "new" if self.old is None else "gone"
        if self.of_weight(Weight.MEANING):
            return "changed"
        return "reworded" if self.changes else "same"

    def to_dict(self) -> dict[str, Json]:
        """As plain data."""
        out: dict[str, Json] = {
            "id": self.id,
            "old": self.old.to_dict() if self.old else None,
            "new": self.new.to_dict() if self.new else None,
        }
        if self.changes is not None:
            out |= {"state": self.state, "changes": [c.to_dict() for c in self.changes]}
        if self.behaviour is not None:
            out["behaviour"] = self.behaviour.to_dict()
        return out


@dataclass(frozen=True, slots=True)
class Report:
    """What became of every bundle."""

    impacts: tuple[Impact, ...]

    @property
    def has_changed_decisions(self) -> bool:
        """Whether any decision changed, or only one edition makes it."""
        return any(i.behaviour is not None and i.behaviour.has_changes for i in self.impacts)

    @property
    def is_whole(self) -> bool:
        """Whether everything that was to be asked could be."""
        return all(i.behaviour is None or i.behaviour.is_whole for i in self.impacts)

    def to_dict(self) -> dict[str, Json]:
        """As plain data."""
        return {
            "decisions_changed": self.has_changed_decisions,
            "everything_compared": self.is_whole,
            "bundles": [i.to_dict() for i in self.impacts],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to find out, and how. ``decision`` and ``as_of`` are for recorded lines that do not say them."""

    structure: bool = True
    behaviour: bool = True
    engine: str = "compiled"
    jobs: int = 1
    decision: str | None = None
    as_of: str | None = None


def pairs(old: dict[str, Edition], new: dict[str, Edition]) -> Iterator[tuple[str, Edition | None, Edition | None]]:
    """The editions of each bundle, in the order of ids. Two single bundles are a pair whatever their ids are."""
    if len(old) == len(new) == 1:
        ((_, before), (id_, after)) = (*old.items(), *new.items())
        yield id_, before, after
        return
    yield from ((id_, old.get(id_), new.get(id_)) for id_ in sorted({*old, *new}))


def report(
    old: dict[str, Edition], new: dict[str, Edition], asked: Asked, recorded: Callable[[], Iterable[Item]] = tuple
) -> Report:
    """What becomes of the bundles of ``old``, by id, in ``new``. ``recorded`` opens the recorded lines anew."""
    matched = list(pairs(old, new))
    return Report(tuple(_impact(pair, asked, recorded, several=len(matched) > 1) for pair in matched))


def _impact(
    pair: tuple[str, Edition | None, Edition | None],
    asked: Asked,
    recorded: Callable[[], Iterable[Item]],
    *,
    several: bool,
) -> Impact:
    id_, old, new = pair
    changes = compare_bundles(old.bundle, new.bundle) if asked.structure and old and new else None
    if asked.structure and changes is None:
        changes = ()
    behaviour = _behaviour(id_, (old, new), asked, recorded, several=several) if asked.behaviour else None
    return Impact(id_, old, new, changes, behaviour)


def _behaviour(
    id_: str,
    editions: tuple[Edition | None, Edition | None],
    asked: Asked,
    recorded: Callable[[], Iterable[Item]],
    *,
    several: bool,
) -> Behaviour:
    old, new = editions
    shown = old.shown if old else "", new.shown if new else ""
    ids = frozenset({id_, *(e.bundle.id for e in editions if e)})
    reader = RecordReader(ids, asked.decision, asked.as_of, several=several)
    work = Work(old.bundle if old else None, new.bundle if new else None, asked.engine, reader)
    unread = tuple(u for e in editions if e for u in e.unread)
    documents = list(case_documents(old.cases if old else (), new.cases if new else (), shown))
    return compare_behaviour(work, documents, recorded(), jobs=asked.jobs, unread_tests=unread)
