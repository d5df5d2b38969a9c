"""The symbol table: every name of a bundle with its kind, type and place, before any expression is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from policyengine.diagnostics import Diagnostics, advice, did_you_mean
from policyengine.frontend.nodes import Scalar
from policyengine.source import Span
from policyengine.values.types import Type

RESERVED_WORDS = frozenset(
    [
        "all",
        "any",
        "not",
        "where",
        "unless",
        "when",
        "if",
        "then",
        "else",
        "and",
        "or",
        "in",
        "some",
        "every",
        "satisfies",
        "true",
        "false",
        "null",
        "as_of",
        "verdict",
        "amount",
        "parts",
        "contains",
        "by",
        "from",
        "to",
        "above",
        "below",
        "given",
    ]
)

_WORDS = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")


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
    """All declared names.

    ``broken`` names were declared with faults: using them is not a second fault. ``incomplete`` says that
    declarations could not be read at all, so that an unknown name may be among them.
    """

    functions: frozenset[str] = frozenset()
    incomplete: bool = False
    types: dict[str, Type] = field(default_factory=dict)
    facts: dict[str, Type] = field(default_factory=dict)
    lists: dict[str, ListSymbol] = field(default_factory=dict)
    singulars: dict[str, str] = field(default_factory=dict)
    parameters: dict[str, Type] = field(default_factory=dict)
    definitions: dict[str, DefinitionSymbol] = field(default_factory=dict)
    calendars: set[str] = field(default_factory=set)
    default_calendar: str | None = None
    members: set[str] = field(default_factory=set)
    broken: set[str] = field(default_factory=set)
    broken_types: set[str] = field(default_factory=set)
    fact_files: dict[str, None] = field(default_factory=dict)
    _places: dict[str, tuple[str, Span]] = field(default_factory=dict)

    def reserved(self, name: str) -> bool:
        """Whether the language keeps the word for itself."""
        return name in RESERVED_WORDS or name in self.functions

    def take(self, key: Scalar, kind: str, sink: Diagnostics) -> bool:
        """Claim a name for a declaration; False when it is reserved or taken, which is reported."""
        name = key.text
        if self.reserved(name):
            sink.error("names/reserved", f"`{name}` is a word of the language", key.span, "choose another name")
        elif name in self._places:
            other, place = self._places[name]
            words = f"`{name}` is already the name of a {other}"
            sink.error("names/taken", words, key.span, f"declared at {place.place}")
        else:
            self._places[name] = (kind, key.span)
            return True
        self.broken.add(name)
        return False

    def mark_broken(self, name: str) -> None:
        """Remember that a name was declared with faults; of one that is no name at all, the words in it."""
        self.broken.update((name, *_WORDS.findall(name)))

    def mark_field_broken(self, list_name: str, field_name: str) -> None:
        """Remember that a field was declared with faults; ``*``: that fields are missing for it."""
        self.broken.add(f"{list_name}[].{field_name}")

    def field_is_broken(self, list_name: str, field_name: str) -> bool:
        """Whether a field was declared with faults, or may have been."""
        return not self.broken.isdisjoint((f"{list_name}[].{field_name}", f"{list_name}[].*"))

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

    def suggest(self, name: str, more: Iterable[str] = ()) -> str | None:
        """``did you mean`` the nearest name that is declared or in ``more``; for facts, where they are declared."""
        near = did_you_mean(name, [*self.all_names(), *more])
        files = ", ".join(self.fact_files)
        return advice(near, f"facts are declared in {files}" if files and ("." in name or near is None) else None)
