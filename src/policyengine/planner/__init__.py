"""The split planner: the fewest parts of an order such that each part stays below a limit.

This is bin packing with few item sizes and large multiplicities (the cutting stock problem), solved
as a ladder that stops at the first rung that closes the gap between bound and plan:

1. ``scaling``: weights become integers over one denominator, so that every comparison is exact.
2. ``bounds``: lower bounds from the sum and from dual feasible functions.
3. ``packing``: first-fit decreasing, then parts filled as tightly as a short search can.
4. ``exact``: a short exhaustive search, for small orders.
5. ``columns``: the linear programme over ways to fill a part, by column generation with HiGHS. Its
   duals give a stronger bound, its solution is rounded into better plans by diving.
6. ``exact`` again, now also pruned by those duals, with what is left of the budget.

Why HiGHS (``highspy``) and not a constraint solver: it sees only small counts (units of a size in a
part), never the weights, so scaled weights of any length are safe; it is a 3 MB wheel needing only
NumPy (some 0.1 s and 30 MB, paid at the first order that needs it, since it is imported late);
its dual simplex on one thread is repeatable. Nothing it returns is trusted: plans are checked, and
its duals are rounded to integers whose bound is then proved by an integer knapsack search.

Bound and plan of the first rungs are pure integer arithmetic. On a processor whose floating point
rounds differently HiGHS may lead to another plan; parts that are proved minimal stay the same.

Every thread and every forked child builds its own solver object and no worker thread is started.
Work is counted in steps, never in seconds.
"""

from __future__ import annotations

from policyengine.planner.lines import Line, Plan, Share
from policyengine.planner.memo import remembered_plan
from policyengine.planner.plan import DEFAULT_BUDGET, plan_split

__all__ = ["DEFAULT_BUDGET", "Line", "Plan", "Share", "plan_split", "remembered_plan"]
