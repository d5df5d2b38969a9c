"""Where a bundle can be changed: every node of the checked model that stands for something written.

What is written once may stand in the model several times: the condition of a policy in each of its rules, a last day in
the rule and in what the answer tells of it. Such nodes are one site, so that a change is what an edit of the file
would be.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr, is_true
from policyengine.model.rules import DecisionSpec, Limit, Payout, PayoutStep, Rule, Split
from policyengine.model.vocabulary import Definition, Fact, FactList, Parameter, Row, Table
from policyengine.mutation.paths import Key, Path, below
from policyengine.source import Span


@dataclass(frozen=True, slots=True)
class Owner:
    """What a site belongs to. ``kind`` is rule, payout, decision, definition, fact, list, parameter or calendar.

    ``decision`` is set for what belongs to one decision; everything else is reached through names.
    """

    kind: str
    name: str
    decision: str | None = None

    def __str__(self) -> str:
        """As a sentence names it."""
        return f"rule {self.name}" if self.kind == "rule" else f"{self.kind} `{self.name}`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A node, wherever it stands. ``parent`` and ``part`` say in what it stands, and as which part of it."""

    node: object
    owner: Owner
    span: Span
    parent: object
    part: str
    paths: tuple[Path, ...] = ()


_NODES = (Expr, Rule, Split, DecisionSpec, Payout, PayoutStep, Limit, Definition, Table, Row, Fact, FactList, Parameter)


def sites(bundle: CheckedBundle) -> tuple[Site, ...]:
    """Every site of a bundle, in the order of the model."""
    found: dict[object, list[tuple[Path, Site]]] = {}
    for path, site in _all(bundle):
        node = site.node
        # Equal nodes at one place of a file are the same words; other nodes stand in the model once.
        key = (type(node), node, _place(site.span)) if isinstance(node, Expr | Split) else path
        found.setdefault(key, []).append((path, site))
    return tuple(_merged(together) for together in found.values())


def _merged(together: list[tuple[Path, Site]]) -> Site:
    first = together[0][1]
    return Site(
        node=first.node,
        owner=first.owner,
        span=first.span,
        parent=first.parent,
        part=first.part,
        paths=tuple(path for path, _ in together),
    )


def _place(span: Span) -> tuple[str, object, object]:
    return (span.file.relative or span.file.path, span.start, span.end)


def _all(bundle: CheckedBundle) -> Iterator[tuple[Path, Site]]:
    for name, spec in bundle.decisions.items():
        yield from _walk(spec, ("decisions", Key(name)), Owner("decision", name, name), bundle, "")
    for name, definition in bundle.definitions.items():
        yield from _walk(definition, ("definitions", Key(name)), Owner("definition", name), bundle, "")
    for name, fact in bundle.facts.items():
        yield from _walk(fact, ("facts", Key(name)), Owner("fact", name), bundle, "")
    for name, items in bundle.lists.items():
        yield from _walk(items, ("lists", Key(name)), Owner("list", name), bundle, "")
    for name, parameter in bundle.parameters.items():
        yield from _walk(parameter, ("parameters", Key(name)), Owner("parameter", name), bundle, "")
    for name, calendar in bundle.calendars.items():
        if calendar.span is not None:
            owner = Owner("calendar", name)
            yield (
                ("calendars", Key(name)),
                Site(node=calendar, owner=owner, span=calendar.span, parent=bundle, part="calendars"),
            )


def _walk(node: object, path: Path, owner: Owner, parent: object, part: str) -> Iterator[tuple[Path, Site]]:
    """A node and everything below it, in the order of writing."""
    owner = _owner(node, owner)
    if isinstance(node, _NODES) and not (isinstance(node, Expr) and is_true(node)):
        span = node.limit.span if isinstance(node, Split) else node.span
        yield path, Site(node=node, owner=owner, span=span, parent=parent, part=part)
    inside = node if isinstance(node, _NODES) else parent
    for step, child in below(node):
        named = step if isinstance(step, str) else part
        yield from _walk(child, (*path, step), owner, inside, named)


def _owner(node: object, above: Owner) -> Owner:
    match node:
        case Rule():
            return Owner("rule", node.id, above.decision)
        case Payout():
            return Owner("payout", node.name, above.decision)
        case Fact() if above.kind == "list":
            return Owner("fact", f"{above.name}.{node.name}")
        case _:
            return above
