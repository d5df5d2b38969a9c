"""A generated function in the making: its lines, the facts that it reads, the values that it keeps.

Text that is written before it is known how often a value is used holds a *mark* for it; marks are replaced when the
function is finished. A fact is read once at the start of the block that uses it, or where it is used if that is one
place; a computed value is kept if it is used again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import itemgetter

from policyengine.backends.compiled.source import Source

_MARK = re.compile("\x01(\\w+)\x02")
#: Stands in the lines of a value for its name. Like a mark's ends, it never occurs in the quoted text of a policy.
NAME = "\x03"
_TOP = 0
#: So many facts are read in one call.
_MANY = 4


@dataclass(slots=True)
class Local:
    """A value that the function needs.

    ``text`` computes it in place, ``lines`` put it under its name (no lines: it is kept under its name where it is
    first needed). ``text`` None: it always gets its name at the start. ``given``: the mapping and the key of a fact
    that must be there, which is read before ``lines``.
    """

    name: str
    text: str | None
    lines: Sequence[str] = ()
    given: tuple[str, str] | None = None
    named: bool = False
    used: dict[int, int] = field(default_factory=dict)

    @property
    def once(self) -> bool:
        """Whether it is used in one place, once."""
        return self.text is not None and sum(self.used.values()) == 1

    @property
    def home(self) -> int:
        """The block that it belongs to: the one that uses it, or the function's own if several do."""
        return next(iter(self.used)) if len(self.used) == 1 else _TOP


@dataclass(frozen=True, slots=True)
class _Line:
    block: int
    indent: int
    weight: int
    text: str


class Frame:
    """One function. ``exact``: two-valued code, which raises Inexact where a value is not exactly known.

    ``variables`` maps the variables of the policy language in scope to the function's parameters.
    """

    def __init__(self, source: Source, name: str, variables: Mapping[str, str], *, exact: bool, more: str = "") -> None:
        self.source = source
        self.name = name
        self.variables = variables
        self.exact = exact
        self._head = f"def {name}({', '.join(['s', *more.split(), *variables.values()])}):"
        self._lines: list[_Line] = []
        self._starts: dict[int, tuple[int, int]] = {}  # by line: block and indentation
        self._block, self._blocks, self._indent, self._weight = _TOP, _TOP, 1, 1
        self._locals: dict[object, Local] = {}

    # --- lines ---

    def line(self, text: str) -> None:
        """Add a line."""
        self._lines.append(_Line(self._block, self._indent, self._weight, text))

    @contextmanager
    def inside(self, head: str) -> Iterator[None]:
        """Lines below ``head``, indented."""
        self.line(head)
        self._indent += 1
        yield
        self._indent -= 1

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """The same; facts that are used only there are read there."""
        outer = self._block
        with self.inside(head):
            self._blocks += 1
            self._block = self._blocks
            self._starts[len(self._lines)] = (self._block, self._indent)
            yield
        self._block = outer

    @contextmanager
    def loop(self, head: str) -> Iterator[None]:
        """The same, for lines that run many times."""
        self.line(head)
        self._weight += 1
        self._indent += 1
        yield
        self._indent -= 1
        self._weight -= 1

    # --- values ---

    def has(self, key: object) -> bool:
        """Whether there is a local name under this key."""
        return key in self._locals

    def given(self, key: object, mapping: str, name: str, *lines: str) -> str:
        """The mark of a fact that must be there. ``lines`` look at it further."""
        mark = self.local(key, "x", None if lines else f"{mapping}[{name!r}]", *lines)
        self._locals[key].given = (mapping, name)
        return mark

    def local(self, key: object, letter: str, text: str | None, *lines: str) -> str:
        """The mark of a value; :data:`NAME` in its lines stands for its name."""
        found = self._locals.get(key)
        if found is None:
            name = f"{letter}{len(self._locals)}"
            found = self._locals[key] = Local(name, text, [line.replace(NAME, name) for line in lines])
        return f"\x01{found.name}\x02"

    def mark(self, key: object) -> str:
        """The mark of a value that is there."""
        return f"\x01{self._locals[key].name}\x02"

    def name_of(self, key: object) -> str:
        """The name of a value whose mark is evaluated before."""
        found = self._locals[key]
        found.named = True
        return found.name

    # --- the end ---

    def finish(self) -> None:
        """Hand the function over to the source."""
        by_name = {v.name: v for v in self._locals.values()}
        for line in self._lines:
            _count(line.text, line.block, line.weight, by_name)

        def put(match: re.Match[str]) -> str:
            return _placed(by_name[match[1]], put)

        homes: dict[int, list[Local]] = {}
        for local in self._locals.values():
            if local.used and not local.once:
                homes.setdefault(local.home, []).append(local)
        out = [self._head, *self._prologue(homes.get(_TOP, ()), 1)]
        for position, line in enumerate(self._lines):
            if position in self._starts:
                block, indent = self._starts[position]
                out += self._prologue(homes.get(block, ()), indent)
            out.append("    " * line.indent + (_MARK.sub(put, line.text) if "\x01" in line.text else line.text))
        text = "\n".join(out)
        if "f[" in text or "(f)" in text or "f.get(" in text or " in f" in text:
            out.insert(1, "    f = s.facts")
        self.source.add(out)

    def _prologue(self, here: Sequence[Local], indent: int) -> list[str]:
        """What is read and prepared at the start of a block."""
        lines = [*self._read(here), *(line for v in here for line in v.lines)]
        kept = [v.name for v in here if not v.lines and v.given is None]
        if kept:
            lines.append(f"{' = '.join(kept)} = UNSET")
        return ["    " * indent + line for line in lines]

    def _read(self, wanted: Sequence[Local]) -> Iterator[str]:
        """The lines that read facts that must be there: many of one mapping at once."""
        by_mapping: dict[str, list[tuple[str, str]]] = {}
        for local in wanted:
            if local.given is not None:
                by_mapping.setdefault(local.given[0], []).append((local.name, local.given[1]))
        for mapping, pairs in by_mapping.items():
            if len(pairs) < _MANY:
                yield from (f"{name} = {mapping}[{key!r}]" for name, key in pairs)
                continue
            getter = self.source.bind(itemgetter(*(key for _, key in pairs)))
            names, keys = ", ".join(name for name, _ in pairs), ", ".join(repr(key) for _, key in pairs)
            yield f"{names} = {getter}({mapping})  # {keys}"


def _count(text: str, block: int, weight: int, by_name: Mapping[str, Local]) -> None:
    """Count the uses of values in a text, and in what computes them."""
    for name in _MARK.findall(text):
        local = by_name[name]
        local.used[block] = local.used.get(block, 0) + weight
        if not local.lines and local.given is None and local.text is not None:
            _count(local.text, block, weight, by_name)


def _placed(local: Local, put: object) -> str:
    """What stands where a value is used."""
    if local.lines or local.given is not None:
        return local.text if local.once and local.text is not None else local.name
    text = _MARK.sub(put, local.text or "")  # type: ignore[call-overload]
    if local.once:
        return f"({local.name} := {text})" if local.named else text
    return f"({local.name} if {local.name} is not UNSET else ({local.name} := {text}))"
