"""Times of the split planner on 500 orders of each kind and on the largest orders.

Run: ``python tests/benchmarks/bench_planner.py``
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from policyengine.planner import DEFAULT_BUDGET, Line, plan_split
from policyengine.planner.scaling import scale
from policyengine.planner.solve import solve

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.planner.orders import LIMIT, bulk, cut_up, odd_prices, realistic

_LARGEST: dict[str, list[Line]] = {
    "200x500 small": bulk(500, 20_000, 1),
    "200x500 middling": bulk(500_000, 3_000_000, 2),
    "200x500 one a part": bulk(2_500_001, 4_900_000, 3),
    "3x66 no room": cut_up(66, 3, 1, 3),
    **{f"{k}x{200 // k} no room": cut_up(200 // k, k, 1, k) for k in (4, 5, 8)},
    **{f"{k}x{200 // k} x500 no room": cut_up(200 // k, k, 500, k) for k in (3, 4, 5, 8)},
}


def _population(name: str, make: Callable[[int], list[Line]]) -> None:
    times, planned, searched, solver, proved = [], 0, 0, 0, 0
    for seed in range(500):
        lines = make(seed)
        start = time.perf_counter()
        plan = plan_split(lines, LIMIT, True)
        times.append(time.perf_counter() - start)
        if plan.parts:
            again = solve(scale(lines, LIMIT, strict=True).instance, DEFAULT_BUDGET)
            planned += 1
            searched += again.steps.left < DEFAULT_BUDGET
            solver += again.used_solver
            proved += plan.proved
    times.sort()
    print(
        f"{name:12} possible {planned}, searched {searched}, solver {solver}, proved {proved}; "
        f"median {times[250] * 1000:.1f} ms, 99th {times[495] * 1000:.0f} ms, worst {times[-1] * 1000:.0f} ms"
    )


def _single(name: str, lines: list[Line]) -> None:
    start = time.perf_counter()
    plan = plan_split(lines, LIMIT, True)
    seconds = time.perf_counter() - start
    print(f"{name:22} {plan.parts} parts, bound {plan.lower_bound}, proved {plan.proved}, {seconds:.2f} s")


def main() -> None:
    """Print the tables."""
    _population("realistic", realistic)
    _population("odd prices", odd_prices)
    _population("no room", lambda seed: cut_up(3 + seed % 6, 3 + seed % 4, 1, seed))
    for name, lines in _LARGEST.items():
        _single(name, lines)


if __name__ == "__main__":
    main()
