"""The ladder: cheap bounds and packings first, the solver only if they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from policyengine.planner.bounds import lower_bound
from policyengine.planner.exact import MOST_PARTS, Worth, fit
from policyengine.planner.instance import Instance, Packing, is_packing, merged, parts_of
from policyengine.planner.packing import first_fit_decreasing, tight_filling
from policyengine.planner.steps import Steps

if TYPE_CHECKING:
    from policyengine.planner.columns import Master, Relaxed

_PACKING_STEPS = 40_000
_QUICK_STEPS = 30_000
_FINISH_STEPS = 20_000
_MOST_DIVES = 12


@dataclass(slots=True)
class Search:
    """The best packing and the best bound so far; at the end they are the answer."""

    instance: Instance
    steps: Steps
    packing: Packing
    bound: int
    used_solver: bool = False

    @property
    def parts(self) -> int:
        """The parts of the best packing."""
        return parts_of(self.packing)

    @property
    def closed(self) -> bool:
        """Whether the packing is proved to be minimal."""
        return self.parts <= self.bound

    def offer(self, packing: Packing | None) -> None:
        """Keep ``packing`` if it is right (checked exactly) and has fewer parts."""
        if packing is not None and parts_of(packing) < self.parts and is_packing(self.instance, packing):
            self.packing = packing


def solve(instance: Instance, budget: int) -> Search:
    """Search for a packing into the fewest parts with ``budget`` steps. ``packing`` is in canonical order."""
    if not instance.sizes:
        return Search(instance, Steps(budget), (), 1)
    greedy = first_fit_decreasing(instance, instance.demand)
    search = Search(instance, Steps(budget), greedy, lower_bound(instance))
    for rung in (_fill_tightly, _search_quickly, _use_columns):
        if search.closed or search.steps.spent:
            break
        rung(search)
    search.packing = merged(search.packing)
    return search


def _fill_tightly(search: Search) -> None:
    for spread in (False, True):
        if not search.closed:
            mine = search.steps.slice(_PACKING_STEPS)
            search.offer(tight_filling(search.instance, search.instance.demand, search.bound, mine, spread=spread))
            search.steps.settle(mine)


def _search_quickly(search: Search) -> None:
    _decide(search, search.steps.slice(_QUICK_STEPS), None)


def _decide(search: Search, mine: Steps, worth: Worth | None) -> None:
    """Ask for one part more than the bound until it fits or the steps are spent, which they are charged for."""
    while not search.closed and not mine.spent and search.bound <= MOST_PARTS:
        found = fit(search.instance, search.instance.demand, search.bound, mine, worth)
        search.offer(found)
        if found is None and not mine.spent:
            search.bound += 1
    search.steps.settle(mine)


def _use_columns(search: Search) -> None:
    from policyengine.planner.columns import Master, proportional  # late: NumPy and HiGHS are needed by few orders

    search.used_solver = True
    master = Master(search.instance, [pattern for pattern, _ in search.packing])
    mine = search.steps.slice(search.steps.left // 2)
    relaxed = master.relax(search.instance.demand, proportional(search.instance), search.parts, mine)
    search.steps.settle(mine)
    if relaxed is None:
        return
    search.bound = max(search.bound, relaxed.bound)
    _dive_often(search, master, relaxed)
    _decide(search, search.steps.slice(search.steps.left), relaxed.worth)


def _dive_often(search: Search, master: Master, relaxed: Relaxed) -> None:
    from policyengine.planner.rounding import Dive

    def finish(left: Sequence[int], target: int) -> Packing:
        return _finish(search, left, target)

    reserve = search.steps.left // 3  # for the exhaustive search, which is also needed for proofs
    for detour in range(-1, _MOST_DIVES - 1):
        if search.closed or search.steps.left < reserve:
            return
        search.offer(Dive(master, finish, search.steps).run(relaxed, search.parts, detour))


def _finish(search: Search, left: Sequence[int], target: int) -> Packing:
    """The best of the quick packings of a rest."""
    instance, steps = search.instance, search.steps
    best = first_fit_decreasing(instance, left)
    for spread in (False, True):
        if parts_of(best) > target and not steps.spent:
            best = min(best, tight_filling(instance, left, target, steps, spread=spread), key=parts_of)
    if target < parts_of(best) and target <= MOST_PARTS:
        mine = steps.slice(_FINISH_STEPS)
        found = fit(instance, left, target, mine)
        steps.settle(mine)
        best = found if found is not None else best
    return best
