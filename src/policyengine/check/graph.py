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
    match e:
        case x.FactRef() | x.ParameterRef() | x.DefinitionRef():
            yield e.name
        case x.ItemField():
            yield f"{e.list}.{e.field}"
        case x.Pluck():
            yield f"{e.list.type.name}.{e.field}"
        case x.Known():
            # Whether the caller gave a fact does not depend on the fact's default.
            return
    for child in x.children(e):
        yield from names_read(child)


def edges(v: Vocabulary) -> dict[Name, list[Name]]:
    """Name → names whose values it reads, of facts through their defaults."""
    found: dict[Name, list[Name]] = {}
    for fact in v.facts.values():
        found[fact.name] = list(names_read(fact.default)) if fact.default else []
    for item in v.lists.values():
        for field in item.fields.values():
            found[f"{item.name}.{field.name}"] = list(names_read(field.default)) if field.default else []
    for p in v.parameters.values():
        found[p.name] = list(names_read(p.keyed_on)) if p.keyed_on else []
    for d in v.definitions.values():
        found[d.name] = [n for e in body_expressions(d) for n in names_read(e)]
    return found


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
    """Report each name behind which more than :data:`LONGEST_CHAIN` others lie one after another (without cycles)."""
    graph = edges(v)
    behind: dict[Name, int] = {}
    for name in _in_order(graph, graph):
        behind[name] = max((1 + behind[read] for read in graph.get(name, ())), default=0)
        # Only where the limit is passed: what reads this name would say it again.
        if behind[name] == LONGEST_CHAIN + 1:
            message = f"`{name}` is defined through more than {LONGEST_CHAIN} other names, one after another"
            ctx.sink.error("names/chain", message, _place(v, name), "define it with fewer steps in between")


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
