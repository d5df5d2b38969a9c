"""Tables of cases: columns, and the cells of each row."""

from __future__ import annotations

from dataclasses import dataclass

from policyengine.frontend.nodes import Mapping, Node, Scalar, Sequence
from policyengine.frontend.schema_tests import EXPECTATIONS
from policyengine.model.vocabulary import Fact, FactList
from policyengine.source import Span
from policyengine.testing.case_facts import Entry, Facts
from policyengine.testing.expectations import BY_ITEM, ExpectationReader
from policyengine.testing.known_words import unknown
from policyengine.testing.model import Expected

LEFT_OUT = "-"
_EXPECT = "expect."


@dataclass(frozen=True, slots=True)
class Column:
    """What the cells below it are: ``name``, ``as_of``, a fact (``declared``) or an expectation (``key``, ``item``)."""

    text: str
    span: Span
    declared: Fact | FactList | None = None
    key: str | None = None
    item: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The cells of one row, by what they are."""

    name: Scalar | None
    as_of: Scalar | None
    facts: Facts
    expected: tuple[Expected, ...]
    span: Span


@dataclass
class TableReader:
    """Reads one table; every fault goes into the sink of ``expectations``."""

    expectations: ExpectationReader

    def rows(self, table: Mapping) -> list[Row]:
        """The rows of a table whose shape has been checked; none when a column is wrong."""
        columns = self._columns(table.get("columns"))
        rows = table.get("rows")
        if columns is None or not isinstance(rows, Sequence):
            return []
        return [row for item in rows.items if isinstance(item, Sequence) and (row := self._row(item, columns))]

    def _columns(self, node: Node | None) -> list[Column] | None:
        items = node.items if isinstance(node, Sequence) else ()
        found = [self._column(item) for item in items if isinstance(item, Scalar)]
        columns = [c for c in found if c]
        seen: set[str] = set()
        for column in columns:
            if column.text in seen:
                self._error("yaml/duplicate-key", f"column `{column.text}` is there twice", column.span)
            seen.add(column.text)
        if len(columns) < len(found) or len(seen) < len(columns):
            return None
        if not any(c.key for c in columns) and node:
            self._error("tests/expectation", "no column of this table expects anything", node.span)
            return None
        return columns

    def _column(self, node: Scalar) -> Column | None:
        if node.text in ("name", "as_of"):
            return Column(node.text, node.span)
        if node.text.startswith(_EXPECT):
            return self._expectation(node)
        declared = self.expectations.facts.find(node.text, node.span)
        return Column(node.text, node.span, declared) if declared else None

    def _expectation(self, node: Scalar) -> Column | None:
        key, _, item = node.text.removeprefix(_EXPECT).partition(".")
        if key not in EXPECTATIONS or (item and key not in BY_ITEM):
            known = [*(f"{_EXPECT}{k}" for k in EXPECTATIONS), *(f"{_EXPECT}{k}.{item}" for k in BY_ITEM if item)]
            unknown(self.expectations.sink, "column", node.text, node.span, known)
            return None
        if item and not self.expectations.known_item(key, item, node.span):
            return None
        return Column(node.text, node.span, key=key, item=item or None)

    def _row(self, node: Sequence, columns: list[Column]) -> Row | None:
        if len(node.items) != len(columns):
            message = f"this row has {len(node.items)} cells, but the table has {len(columns)} columns"
            self._error("table/width", message, node.span)
            return None
        cells = [(c, n) for c, n in zip(columns, node.items, strict=True) if not _is_left_out(n)]
        expected = [e for column, cell in cells if column.key for e in self._expected(column, column.key, cell)]
        if not expected:
            self._error("tests/expectation", "this row expects nothing", node.span)
        return Row(
            name=self._single(cells, "name"),
            as_of=self._single(cells, "as_of"),
            facts=Facts(tuple(self._entry(c, c.declared, n) for c, n in cells if c.declared)),
            expected=tuple(expected),
            span=node.span,
        )

    def _entry(self, column: Column, declared: Fact | FactList, cell: Node) -> Entry:
        return self.expectations.facts.entry(column.text, declared, cell)

    def _expected(self, column: Column, key: str, cell: Node) -> list[Expected]:
        if column.item is None:
            return list(self.expectations.one(key, cell))
        return list(self.expectations.item(key, column.item, column.span, cell))

    def _single(self, cells: list[tuple[Column, Node]], text: str) -> Scalar | None:
        for column, cell in cells:
            if column.text == text:
                if isinstance(cell, Scalar):
                    return cell
                self._error("schema/type", f"`{text}` must be a single value", cell.span)
        return None

    def _error(self, code: str, message: str, at: Span) -> None:
        self.expectations.sink.error(code, message, at)


def _is_left_out(node: Node) -> bool:
    return isinstance(node, Scalar) and node.text == LEFT_OUT
