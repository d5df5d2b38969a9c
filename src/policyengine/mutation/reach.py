"""Which decisions can see what is written somewhere: all whose rules lead to it through names.

More than can be seen may be named here, never less.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Call, DefinitionRef, FactRef, ItemField, ListRef, Literal, ParameterRef, Pluck
from policyengine.mutation.paths import below
from policyengine.mutation.sites import Owner
from policyengine.values.dates import Duration

#: A kind of owner and its name.
Name = tuple[str, str]
#: Functions whose last argument names a calendar.
_BY_CALENDAR = ("roll", "working_days")


class Reach:
    """What the decisions of a bundle lead to. Sentences do not count: no case expects the words of a reason."""

    def __init__(self, bundle: CheckedBundle) -> None:
        self._bundle = bundle
        self._direct: dict[Name, frozenset[Name]] = {}
        declared = [*bundle.facts.values(), *(f for items in bundle.lists.values() for f in items.fields.values())]
        #: What decides whether a request is read at all.
        self.reading = self._closure(n for f in declared if f.currency for n in names_in(f.currency))
        self._of = {d: self._closure(names_in(spec)) for d, spec in bundle.decisions.items()}

    @property
    def everywhere(self) -> tuple[str, ...]:
        """Every decision."""
        return tuple(self._of)

    def decisions(self, owner: Owner) -> tuple[str, ...]:
        """The decisions that can see what belongs to an owner, in the order of the bundle."""
        if owner.decision is not None:
            return (owner.decision,)
        name = (owner.kind, owner.name)
        if name in self.reading:
            return tuple(self._of)
        return tuple(d for d, names in self._of.items() if name in names)

    def _closure(self, names: Iterable[Name]) -> frozenset[Name]:
        found: set[Name] = set()
        stack = list(names)
        while stack:
            name = stack.pop()
            if name not in found:
                found.add(name)
                stack.extend(self._behind(name))
        return frozenset(found)

    def _behind(self, name: Name) -> frozenset[Name]:
        if name not in self._direct:
            self._direct[name] = frozenset(names_in(self._declared(name)))
        return self._direct[name]

    def _declared(self, name: Name) -> object:
        kind, of = name
        match kind:
            case "definition":
                return self._bundle.definitions[of]
            case "parameter":
                return self._bundle.parameters[of]
            case "fact" if of in self._bundle.facts:
                return self._bundle.facts[of].default
            case "fact":
                list_, _, field = of.rpartition(".")
                return self._bundle.lists[list_].fields[field].default
            case _:
                return None


def names_in(node: object) -> Iterator[Name]:
    """The names that something mentions, however deep."""
    stack = [node]
    while stack:
        found = stack.pop()
        match found:
            case FactRef():
                yield ("fact", found.name)
            case ItemField():
                yield from (("fact", f"{found.list}.{found.field}"), ("list", found.list))
            case ListRef():
                yield ("list", found.name)
            case Pluck():
                yield ("fact", f"{found.list.type.name}.{found.field}")
            case ParameterRef():
                yield ("parameter", found.name)
            case DefinitionRef():
                yield ("definition", found.name)
            case Duration(calendar=str() as calendar):
                yield ("calendar", calendar)
            case Call(function=function, args=(*_, Literal(value=str() as calendar))) if function in _BY_CALENDAR:
                yield ("calendar", calendar)
            case _:
                pass
        stack.extend(child for _, child in below(found))
