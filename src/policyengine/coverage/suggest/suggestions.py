"""Suggestions for one bundle: what is missing, searched for decision by decision, and written for people to judge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from policyengine.coverage.items import Item
from policyengine.coverage.meter import Meter
from policyengine.coverage.suggest.expecting import expecting
from policyengine.coverage.suggest.minimal import minimal
from policyengine.coverage.suggest.search import Search, weights_of
from policyengine.coverage.suggest.writing import Suggested, with_cases
from policyengine.errors import RequestError
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision
from policyengine.probing import Document, Prober
from policyengine.testing.model import Case, Outcome, Status

#: The file of a decision's suggestions, in the folder of the bundle's tests.
FILE: Final = "suggested_{decision}.test.yaml"


@dataclass(frozen=True, slots=True)
class Suggestions:
    """What was found for a bundle: cases by decision, and the items for which nothing was."""

    made: dict[str, tuple[Suggested, ...]]
    not_found: tuple[Item, ...]

    def write(self, bundle: CheckedBundle, folder: Path) -> tuple[Path, ...]:
        """Add the cases to their files below ``folder``; the files. Raises CannotAdd before any is touched."""
        paths = {decision: folder / FILE.format(decision=decision) for decision in self.made}
        texts = {
            paths[decision]: with_cases(paths[decision], bundle, decision, made) for decision, made in self.made.items()
        }
        for path, text in texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            # Whole or not at all, whatever happens meanwhile.
            written = path.with_name(f"{path.name}.new")
            written.write_text(text, encoding="utf-8")
            written.replace(path)
        return tuple(texts)


def suggest(bundle: CheckedBundle, outcomes: Iterable[Outcome]) -> Suggestions:
    """Cases for what no passing case covers. What a case under review covers already is not suggested again."""
    run = list(outcomes)
    with Meter(bundle) as meter:
        return _Suggesting(bundle, meter, run).found()


class _Suggesting:
    def __init__(self, bundle: CheckedBundle, meter: Meter, outcomes: Sequence[Outcome]) -> None:
        self.bundle, self.meter = bundle, meter
        self._prober = Prober(bundle)
        self._cases = [o.case for o in outcomes if o.status is Status.PASSED]
        self._names = {o.case.name for o in outcomes}
        self._open = self._missing(outcomes)

    def _missing(self, outcomes: Sequence[Outcome]) -> list[int]:
        """What neither a case that passed nor one under review covers, by place."""
        covered = set[int]()
        for case in (o.case for o in outcomes if o.status is Status.PASSED or o.case.review):
            covered |= self._covered(case)
        self.meter.prove([n for n in range(len(self.meter.items)) if n not in covered])
        items = self.meter.items
        found = [n for n, item in enumerate(items) if n not in covered and not item.proof]
        return sorted(found, key=lambda n: (items[n].span.file.path, items[n].span.start, n))

    def _covered(self, case: Case) -> frozenset[int]:
        try:
            return self.meter.covered(case)
        except RequestError:
            return frozenset()

    def found(self) -> Suggestions:
        """All suggestions."""
        made: dict[str, tuple[Suggested, ...]] = {}
        open_ = list(self._open)
        for decision in self.bundle.decisions:
            concerns = self.meter.concerns(decision)
            wanted = [n for n in open_ if n in concerns]
            new, covered = self._of_decision(decision, wanted)
            open_ = [n for n in open_ if n not in covered]
            if new:
                made[decision] = new
        return Suggestions(made, tuple(self.meter.items[n] for n in open_))

    def _of_decision(self, decision: str, wanted: Sequence[int]) -> tuple[tuple[Suggested, ...], set[int]]:
        starts = list(self._starts(decision)) if wanted else []
        search = Search(self.meter, self._prober, decision, starts)
        made: list[Suggested] = []
        covered: set[int] = set()
        for number in wanted:
            document = search.find(number) if number not in covered and starts else None
            if document is None:
                continue
            small = self._minimal(search, decision, document, number)
            hits, answer = self.meter.measured(decision, small.facts, small.as_of)
            covered |= hits
            made.append(Suggested(self._name(number), small.as_of, small.facts, expecting(self.bundle, answer)))
        return tuple(made), covered

    def _starts(self, decision: str) -> Iterator[Document]:
        """The decision's cases; if it has none, no facts at all on a day of some other case."""
        own = [Document(c.facts, c.as_of) for c in self._cases if c.decision == decision]
        days = [c.as_of for c in self._cases]
        yield from own or ([Document({}, max(days))] if days else [])

    def _minimal(self, search: Search, decision: str, document: Document, number: int) -> Document:
        """Without all that can go while the item stays covered, as near to what it belongs to, by the same rules."""
        weights = weights_of(self.meter, self.meter.items[number])
        covered, answer = self.meter.measured(decision, document.facts, document.as_of)
        needed = {n for n in covered if n in weights}
        sway = search.sway(number, document)

        def keeps(tried: Document) -> bool:
            try:
                hits, changed = self.meter.measured(decision, tried.facts, tried.as_of)
            except RequestError:
                return False
            alike = needed <= hits and _outcome(changed) == _outcome(answer)
            return alike and search.sway(number, tried) >= sway

        return minimal(self.bundle, document, keeps)

    def _name(self, number: int) -> str:
        """The item in words; numbered if a case has that name."""
        item = self.meter.items[number]
        said = item.lacks
        for word in ("in which ", "with ", "that "):
            said = said.removeprefix(word)
        name = f"{item.about}: {said}".replace("`", "")
        taken, count = name, 1
        while taken in self._names:
            count += 1
            taken = f"{name} ({count})"
        self._names.add(taken)
        return taken


def _outcome(decision: Decision) -> tuple[object, ...]:
    return (decision.verdict, {r.rule for r in decision.reasons})
