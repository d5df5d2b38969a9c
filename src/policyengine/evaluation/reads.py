"""What an expression may read, found once: through definitions and defaults, whatever the facts are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from policyengine.evaluation.functions import BOUNDING
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import (
    AsOf,
    Call,
    DefinitionRef,
    Expr,
    FactRef,
    ItemField,
    Known,
    ListRef,
    ParameterRef,
    Pluck,
    Special,
    SplitIs,
    children,
)
from policyengine.model.vocabulary import Definition


@dataclass(frozen=True, slots=True)
class Reads:
    """``parameters``: those with several dated values. ``specials``: a name only an answer gives.

    ``bounding``: a function whose value may be known in part. ``case``: anything that differs from case to case.
    """

    parameters: frozenset[str] = frozenset()
    specials: bool = False
    bounding: bool = False
    case: bool = False

    def with_(self, other: Reads) -> Reads:
        """What either reads."""
        if other is self or other is NOTHING:
            return self
        if self is NOTHING:
            return other
        return Reads(
            self.parameters | other.parameters,
            self.specials or other.specials,
            self.bounding or other.bounding,
            self.case or other.case,
        )


NOTHING = Reads()
CASE = Reads(case=True)


class Reading:
    """Finds what expressions of a bundle read; remembers it for definitions and defaults."""

    def __init__(self, bundle: CheckedBundle) -> None:
        self._bundle = bundle
        self._named: dict[str, Reads] = {}
        for definition in bundle.definitions.values():  # in an order in which each comes after those it reads
            self.of_definition(definition)

    def of(self, e: Expr) -> Reads:
        """What ``e`` may read. Key days of parameters do not count: they choose a value, they are not part of it."""
        return self._union(self._parts(e))

    def _union(self, parts: Iterable[Reads]) -> Reads:
        found = NOTHING
        for part in parts:
            found = found.with_(part)
        return found

    def _parts(self, e: Expr) -> Iterator[Reads]:  # noqa: C901 - one case for each kind of node that reads
        match e:
            case Known() | AsOf() | ListRef():
                yield CASE
                return
            case FactRef():
                yield CASE.with_(self._default(e.name, self._bundle.facts[e.name].default))
            case ItemField():
                yield CASE.with_(self._field(e.list, e.field))
            case Pluck():
                yield CASE.with_(self._field(e.list.type.name or "", e.field))
            case ParameterRef():
                yield self._parameter(e.name)
            case DefinitionRef():
                yield self.of_definition(self._bundle.definitions[e.name])
            case Special():
                yield Reads(specials=True, case=True)
            case SplitIs():
                yield CASE
            case Call() if e.function in BOUNDING:
                yield Reads(bounding=True)
            case _:
                pass
        for child in children(e):
            yield self.of(child)

    def _parameter(self, name: str) -> Reads:
        constant = self._bundle.parameters[name].constant
        return NOTHING if constant else Reads(parameters=frozenset({name}), case=True)

    def _field(self, list_name: str, field: str) -> Reads:
        return self._default(f"{list_name}.{field}", self._bundle.lists[list_name].fields[field].default)

    def _default(self, name: str, default: Expr | None) -> Reads:
        if default is None:
            return NOTHING
        key = f"default {name}"
        if key not in self._named:
            self._named[key] = self.of(default)
        return self._named[key]

    def of_definition(self, definition: Definition) -> Reads:
        """What any output of a definition may read."""
        key = f"definition {definition.name}"
        if key not in self._named:
            self._named[key] = self._union(self.of(e) for e in expressions(definition))
        return self._named[key]


def expressions(definition: Definition) -> Iterator[Expr]:
    """The expressions that a definition consists of, in the order of writing."""
    body = definition.body
    if isinstance(body, Expr):
        yield body
        return
    for row in body.rows:
        yield from row.tests
        yield from row.outputs
    yield from body.otherwise or ()
