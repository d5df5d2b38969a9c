"""Running cases: from the folder of a bundle to how each of its cases came out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from gc import disable, enable, isenabled
from pathlib import Path

from policyengine.diagnostics import Diagnostics
from policyengine.loading import check_folder
from policyengine.model.bundle import CheckedBundle
from policyengine.testing.cases import read_case_files
from policyengine.testing.deciding import ALL_ENGINES, CaseRunner
from policyengine.testing.model import Case, Outcome, Results, Status, Suite
from policyengine.testing.parallel import run_parallel, worthwhile_jobs
from policyengine.testing.selection import Selection, choose
from policyengine.testing.strays import tell_strays

__all__ = ["ALL_ENGINES", "CaseRunner", "Running", "check_cases", "load_suite", "run_cases", "run_suites"]


#: Hears how many cases have been run so far, and how many are to be run.
Progress = Callable[[int, int], None]
Outcomes = tuple[Outcome, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """How cases are run. ``engines`` and ``check`` are as for :class:`CaseRunner`.

    ``jobs`` is the number of processes, None for as many as are worth it; the results are the same for any number.
    ``fail_fast``: no case is run after the first, in order, that does not pass.
    """

    engines: Sequence[str] = ALL_ENGINES
    check: bool = True
    jobs: int | None = None
    fail_fast: bool = False


def load_suite(folder: str | Path) -> Suite:
    """The bundle in ``folder`` with its cases. What cannot be used gives diagnostics, not an exception."""
    with _nothing_to_collect():
        bundle, sink = check_folder(folder)
        if bundle is None or sink.failed:
            return Suite(folder=str(folder), bundle=None, diagnostics=sink.sorted())
        faults = Diagnostics()
        found = read_case_files(bundle, folder, faults)
        tell_strays(folder, faults)
        diagnostics = faults.sorted()
        return Suite(folder=str(folder), bundle=bundle, cases=found.cases, diagnostics=diagnostics, unread=found.unread)


def check_cases(bundle: CheckedBundle, folder: str | Path, sink: Diagnostics) -> None:
    """Report what is wrong with the files of cases of the bundle in ``folder``, without running any case."""
    with _nothing_to_collect():
        read_case_files(bundle, folder, sink)
        tell_strays(folder, sink)


def run_suites(
    suites: Sequence[Suite],
    selection: Selection | None = None,
    running: Running | None = None,
    progress: Progress | None = None,
) -> list[Results]:
    """Run the chosen cases of each bundle.

    Results are not ``ok`` unless a case was run and all passed: a choice that finds nothing is no success.
    """
    selection, running = selection or Selection(), running or Running()
    chosen = choose(suites, selection)
    total = sum(map(len, chosen.cases))
    results: list[Results] = []
    done = 0
    for suite, cases in zip(suites, chosen.cases, strict=True):
        stopped = running.fail_fast and any(_failed(r) for r in results)
        outcomes = () if stopped else _run(suite, cases, running, _counted(progress, done, total))
        done += len(outcomes)
        results.append(
            Results(
                bundle=suite.folder,
                outcomes=outcomes,
                diagnostics=suite.diagnostics,
                left_out=len(suite.cases) - len(cases),
                not_run=len(cases) - len(outcomes),
                complaints=() if results else chosen.complaints,
                elsewhere=bool(suite.cases) and not cases and total > 0,
                unread=suite.unread,
            )
        )
    return results


def _failed(results: Results) -> bool:
    return any(o.status is not Status.PASSED for o in results.outcomes)


def _counted(progress: Progress | None, before: int, total: int) -> Callable[[int], None] | None:
    return None if progress is None else lambda now: progress(before + now, total)


def run_cases(
    folder: str | Path, select: str | None = None, engines: Sequence[str] = ALL_ENGINES, *, check: bool = True
) -> Results:
    """Run the cases of the bundle in ``folder`` whose id contains ``select``, whatever the case of its letters.

    ``engines`` and ``check`` are as for :class:`CaseRunner`. All is done in this process.

    A bundle or test file that cannot be used gives diagnostics, not an exception; then, and when no case is
    found, the results are not ``ok``.
    """
    running = Running(engines=engines, check=check, jobs=1)
    (results,) = run_suites([load_suite(folder)], Selection(text=select), running)
    return results


def _run(suite: Suite, cases: Sequence[Case], running: Running, told: Callable[[int], None] | None) -> Outcomes:
    bundle = suite.bundle
    if bundle is None:
        return ()
    return run_parallel(
        cases,
        lambda: CaseRunner(bundle, running.engines, check=running.check),
        jobs=worthwhile_jobs(len(cases)) if running.jobs is None else running.jobs,
        fail_fast=running.fail_fast,
        told=told,
    )


@contextmanager
def _nothing_to_collect() -> Iterator[None]:
    """Reading makes trees, and no circles: looking for some, again and again, would take as long as the reading."""
    was_enabled = isenabled()
    disable()
    try:
        yield
    finally:
        if was_enabled:
            enable()
