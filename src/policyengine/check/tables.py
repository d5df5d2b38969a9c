"""Decision tables at rest: rows that overlap, and cases that no row fits.

Each input is tried with a few representative values: every member of an enum, true and false, and for ordered types
each boundary and a value between any two. Two values between the same boundaries pass the same cells, so nothing is
overlooked. Cells that are not literal (a parameter, say) are the same test only where they are written the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from policyengine.check.graph import names_read
from policyengine.check.samples import Sample, passes, samples
from policyengine.diagnostics import Diagnostics
from policyengine.model import expr as x
from policyengine.model.bundle import CheckedBundle
from policyengine.model.vocabulary import Definition, Table
from policyengine.values.text import value_text

# Beyond these a table is left to the fault that a decision then meets.
_MOST_PAIRS = 500_000
_MOST_STEPS = 50_000


def check_tables(bundle: CheckedBundle, sink: Diagnostics) -> None:
    """Report overlapping rows of ``unique`` tables, and warn of cases that no row fits."""
    for definition in bundle.definitions.values():
        if isinstance(definition.body, Table):
            _Columns(bundle, definition, definition.body).check(sink)


@dataclass(frozen=True, slots=True)
class _Column:
    """An input with its representative values; ``masks`` has, for each row, a bit for each value that passes its cell.

    The mask of a cell that is not literal is None.
    """

    input: x.Expr
    values: Sequence[Sample]
    masks: Sequence[int | None]


class _Columns:
    def __init__(self, bundle: CheckedBundle, definition: Definition, table: Table) -> None:
        self.definition, self.table = definition, table
        self.columns = [_column(bundle, table, i) for i in range(len(table.inputs))]

    def check(self, sink: Diagnostics) -> None:
        """Report what is wrong with the table."""
        # Inputs that read the same facts depend on each other: not every combination of their values can be.
        read = [set(names_read(i)) for i in self.table.inputs]
        if any(a & b for a, b in combinations(read, 2)):
            return
        if self.table.hit == "unique":
            self._overlaps(sink)
        if self.table.otherwise is None:
            self._gap(sink)

    def _overlaps(self, sink: Diagnostics) -> None:
        rows = range(len(self.table.rows))
        if len(rows) ** 2 / 2 * len(self.columns) > _MOST_PAIRS:
            return
        for i, j in combinations(rows, 2):
            common = [self._common(c, i, j) for c in self.columns]
            if all(common):
                words = f"rows {i + 1} and {j + 1} both fit {self._example(common)}"
                help_ = "under `unique` one row may fit; narrow one of them, or say `hit: first`"
                sink.error("table/overlap", words, self.table.rows[j].span, help_)

    @staticmethod
    def _common(column: _Column, i: int, j: int) -> int:
        a, b = column.masks[i], column.masks[j]
        return 0 if a is None or b is None else a & b

    def _gap(self, sink: Diagnostics) -> None:
        if any(m is None for c in self.columns for m in c.masks):
            return
        gap = _Search(self.columns).gap(0, (1 << len(self.table.rows)) - 1)
        if gap is not None:
            words = f"no row fits {self._example([1 << i for i in gap])}"
            sink.warning("table/gap", words, self.definition.span, "add a row or `otherwise`")

    def _example(self, masks: Sequence[int]) -> str:
        return ", ".join(_assigned(c, m) for c, m in zip(self.columns, masks, strict=False) if c.values)


def _assigned(column: _Column, mask: int) -> str:
    sample = column.values[(mask & -mask).bit_length() - 1]
    text = sample.words or value_text(sample.value, column.input.type)
    if isinstance(sample.value, bool) and not sample.words:
        text = str(sample.value).lower()
    return f"`{column.input.span.underlined}` = {text}"


def _column(bundle: CheckedBundle, table: Table, index: int) -> _Column:
    subject = table.inputs[index]
    cells = [row.tests[index] for row in table.rows]
    values = samples(bundle, subject, cells)
    masks = [_mask(cell, subject, values) for cell in cells]
    told = [cell for cell, mask in zip(cells, masks, strict=True) if mask is None]
    if told and all(mask is None or x.is_true(cell) for cell, mask in zip(cells, masks, strict=True)):
        return _named(subject, cells, list(dict.fromkeys(told)))
    return _Column(subject, values, masks)


def _named(subject: x.Expr, cells: Sequence[x.Expr], tests: Sequence[x.Expr]) -> _Column:
    """A column none of whose cells is literal: what is known is only that the same test comes out the same way."""
    every = (1 << len(tests)) - 1
    values = [Sample(False, test.span.underlined) for test in tests]
    return _Column(subject, values, [every if x.is_true(c) else 1 << tests.index(c) for c in cells])


def _mask(cell: x.Expr, subject: x.Expr, values: Sequence[Sample]) -> int | None:
    if x.is_true(cell):
        return (1 << max(len(values), 1)) - 1
    mask = 0
    for i, sample in enumerate(values):
        passed = passes(cell, subject, sample.value)
        if passed is None:
            return None
        mask |= passed << i
    return mask if values else None


class _Search:
    """Looks for a combination of values that no row fits, column by column, in a bounded number of steps."""

    def __init__(self, columns: Sequence[_Column]) -> None:
        self.columns = columns
        self.steps = 0
        self.covered: set[tuple[int, int]] = set()

    def gap(self, index: int, rows: int) -> list[int] | None:
        """The positions of such values from column ``index`` on, given the rows that fit so far; None: not found."""
        if not rows:
            return []
        if index == len(self.columns) or (index, rows) in self.covered or self.steps > _MOST_STEPS:
            return None
        for i, left in self._narrowed(index, rows):
            self.steps += 1
            rest = self.gap(index + 1, left)
            if rest is not None:
                return [i, *rest]
        self.covered.add((index, rows))
        return None

    def _narrowed(self, index: int, rows: int) -> Iterator[tuple[int, int]]:
        """Each value of a column with the rows that still fit."""
        column = self.columns[index]
        for i in range(max(len(column.values), 1)):
            fitting = sum(1 << r for r, mask in enumerate(column.masks) if mask is not None and mask >> i & 1)
            yield i, rows & fitting
