"""Which rules are tested together: by the value of one fact that most of them compare with constants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from policyengine.backends.compiled.patterns import CONSTANT, FALSE, Lowering, Pattern, slots
from policyengine.model.expr import And, Expr

#: A test for one of more constants than this is no way to tell rules apart.
_MOST_VALUES = 32


class Test(NamedTuple):
    """One condition that has to hold, with its constants."""

    pattern: Pattern
    constants: tuple[object, ...]


class Row(NamedTuple):
    """A rule, or the like: its position, the conditions that all have to hold, and a word for readers."""

    position: int
    tests: tuple[Test, ...]
    note: str = ""

    @property
    def shape(self) -> tuple[Pattern, ...]:
        """What rows that differ only in their constants have in common."""
        return tuple([t[0] for t in self.tests])

    @property
    def constants(self) -> tuple[object, ...]:
        """All constants, in order."""
        return tuple([c for t in self.tests for c in t[1]])

    def without(self, test: Test) -> Row:
        """The row without one of its conditions."""
        return Row(self.position, tuple([t for t in self.tests if t is not test]), self.note)


def row_of(position: int, conditions: Iterable[Expr], lowering: Lowering, note: str = "") -> Row:
    """The row whose conditions all have to hold."""
    tests: list[Test] = []
    stack = list(conditions)[::-1]
    while stack:
        condition = stack.pop()
        if isinstance(condition, And):
            stack.extend(condition.items[::-1])
            continue
        constants: list[object] = []
        pattern = lowering.pattern(condition, True, constants)
        if pattern[0] == "and":
            tests += _conjuncts(pattern, constants)
        else:
            tests.append(Test(pattern, tuple(constants)))
    return Row(position, tuple(tests), note)


def _conjuncts(pattern: Pattern, constants: Sequence[object]) -> Iterator[Test]:
    start = 0
    for part in pattern[1:]:
        end = start + slots(part)
        yield Test(part, tuple(constants[start:end]))
        start = end


@dataclass(frozen=True, slots=True)
class Group:
    """Rows told apart by an operand: for each of its values the rows (without that condition) that may be true.

    Without an operand there is one case, None: all rows.
    """

    operand: Pattern | None
    cases: Mapping[object, Sequence[Row]]

    @property
    def rows(self) -> Sequence[Row]:
        """Each row once, in order."""
        return list({row.position: row for rows in self.cases.values() for row in rows}.values())


#: An operand, the condition that compares it with constants, and for which of its values this holds.
_Choice = tuple[Pattern, Test, Sequence[object]]


def grouped(rows: Iterable[Row]) -> list[Group]:
    """The groups that the rows are matched in; rows that can never be true are left out."""
    choices = [(row, _choices(row)) for row in rows if not any(t[0] == FALSE for t in row.tests)]
    values: dict[Pattern, set[object]] = {}
    counts: dict[Pattern, int] = {}
    for _, found in choices:
        for operand, _, wanted in found:
            values.setdefault(operand, set()).update(wanted)
            counts[operand] = counts.get(operand, 0) + 1
    ranks = {operand: (counts[operand] > 1, len(values[operand]), counts[operand]) for operand in counts}
    chosen: dict[Pattern | None, dict[object, list[Row]]] = {None: {}}
    for row, found in choices:
        best = max(found, key=lambda choice: ranks[choice[0]], default=None)
        if best is None or counts[best[0]] == 1:
            chosen[None].setdefault(None, []).append(row)
            continue
        cases, rest = chosen.setdefault(best[0], {}), row.without(best[1])
        for value in best[2]:
            cases.setdefault(value, []).append(rest)
    return [Group(operand, cases) for operand, cases in chosen.items() if cases]


def _choices(row: Row) -> list[_Choice]:
    """The conditions of a row that compare an operand with constants."""
    found: list[_Choice] = []
    for test in row.tests:
        pattern = test[0]
        word = pattern[0]
        if word == "bool":
            found.append((pattern[1], test, (pattern[2],)))
        elif word == "cmp" and pattern[1] == "=" and pattern[3] == CONSTANT and _is_key(pattern[2], test[1]):
            found.append((pattern[2], test, test[1]))
        elif word == "in" and pattern[3] and _is_key(pattern[1], members := _members(test)):
            found.append((pattern[1], test, members))
    return found


def _members(test: Test) -> list[object]:
    """The members of a constant set, in a fixed order."""
    members = test.constants[-1]
    assert isinstance(members, frozenset)  # noqa: S101 - the pattern says so
    return sorted(members, key=lambda m: (str(type(m)), str(m)))


def _is_key(operand: Pattern, values: Sequence[object]) -> bool:
    """Whether a value of the operand may be looked up among these."""
    if operand[0] not in ("f", "i", "v") or not 0 < len(values) <= _MOST_VALUES:
        return False
    return all(isinstance(v, str) or (isinstance(v, int) and operand[0] != "v") for v in values)


def by_shape(rows: Iterable[Row]) -> dict[tuple[Pattern, ...], list[Row]]:
    """The rows that differ only in their constants, together."""
    found: dict[tuple[Pattern, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(row.shape, []).append(row)
    return found
