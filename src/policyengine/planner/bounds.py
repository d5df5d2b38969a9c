"""Lower bounds that need no search: the sum, and dual feasible functions.

A dual feasible function maps sizes to values such that whatever fits into a part is worth at most
one part's value; the total value divided by that is then a bound. Everything is in integers.
"""

from __future__ import annotations

from collections.abc import Iterator

from policyengine.planner.instance import Instance

_MOST_THRESHOLDS = 64
_MOST_MULTIPLES = 24


def lower_bound(instance: Instance) -> int:
    """The best of the bounds below; at least 1 if there is an item."""
    return max(_value_bounds(instance))


def _value_bounds(instance: Instance) -> Iterator[int]:
    yield ceil_div(instance.total, instance.capacity)
    for least in _thresholds(instance):
        yield _rounded_ends(instance, least)
        yield _counted_halves(instance, least)
    for k in range(1, _MOST_MULTIPLES + 1):
        yield _rounded_multiples(instance, k)


def ceil_div(a: int, b: int) -> int:
    """``a / b`` rounded up, for a positive ``b``."""
    return -(-a // b)


def _thresholds(instance: Instance) -> list[int]:
    """Sizes of at most half a part, thinned out evenly when there are very many."""
    small = [s for s in instance.sizes if 2 * s <= instance.capacity]
    thin = ceil_div(len(small), _MOST_THRESHOLDS) or 1
    return small[::thin]


def _rounded_ends(instance: Instance, least: int) -> int:
    """Items that leave less than ``least`` free count as full parts, items below ``least`` as nothing."""
    total = 0
    for size, count in zip(instance.sizes, instance.demand, strict=True):
        if size > instance.capacity - least:
            total += count * instance.capacity
        elif size >= least:
            total += count * size
    return ceil_div(total, instance.capacity)


def _counted_halves(instance: Instance, least: int) -> int:
    """Items are measured by how many of size ``least`` they displace (Fekete and Schepers)."""
    whole = instance.capacity // least
    total = 0
    for size, count in zip(instance.sizes, instance.demand, strict=True):
        if 2 * size > instance.capacity:
            total += count * (whole - (instance.capacity - size) // least)
        elif size >= least:
            total += count
    return ceil_div(total, whole)


def _rounded_multiples(instance: Instance, k: int) -> int:
    """Sizes rounded down to multiples of ``1/k`` as far as ``k + 1`` of them allow (Fekete and Schepers)."""
    total = 0
    for size, count in zip(instance.sizes, instance.demand, strict=True):
        multiple, rest = divmod((k + 1) * size, instance.capacity)
        total += count * (multiple * instance.capacity if rest else k * size)
    return ceil_div(total, k * instance.capacity)
