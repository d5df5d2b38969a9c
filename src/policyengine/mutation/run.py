"""A run: the cases pass without a mutant, then every mutant is put to them, then the survivors are looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

from policyengine.diagnostics import did_you_mean
from policyengine.errors import PolicyEngineError, UnknownName
from policyengine.model.bundle import CheckedBundle
from policyengine.mutation.boundary import Agreement, Suggestion, Unsettled
from policyengine.mutation.fates import Fate, groups
from policyengine.mutation.laboratory import Benches, Laboratory, Look, benches
from policyengine.mutation.mutants import Mutant
from policyengine.mutation.operators import OPERATORS
from policyengine.mutation.report import Report, Result, Status
from policyengine.testing.model import Case

#: Told how many more mutants have their end, and whether a look at survivors brought it.
Progress = Callable[[int, bool], object]


class FailingSuiteError(PolicyEngineError):
    """The cases do not pass as the bundle is, so they cannot tell a mutant from it."""


class LostProcessError(PolicyEngineError):
    """A process that tried mutants was ended from outside, so some mutants have no end."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which mutants are put to the test; what is None leaves all.

    ``text`` is looked for in the place, the id and the sentence of a mutant, whatever the case of its letters.
    """

    decision: str | None = None
    operator: str | None = None
    rule: str | None = None
    text: str | None = None

    def of(self, mutants: Sequence[Mutant], bundle: CheckedBundle) -> tuple[int, ...]:
        """The numbers of the selected mutants. Raises UnknownName for a decision, operator or rule that is none."""
        _known("decision", self.decision, bundle.decisions)
        _known("operator", self.operator, OPERATORS)
        _known("rule", self.rule, {r.id for d in bundle.decisions.values() for r in d.rules})
        return tuple(i for i, mutant in enumerate(mutants) if self._takes(mutant))

    def _takes(self, mutant: Mutant) -> bool:
        return (
            (self.decision is None or self.decision in mutant.decisions)
            and (self.operator is None or self.operator == mutant.operator)
            and (self.rule is None or (mutant.owner.kind, mutant.owner.name) == ("rule", self.rule))
            and (self.text is None or self.text.lower() in f"{mutant.id} {mutant.sentence}".lower())
        )


ALL = Selection()


def _known(kind: str, name: str | None, known: Iterable[str]) -> None:
    if name is not None and name not in (names := sorted(known)):
        raise UnknownName(f"there is no {kind} `{name}`", did_you_mean(name, names) or f"{kind}s: " + ", ".join(names))


@dataclass(frozen=True, slots=True)
class Run:
    """A bundle with its cases, ready to be mutated. ``every``: each case is asked, also after a kill."""

    bundle: CheckedBundle
    cases: Sequence[Case]
    shown: str
    jobs: int = 1
    every: bool = False

    def report(self, selection: Selection = ALL, progress: Progress = lambda *_: None) -> Report:
        """Put the selected mutants to the test. Raises FailingSuiteError before that if the cases do not pass."""
        laboratory = Laboratory(self.bundle, self.cases)
        self._refuse_failing(laboratory)
        numbers = selection.of(laboratory.mutants, self.bundle)
        chosen = [laboratory.mutants[n] for n in numbers]
        parts = [tuple(numbers[i] for i in group) for group in groups(chosen)]
        # More processes than groups of mutants would only start and end.
        jobs = max(1, min(self.jobs, len(parts)))
        try:
            with benches(laboratory, self.cases, jobs, every=self.every) as here:
                fates = _ended(here, parts, progress)
                looks = _looks(here, [n for n in numbers if not fates[n].killers], progress)
        except BrokenProcessPool as e:
            raise LostProcessError(
                f"{self.shown}: a process that tried mutants has died; try again with --jobs 1"
            ) from e
        ids = [asked.case.id for asked in laboratory.suite.cases]
        results = [_result(laboratory.mutants[n], fates[n], looks.get(n), ids) for n in numbers]
        return Report(bundle=self.shown, cases=len(ids), all_mutants=len(laboratory.mutants), results=tuple(results))

    def _refuse_failing(self, laboratory: Laboratory) -> None:
        if not laboratory.suite.cases:
            raise FailingSuiteError(f"{self.shown}: no case was found, so no mutant could be noticed")
        failing = laboratory.suite.failing()
        if failing:
            first, more = failing[0], len(failing) - 1
            told = f"`{first.id}`" + (f" and {more} more" if more else "")
            remedy = f"run `policyengine test {self.shown}` and mend them first"
            raise FailingSuiteError(f"{self.shown}: cases fail without any mutant: {told}; {remedy}")


def _ended(here: Benches, parts: Sequence[tuple[int, ...]], progress: Progress) -> Mapping[int, Fate]:
    found: dict[int, Fate] = {}
    for group, fates in here.ended(parts):
        found.update(zip(group, fates, strict=True))
        progress(sum(bool(fate.killers) for fate in fates), False)
    return found


def _looks(here: Benches, survivors: Sequence[int], progress: Progress) -> Mapping[int, Look]:
    found: dict[int, Look] = {}
    for look in here.looks(survivors):
        found[look.number] = look
        progress(1, True)
    return found


def _result(mutant: Mutant, fate: Fate, look: Look | None, ids: Sequence[str]) -> Result:
    if look is None:
        killers = tuple(ids[i] for i in fate.killers)
        return Result(mutant=mutant, status=Status.KILLED, evaluations=fate.evaluations, killers=killers)
    why = look.proof or (str(look.found) if isinstance(look.found, Agreement) else None)
    return Result(
        mutant=mutant,
        status=Status.LEFT_OUT if why else Status.SURVIVED,
        evaluations=fate.evaluations,
        why=why,
        is_proved=look.proof is not None,
        suggestion=look.found if isinstance(look.found, Suggestion) else None,
        tried=str(look.found) if isinstance(look.found, Unsettled) else None,
    )
