"""The names that generated code may use besides its own."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from functools import partial

from policyengine.backends.base import Truths
from policyengine.backends.compiled.runtime import comparing, lists, splits
from policyengine.backends.compiled.runtime.arithmetic import arithmetic, negated
from policyengine.backends.compiled.runtime.functions import functions
from policyengine.backends.compiled.runtime.state import tried, whole
from policyengine.backends.compiled.runtime.tables import SETTLED
from policyengine.backends.compiled.runtime.values import UNSET, Bounds, Column, Inexact, need
from policyengine.model.memory import EMPTY_DATE
from policyengine.values.dates import Calendar

_OPERATORS = {"eq": "=", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def helpers(calendars: Mapping[str, Calendar]) -> dict[str, object]:
    """What generated code may call, by name."""
    return {
        **{name: comparing.COMPARISONS[op] for name, op in _OPERATORS.items()},
        **{f"exact_{name}": comparing.EXACT_COMPARISONS[op] for name, op in _OPERATORS.items()},
        **{name: arithmetic(op, calendars) for name, op in zip(("add", "sub", "mul", "div"), "+-*/", strict=True)},
        **{f"call_{name}": function for name, function in functions(calendars).items()},
        **{f"settled_{hit}": settled for hit, settled in SETTLED.items()},
        **{f.__name__: f for f in (comparing.member, comparing.contains, comparing.agree, negated, need, tried, whole)},
        **{
            f.__name__: f for f in (lists.some, lists.every, lists.filtered, lists.column, splits.plan, splits.split_is)
        },
        "stated": partial(comparing.stated, EMPTY_DATE),
        "bisect_left": bisect_left,
        "bisect_right": bisect_right,
        "Truths": Truths,
        "new": tuple.__new__,  # without the call of a named tuple's own constructor
        "UNSET": UNSET,
        "EMPTY": EMPTY_DATE,
        "Bounds": Bounds,
        "Column": Column,
        "Inexact": Inexact,
    }
