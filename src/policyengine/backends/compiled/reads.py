"""What can be told of an expression before any fact is known. Deep expressions are walked without recursion."""

from __future__ import annotations

from collections.abc import Iterator

from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import (
    Call,
    DefinitionRef,
    Expr,
    FactRef,
    ItemField,
    Known,
    ListRef,
    Literal,
    ParameterRef,
    Pluck,
    SplitIs,
    Stated,
    children,
)
from policyengine.model.vocabulary import Definition, Table

#: Functions whose value may be known in part.
_BOUNDING = frozenset({"min", "max", "earliest", "latest", "count"})


class Reads:
    """Which dated parameters an expression reads, and whether its value may be known in part.

    Both look through definitions and defaults. The key day of a parameter chooses its value; it is no part of it.
    """

    def __init__(self, bundle: CheckedBundle) -> None:
        self._bundle = bundle
        self._dated = frozenset(p.name for p in bundle.parameters.values() if not p.constant)
        self._names: dict[tuple[str, str], tuple[frozenset[str], bool]] = {}
        for d in bundle.definitions.values():  # in an order in which each comes after those it reads
            self._remembered(("definition", d.name), list(expressions(d)))

    def dated(self, e: Expr) -> frozenset[str]:
        """The parameters with several values that the expression may read."""
        return self._of([e])[0] if self._dated else frozenset()

    def bounded(self, e: Expr) -> bool:
        """Whether the value may lie between bounds."""
        if isinstance(e, Literal) or (isinstance(e, FactRef) and self._bundle.facts[e.name].default is None):
            return False
        return e.type.ordered and self._of([e])[1]

    def _of(self, parts: list[Expr]) -> tuple[frozenset[str], bool]:
        dated: set[str] = set()
        bounded = False
        stack = list(parts)
        while stack:
            e = stack.pop()
            if isinstance(e, Known | ListRef):
                continue
            if isinstance(e, ParameterRef):
                dated.update(self._dated & {e.name})
            bounded = bounded or (isinstance(e, Call) and e.function in _BOUNDING)
            for key, named in self._named(e):
                inner = self._remembered(key, named)
                dated |= inner[0]
                bounded = bounded or inner[1]
            stack.extend(children(e))
        return frozenset(dated), bounded

    def _named(self, e: Expr) -> Iterator[tuple[tuple[str, str], list[Expr]]]:
        """The definitions and defaults that stand behind a name."""
        match e:
            case DefinitionRef():
                yield ("definition", e.name), list(expressions(self._bundle.definitions[e.name]))
            case FactRef():
                default = self._bundle.facts[e.name].default
                yield ("fact", e.name), [] if default is None else [default]
            case ItemField() | Pluck():
                list_ = e.list if isinstance(e, ItemField) else str(e.list.type.name)
                default = self._bundle.lists[list_].fields[e.field].default
                yield (list_, e.field), [] if default is None else [default]
            case _:
                pass

    def _remembered(self, key: tuple[str, str], parts: list[Expr]) -> tuple[frozenset[str], bool]:
        found = self._names.get(key)
        if found is None:
            found = self._names[key] = self._of(parts)
        return found


def expressions(definition: Definition) -> Iterator[Expr]:
    """The expressions that a definition is made of."""
    body = definition.body
    if isinstance(body, Expr):
        yield body
    elif isinstance(body, Table):
        for row in body.rows:
            yield from (*row.tests, *row.outputs)
        yield from body.otherwise or ()


def variables(e: Expr) -> tuple[str, ...]:
    """The variables that an expression mentions, each once; also those that it binds itself."""
    found: dict[str, None] = {}
    stack = [e]
    while stack:
        node = stack.pop()
        match node:
            case ItemField():
                found[node.variable] = None
            case DefinitionRef(variable=str() as name):
                found[name] = None
            case Known() | Stated():
                stack.append(node.target)
                continue
            case SplitIs():
                continue
            case _:
                pass
        stack.extend(children(node))
    return tuple(sorted(found))
