"""Survivors on their boundary grid: the test that would notice, or the certainty that none on the grid would.

For every rule (payout, report) that leads to what a mutant changes, all combinations of the interesting values of the
facts that the rule reads are decided by the bundle and by the mutant: values on either side of each limit, every
member, and nothing given. They are put into the documents of the cases. Compared is everything that a case can expect.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Final

from policyengine.engine.request import RequestReader
from policyengine.errors import RequestError
from policyengine.model.decision import Decision
from policyengine.model.memory import WorkingMemory
from policyengine.model.vocabulary import FactList
from policyengine.mutation.fates import likely_order
from policyengine.mutation.mutants import Mutant
from policyengine.mutation.operators import OPERATORS
from policyengine.mutation.suite import Suite, Variant
from policyengine.probing import ABSENT, Document, Prober, Proposal
from policyengine.testing.compare import actual
from policyengine.testing.model import Json

#: So many documents are decided for one rule; a rule of which not one case can be exhausted with them is given up.
MOST_DOCUMENTS: Final = 1000
_OBSERVED: Final = (
    *("verdict", "reasons", "missing", "elements", "amount", "groups"),
    *("warnings", "needs", "values", "parts", "remarks", "faults"),
)

#: What people look at first in an answer: a difference there makes the plainest test.
_LOOKED_AT: Final = frozenset({"verdict", "reasons", "elements", "amount"})

Observed = dict[str, Json]
Answered = tuple[WorkingMemory | None, Observed]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A test that would notice: a case, what to change in it, and what differs then."""

    case: str
    changes: tuple[tuple[str, Json], ...]
    key: str
    expected: Json
    mutant: Json

    def __str__(self) -> str:
        changed = ", ".join(f"`{address}` {_given(value)}" for address, value in self.changes)
        where = f"`{self.case}` with {changed}" if changed else f"`{self.case}`"
        return f"{where} has {self.key} {_told(self.expected)}, with this slip {_told(self.mutant)}"

    def to_dict(self) -> dict[str, Json]:
        """As plain data; a fact to be taken away is null."""
        changes = {address: None if value is ABSENT else value for address, value in self.changes}
        what = {"key": self.key, "expected": self.expected, "mutant": self.mutant}
        return {"case": self.case, "changes": changes, **what}


@dataclass(frozen=True, slots=True)
class Agreement:
    """No difference on the whole grid: of so many documents, made of so many cases, for these facts."""

    documents: int
    cases: int
    facts: tuple[str, ...]

    def __str__(self) -> str:
        facts = ", ".join(f"`{f}`" for f in self.facts) or "no fact at all"
        made = f"{self.documents} documents made of {self.cases} cases"
        return f"nothing that a case can expect differs on the boundary grid of {facts}: {made}"


@dataclass(frozen=True, slots=True)
class Unsettled:
    """No difference was met in so many documents, but there are others that were not tried."""

    documents: int

    def __str__(self) -> str:
        tried = f"{self.documents:,} {'document' if self.documents == 1 else 'documents'}"
        return f"no test that would notice was found: {tried} tried, which are not all that there could be"


class Grids:
    """Looks at the survivors of a suite. Belongs to one process; what documents propose is remembered."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self._prober = Prober(suite.bundle)
        self._reader = RequestReader(suite.bundle, suite.base.evaluator)
        self._proposed: dict[int, tuple[Proposal, ...]] = {}
        self._answers: dict[tuple[int, int], Answered] = {}

    def look(self, mutant: Mutant) -> Suggestion | Agreement | Unsettled:
        """What the grid shows; unsettled if it is too large to be exhausted, and no difference was met on the way."""
        search = _Search(self, mutant)
        found = search.run()
        if found is not None:
            return found
        if not search.exhausted:
            return Unsettled(search.tried)
        return Agreement(search.documents, len(search.cases), tuple(search.facts))

    def proposals(self, number: int) -> tuple[Proposal, ...]:
        """Other values for the facts of a case."""
        if number not in self._proposed:
            case = self.suite.cases[number].case
            self._proposed[number] = tuple(self._prober.proposals(case.decision, self.document(number)))
        return self._proposed[number]

    def document(self, number: int) -> Document:
        """The facts and the day of a case."""
        case = self.suite.cases[number].case
        return Document(case.facts, case.as_of)

    def answer(self, number: int, changes: tuple[Proposal, ...]) -> Answered:
        """The facts of a case with changes, and the bundle's own answer; no facts if no request may be so."""
        if len(changes) > 1:
            return self._answer(number, changes)
        # Documents with one change or none are asked about for one survivor after the other.
        key = (number, id(changes[0]) if changes else 0)
        if key not in self._answers:
            self._answers[key] = self._answer(number, changes)
        return self._answers[key]

    def _answer(self, number: int, changes: tuple[Proposal, ...]) -> Answered:
        document = self.document(number)
        for change in changes:
            document = change.applied(document)
        try:
            memory = self._reader.read(document.facts, document.as_of)
        except RequestError:
            return None, {}
        return memory, observed(self.suite.base, self.suite.cases[number].case.decision, memory)


class _Search:
    """One mutant on its grid."""

    def __init__(self, grids: Grids, mutant: Mutant) -> None:
        self._grids, self._mutant = grids, mutant
        self._variant = grids.suite.variant(mutant)
        self.exhausted = OPERATORS[mutant.operator].on_grid
        #: Documents of the grid, and all that were asked about.
        self.documents = self.tried = 0
        self.cases: set[int] = set()
        self.facts: dict[str, None] = {}

    def run(self) -> Suggestion | None:
        """The plainest test that would notice: one that differs in what people look at, with little changed."""
        found = self._plainest()
        return found or self._on_grids()

    def _plainest(self) -> Suggestion | None:
        """A difference of a case as it is, or one change away from it; the first in what is looked at before others."""
        other: Suggestion | None = None
        for decision in self._mutant.decisions:
            cases = self._in_order(decision)
            for found in self._as_they_are(cases):
                if found.key in _LOOKED_AT:
                    return found
                other = other or found
            for facts in self._grids.suite.reach.read_together(decision, self._mutant.owner):
                for found in self._near(cases, facts):
                    if found.key in _LOOKED_AT:
                        return found
                    other = other or found
        return other

    def _in_order(self, decision: str) -> list[int]:
        mine = set(self._grids.suite.by_decision[decision])
        return [i for i in likely_order(self._grids.suite, self._mutant.owner) if i in mine]

    def _on_grids(self) -> Suggestion | None:
        for decision in self._mutant.decisions:
            cases = self._in_order(decision)
            for facts in self._grids.suite.reach.read_together(decision, self._mutant.owner):
                found = self._grid(cases, facts)
                if found is not None:
                    return found
        return None

    def _as_they_are(self, cases: Sequence[int]) -> Iterator[Suggestion]:
        """Differences in what the cases themselves could expect and do not."""
        for number in cases:
            found = self._difference(number, ())
            if found is not None:
                yield found

    def _near(self, cases: Sequence[int], facts: frozenset[str]) -> Iterator[Suggestion]:
        """Differences one change away from a case."""
        left = MOST_DOCUMENTS
        for number in cases:
            proposals = [p for p in self._grids.proposals(number) if _name(p) in facts]
            left -= len(proposals)
            if left < 0:
                break
            for proposal in proposals:
                found = self._difference(number, (proposal,))
                if found is not None:
                    yield found

    def _grid(self, cases: Sequence[int], facts: frozenset[str]) -> Suggestion | None:
        """All combinations, case by case, as far as the documents go."""
        left, done = MOST_DOCUMENTS, 0
        for number in cases:
            choices = _choices(self._grids.proposals(number), facts)
            size = prod(len(c) for c in choices)
            if size > left:
                continue
            left, done = left - size, done + 1
            self.cases.add(number)
            self.facts |= dict.fromkeys(_name(c[-1]) for c in choices if c[-1] is not None)
            for chosen in product(*choices):
                changes = tuple(c for c in chosen if c is not None)
                self.documents += 1
                found = self._difference(number, changes)
                if found is not None:
                    return self._fewest(number, changes, found)
        self.exhausted = self.exhausted and done > 0
        return None

    def _fewest(self, number: int, changes: tuple[Proposal, ...], found: Suggestion) -> Suggestion:
        """The same difference with as few changes as it needs."""
        for change in changes:
            fewer = tuple(c for c in changes if c is not change)
            still = self._difference(number, fewer)
            if still is not None:
                changes, found = fewer, still
        return found

    def _difference(self, number: int, changes: tuple[Proposal, ...]) -> Suggestion | None:
        self.tried += 1
        memory, ours = self._grids.answer(number, changes)
        if memory is None:
            return None
        case = self._grids.suite.cases[number].case
        theirs = observed(self._variant, case.decision, memory)
        key = next((k for k in ours if ours[k] != theirs[k]), None)
        if key is None:
            return None
        told = tuple((c.slot.address, ABSENT if c.value is ABSENT else c.value) for c in changes)
        return Suggestion(case.id, told, key, ours[key], theirs[key])


def observed(variant: Variant, decision: str, memory: WorkingMemory) -> Observed:
    """Everything that a case can expect of an answer; of one that cannot be made, the error."""
    try:
        answer = variant.decide(decision, memory)
    except Exception as e:  # noqa: BLE001 - a case that cannot be decided is noticed
        return {**dict.fromkeys((*_OBSERVED, "deadlines")), "verdict": type(e).__name__}
    return {**{key: actual(answer, key) for key in _OBSERVED}, "deadlines": _days(answer)}


def _days(answer: Decision) -> Json:
    return [[d.rule, d.element, d.day.isoformat()] for d in answer.deadlines]


def _name(proposal: Proposal) -> str:
    """What a proposal is about, without the element: ``claims.amount``, ``order.total``, ``as_of``."""
    address = proposal.slot.address
    start, bracket, rest = address.partition("[")
    return start + rest.rpartition("]")[2] if bracket else address


def _choices(proposals: Sequence[Proposal], facts: frozenset[str]) -> list[list[Proposal | None]]:
    """For each place of a fact the proposals for it, and None for what the case gives.

    A whole list is not combined with its own elements, which would be gone.
    """
    by_place: dict[str, list[Proposal | None]] = {}
    for proposal in proposals:
        if _name(proposal) in facts and not isinstance(proposal.slot.declared, FactList):
            by_place.setdefault(proposal.slot.address, [None]).append(proposal)
    return list(by_place.values())


def _given(value: Json) -> str:
    return "left out" if value is ABSENT else f"= {_told(value)}"


def _told(value: Json) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
