"""Decision tables, three-valued."""

from __future__ import annotations

from collections.abc import Sequence

from policyengine.model import faults as fault
from policyengine.model.vocabulary import Table
from policyengine.reference.results import Result, unknown


def choose(
    name: str, table: Table, tests: Sequence[Result], outputs: Sequence[Result], otherwise: Result | None
) -> Result:
    """The value of one output: ``tests`` says of each row whether it fits, ``outputs`` what it would give."""
    rows = [i for i, t in enumerate(tests) if t.value is not False]
    if table.hit == "first":
        rows = _up_to_true(rows, tests)
    sure = [i for i in rows if tests[i].known]
    if sure and (table.hit != "first" or rows == sure):
        return _agreed(table, sure, outputs)
    if not rows and otherwise is None:
        return unknown(faults=(fault.table_no_row(table.span, name),))
    # `otherwise` could still be the one, unless a row further down certainly fits.
    possible = [outputs[i] for i in rows] + ([otherwise] if otherwise is not None and not sure else [])
    if not rows or _all_same(possible):
        return possible[0]
    return unknown(*(tests[i] for i in rows))


def _up_to_true(rows: Sequence[int], tests: Sequence[Result]) -> list[int]:
    """The rows that may come first: all up to the first that certainly fits."""
    for n, i in enumerate(rows):
        if tests[i].known:
            return list(rows[: n + 1])
    return list(rows)


def _agreed(table: Table, sure: Sequence[int], outputs: Sequence[Result]) -> Result:
    """What the rows that certainly fit give: one row its output, several only what they agree on."""
    compared = sure if table.hit == "unique" else [i for i in sure if outputs[i].known]
    for other in compared[1:]:
        first = compared[0]
        if table.hit == "unique" or outputs[first].value != outputs[other].value:
            return unknown(faults=(fault.table_overlap(table.span, first + 1, other + 1),))
    given = [outputs[i] for i in sure]
    return given[0] if len(given) == 1 or _all_same(given) else unknown(*given)


def _all_same(results: Sequence[Result]) -> bool:
    return all(r.known and r.value == results[0].value for r in results)
