"""The facts of cases: read from YAML as a request carries them, checked one by one, and laid over each other."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from policyengine.diagnostics import Diagnostics
from policyengine.engine.bad_values import BadValue
from policyengine.engine.read_values import read_value
from policyengine.engine.vocabulary_tree import Names, help_for, tree_of
from policyengine.errors import FactProblem
from policyengine.frontend.nodes import UNKNOWN, Mapping, Node, Scalar, Sequence
from policyengine.model.bundle import CheckedBundle
from policyengine.model.memory import Given
from policyengine.model.vocabulary import Fact, FactList
from policyengine.source import Span
from policyengine.testing.known_words import unknown
from policyengine.testing.model import Json
from policyengine.values.types import Kind

# Ids of these types are in answers as they were given.
_PLAIN_IDS = (Kind.TEXT, Kind.ENUM, Kind.INTEGER)
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,99})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """A fact that is given, or (``taken``) a fact or group of facts that is taken away.

    ``within`` tells of a list where the fields of its elements were given, by addresses such as ``claims[c1].amount``.
    """

    name: str
    value: Json
    span: Span
    taken: bool = False
    within: dict[str, Span] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """Entries in the order of laying: later ones win."""

    entries: tuple[Entry, ...] = ()

    def over(self, below: Facts) -> Facts:
        """These facts laid over others."""
        return Facts((*below.entries, *self.entries))

    def given(self) -> dict[str, Entry]:
        """What is given in the end, by dotted name."""
        out: dict[str, Entry] = {}
        for entry in self.entries:
            if entry.taken:
                for name in [n for n in out if n == entry.name or n.startswith(f"{entry.name}.")]:
                    del out[name]
            else:
                out[entry.name] = entry
        return out


def nested(given: Iterable[Entry]) -> dict[str, Json]:
    """The nested object of a request."""
    root: dict[str, Json] = {}
    for entry in given:
        *folders, last = entry.name.split(".")
        node = root
        for folder in folders:
            below = node.setdefault(folder, {})
            # No fact's name begins another's, so what is found below a folder is a folder.
            assert isinstance(below, dict)  # noqa: S101 - tells the type checker what the checker of bundles holds
            node = below
        node[last] = entry.value
    return root


def is_taken(node: Node) -> bool:
    """Whether this is the ``~`` that takes a fact away."""
    return isinstance(node, Scalar) and node.plain and node.text == UNKNOWN


@dataclass
class FactsReader:
    """Reads facts of one bundle's test files; every fault goes into ``sink``."""

    bundle: CheckedBundle
    sink: Diagnostics
    _tree: Names = field(init=False)
    _zone: ZoneInfo = field(init=False)

    def __post_init__(self) -> None:
        self._tree = tree_of(self.bundle)
        self._zone = ZoneInfo(self.bundle.time_zone)

    def read(self, node: Node | None) -> Facts:
        """The facts of a mapping, nested or dotted; none when it is left out."""
        if not isinstance(node, Mapping):
            return Facts()
        entries = tuple(self._entries(node, self._tree, ""))
        first: dict[str, Span] = {}
        for entry in entries:
            if entry.name in first:
                help_ = f"first given at line {first[entry.name].start.line}"
                self.sink.error("yaml/duplicate-key", f"`{entry.name}` is given twice", entry.span, help_)
            first.setdefault(entry.name, entry.span)
        return Facts(entries)

    def find(self, name: str, span: Span) -> Fact | FactList | None:
        """The fact or list of this dotted name; None, and a complaint, if there is none."""
        found: Fact | FactList | Names | None = self._tree
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else None
        if isinstance(found, Fact | FactList):
            return found
        unknown(self.sink, "fact", name, span, (*self.bundle.facts, *self.bundle.lists))
        return None

    def entry(self, name: str, declared: Fact | FactList, node: Node) -> Entry:
        """One given fact, read as its declaration asks."""
        if is_taken(node):
            return Entry(name, None, node.span, taken=True)
        if isinstance(declared, Fact):
            return Entry(name, self._single(node, declared), node.span)
        value = self._list(node, declared)
        return Entry(name, value, node.span, within=_within(node, declared))

    def typed(self, node: Node, fact: Fact) -> Given | None:
        """The typed value of a node; None, and a complaint, when it cannot be read."""
        try:
            return read_value(as_json(node, fact), fact, "", self._zone)
        except BadValue as e:
            for problem in e.problems:
                self._complain(problem, node)
            return None

    def _entries(self, node: Mapping, names: Names, place: str) -> Iterator[Entry]:
        for key, value in node:
            full = f"{place}.{key.text}" if place else key.text
            found: Fact | FactList | Names | None = names
            for part in key.text.split("."):
                found = found.get(part) if isinstance(found, dict) else None
            if found is None:
                known = (*self.bundle.facts, *self.bundle.lists)
                help_ = help_for(key.text, place, names, known)
                self.sink.error("names/unknown", f"unknown fact `{full}`", key.span, help_)
            elif isinstance(found, Fact | FactList):
                yield self.entry(full, found, value)
            elif is_taken(value):
                yield Entry(full, None, value.span, taken=True)
            elif isinstance(value, Mapping):
                yield from self._entries(value, found, full)
            else:
                help_ = f"write `{full}.{next(iter(found))}`"
                self.sink.error("schema/type", f"`{full}` holds facts, so it must be a mapping", value.span, help_)

    def _single(self, node: Node, fact: Fact) -> Json:
        self.typed(node, fact)
        return as_json(node, fact)

    def _list(self, node: Node, declared: FactList) -> Json:
        if not isinstance(node, Sequence):
            self.sink.error("schema/type", f"`{declared.name}` must be a list of mappings", node.span)
            return []
        return [self._record(item, declared) for item in node.items]

    def _record(self, node: Node, declared: FactList) -> Json:
        if not isinstance(node, Mapping):
            self.sink.error("schema/type", f"an item of `{declared.name}` must be a mapping", node.span)
            return {}
        record: dict[str, Json] = {}
        for key, value in node:
            fact = declared.fields.get(key.text)
            if fact is None:
                unknown(self.sink, f"field of `{declared.name}`", key.text, key.span, declared.fields)
            elif not is_taken(value):
                record[key.text] = self._single(value, fact)
        return record

    def _complain(self, problem: FactProblem, node: Node) -> None:
        self.sink.error(problem.code, problem.detail, _at(node, problem.pointer), problem.help)


def ids_of(value: Json, declared: FactList) -> tuple[str, ...] | None:
    """The ids of a list's elements as they stand in an answer; None where that takes more than reading them."""
    fact = declared.fields.get(declared.id_field or "")
    if declared.id_field is None or (fact is not None and fact.type.kind not in _PLAIN_IDS):
        return None
    records = value if isinstance(value, list) else []
    return tuple(unicodedata.normalize("NFC", str(r.get(declared.id_field))) for r in records if isinstance(r, dict))


def _within(node: Node, declared: FactList) -> dict[str, Span]:
    """Where the fields of a list's elements stand, by their addresses."""
    found: dict[str, Span] = {}
    for position, item in enumerate(node.items if isinstance(node, Sequence) else (), 1):
        if isinstance(item, Mapping):
            id_ = item.get(declared.id_field) if declared.id_field else None
            key = id_.text if isinstance(id_, Scalar) else f"#{position}"
            found |= {f"{declared.name}[{key}].{name.text}": value.span for name, value in item}
    return found


def as_json(node: Node, fact: Fact) -> Json:
    """What a request would carry: booleans and integers typed as declared, decimals and all else as text."""
    if not isinstance(node, Scalar):
        return plain(node)
    if fact.type.kind is Kind.BOOLEAN and node.text in ("true", "false"):
        return node.text == "true"
    if fact.type.kind is Kind.INTEGER and _INTEGER.fullmatch(node.text):
        return int(node.text)
    return node.text


def plain(node: Node) -> Json:
    """The same content with every scalar as text."""
    match node:
        case Scalar():
            return node.text
        case Sequence():
            return [plain(item) for item in node.items]
        case Mapping():
            return {key.text: plain(value) for key, value in node}


def _at(node: Node, pointer: str) -> Span:
    """The place that a JSON Pointer leads to, as far as it can be followed."""
    for step in pointer.split("/")[1:]:
        below: Node | None = None
        if isinstance(node, Mapping):
            below = node.get(step)
        elif isinstance(node, Sequence):
            below = node.items[int(step)]
        if below is None:
            break
        node = below
    return node.span
