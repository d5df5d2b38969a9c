"""The linear programme over patterns, solved by column generation with HiGHS.

Minimise how many parts there are such that the patterns used cover the demand. The solver works in
floating point on small counts only; the bound is proved from its duals in integers (:mod:`pricing`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

import highspy
import numpy as np

from policyengine.planner.exact import Worth
from policyengine.planner.instance import Instance, Pattern
from policyengine.planner.pricing import price
from policyengine.planner.steps import Steps

#: What a whole part is worth, in integers.
SCALE = 10**12
_NOISE = 1e-6
_STEPS_PER_CALL = 1_000
_STEPS_PER_PIVOT = 40
_OPTIONS: dict[str, str | int | bool] = {
    "output_flag": False,
    "threads": 1,
    "parallel": "off",
    "presolve": "off",
    "solver": "simplex",
    "random_seed": 0,
}


@dataclass(frozen=True, slots=True)
class Relaxed:
    """How often each pattern of the master is used (fractions), with a proved bound and its duals."""

    amounts: tuple[float, ...]
    bound: int
    worth: Worth

    @property
    def target(self) -> int:
        """The fewest parts that the known patterns may allow."""
        return max(self.bound, ceil(sum(self.amounts) - _NOISE))


class Master:
    """The restricted linear programme: one row per item type, one column per known pattern."""

    def __init__(self, instance: Instance, patterns: Iterable[Pattern]) -> None:
        """Start from ``patterns``, which together hold every type."""
        self.instance = instance
        self.patterns: list[Pattern] = []
        self._known: set[Pattern] = set()
        self._solver = highspy.Highs()  # type: ignore[no-untyped-call]  # its stub leaves the return type out
        for name, value in _OPTIONS.items():
            self._solver.setOptionValue(name, value)
        none = np.array([], dtype=np.int32)
        for count in instance.demand:
            self._solver.addRow(float(count), highspy.kHighsInf, 0, none, np.array([], dtype=np.double))
        self.add(patterns)

    def add(self, patterns: Iterable[Pattern]) -> bool:
        """Add columns; whether any was new."""
        before = len(self.patterns)
        for pattern in patterns:
            if pattern not in self._known:
                self._known.add(pattern)
                self.patterns.append(pattern)
                rows = np.array([i for i, _ in pattern], dtype=np.int32)
                counts = np.array([c for _, c in pattern], dtype=np.double)
                self._solver.addCol(1.0, 0.0, highspy.kHighsInf, len(pattern), rows, counts)
        return len(self.patterns) > before

    def relax(self, demand: Sequence[int], inside: Worth, enough: int, steps: Steps) -> Relaxed | None:
        """Generate columns for ``demand`` until the bound is as good as it gets, or is ``enough``.

        ``inside`` are values that no pattern exceeds. They move towards the solver's duals: either the
        values part of the way are proved to be a better bound, or patterns are found that cut the
        duals off (in-out separation; the duals alone jump about and take very long to settle).
        None if the steps are spent before the first solution, or if the solver fails.
        """
        for i, count in enumerate(demand):
            self._solver.changeRowBounds(i, float(count), highspy.kHighsInf)
        relaxed: Relaxed | None = None
        while not steps.spent and (solved := self._solve(steps)) is not None:
            amounts, duals = solved
            most = ceil(sum(amounts) - _NOISE)
            while True:
                relaxed = Relaxed(amounts, inside.bound(demand), inside)
                if relaxed.bound >= min(enough, most) or steps.spent:
                    return relaxed
                between = _between(inside, duals)
                priced = price(self.instance, demand, between.values, between.most, steps)
                if self.add(priced.patterns):
                    break
                if priced.most > between.most:
                    return relaxed
                inside = between
        return relaxed

    def _solve(self, steps: Steps) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
        self._solver.run()
        steps.left -= _STEPS_PER_CALL + _STEPS_PER_PIVOT * self._solver.getInfo().simplex_iteration_count
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        solution = self._solver.getSolution()
        return tuple(solution.col_value), tuple(solution.row_dual)


def proportional(instance: Instance) -> Worth:
    """Values in proportion to size: their bound is that of the sum."""
    return Worth(tuple(SCALE * size // instance.capacity for size in instance.sizes), SCALE)


def _between(inside: Worth, duals: Sequence[float]) -> Worth:
    outside = (max(0, int(d * SCALE)) for d in duals)
    return Worth(tuple((3 * v + 2 * d) // 5 for v, d in zip(inside.values, outside, strict=True)), SCALE)
