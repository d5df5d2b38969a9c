"""Turns the fractional solution of the linear programme into plans: diving.

Whole multiples are fixed, then the pattern used most; the rest is relaxed again. On the way every
rest is also given to the heuristics, which mostly finish it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from policyengine.planner.columns import Master, Relaxed
from policyengine.planner.instance import Packing, Pattern, parts_of, repeats, take, trimmed
from policyengine.planner.steps import Steps

_NOISE = 1e-6
#: Finishes a rest: ``(demand left, parts it should take)`` to a packing of that rest.
Finish = Callable[[Sequence[int], int], Packing]


@dataclass(slots=True)
class Dive:
    """One descent: what is fixed so far and what is left."""

    master: Master
    finish: Finish
    steps: Steps
    left: list[int] = field(init=False)
    fixed: list[tuple[Pattern, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.left = list(self.master.instance.demand)

    def run(self, start: Relaxed, below: int, detour: int) -> Packing | None:
        """A packing of fewer than ``below`` parts, or None. The level ``detour`` takes its second choice."""
        relaxed: Relaxed | None = start
        level = 0
        while relaxed is not None and self._done + relaxed.bound < below:
            if not self._fix_whole(relaxed):
                self._fix_one(relaxed, second=level == detour)
                level += 1
            rest = self.finish(self.left, start.target - self._done)
            if self._done + parts_of(rest) < below:
                return (*self.fixed, *rest)
            relaxed = self.master.relax(self.left, start.worth, below - self._done, self.steps)
        return None

    @property
    def _done(self) -> int:
        return parts_of(tuple(self.fixed))

    def _fix_whole(self, relaxed: Relaxed) -> bool:
        """Fix every pattern as often as it is used in whole; whether there was one."""
        before = self._done
        for pattern, amount in zip(self.master.patterns, relaxed.amounts, strict=False):
            times = int(amount + _NOISE)
            while times > 0 and (fits := trimmed(pattern, self.left)):
                often = min(times, repeats(self.left, fits))
                self._fix(fits, often)
                times -= often
        return self._done > before

    def _fix_one(self, relaxed: Relaxed, *, second: bool) -> None:
        """Fix the pattern used most (or the one after it) once."""
        patterns = self.master.patterns
        useful = [i for i in range(len(relaxed.amounts)) if trimmed(patterns[i], self.left)]
        useful.sort(key=lambda i: (-round(relaxed.amounts[i], 6), i))
        chosen = useful[1] if second and len(useful) > 1 else useful[0]
        self._fix(trimmed(patterns[chosen], self.left), 1)

    def _fix(self, pattern: Pattern, times: int) -> None:
        take(self.left, pattern, times)
        self.fixed.append((pattern, times))
