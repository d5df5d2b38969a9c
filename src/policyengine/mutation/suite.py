"""The cases of a bundle, decided by the bundle and by its mutants."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from policyengine.engine.deciding import decided
from policyengine.engine.prepared import Prepared
from policyengine.engine.request import RequestReader
from policyengine.errors import RequestError
from policyengine.evaluation.evaluator import Evaluator
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision
from policyengine.model.memory import WorkingMemory
from policyengine.model.rules import DecisionSpec
from policyengine.mutation.matching import Evaluating, KnownTruths
from policyengine.mutation.mutants import Mutant
from policyengine.mutation.reach import Name, Reach
from policyengine.testing.compare import differences
from policyengine.testing.model import Case


class Variant:
    """A model that decides, made quickly: nothing is compiled but the expressions that a case asks for.

    ``evaluator`` may be another variant's as long as everything that has a name is the same in both; ``changed`` is
    what is not. ``notes``: the truths of its rules are noted for others.
    """

    def __init__(
        self,
        bundle: CheckedBundle,
        known: KnownTruths,
        evaluator: Evaluator | None = None,
        changed: Name | None = None,
        *,
        notes: bool = False,
    ) -> None:
        self.bundle = bundle
        self.evaluator = evaluator or Evaluator(bundle)
        self._known, self._changed, self._notes = known, changed, notes
        self._ready: dict[str, tuple[Prepared, Evaluating]] = {}

    def decide(self, decision: str, memory: WorkingMemory) -> Decision:
        """The whole decision."""
        ready = self._ready.get(decision)
        if ready is None:
            ready = self._ready[decision] = self._prepared(self.bundle.decisions[decision])
        prepared, program = ready
        return decided(prepared, program, self.evaluator.start(memory))

    def _prepared(self, spec: DecisionSpec) -> tuple[Prepared, Evaluating]:
        program = Evaluating(self.bundle, spec, self._known, self._changed, notes=self._notes)
        return Prepared(self.bundle, spec), program


@dataclass(frozen=True, slots=True)
class Asked:
    """A case with its facts read. ``memory`` is None for a case whose facts cannot be used."""

    case: Case
    memory: WorkingMemory | None


class Suite:
    """The cases that count: not those under review. Belongs to one process.

    ``cases`` are in the order of the files.
    """

    def __init__(self, bundle: CheckedBundle, cases: Sequence[Case]) -> None:
        self.bundle = bundle
        self.reach = Reach(bundle)
        self._known = KnownTruths(bundle, self.reach)
        self.base = Variant(bundle, self._known)
        reader = RequestReader(bundle, self.base.evaluator)
        self.cases = tuple(Asked(c, _read(reader, c)) for c in cases if not c.review)
        self.by_decision = {
            d: tuple(i for i, asked in enumerate(self.cases) if asked.case.decision == d) for d in bundle.decisions
        }

    def failing(self) -> tuple[Case, ...]:
        """The cases that the bundle itself fails. What its rules come to is noted on the way."""
        noting = Variant(self.bundle, self._known, self.base.evaluator, notes=True)
        return tuple(a.case for a in self.cases if self.notices(a, noting))

    def variant(self, mutant: Mutant) -> Variant:
        """The mutant, ready to decide."""
        made = mutant.applied(self.bundle)
        if mutant.in_rules:
            return Variant(made, self._known, self.base.evaluator)
        return Variant(made, self._known, changed=(mutant.owner.kind, mutant.owner.name))

    def asked_by(self, mutant: Mutant, variant: Variant) -> Sequence[Asked]:
        """The cases as the mutant reads them: anew only if it may refuse what the bundle accepts, or the reverse."""
        if (mutant.owner.kind, mutant.owner.name) not in self.reach.reading:
            return self.cases
        reader = RequestReader(variant.bundle, variant.evaluator)
        return [Asked(a.case, _read(reader, a.case)) for a in self.cases]

    def notices(self, asked: Asked, variant: Variant) -> bool:
        """Whether the case fails: an expectation is not met, or the case cannot be decided."""
        if asked.memory is None:
            return True
        try:
            decision = variant.decide(asked.case.decision, asked.memory)
        except Exception:  # noqa: BLE001 - a run of the suite would notice, whatever it is
            return True
        return bool(differences(decision, asked.case.expected))


def _read(reader: RequestReader, case: Case) -> WorkingMemory | None:
    try:
        return reader.read(case.facts, case.as_of)
    except RequestError:
        return None
