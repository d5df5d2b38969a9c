"""Functions beside the matching ones: definitions, defaults, key days, tables, bodies of quantifiers, deep parts.

Each is asked for by name first and written later, one after the other, so chains of definitions of any length do not
nest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from policyengine.backends.compiled.frames import Frame
from policyengine.backends.compiled.matching import Matching, Packs
from policyengine.backends.compiled.patterns import Lowering
from policyengine.backends.compiled.plans import grouped, row_of
from policyengine.backends.compiled.reads import variables
from policyengine.backends.compiled.runtime.state import Dated
from policyengine.backends.compiled.source import Source
from policyengine.backends.compiled.truths import Truths
from policyengine.backends.compiled.values import OfEach, Values
from policyengine.model.expr import Expr, Literal, Or
from policyengine.model.rules import Split
from policyengine.model.vocabulary import Definition, Parameter, Table

#: A definition that is an `or` of so many conditions is matched as rules are.
_MANY = 8


class Units:
    """The functions that the expressions of a scope need."""

    def __init__(self, lowering: Lowering, source: Source) -> None:
        self.lowering = lowering
        self.source = source
        self.values = Values(self)
        #: Whether anything that is computed of a case is remembered, so that there must be a State.
        self.stateful = False
        self._names: dict[object, str] = {}
        self._waiting: list[Callable[[], None]] = []
        self._last: list[str] = []
        self._dated: dict[str, tuple[str, Dated, str]] = {}

    def truths(self, frame: Frame) -> Truths:
        """The writer of a function's conditions."""
        return Truths(frame, self.values)

    def write(self) -> None:
        """Write every function that was asked for."""
        while self._waiting:
            self._waiting.pop()()
        if self._last:
            self.source.add(self._last)

    def at_end(self, line: str) -> None:
        """Add a line after all functions."""
        self._last.append(line)

    def link(self, function: Callable[[str], Callable[..., object]]) -> None:
        """Connect the parameters with the functions of their key days, now that these exist."""
        for _, parameter, name in self._dated.values():
            parameter.key_day = function(name)

    def later(self, key: object, letter: str, write: Callable[[str], None]) -> str:
        """The name of a function, which ``write`` will write."""
        name = self._names.get(key)
        if name is None:
            name = self._names[key] = f"{letter}_{len(self._names)}"
            self._waiting.append(lambda: write(name))
        return name

    # --- parts of expressions ---

    def expression(self, frame: Frame, e: Expr) -> str:
        """A call of a function for this expression."""
        return self._part(frame, e, "e", self.values.here)

    def tried(self, frame: Frame, e: Expr) -> str:
        """A comparison that is tried with every value of the dated parameters whose day is open."""
        inner = self._part(frame, e, "a", self.values.plain)
        name, _, arguments = inner.partition("(")
        names = sorted(self.lowering.reads.dated(e))
        parameters = "".join(self.dated(self.lowering.bundle.parameters[n]) + ", " for n in names)
        rest = arguments.removeprefix("s").removesuffix(")")
        return f"tried(s, {name}, ({parameters}){rest})"

    def _part(self, frame: Frame, e: Expr, letter: str, text: Callable[[Frame, Expr], str]) -> str:
        inner = self._inner(frame, e)
        key = (letter, self.lowering.key(e), tuple(inner))
        name = self.later(key, letter, lambda name: self._write(name, inner, lambda f: text(f, e)))
        return self._called(name, frame, inner)

    def _inner(self, frame: Frame, *parts: Expr) -> dict[str, str]:
        """The variables in scope that parts of an expression mention, with the names of a function's parameters."""
        mentioned = {v for e in parts for v in variables(e)}
        return {v: f"e{i}" for i, v in enumerate(v for v in frame.variables if v in mentioned)}

    def _called(self, name: str, frame: Frame, inner: Mapping[str, str], *more: str) -> str:
        return f"{name}({', '.join(['s', *more, *(frame.variables[v] for v in inner)])})"

    def _write(self, name: str, inner: Mapping[str, str], text: Callable[[Frame], str]) -> None:
        frame = Frame(self.source, name, inner, exact=False)
        frame.line(f"return {text(frame)}")
        frame.finish()

    # --- named values, computed once ---

    def default(self, list_: str, name: str, default: Expr, *element: str) -> str:
        """A call of the function that computes a fact's default."""
        variable = self.lowering.bundle.lists[list_].each if list_ else None
        return self._once(("default", list_, name), variable, lambda f: self._return(f, default), *element)

    def definition(self, definition: Definition, output: str | None, *element: str) -> str:
        """A call of the function that computes a definition, or one output of its table."""
        variable = self.lowering.bundle.lists[definition.each].each if definition.each else None
        key = ("definition", definition.name, output)
        return self._once(key, variable, lambda f: self._defined(f, definition, output), *element)

    def _once(self, key: object, variable: str | None, write: Callable[[Frame], None], *element: str) -> str:
        self.stateful = True
        name = self.later(key, "d", lambda name: self._write_once(name, variable, write))
        return f"{name}({', '.join(['s', *element])})"

    def _write_once(self, name: str, variable: str | None, write: Callable[[Frame], None]) -> None:
        parameters = "s" if variable is None else "s, e0"
        key = repr(name) if variable is None else f"({name!r}, e0.position)"
        self.source.add(
            [
                f"def {name}({parameters}):",
                f"    found = s.cache.get({key}, UNSET)",
                "    if found is UNSET:",
                f"        found = s.cache[{key}] = {name}_({parameters})",
                "    return found",
            ]
        )
        frame = Frame(self.source, f"{name}_", {} if variable is None else {variable: "e0"}, exact=False)
        write(frame)
        frame.finish()

    def _return(self, frame: Frame, e: Expr) -> None:
        frame.line(f"return {self.values.text(frame, e)}")

    def _defined(self, frame: Frame, definition: Definition, output: str | None) -> None:
        body = definition.body
        if isinstance(body, Table):
            self._table(frame, body, output)
        elif isinstance(body, Or) and len(body.items) >= _MANY:
            self._any_of(frame, body)
        else:
            self._return(frame, body)

    def _any_of(self, frame: Frame, e: Or) -> None:
        """A long `or`: its conditions are matched like rules, so those that cannot hold are not tested."""
        self._match_rows(frame, [[item] for item in e.items])
        frame.line("return True if t else None if u else False")

    def _match_rows(self, frame: Frame, rows: Sequence[Sequence[Expr]]) -> None:
        frame.line("t = []")
        frame.line("u = []")
        groups = grouped(row_of(i, tests, self.lowering) for i, tests in enumerate(rows))
        Matching(self, frame, Packs(self.source)).groups(groups)

    def _table(self, frame: Frame, table: Table, output: str | None) -> None:
        column = 0 if output is None else [name for name, _ in table.outputs].index(output)
        cells = [row.outputs[column] for row in table.rows]
        otherwise = None
        if table.otherwise is not None:
            otherwise = len(cells)
            cells.append(table.otherwise[column])
        self._match_rows(frame, [row.tests for row in table.rows])
        frame.line(f"return settled_{table.hit}(t, u, {otherwise}, {self._outputs(frame, cells)})")

    def _outputs(self, frame: Frame, cells: Sequence[Expr]) -> str:
        """What gives the output of a row by its position."""
        if all(isinstance(c, Literal) for c in cells):
            constants = tuple(c.value for c in cells if isinstance(c, Literal))
            return f"{frame.source.bind(constants)}.__getitem__"
        calls = "".join(f"lambda: {self.expression(frame, c)}, " for c in cells)
        return f"lambda i: ({calls})[i]()"

    # --- dated parameters ---

    def dated(self, parameter: Parameter) -> str:
        """The name of a parameter with several values."""
        self.stateful = True
        found = self._dated.get(parameter.name)
        if found is None:
            dated = Dated(parameter.name, [(v.start, v.value) for v in parameter.values])
            key_day = parameter.keyed_on
            name = self.later(
                ("key day", parameter.name),
                "k",
                lambda name: self._write(
                    name, {}, lambda f: "s.as_of" if key_day is None else self.values.text(f, key_day)
                ),
            )
            found = self._dated[parameter.name] = (self.source.bind(dated), dated, name)
        return found[0]

    # --- lists ---

    def over_list(self, frame: Frame, e: Expr, asked: OfEach) -> str:
        """A call of a function that asks something of every element of a list; ``e`` is all of it."""
        inner = self._inner(frame, e)
        key = ("list", self.lowering.key(e), tuple(inner))
        name = self.later(key, "q", lambda name: self._write(name, inner, lambda f: self._of_each(f, inner, asked)))
        return self._called(name, frame, inner)

    def _of_each(self, frame: Frame, inner: Mapping[str, str], asked: OfEach) -> str:
        candidates = self.values.text(frame, asked.list)
        return f"{asked.helper}({candidates}, {self._asked_of_each(inner, asked.variable, asked.body)})"

    def _asked_of_each(self, inner: Mapping[str, str], variable: str, body: Expr) -> str:
        """A function of an element."""
        scope = {**{v: p for v, p in inner.items() if v != variable}, variable: "x"}
        frame = Frame(self.source, "", scope, exact=False)
        return f"lambda x: {self.expression(frame, body)}"

    # --- splits ---

    def split(self, split: Split) -> str:
        """A call of the function that plans a split, once for a case."""
        return self._once(("split", id(split)), None, lambda f: self._planned(f, split))

    def _planned(self, frame: Frame, split: Split) -> None:
        inputs = "".join(
            f"{self._asked_of_each({}, split.variable, e)}, " for e in (split.quantity, split.weight, split.whole)
        )
        nothing = "()" if self.lowering.bundle.lists[split.list].default_empty else "None"
        limit = self.values.text(frame, split.limit)
        frame.line(f"return plan(s.lists.get({split.list!r}, {nothing}), ({inputs}), {limit}, {split.op!r})")
