"""Running cases: each is decided by the production engine and by the reference, which must agree, and compared."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from policyengine.diagnostics import Diagnostics
from policyengine.engine.engine import Engine
from policyengine.errors import FactProblem, PolicyEngineError, RequestError
from policyengine.loading import check_folder
from policyengine.model.bundle import CheckedBundle
from policyengine.reference import decide as reference_decide
from policyengine.testing.cases import read_cases
from policyengine.testing.compare import differences, disagreement
from policyengine.testing.explain import explain
from policyengine.testing.model import Case, Outcome, Results, Status

DEFAULT_BACKEND = "durable"


class CaseRunner:
    """Decides the cases of one bundle. Close it, or use it in a ``with``, to free its engine."""

    def __init__(self, bundle: CheckedBundle, backend: str = DEFAULT_BACKEND) -> None:
        self.bundle = bundle
        self._engine = Engine(bundle, backend=backend)

    def run(self, case: Case) -> Outcome:
        """How the case comes out. Facts that a service would refuse, and faults of the engine, are errors."""
        try:
            decision = self._engine.decide(case.decision, case.facts, as_of=case.as_of)
        except RequestError as e:
            return Outcome(case=case, status=Status.ERROR, error="\n".join(_told(p, case) for p in e.problems))
        except PolicyEngineError as e:
            return Outcome(case=case, status=Status.ERROR, error=str(e))
        other = reference_decide(self.bundle, case.decision, case.facts, case.as_of)
        found = (*differences(decision, case.expected), *disagreement(decision, other, case.span))
        if not found:
            return Outcome(case=case, status=Status.PASSED)
        why = explain(self.bundle, case, decision, found)
        return Outcome(case=case, status=Status.FAILED, differences=found, explanation=why)

    def close(self) -> None:
        """Free the engine. Idempotent."""
        self._engine.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


def run_cases(folder: str | Path, select: str | None = None, backend: str = DEFAULT_BACKEND) -> Results:
    """Run the cases of the bundle in ``folder`` whose id contains ``select``, whatever the case of its letters.

    A bundle or test file that cannot be used gives diagnostics, not an exception; then, and when no case is
    found, the results are not ``ok``.
    """
    bundle, sink = check_folder(folder)
    if bundle is None or sink.failed:
        return Results(bundle=str(folder), diagnostics=sink.sorted())
    faults = Diagnostics()
    cases = read_cases(bundle, folder, faults)
    wanted = [c for c in cases if select is None or select.lower() in c.id.lower()]
    with CaseRunner(bundle, backend) as runner:
        outcomes = tuple(runner.run(case) for case in wanted)
    return Results(bundle=str(folder), outcomes=outcomes, diagnostics=faults.sorted())


def _told(problem: FactProblem, case: Case) -> str:
    """A refused fact in one line, with the place where it was written if that is known."""
    names = problem.pointer.split("/")[1:]
    tried = (".".join(names[:n]) for n in range(len(names), 0, -1))
    span = next((case.places[name] for name in tried if name in case.places), case.span)
    help_ = f" ({problem.help})" if problem.help else ""
    return f"{span.place}: {problem.code} at {problem.pointer}: {problem.detail}{help_}"
