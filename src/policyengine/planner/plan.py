"""The planner's one function: from order lines and a limit to a plan.

What is chosen where the question leaves it open: a line of quantity 0 is in no part and is never
too large; if nothing is left to pack there is one part without shares; units without weight are all
in the first part (they are too large only if not even 0 is allowed).
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from policyengine.planner.allotment import allot, is_right
from policyengine.planner.lines import Line, Plan
from policyengine.planner.scaling import scale
from policyengine.planner.solve import solve

#: Steps of search, about one to two seconds on a slow core if all are used.
DEFAULT_BUDGET = 1_500_000


def plan_split(
    lines: Sequence[Line],
    limit: Fraction,
    strict: bool,  # noqa: FBT001 - part of the question, like the limit
    budget: int = DEFAULT_BUDGET,
) -> Plan:
    """The fewest parts whose weights are each below ``limit`` (``strict``) or at most ``limit``.

    Needs different ids. The same arguments give the same plan, and the order of the lines only
    changes the order of shares and names in it. ``budget`` counts steps of search beyond the first
    packing; once they are spent, the best plan found is given with ``proved`` false.
    """
    scaled = scale(lines, limit, strict=strict)
    if scaled.too_large:
        return Plan(0, True, 0, (), tuple(lines[i].id for i in scaled.too_large))
    found = solve(scaled.instance, budget)
    contents = allot(lines, scaled, found.packing)
    if not is_right(lines, limit, contents, strict=strict):
        raise AssertionError("the split planner made a plan that breaks its own rules")
    return Plan(len(contents), found.bound >= len(contents), max(1, min(found.bound, len(contents))), contents, ())
