"""What becomes of mutants: killed by the first case that notices, or survived.

A case that cannot see a mutant is not asked. The others are asked in an order that makes a kill likely: cases that
killed the mutants of the same rule before, then those that expect the rule, then the rest. So mutants are looked at
group by group, one for each rule or named thing; what a group comes to does not depend on the other groups.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from policyengine.mutation.mutants import Mutant
from policyengine.mutation.sites import Owner
from policyengine.mutation.suite import Suite
from policyengine.testing.model import Case


@dataclass(frozen=True, slots=True)
class Fate:
    """How a mutant ended. ``killers`` are numbers of cases: the first that noticed, or all that do; none: it survived.

    ``evaluations`` counts the cases that were decided by the mutant.
    """

    killers: tuple[int, ...]
    evaluations: int


def groups(mutants: Sequence[Mutant]) -> tuple[tuple[int, ...], ...]:
    """Mutants by owner, as their numbers; owners in the order of their first mutant."""
    found: dict[Owner, list[int]] = {}
    for i, mutant in enumerate(mutants):
        found.setdefault(mutant.owner, []).append(i)
    return tuple(tuple(numbers) for numbers in found.values())


def fates(suite: Suite, group: Iterable[Mutant], *, every: bool = False) -> Iterator[Fate]:
    """The fates of the mutants of one group, in order. ``every``: all cases are asked, and all killers named."""
    order: list[int] | None = None
    for mutant in group:
        if order is None:
            order = likely_order(suite, mutant.owner)
        fate = _fate(suite, mutant, order, every=every)
        for killer in fate.killers[:1]:
            order.remove(killer)
            order.insert(0, killer)
        yield fate


def _fate(suite: Suite, mutant: Mutant, order: Sequence[int], *, every: bool) -> Fate:
    seeing = {i for d in mutant.decisions for i in suite.by_decision[d]}
    killers: list[int] = []
    count = 0
    if seeing:
        variant = suite.variant(mutant)
        cases = suite.asked_by(mutant, variant)
        for i in order:
            if i in seeing:
                count += 1
                if suite.notices(cases[i], variant):
                    killers.append(i)
                    if not every:
                        break
    return Fate(tuple(killers if not every else sorted(killers)), count)


def likely_order(suite: Suite, owner: Owner) -> list[int]:
    """The numbers of all cases, those that expect a rule of this name first."""
    expecting = [i for i, asked in enumerate(suite.cases) if _mentions(asked.case, owner.name)]
    first = set(expecting)
    return expecting + [i for i in range(len(suite.cases)) if i not in first]


def _mentions(case: Case, name: str) -> bool:
    return any(isinstance(e.value, list | dict) and name in e.value for e in case.expected)
