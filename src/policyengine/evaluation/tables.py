"""Decision tables in three values. ``HIT_POLICIES`` holds one entry for each hit policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from policyengine.evaluation.values import UNKNOWN, Got, fault, is_known
from policyengine.model.expr import Expr
from policyengine.model.faults import table_no_row, table_overlap
from policyengine.model.vocabulary import Table

Truth = bool | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which rows matter once every row has been tested (positions from 0; ``len(rows)``: ``otherwise``).

    ``decided``: the row, or equal rows, that are it. ``open``: if none is decided, all that still could be.
    """

    decided: tuple[int, ...] = ()
    open: tuple[int, ...] = ()


def _true(truths: Sequence[Truth]) -> tuple[int, ...]:
    return tuple(i for i, t in enumerate(truths) if t)


def _single(truths: Sequence[Truth]) -> Verdict:
    """``unique`` and ``any``: a true row is it; otherwise any that is unknown could be."""
    true = _true(truths)
    if true:
        return Verdict(decided=true)
    unknown = tuple(i for i, t in enumerate(truths) if t is None)
    return Verdict(open=(*unknown, len(truths)))


def _first(truths: Sequence[Truth]) -> Verdict:
    """``first``: the first row that is not false decides, if it is true; those after a true row cannot be it."""
    possible: list[int] = []
    for i, truth in enumerate(truths):
        if truth is not False:
            possible.append(i)
        if truth:
            break
    else:
        possible.append(len(truths))
    return (
        Verdict(decided=(possible[0],))
        if truths[possible[0] : possible[0] + 1] == [True]
        else Verdict(open=tuple(possible))
    )


HIT_POLICIES: Mapping[str, Callable[[Sequence[Truth]], Verdict]] = {"unique": _single, "any": _single, "first": _first}


def outcome(table: Table, name: str, truths: Sequence[Truth], output: Callable[[int], Got]) -> Got:
    """The value that the table gives. ``output(i)`` is that of row ``i`` in the column asked for."""
    verdict = HIT_POLICIES[table.hit](truths)
    if verdict.decided:
        return _agreed(table, verdict.decided, output)
    rows = tuple(i for i in verdict.open if i < len(truths) or table.otherwise is not None)
    if not rows:
        return fault(table_no_row(table.span, name))
    if rows == (len(truths),):
        return output(len(truths))
    values = [output(i) for i in rows]
    return values[0] if all(is_known(v) and v == values[0] for v in values) else UNKNOWN


def _agreed(table: Table, rows: tuple[int, ...], output: Callable[[int], Got]) -> Got:
    """The one row's value. Several true rows are a fault, but under ``any`` not if they are equal."""
    first = output(rows[0])
    if len(rows) == 1:
        return first
    found = overlap(table, rows, output)
    if found:
        return fault(table_overlap(table.span, found[0] + 1, found[1] + 1))
    return first if all(is_known(output(i)) for i in rows) else UNKNOWN


def overlap(table: Table, rows: Sequence[int], output: Callable[[int], Got]) -> tuple[int, int] | None:
    """Two of these true rows that may not be true together, if there are such."""
    if len(rows) == 1 or table.hit == "unique":
        return None if len(rows) == 1 else (rows[0], rows[1])
    known = [(i, v) for i in rows if is_known(v := output(i))]
    return next(((known[0][0], i) for i, v in known if v != known[0][1]), None)


def column(table: Table, wanted: str | None) -> int:
    """The position of an output; the only one when none is named."""
    return 0 if wanted is None else [name for name, _ in table.outputs].index(wanted)


def cell(table: Table, row: int, position: int) -> Expr:
    """The output expression of a row (the number of rows: of ``otherwise``)."""
    if row < len(table.rows):
        return table.rows[row].outputs[position]
    return (table.otherwise or ())[position]
