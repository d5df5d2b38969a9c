"""The latest plans, kept for whoever asks the same question again, such as two engines about one order."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache

from policyengine.planner.lines import Line, Plan
from policyengine.planner.plan import plan_split

#: Enough for the orders in hand at one time; a plan of some hundred lines takes some hundred kilobytes at most.
_MOST_KEPT = 64


def remembered_plan(lines: Sequence[Line], limit: Fraction, strict: bool) -> Plan:  # noqa: FBT001 - as in `plan_split`
    """What :func:`plan_split` gives with its usual budget."""
    return _plan(tuple(lines), limit, strict)


@lru_cache(maxsize=_MOST_KEPT)
def _plan(lines: tuple[Line, ...], limit: Fraction, strict: bool) -> Plan:  # noqa: FBT001
    return plan_split(lines, limit, strict)
