"""The ladder: which rung was needed, what happens when the steps end, and that runs repeat."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path

import pytest
from tests.planner.orders import LIMIT, bulk, check, cut_up, odd_prices

from policyengine.planner import DEFAULT_BUDGET, Line, plan_split
from policyengine.planner.columns import SCALE, Master, proportional
from policyengine.planner.instance import Instance, is_packing
from policyengine.planner.packing import first_fit_decreasing
from policyengine.planner.scaling import scale
from policyengine.planner.solve import Search, solve
from policyengine.planner.steps import Steps

_HARD = cut_up(66, 3, 1, 3)
_NEEDS_SOLVER = 3
_SRC = Path(__file__).parents[2] / "src"


def _solved(lines: list[Line], budget: int = DEFAULT_BUDGET) -> Search:
    return solve(scale(lines, LIMIT, strict=True).instance, budget)


def test_easy_orders_never_load_the_solver() -> None:
    code = (
        "import sys; from fractions import Fraction; from policyengine.planner import Line, plan_split\n"
        "plan = plan_split([Line('a', 900, Fraction(123), False)], Fraction(50000), True)\n"
        "assert plan.proved and plan.parts == 3, plan\n"
        "assert 'highspy' not in sys.modules and 'numpy' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": str(_SRC)})


def test_the_solver_closes_what_bound_and_packing_leave_open() -> None:
    found = [_solved(odd_prices(seed)) for seed in range(40)]
    needed = [search for search in found if search.used_solver]
    assert len(needed) >= _NEEDS_SOLVER
    assert all(search.closed for search in needed)


@pytest.mark.parametrize("budget", [0, 1, 500, 20_000, 80_000, 150_000])
def test_a_spent_budget_gives_the_best_plan_found_unproved(budget: int) -> None:
    plan = plan_split(_HARD, LIMIT, True, budget)
    search = _solved(_HARD, budget)
    check(_HARD, LIMIT, True, plan)
    assert search.steps.spent
    assert (plan.proved, plan.lower_bound) == (False, 66)
    assert plan.parts > 66


def test_the_whole_budget_does_better_than_none() -> None:
    assert plan_split(_HARD, LIMIT, True).parts < plan_split(_HARD, LIMIT, True, 0).parts


@pytest.mark.parametrize(
    "lines",
    [bulk(500, 20_000, 1), bulk(500_000, 3_000_000, 2), bulk(2_500_001, 4_900_000, 3), cut_up(50, 4, 500, 4)],
    ids=["small", "middling", "one a part", "no room left"],
)
def test_200_lines_and_100_000_units(lines: list[Line]) -> None:
    plan = plan_split(lines, LIMIT, True)
    check(lines, LIMIT, True, plan)
    assert (plan.parts - plan.lower_bound) * 100 <= plan.parts


def test_a_wrong_packing_is_never_kept() -> None:
    instance = Instance(10, (6, 4), (2, 2))
    search = Search(instance, Steps(100), first_fit_decreasing(instance, (2, 2)), 1)
    best = search.packing
    for wrong in ((((0, 2),), 1),), ((((0, 1), (1, 1)), 1),), ((((1, 2),), 1), (((0, 1),), 1)), ():
        search.offer(wrong)
        assert search.packing == best
        assert not is_packing(instance, wrong)


def test_the_bound_of_the_linear_programme_is_proved_in_integers() -> None:
    """Every pattern there is, enumerated here, is worth at most one part under the final values."""
    instance = Instance(132, (44, 33, 12), (2, 3, 6))
    master = Master(instance, [((0, 1),), ((1, 1),), ((2, 1),)])
    relaxed = master.relax(instance.demand, proportional(instance), 99, Steps(100_000))
    assert relaxed is not None
    for a in range(3):
        for b in range(4):
            for c in range(7):
                if 44 * a + 33 * b + 12 * c <= 132:
                    worth = sum(n * v for n, v in zip((a, b, c), relaxed.worth.values, strict=True))
                    assert worth <= relaxed.worth.most == SCALE


_PRINT_PLANS = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])
from tests.planner.orders import LIMIT, cut_up, odd_prices
from policyengine.planner import plan_split
plans = [plan_split(lines, LIMIT, True) for lines in [cut_up(66, 3, 1, 3), *map(odd_prices, range(12))]]
print(hashlib.sha256(repr(plans).encode()).hexdigest())
"""


def _digest_here() -> str:
    plans = [plan_split(lines, LIMIT, True) for lines in [cut_up(66, 3, 1, 3), *map(odd_prices, range(12))]]
    return hashlib.sha256(repr(plans).encode()).hexdigest()


def test_every_process_makes_the_same_plans_and_prints_nothing() -> None:
    """The whole of standard output is compared, so a banner of the solver would fail it too."""
    outputs = set()
    for seed in ("0", "1", "4242"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(_SRC)}
        command = [sys.executable, "-c", _PRINT_PLANS, str(_SRC.parent)]
        outputs.add(subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout)
    assert outputs == {_digest_here() + "\n"}


def test_threads_make_the_same_plans() -> None:
    orders = [odd_prices(seed) for seed in range(16)] + [_HARD]
    alone = [plan_split(lines, LIMIT, True) for lines in orders]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda lines: plan_split(lines, LIMIT, True), orders * 2)) == alone * 2


def test_a_forked_child_makes_the_same_plans() -> None:
    """Forked after the solver has run in the parent; a hanging child is ended by the alarm."""
    import signal

    before = _digest_here()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        os.write(writer, _digest_here().encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        assert answer.read() == before
    assert os.waitpid(child, 0)[1] == 0


def test_fractions_of_a_cent_count() -> None:
    lines = [Line("a", 2, Fraction(25_000) - Fraction(1, 10**9), False), Line("b", 1, Fraction(2, 10**9), False)]
    assert plan_split(lines, LIMIT, True).parts == 2
