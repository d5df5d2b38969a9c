"""The symbol table: every name of a bundle with its kind, type and place, before any expression is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from policyengine.diagnostics import Diagnostics, did_you_mean
from policyengine.source import Span
from policyengine.values.types import Type

RESERVED_WORDS = frozenset(
    "all any not where unless when if then else and or in some every satisfies true false null as_of verdict "
    "amount parts contains by from to above below given".split()
)


@dataclass(frozen=True, slots=True)
class ListSymbol:
    """A list: its singular, the types of its fields, and the field that names an element, if any."""

    name: str
    each: str
    fields: Mapping[str, Type]
    id_field: str | None


@dataclass(frozen=True, slots=True)
class DefinitionSymbol:
    """A definition: its type, or its outputs' types by name when there are several; ``each`` names a list."""

    name: str
    type: Type
    each: str | None
    outputs: Mapping[str, Type]


@dataclass(slots=True)
class Symbols:
    """All declared names. ``broken`` names were declared with faults: using them is not a second fault."""

    types: dict[str, Type] = field(default_factory=dict)
    facts: dict[str, Type] = field(default_factory=dict)
    lists: dict[str, ListSymbol] = field(default_factory=dict)
    singulars: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, Type] = field(default_factory=dict)
    definitions: dict[str, DefinitionSymbol] = field(default_factory=dict)
    calendars: set[str] = field(default_factory=set)
    default_calendar: str | None = None
    broken: set[str] = field(default_factory=set)
    functions: frozenset[str] = frozenset()
    fact_files: dict[str, None] = field(default_factory=dict)
    _places: dict[str, tuple[str, Span]] = field(default_factory=dict)

    def take(self, name: str, kind: str, span: Span, sink: Diagnostics) -> bool:
        """Claim ``name`` for a declaration; reports reserved and taken names and returns False then."""
        if name in RESERVED_WORDS or name in self.functions:
            sink.error("names/reserved", f"`{name}` is a word of the language", span, "choose another name")
            return False
        if name in self._places:
            other, place = self._places[name]
            sink.error(
                "names/taken", f"`{name}` is already the name of a {other}", span, f"declared at {place.place}"
            )
            return False
        self._places[name] = (kind, span)
        return True

    def kind_of(self, name: str) -> str | None:
        """What the name is: fact, list, singular, parameter or definition; None when it is not declared."""
        return self._places[name][0] if name in self._places else None

    def place_of(self, name: str) -> Span | None:
        """Where the name was declared."""
        return self._places[name][1] if name in self._places else None

    def all_names(self) -> Iterable[str]:
        """Every name an expression may use, fields of lists included."""
        yield from self.facts
        yield from self.lists
        yield from self.parameters
        for d in self.definitions.values():
            yield d.name
            yield from (f"{d.name}.{o}" for o in d.outputs)
        for item in self.lists.values():
            yield from (f"{item.each}.{f}" for f in item.fields)

    def suggest(self, name: str) -> str | None:
        """``did you mean`` the nearest declared name, or where facts are declared."""
        near = did_you_mean(name, self.all_names())
        files = ", ".join(self.fact_files)
        declared = f"facts are declared in {files}" if files else None
        return " ".join(x for x in (near, declared if "." in name else None) if x) or declared
