"""Groups of rules to code that collects which are true (``t``) and which unknown (``u``), by position."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from policyengine.backends.compiled.frames import Frame
from policyengine.backends.compiled.packing import FROM, UP_TO, Shape, bound, packed, width
from policyengine.backends.compiled.patterns import Pattern, slots
from policyengine.backends.compiled.plans import Group, Row, by_shape
from policyengine.backends.compiled.source import Source
from policyengine.backends.compiled.truths import Mode, Truths

if TYPE_CHECKING:
    from policyengine.backends.compiled.units import Units

#: So many values of a fact are told apart by ``if`` and ``elif``; more are looked up.
_MOST_BRANCHES = 8
#: So many rules that differ in their constants only are written out; more are rows that one piece of code goes through.
_MOST_WRITTEN = 3


@dataclass(frozen=True, slots=True)
class Target:
    """What is collected when a row holds: the text of one position, or of several in a tuple."""

    text: str
    many: bool = False
    note: str = ""


class Packs:
    """The rows as data of one set of rules, by name: the functions that match these rules share them."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._names: dict[object, str] = {}

    def name(self, key: object, make: Callable[[], object]) -> str:
        """The name of the rows under a key, made the first time."""
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = self._source.bind(make())
        return name


class Matching:
    """Writes the matching of rows into a function. ``unsettled``: all that may hold is unknown, for a key fact is."""

    def __init__(self, units: Units, frame: Frame, packs: Packs, *, unsettled: bool = False) -> None:
        self.units = units
        self.frame = frame
        self._packs = packs
        self.truths: Truths = units.truths(frame)
        self.unsettled = unsettled
        self._numbers = count()

    def groups(self, groups: Sequence[Group]) -> None:
        """All groups, one after the other."""
        for group in groups:
            self._group(group)

    def _group(self, group: Group) -> None:
        if group.operand is None:
            self._plainly(group.rows)
        elif len(group.cases) <= _MOST_BRANCHES:
            self._branches(group.operand, group)
        else:
            self._looked_up(group.operand, group)

    # --- by the value of a fact ---

    def _branches(self, operand: Pattern, group: Group) -> None:
        key = self._key(operand)
        word = "if"
        if not self.frame.exact:
            with self.frame.inside(f"if {key} is None:"):
                self._call_unsettled(group)
            word = "elif"
        for value, rows in group.cases.items():
            test = f"{key} is {value}" if isinstance(value, bool) else f"{key} == {self._constant(value)}"
            # In two-valued code what is not the one truth value is the other.
            settled = self.frame.exact and word == "elif" and isinstance(value, bool)
            with self.frame.block("else:" if settled else f"{word} {test}:"):
                self._plainly(rows)
            word = "elif"

    def _key(self, operand: Pattern) -> str:
        name = f"k{next(self._numbers)}"
        self.frame.line(f"{name} = {self.truths.operand(operand)}")
        return name

    def _call_unsettled(self, group: Group) -> None:
        """A function for the case that the key is unknown: whatever may hold besides is unknown."""
        variables = self.frame.variables

        def write(name: str) -> None:
            frame = Frame(self.frame.source, name, variables, exact=False, more="u")
            Matching(self.units, frame, self._packs, unsettled=True)._plainly(group.rows)  # noqa: SLF001 - the same class
            frame.line("return")
            frame.finish()

        name = self.units.later(object(), "o", write)
        self.frame.line(f"{name}({', '.join(['s', 'u', *variables.values()])})")

    def _looked_up(self, operand: Pattern, group: Group) -> None:
        key = self._key(operand)
        if self.frame.exact:
            self._by_key(key, group)
            return
        with self.frame.inside(f"if {key} is None:"):
            self._call_unsettled(group)
        with self.frame.inside("else:"):
            self._by_key(key, group)

    def _by_key(self, key: str, group: Group) -> None:
        shapes: dict[Shape, dict[object, list[Row]]] = {}
        for value, rows in group.cases.items():
            for shape, alike in by_shape(rows).items():
                shapes.setdefault(shape, {})[value] = alike
        single: dict[object, list[Row]] = {}
        tables: list[tuple[Shape, dict[object, list[Row]]]] = []
        for shape, by_value in shapes.items():
            if sum(map(len, by_value.values())) > _MOST_WRITTEN:
                tables.append((shape, by_value))
                continue
            for value, rows in by_value.items():
                single.setdefault(value, []).extend(rows)
        if tables:
            self._tables(key, group, tables)
        if single:
            self._functions(key, single)

    def _tables(self, key: str, group: Group, tables: Sequence[tuple[Shape, Mapping[object, Sequence[Row]]]]) -> None:
        """One look-up gives the packed rows of every shape, None where a value has none."""

        def looked_up() -> object:
            packs = [{value: packed(shape, alike) for value, alike in by_value.items()} for shape, by_value in tables]
            return {
                value: tuple([p.get(value) for p in packs]) for value in group.cases if any(value in p for p in packs)
            }

        names = [f"r{next(self._numbers)}" for _ in tables]
        found = f"f{next(self._numbers)}"
        self.frame.line(f"{found} = {self._packs.name(('by key', id(group)), looked_up)}.get({key})")
        with self.frame.inside(f"if {found} is not None:"):
            self.frame.line(f"{', '.join(names)}, = {found}")
            for (shape, _), name in zip(tables, names, strict=True):
                with self.frame.inside(f"if {name} is not None:"):
                    self._go_through(shape, name)

    def _functions(self, key: str, cases: Mapping[object, Sequence[Row]]) -> None:
        """For rules that are like no others: a function for each value."""
        exact, variables = self.frame.exact, self.frame.variables
        more = "t" if exact else "t u"
        names: dict[object, str] = {}
        for value, rows in cases.items():

            def write(name: str, rows: Sequence[Row] = rows) -> None:
                frame = Frame(self.frame.source, name, variables, exact=exact, more=more)
                Matching(self.units, frame, self._packs)._plainly(rows)  # noqa: SLF001 - the same class
                frame.finish()

            names[value] = self.units.later(object(), "h", write)
        function = f"h{next(self._numbers)}"
        table = f"{self.frame.name}_{function}"
        items = ", ".join(f"{self._constant(value)}: {name}" for value, name in names.items())
        self.units.at_end(f"{table} = {{{items}}}")
        self.frame.line(f"{function} = {table}.get({key})")
        with self.frame.inside(f"if {function} is not None:"):
            self.frame.line(f"{function}({', '.join(['s', *more.split(), *variables.values()])})")

    # --- one after the other ---

    def _plainly(self, rows: Sequence[Row]) -> None:
        for shape, alike in by_shape(rows).items():
            found: dict[tuple[object, ...], list[Row]] = {}
            for row in alike:
                found.setdefault(_told_apart(row.constants), []).append(row)
            if len(found) <= _MOST_WRITTEN or not width(shape):
                for same in found.values():
                    self._written(same)
            else:
                self._rows(shape, alike)

    def _written(self, rows: Sequence[Row]) -> None:
        """Rules with equal conditions."""
        constants = [self._constant(c) for c in rows[0].constants]
        note = ", ".join(_comment(r.note) for r in rows[:3] if r.note) + (" …" if len(rows) > 3 else "")  # noqa: PLR2004
        if len(rows) == 1:
            target = Target(str(rows[0].position), note=note)
        else:
            target = Target(self.frame.source.bind(tuple(r.position for r in rows)), many=True, note=note)
        self._statement(rows[0].shape, constants, target)

    def _rows(self, shape: Shape, rows: Sequence[Row]) -> None:
        name = f"r{next(self._numbers)}"
        pack = self._packs.name((shape, *[r.position for r in rows]), lambda: packed(shape, rows))
        self.frame.line(f"{name} = {pack}")
        self._go_through(shape, name)

    def _statement(self, shape: Shape, constants: Sequence[str], target: Target) -> None:
        """Collect the target if the conditions hold."""
        if self.frame.exact:
            self._if(self._test(shape, Mode.EXACT, constants), "t", target)
            return
        possible = self._test(shape, Mode.POSSIBLE, constants)
        sure = self._test(shape, Mode.SURE, constants)
        if self.unsettled:
            self._if(possible, "u", target)
        else:
            self._if(possible, "t" if possible == sure else f"(t if {sure} else u)", target)

    def _test(self, shape: Shape, mode: Mode, constants: Sequence[str]) -> str:
        told = iter(constants)
        parts = [self.truths.text(p, mode, [next(told) for _ in range(slots(p))]) for p in shape]
        return " and ".join(parts)

    def _if(self, test: str, into: str, target: Target) -> None:
        comment = f"  # {target.note}" if target.note else ""
        done = f"{into}.extend({target.text})" if target.many else f"{into}.append({target.text})"
        self.frame.line(f"if {test}: {done}{comment}" if test else f"{done}{comment}")

    # --- rows of constants ---

    def _go_through(self, shape: Shape, rows: str) -> None:
        """Collect those of some packed rows that hold."""
        first = bound(shape)
        if first is None:
            self._rest(shape, rows)
        else:
            self._bounded(shape, rows, first)

    def _bounded(self, shape: Shape, rows: str, first: int) -> None:
        """Rows in the order of the constant that one comparison is with: those for which it holds are at one end."""
        _, op, operand, _ = shape[first]
        rest = shape[:first] + shape[first + 1 :]
        value, limits = f"b{next(self._numbers)}", f"l{next(self._numbers)}"
        self.frame.line(f"{value} = {self.truths.operand(operand)}")
        self.frame.line(f"{limits}, {rows} = {rows}")
        part = f"{rows}[{FROM[op]}({limits}, {value}):]" if op in FROM else f"{rows}[:{UP_TO[op]}({limits}, {value})]"
        if self.frame.exact:
            self._rest(rest, part)
            return
        with self.frame.inside(f"if {value} is None:"):
            self._as_unsettled()._rest(rest, rows)  # noqa: SLF001 - the same class
        with self.frame.inside("else:"):
            self._rest(rest, part)

    def _as_unsettled(self) -> Matching:
        other = Matching(self.units, self.frame, self._packs, unsettled=True)
        other._numbers = self._numbers
        return other

    def _rest(self, shape: Shape, rows: str) -> None:
        """The other conditions of the rows that are left."""
        names = [f"c{n}" for n in range(width(shape))]
        if not names:
            self._statement(shape, [], Target(rows, many=True))
            return
        with self.frame.loop(f"for {', '.join(names)}, i in {rows}:"):
            self._statement(shape, names, Target("i"))

    def _constant(self, value: object) -> str:
        return self.frame.source.constant(value)


def _told_apart(constants: tuple[object, ...]) -> tuple[object, ...]:
    """Constants with their types, for True equals 1."""
    return tuple((c.__class__, c) for c in constants)


def _comment(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]", "?", text)
