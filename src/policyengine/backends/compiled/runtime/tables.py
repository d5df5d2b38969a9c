"""Decision tables, once it is known which rows are true and which unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from policyengine.backends.compiled.runtime.comparing import agree

Output = Callable[[int], object]


def settled_once(true: Sequence[int], unknown: Sequence[int], otherwise: int | None, output: Output) -> object:
    """The value under ``unique``: of the one true row; two may not be true. ``otherwise``: its position, if there."""
    if not true:
        return _possible(sorted(unknown), otherwise, output)
    return output(true[0]) if len(true) == 1 else None


def settled_any(true: Sequence[int], unknown: Sequence[int], otherwise: int | None, output: Output) -> object:
    """The value under ``any``: true rows may be several if they are equal."""
    if len(true) > 1:
        return agree(output(i) for i in sorted(true))
    return settled_once(true, unknown, otherwise, output)


def settled_first(true: Sequence[int], unknown: Sequence[int], otherwise: int | None, output: Output) -> object:
    """The value under ``first``: rows after the first true one cannot be it."""
    last = min(true, default=None)
    if last is None:
        return _possible(sorted(unknown), otherwise, output)
    return _possible(sorted(i for i in unknown if i < last), last, output)


def _possible(unknown: Sequence[int], last: int | None, output: Output) -> object:
    """The last resort's own value; if other rows may be the one, what they all agree on with it."""
    if not unknown:
        return None if last is None else output(last)
    return agree(output(i) for i in (unknown if last is None else (*unknown, last)))


#: How a table is settled, by hit policy.
SETTLED = {"unique": settled_once, "any": settled_any, "first": settled_first}
