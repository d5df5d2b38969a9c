"""What reads what: definitions, defaults and key days form one graph, which must have no cycle."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from policyengine.check.context import Context
from policyengine.model import expr as x
from policyengine.model.vocabulary import Definition, Fact, FactList, Parameter, Table
from policyengine.source import Span

Name = str

#: Names that may lie behind one another, each read by the one before. No policy needs that many, and working one out
#: goes through all of them.
LONGEST_CHAIN: Final = 50
#: Operations that may lie inside one another, counted on through the names that are read. Every engine works them out
#: by recursion, and Python's own limit would be met at about twice as many.
MOST_LEVELS: Final = 160


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The named things of a bundle, for walking."""

    facts: Mapping[str, Fact]
    lists: Mapping[str, FactList]
    parameters: Mapping[str, Parameter]
    definitions: Mapping[str, Definition]


def body_expressions(d: Definition) -> Iterator[x.Expr]:
    """Every expression of a definition, tables cell by cell."""
    if not isinstance(d.body, Table):
        yield d.body
        return
    yield from d.body.inputs
    for row in d.body.rows:
        yield from row.tests
        yield from row.outputs
    yield from d.body.otherwise or ()


def names_read(e: x.Expr) -> Iterator[Name]:
    """The names whose values an expression reads directly; fields as ``list.field``."""
    yield from _own_names(e)
    # Whether the caller gave a fact does not depend on the fact's default.
    if not isinstance(e, x.Known):
        for child in x.children(e):
            yield from names_read(child)


def _own_names(e: x.Expr) -> Iterator[Name]:
    """The names that a node reads by itself, not through its parts."""
    match e:
        case x.FactRef() | x.ParameterRef() | x.DefinitionRef():
            yield e.name
        case x.ItemField():
            yield f"{e.list}.{e.field}"
        case x.Pluck():
            yield f"{e.list.type.name}.{e.field}"


def refuse_cycles(ctx: Context, v: Vocabulary) -> bool:
    """Report each cycle once, at its first name in order of declaration. True when there is none."""
    graph = edges(v)
    good, done = True, set[Name]()
    for start in graph:
        cycle = _cycle(graph, start, done)
        if cycle:
            good = False
            path = " → ".join([*cycle, cycle[0]])
            help_ = "one of them must be said without the others"
            ctx.sink.error("names/cycle", f"`{cycle[0]}` is defined by itself: {path}", _place(v, cycle[0]), help_)
            done.update(cycle)
    return good


def _cycle(graph: Mapping[Name, list[Name]], start: Name, done: set[Name]) -> list[Name]:
    """A cycle through ``start``'s reach, as a path; empty when there is none. ``done`` grows with what is cleared."""
    path: list[Name] = []
    on_path: set[Name] = set()
    stack: list[tuple[Name, Iterator[Name]]] = []

    def enter(name: Name) -> None:
        path.append(name)
        on_path.add(name)
        stack.append((name, iter(graph.get(name, ()))))

    if start in done:
        return []
    enter(start)
    while stack:
        name, reads = stack[-1]
        step = next(reads, None)
        if step is None:
            stack.pop()
            path.pop()
            on_path.discard(name)
            done.add(name)
        elif step in on_path:
            return path[path.index(step) :]
        elif step not in done:
            enter(step)
    return []


def _place(v: Vocabulary, name: Name) -> Span:
    for table in (v.definitions, v.parameters, v.facts):
        if name in table:
            found: Definition | Parameter | Fact = table[name]
            return found.span
    list_name, _, field = name.rpartition(".")
    return v.lists[list_name].fields[field].span


def refuse_long_chains(ctx: Context, v: Vocabulary) -> None:
    """Report each name behind which too much lies one after another: names, or operations (without cycles)."""
    graph, read = edges(v), _expressions(v)
    names: dict[Name, int] = {}
    levels: dict[Name, int] = {}
    for name in _in_order(graph, graph):
        names[name] = max((1 + names[behind] for behind in graph.get(name, ())), default=0)
        levels[name] = max((_levels(e, levels) for e in read.get(name, ())), default=0)
        told = _too_long(name, names, levels)
        if told:
            ctx.sink.error("names/chain", told, _place(v, name), "define it with fewer steps in between")
            # Told once: what reads this name is not to blame.
            names[name] = levels[name] = 0


def _too_long(name: Name, names: Mapping[Name, int], levels: Mapping[Name, int]) -> str | None:
    if names[name] > LONGEST_CHAIN:
        return f"`{name}` is defined through more than {LONGEST_CHAIN} other names, one after another"
    if levels[name] > MOST_LEVELS:
        return f"`{name}` and the names it reads hold more than {MOST_LEVELS} operations, one inside the other"
    return None


def _levels(e: x.Expr, behind: Mapping[Name, int]) -> int:
    """How many operations lie inside one another in an expression, those behind its names included."""
    inside = [] if isinstance(e, x.Known) else [_levels(child, behind) for child in x.children(e)]
    return 1 + max([*inside, *(behind[name] for name in _own_names(e))], default=0)


def _expressions(v: Vocabulary) -> dict[Name, list[x.Expr]]:
    """Name → the expressions that give it its value."""
    found: dict[Name, list[x.Expr]] = {f.name: [f.default] for f in v.facts.values() if f.default}
    for item in v.lists.values():
        found |= {f"{item.name}.{f.name}": [f.default] for f in item.fields.values() if f.default}
    found |= {p.name: [p.keyed_on] for p in v.parameters.values() if p.keyed_on}
    return found | {d.name: list(body_expressions(d)) for d in v.definitions.values()}


def edges(v: Vocabulary) -> dict[Name, list[Name]]:
    """Name → names whose values it reads, of facts through their defaults."""
    names = [*v.facts, *(f"{i.name}.{f}" for i in v.lists.values() for f in i.fields), *v.parameters, *v.definitions]
    read = _expressions(v)
    return {name: [n for e in read.get(name, ()) for n in names_read(e)] for name in names}


def definition_order(v: Vocabulary) -> dict[str, Definition]:
    """Definitions, each after those it reads (also through defaults and key days); otherwise as declared."""
    order = _in_order(edges(v), v.definitions)
    return {name: v.definitions[name] for name in order if name in v.definitions}


def _in_order(graph: Mapping[Name, list[Name]], wanted: Iterable[Name]) -> list[Name]:
    """The wanted names and all that they read, each after what it reads."""
    placed: list[Name] = []
    seen: set[Name] = set()

    def place(name: Name) -> None:
        stack: list[tuple[Name, Iterator[Name]]] = [(name, iter(graph.get(name, ())))]
        seen.add(name)
        while stack:
            top, reads = stack[-1]
            step = next(reads, None)
            if step is None:
                stack.pop()
                placed.append(top)
            elif step not in seen:
                seen.add(step)
                stack.append((step, iter(graph.get(step, ()))))

    for name in wanted:
        if name not in seen:
            place(name)
    return placed


def answer_only(v: Vocabulary) -> dict[str, str]:
    """Definitions that read ``verdict`` or ``parts``, also through others: name → the special they read."""
    found: dict[str, str] = {}
    for d in definition_order(v).values():
        for e in body_expressions(d):
            for node in x.walk(e):
                if isinstance(node, x.Special):
                    found.setdefault(d.name, node.name)
                if isinstance(node, x.DefinitionRef) and node.name in found:
                    found.setdefault(d.name, found[node.name])
    return found
