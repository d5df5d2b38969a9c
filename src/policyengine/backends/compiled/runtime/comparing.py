"""Comparisons of values of any kind, three-valued, decided by bounds where bounds suffice.

The generated code calls these for money, for values that may be known in part and for values without an order;
numbers and dates that are given or not it compares itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from policyengine.backends.compiled.runtime.values import Bounds, Candidates, Inexact, Ordered, ends, gap, is_exact
from policyengine.values.money import CurrencyMismatch, Money

Truth = bool | None

#: By operator: which signs of the difference make it hold.
_SIGNS: Mapping[str, frozenset[int]] = {
    "=": frozenset({0}),
    "!=": frozenset({-1, 1}),
    "<": frozenset({-1}),
    "<=": frozenset({-1, 0}),
    ">": frozenset({1}),
    ">=": frozenset({0, 1}),
}


def _comparison(op: str) -> Callable[[object, object], Truth]:
    holding = _SIGNS[op]

    def compared(a: object, b: object) -> Truth:
        if a is None or b is None:
            return None
        if isinstance(a, Bounds) or isinstance(b, Bounds):
            return _by_ends(holding, a, b)
        if isinstance(a, Money) or isinstance(b, Money):
            return _of_money(holding, a, b)
        if op in ("=", "!="):
            return (a == b) is (op == "=")
        return _sign(a, b) in holding

    return compared


def _sign(a: object, b: object) -> int:
    return gap(a, b)  # type: ignore[arg-type]  # the checker compares only values with an order


def _of_money(holding: frozenset[int], a: object, b: object) -> Truth:
    try:
        return _sign(a, b) in holding
    except CurrencyMismatch:
        return None


def _by_ends(holding: frozenset[int], a: object, b: object) -> Truth:
    """Every sign that the ends leave possible must say the same."""
    (a_lo, a_hi), (b_lo, b_hi) = ends(a), ends(b)
    try:
        least, most = _gap(a_lo, b_hi, -1), _gap(a_hi, b_lo, 1)
    except CurrencyMismatch:
        return None
    said = {sign in holding for sign in range(least, most + 1)}
    return said.pop() if len(said) == 1 else None


def _gap(a: Ordered | None, b: Ordered | None, otherwise: int) -> int:
    return otherwise if a is None or b is None else gap(a, b)


#: The comparisons by operator.
COMPARISONS: Mapping[str, Callable[[object, object], Truth]] = {op: _comparison(op) for op in _SIGNS}


def _exact(compared: Callable[[object, object], Truth]) -> Callable[[object, object], bool]:
    def exactly(a: object, b: object) -> bool:
        truth = compared(a, b)
        if truth is None:
            raise Inexact
        return truth

    return exactly


#: The same for the two-valued variant: they raise :class:`Inexact` instead of giving None.
EXACT_COMPARISONS: Mapping[str, Callable[[object, object], bool]] = {op: _exact(c) for op, c in COMPARISONS.items()}


def member(value: object, container: object) -> Truth:
    """Whether a set has a member; None if either is unknown."""
    if value is None or container is None:
        return None
    return value in container  # type: ignore[operator]  # a set


def contains(mode: str, container: object, wanted: Iterable[object]) -> Truth:
    """Whether a set contains any or all of some members; a set among them stands for its own members."""
    members: set[object] = set()
    for one in wanted:
        if one is None:
            return None
        members.update(one if isinstance(one, frozenset) else (one,))
    if container is None:
        return None
    inside: frozenset[object] = container  # type: ignore[assignment]  # a set
    return members <= inside if mode == "all" else not inside.isdisjoint(members)


def stated(given: object, empty: object, value: object) -> Truth:
    """Whether something was stated: unknown while the value is, false for what was given as empty."""
    if given is empty:
        return False
    if value is None or isinstance(value, Bounds):
        return None
    if isinstance(value, Candidates):
        return bool(value.items)
    return value not in ("", frozenset())


def agree(values: Iterable[object]) -> object:
    """The value that all are, if all are exactly known and equal; else None."""
    first, *rest = values
    return first if is_exact(first) and all(v == first for v in rest) else None
