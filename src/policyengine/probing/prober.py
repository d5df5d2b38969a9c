"""From a document to proposals: every slot with the other values that could matter to a decision."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date

from policyengine.engine.request import RequestReader
from policyengine.errors import RequestError
from policyengine.evaluation.evaluator import Evaluation, Evaluator
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr, Literal, Value, walk
from policyengine.model.memory import WorkingMemory
from policyengine.model.rules import DecisionSpec
from policyengine.model.vocabulary import Fact, FactList
from policyengine.probing.reading import Readable, Use, answer_roots, verdict_roots
from policyengine.probing.slots import ABSENT, Document, Proposal, Slot, slots_of
from policyengine.probing.solving import Solver
from policyengine.probing.tour import Tour
from policyengine.probing.values import Seeds, json_of, lists_for, values_for
from policyengine.values.money import Money
from policyengine.values.types import Kind

#: The currency that is tried where neither the facts nor the policies name one.
SOME_CURRENCY = "EUR"


class Prober:
    """Proposes changes of documents for one bundle. Safe to share between threads: it only remembers what is fixed.

    For the same bundle, decision and document the proposals are the same and in the same order. Their number is
    bounded: at most 60 values for a slot, in the first 50 elements of each list.
    """

    def __init__(self, bundle: CheckedBundle) -> None:
        self._bundle = bundle
        self._evaluator = Evaluator(bundle)
        self._reader = RequestReader(bundle, self._evaluator)
        self._reads = {name: Readable(bundle, spec) for name, spec in bundle.decisions.items()}
        self._written = _currencies_written(bundle)

    def slots(self, decision: str, document: Document) -> tuple[Slot, ...]:
        """The places for facts, with what the decision may read each for.

        They are in the order of the vocabulary: facts, then lists with their elements' fields, then ``as_of``. Raises
        RequestError for a document that a request could not be.
        """
        memory = self._reader.read(document.facts, document.as_of)
        return tuple(slots_of(self._bundle, document, memory, self._reads[decision]))

    def proposals(self, decision: str, document: Document) -> Iterator[Proposal]:
        """Other values for every slot, in the order of :meth:`slots`; only such as a request may give.

        Dates and numbers rise; ``ABSENT`` comes last, where something was given. Raises RequestError as there.
        """
        for proposal in self.candidates(decision, document):
            if self._readable(proposal, document):
                yield proposal

    def candidates(self, decision: str, document: Document, uses: Collection[Use] = tuple(Use)) -> Iterator[Proposal]:
        """The proposals for the slots of these uses, before they are read as a request.

        A few may be refused then: such as leave an amount in another currency than the other facts ask for.
        """
        ev = self.evaluation(document)
        memory = ev.memory
        targets = self._targets(self._bundle.decisions[decision], ev)
        seeds = Seeds(document.as_of, (*_currencies_given(memory), *self._written, SOME_CURRENCY))
        for slot in slots_of(self._bundle, document, memory, self._reads[decision]):
            if slot.use in uses:
                yield from _of_slot(slot, targets.get(slot.address, ()), seeds)

    def evaluation(self, document: Document) -> Evaluation:
        """The values of the document's facts. Raises RequestError for what a request could not be."""
        return self._evaluator.start(self._reader.read(document.facts, document.as_of))

    def _targets(self, spec: DecisionSpec, ev: Evaluation) -> Mapping[str, tuple[Value, ...]]:
        """By address, the values at which a comparison turns, in the order of writing."""
        tour = Tour(ev)
        solver = Solver(ev, tour)
        found: dict[str, dict[Value, None]] = {}
        sites = [*tour.sites(verdict_roots(spec)), *tour.sites(answer_roots(spec))]
        for site in (*sites, *(tour.limits(spec.payout) if spec.payout else ())):
            for address, value in solver.of(site):
                found.setdefault(address, {})[value] = None
        return {address: tuple(values) for address, values in found.items()}

    def _readable(self, proposal: Proposal, document: Document) -> bool:
        changed = proposal.applied(document)
        try:
            self._reader.read(changed.facts, changed.as_of)
        except RequestError:
            return False
        return True


def _of_slot(slot: Slot, targets: tuple[Value, ...], seeds: Seeds) -> Iterator[Proposal]:
    match slot.declared:
        case None:
            yield from _of_day(slot, targets)
            return
        case Fact() as fact:
            for value in values_for(fact, targets, slot.typed, seeds):
                yield Proposal(slot, json_of(value, fact), value)
        case FactList() as items:
            given = [] if slot.given is ABSENT else slot.given
            made = lists_for(items, targets, given)
            yield from (Proposal(slot, records) for records in _once(made) if records != slot.given)
    if slot.given is not ABSENT:
        yield Proposal(slot, ABSENT)


def _of_day(slot: Slot, targets: tuple[Value, ...]) -> Iterator[Proposal]:
    """Days on either side of those at which something turns."""
    days = {t.toordinal() + n for t in targets if isinstance(t, date) for n in (-1, 0, 1)}
    for day in sorted(days):
        if 1 <= day <= date.max.toordinal() and date.fromordinal(day) != slot.typed:
            yield Proposal(slot, date.fromordinal(day).isoformat(), date.fromordinal(day))


def _once(lists: Iterator[list[object]]) -> Iterator[list[object]]:
    seen: list[list[object]] = []
    for records in lists:
        if records not in seen:
            seen.append(records)
            yield records


def _currencies_given(memory: WorkingMemory) -> Iterator[str]:
    for value in memory.facts.values():
        if isinstance(value, Money):
            yield value.currency
    for elements in memory.lists.values():
        for element in elements:
            yield from (v.currency for v in element.fields.values() if isinstance(v, Money))


def _currencies_written(bundle: CheckedBundle) -> tuple[str, ...]:
    """The currencies that the policies name, in parameters first."""
    found: list[str] = []
    for parameter in bundle.parameters.values():
        found += [_currency_of(dated.value, parameter.type.kind) for dated in parameter.values]
    for spec in bundle.decisions.values():
        for root, _ in (*verdict_roots(spec), *answer_roots(spec)):
            found += [_currency_of(e.value, e.type.kind) for e in _literals(root)]
    return tuple(dict.fromkeys(c for c in found if c))


def _literals(root: Expr) -> Iterator[Literal]:
    return (e for e in walk(root) if isinstance(e, Literal))


def _currency_of(value: Value, kind: Kind) -> str:
    if isinstance(value, Money):
        return value.currency
    return value if kind is Kind.CURRENCY and isinstance(value, str) else ""
