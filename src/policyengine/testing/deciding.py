"""Deciding one case by every engine and by the reference, which must agree, and comparing it with what is expected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Self

from policyengine.backends import BACKENDS
from policyengine.engine.engine import Engine
from policyengine.errors import FactProblem, RequestError
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision
from policyengine.reference import decide as reference_decide
from policyengine.testing.compare import differences, disagreements
from policyengine.testing.explain import explain
from policyengine.testing.model import Case, Difference, Outcome, Status

#: The engines that are compared with the reference.
ALL_ENGINES = tuple(BACKENDS)


class CaseRunner:
    """Decides the cases of one bundle. Close it, or use it in a ``with``, to free its engines.

    Each of ``engines`` decides, and the first one's answer is held to the expectations. With ``check`` all of them
    must give the reference's answer, word for word. Nothing stands in for an engine that fails here.
    """

    def __init__(self, bundle: CheckedBundle, engines: Sequence[str] = ALL_ENGINES, *, check: bool = True) -> None:
        self.bundle = bundle
        self._check = check
        self._engines = {name: Engine(bundle, name, check=False, twin=None) for name in engines}

    def run(self, case: Case) -> Outcome:
        """How the case comes out. Facts that a service would refuse, and faults of an engine, are errors."""
        answers: dict[str, Decision] = {}
        for name, engine in self._engines.items():
            try:
                answers[name] = engine.decide(case.decision, case.facts, as_of=case.as_of)
            except RequestError as e:
                return Outcome(case=case, status=Status.ERROR, error="\n".join(_told(p, case) for p in e.problems))
            except Exception as e:  # noqa: BLE001 - a fault of an engine is told with its case; the others are run
                return Outcome(case=case, status=Status.ERROR, error=f"{name} failed: {type(e).__name__}: {e}")
        decision = next(iter(answers.values()))
        found = (*differences(decision, case.expected), *self._disagreements(case, answers))
        if not found:
            return Outcome(case=case, status=Status.PASSED)
        why = explain(self.bundle, case, decision, found)
        return Outcome(case=case, status=Status.FAILED, differences=found, explanation=why)

    def _disagreements(self, case: Case, answers: Mapping[str, Decision]) -> Iterator[Difference]:
        if self._check:
            other = reference_decide(self.bundle, case.decision, case.facts, case.as_of)
            yield from disagreements(answers, other, case.span)

    def close(self) -> None:
        """Free the engines. Idempotent."""
        for engine in self._engines.values():
            engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def _told(problem: FactProblem, case: Case) -> str:
    """A refused fact in one line, with the place where it was written if that is known."""
    names = problem.pointer.split("/")[1:]
    tried = (".".join(names[:n]) for n in range(len(names), 0, -1))
    span = next((case.places[name] for name in tried if name in case.places), case.span)
    help_ = f" ({problem.help})" if problem.help else ""
    return f"{span.place}: {problem.code} at {problem.pointer}: {problem.detail}{help_}"
