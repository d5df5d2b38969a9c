"""One document decided by both bundles, and what came of it entered into a tally."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from policyengine.engine.engine import Engine
from policyengine.engine.settings import TWIN
from policyengine.errors import RequestError, UnknownName
from policyengine.impact.behaviour.answers import Differs, compare
from policyengine.impact.behaviour.document import Document, Line, Unreadable
from policyengine.impact.behaviour.matter import Matter, given
from policyengine.impact.behaviour.narrowing import Narrowing
from policyengine.impact.behaviour.records import RecordReader
from policyengine.impact.behaviour.tally import Example, GroupKey, Refusal, RefusalKey, Tally
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision

Item = Document | Line

_PLACES: Final = re.compile(r"/\d+(?=/|$)")
_NO_LINES: Final = RecordReader(frozenset())
_NO_BUNDLE: Final = "no-bundle"
_NO_DECISION: Final = "no-decision"


@dataclass(frozen=True, slots=True)
class Work:
    """What a process needs to ask both: the bundles (None: there is none), the engine, and how lines are read.

    Where there are documents only, nothing is to be said of lines.
    """

    old: CheckedBundle | None
    new: CheckedBundle | None
    engine: str = TWIN
    reader: RecordReader = _NO_LINES


class Asker:
    """Asks both bundles. Close it, or use it in a ``with``, to free its engines."""

    def __init__(self, work: Work) -> None:
        self._reader = work.reader
        self._narrowing = Narrowing(work.old, work.new) if work.old and work.new else None
        self._sides = tuple(_Side(name, b, work.engine) for name, b in (("old", work.old), ("new", work.new)))

    def enter(self, item: Item, tally: Tally) -> tuple[Decision | None, Decision | None]:
        """Put one question to both and count what came of it; both answers, None for one that was refused."""
        document = self._reader.read(item) if isinstance(item, Line) else item
        if document is None:
            tally.others += 1
            return None, None
        if isinstance(document, Unreadable):
            tally.bad_line(document)
            return None, None
        old, new = (side.ask(document) for side in self._sides)
        without: tuple[str, ...] = ()
        if isinstance(old, Refused) and isinstance(new, Decision):
            old, without = self._ask_narrowed(document, old)
        if isinstance(old, Decision) and isinstance(new, Decision):
            tally.narrow(without)
            self._answered(document, (old, new), without, tally)
            return old, new
        self._refused(document, old, new, tally)
        return old if isinstance(old, Decision) else None, new if isinstance(new, Decision) else None

    def _ask_narrowed(self, document: Document, refused: Refused) -> tuple[Decision | Refused, tuple[str, ...]]:
        """The old answer to a document without the facts that only the new bundle has, and which these are."""
        facts, without = (document.facts, ()) if self._narrowing is None else self._narrowing.of(document.facts)
        answer = self._sides[0].ask(document._replace(facts=facts)) if without else refused
        return (answer, without) if isinstance(answer, Decision) else (refused, ())

    def _answered(
        self, document: Document, answers: tuple[Decision, Decision], without: tuple[str, ...], tally: Tally
    ) -> None:
        old, new = answers
        differs = compare(old, new)
        is_changed = differs is not None and bool(differs.aspects)
        tally.answered(document.decision, changed=is_changed)
        if differs is None or not is_changed:
            tally.reworded += differs is not None
            return
        key = _key(document.decision, old, new, differs)
        group = tally.group(key) or tally.open_group(key, self._example(document, answers, key, without))
        group.count += 1
        group.stakes.enter(old.amount, new.amount)

    def _example(
        self, document: Document, answers: tuple[Decision, Decision], key: GroupKey, without: tuple[str, ...]
    ) -> Example:
        old, new = answers
        rules = (*key.gone, *key.came, *key.about)
        is_paid = old.amount != new.amount and not (key.gone or key.came)
        names: frozenset[str] = frozenset()
        for side in self._sides:
            names |= side.read_by(document.decision, rules, is_paid=is_paid)
        facts = given(document.facts, names)
        return Example(document.id, document.place, old.as_of.isoformat(), old, new, facts, without)

    def _refused(self, document: Document, old: Decision | Refused, new: Decision | Refused, tally: Tally) -> None:
        by = [(s.name, a) for s, a in zip(self._sides, (old, new), strict=True) if isinstance(a, Refused)]
        side, refused = by[0] if len(by) == 1 else ("both", by[-1][1])
        key = RefusalKey(side, document.decision, refused.code, _PLACES.sub("/*", refused.pointer))
        tally.refuse(key, Refusal(document.id, document.place, refused.detail))

    def close(self) -> None:
        """Free the engines. Idempotent."""
        for side in self._sides:
            side.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a question cannot be asked: the first thing that is wrong with it."""

    code: str
    pointer: str
    detail: str


class _Side:
    """One of the two bundles, ready to decide."""

    def __init__(self, name: str, bundle: CheckedBundle | None, engine: str) -> None:
        self.name = name
        self._engine = None if bundle is None else Engine(bundle, engine, check=False, sample=0)
        self._matter = None if bundle is None else Matter(bundle)

    def ask(self, document: Document) -> Decision | Refused:
        if self._engine is None:
            return Refused(_NO_BUNDLE, "", "there is no such bundle")
        try:
            return self._engine.decide(document.decision, document.facts, as_of=document.as_of)
        except UnknownName:
            return Refused(_NO_DECISION, "", f"there is no decision `{document.decision}`")
        except RequestError as e:
            first = e.problems[0]
            return Refused(first.code, first.pointer, first.detail + (f"; {first.help}" if first.help else ""))

    def read_by(self, decision: str, rules: tuple[str, ...], *, is_paid: bool) -> frozenset[str]:
        """The facts that the rules read here."""
        return frozenset() if self._matter is None else self._matter.read_by(decision, rules, is_paid)

    def close(self) -> None:
        if self._engine is not None:
            self._engine.close()


def _key(decision: str, old: Decision, new: Decision, differs: Differs) -> GroupKey:
    # Where the verdict differs, the rest follows from it, and would only tear groups apart.
    aspects = ("verdict",) if "verdict" in differs.aspects else differs.aspects
    verdicts = (old.verdict, old.verdict_class), (new.verdict, new.verdict_class)
    return GroupKey(decision, *verdicts, aspects, differs.gone, differs.came, differs.about)
