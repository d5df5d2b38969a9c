"""Mutants put to the test, on this process or on several; what comes out does not depend on how many.

Every process makes the same mutants of the same bundle, so only their numbers travel.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from functools import cached_property, partial
from typing import NamedTuple

from policyengine.model.bundle import CheckedBundle
from policyengine.mutation.boundary import Agreement, Grids, Suggestion, Unsettled
from policyengine.mutation.fates import Fate, fates
from policyengine.mutation.mutants import Mutant, mutants
from policyengine.mutation.proofs import Proofs
from policyengine.mutation.suite import Suite
from policyengine.processes import work_for_the_parent
from policyengine.testing.model import Case

Group = tuple[int, ...]
Ended = tuple[Group, tuple[Fate, ...]]


class Look(NamedTuple):
    """What is known of a survivor: why it is none (a proof, an agreement on its grid), or a test that would notice.

    Failing all of these, how much was tried.
    """

    number: int
    proof: str | None = None
    found: Suggestion | Agreement | Unsettled | None = None


class Laboratory:
    """A bundle, its cases and its mutants. Belongs to one process."""

    def __init__(self, bundle: CheckedBundle, cases: Sequence[Case]) -> None:
        self.suite = Suite(bundle, cases)
        self.mutants: tuple[Mutant, ...] = mutants(bundle)

    @cached_property
    def _proofs(self) -> Proofs:
        return Proofs(self.suite.bundle)

    @cached_property
    def _grids(self) -> Grids:
        return Grids(self.suite)

    def ended(self, group: Group, *, every: bool) -> Ended:
        """The fates of mutants of one owner."""
        return group, tuple(fates(self.suite, [self.mutants[n] for n in group], every=every))

    def look(self, number: int) -> Look:
        """A survivor looked at."""
        mutant = self.mutants[number]
        proof = self._proofs.of(mutant)
        return Look(number, proof) if proof else Look(number, found=self._grids.look(mutant))


class Benches(NamedTuple):
    """Where mutants are put to the test. Results come in any order: each says what it is of."""

    ended: Callable[[Sequence[Group]], Iterator[Ended]]
    looks: Callable[[Sequence[int]], Iterator[Look]]


@contextmanager
def benches(laboratory: Laboratory, cases: Sequence[Case], jobs: int, *, every: bool) -> Iterator[Benches]:
    """This process for one job, otherwise so many processes."""
    if jobs == 1:
        yield Benches(partial(map, partial(laboratory.ended, every=every)), partial(map, laboratory.look))
        return
    # A fresh interpreter each: a copy of this one might hold locks of threads that the copy does not have.
    context = multiprocessing.get_context("spawn")
    start = (laboratory.suite.bundle, tuple(cases))
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_begin, initargs=start) as pool:
        yield Benches(partial(_largest_first, pool, every=every), partial(pool.map, _look))


def _largest_first(pool: ProcessPoolExecutor, parts: Sequence[Group], *, every: bool) -> Iterator[Ended]:
    """The fates of groups, as they come: were a large group begun last, one process would be waited for."""
    asked = [pool.submit(_ended, group, every=every) for group in sorted(parts, key=len, reverse=True)]
    yield from (done.result() for done in as_completed(asked))


_here: Laboratory | None = None


def _begin(bundle: CheckedBundle, cases: Sequence[Case]) -> None:
    global _here  # noqa: PLW0603 - one for each process, made when the process starts
    work_for_the_parent()
    _here = Laboratory(bundle, cases)
    _here.suite.failing()  # none does; what is noted on the way saves time later


def _ended(group: Group, *, every: bool) -> Ended:
    assert _here is not None  # noqa: S101 - the process began with it
    return _here.ended(group, every=every)


def _look(number: int) -> Look:
    assert _here is not None  # noqa: S101 - the process began with it
    return _here.look(number)
