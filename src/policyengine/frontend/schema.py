"""A document against its JSON Schema: every fault of shape as one plain sentence at its place.

Most documents fit, which :mod:`policyengine.frontend.schema_fit` says at once. Of the others the
validator finds the faults; none of its own words is shown. The schemas are built so that few
keywords occur (see :mod:`policyengine.frontend.schema_parts`), and each has its sentence here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from policyengine.diagnostics import Diagnostics, did_you_mean, nearest
from policyengine.frontend import schema_words as words
from policyengine.frontend.nodes import Located, Mapping, Path, Scalar, plain, to_plain
from policyengine.frontend.schema_fit import Fits, compiled
from policyengine.frontend.schema_parts import CONDITION, SHARED, Schema
from policyengine.frontend.schema_wording import at, part, shape, thing, word_for
from policyengine.frontend.schemagen import schema_for
from policyengine.source import Position, Span

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import ValidationError


def check_schema(document: Mapping, sink: Diagnostics) -> str | None:
    """The kind of ``document``, or None when its shape is wrong; each fault of shape goes into ``sink``."""
    kind = _kind(document, sink)
    if kind is None:
        return None
    if _fit_for(kind)(plain(document)):
        return kind
    check = _Check(kind, to_plain(document), sink)
    check.run()
    return None if check.found else kind


def _kind(document: Mapping, sink: Diagnostics) -> str | None:
    node = document.get("kind")
    if node is None:
        _no_kind(document, sink)
    elif not isinstance(node, Scalar):
        sink.error("schema/type", "`kind` must be a single value", node.span, _kinds())
    elif node.text not in words.KINDS:
        help_ = did_you_mean(node.text, words.KINDS) or _kinds()
        sink.error("schema/kind", f"`{node.text}` is not a kind of file", node.span, help_)
    else:
        return node.text
    return None


def _no_kind(document: Mapping, sink: Diagnostics) -> None:
    misspelt = next((key for key, _ in document if nearest(key.text, ["kind"])), None)
    if misspelt:
        sink.error(
            "schema/unknown-key", f"`{misspelt.text}` is not a key of a file", misspelt.span, "did you mean `kind`?"
        )
    else:
        span = document.entries[0][0].span if document.entries else document.span
        sink.error("schema/missing-key", "the file has no `kind`", span, _kinds())


def _kinds() -> str:
    return f"kinds: {', '.join(words.KINDS)}"


def keys_of(kind: str) -> Collection[str]:
    """The keys that a file of this kind may have. Raises ``KeyError`` for an unknown kind."""
    properties: Collection[str] = _schema(kind)["properties"]
    return properties


@cache
def _schema(kind: str) -> Schema:
    return schema_for(kind)


@cache
def _fit_for(kind: str) -> Fits:
    return compiled(_schema(kind))


@cache
def _validator(kind: str) -> Draft202012Validator:
    # Loaded here: it takes longer to load than most bundles to read, and those without a fault never need it.
    from jsonschema import Draft202012Validator

    return Draft202012Validator(_schema(kind))


@dataclass(frozen=True, slots=True)
class _Broken:
    """A broken keyword: where, which, what it demands, in which piece of schema, and what is there instead.

    ``in_key`` when it is the spelling of a key that is wrong.
    """

    path: Path
    keyword: str
    demand: Any
    schema: dict[str, Any]
    instance: Any
    in_key: bool

    @classmethod
    def of(cls, error: ValidationError) -> _Broken:
        """What the validator found."""
        schema = dict(error.schema) if isinstance(error.schema, dict) else {}
        where = list(error.absolute_schema_path)
        in_key = "propertyNames" in where[-2:]
        return cls(
            tuple(error.absolute_path), str(error.validator), error.validator_value, schema, error.instance, in_key
        )


@dataclass(slots=True)
class _Check:
    """The check of one document. ``found`` counts the faults."""

    kind: str
    located: Located
    sink: Diagnostics
    found: int = 0
    _missing: dict[Path, list[str]] = field(default_factory=dict)
    _misspelt: dict[Path, set[str]] = field(default_factory=dict)
    _first_keys: dict[Path, Span] = field(default_factory=dict)

    def run(self) -> None:
        """Report every fault."""
        errors = map(_Broken.of, _validator(self.kind).iter_errors(self.located.data))
        # A value that is missing was told by the reader; its shape is then no second fault.
        for broken in sorted((e for e in errors if e.instance is not None), key=_order):
            _REPORTS[broken.keyword](self, broken.path, broken)
        for path, keys in self._missing.items():
            self._report_missing(path, [k for k in keys if k not in self._misspelt.get(path, ())])

    def _error(self, code: str, message: str, span: Span, help_: str | None = None) -> None:
        self.found += 1
        self.sink.error(code, message, span, help_)

    # Keys

    def unknown_keys(self, path: Path, broken: _Broken) -> None:
        known = list(broken.schema["properties"])
        for key in broken.instance:
            if key in known:
                continue
            near = nearest(key, (k for k in known if k not in broken.instance)) or nearest(key, known)
            if near:
                self._misspelt.setdefault(path, set()).add(near)
            help_ = f"did you mean `{near}`?" if near else f"keys here: {', '.join(known)}"
            self._error(
                "schema/unknown-key", f"`{key}` is not a key of {self._owner(path)}", self._key(path, key), help_
            )

    def useless_key(self, path: Path, _broken: _Broken) -> None:
        owner, key = path[:-1], path[-1]
        record = at(self.located.data, owner)
        if isinstance(record, dict) and "is" in record:
            if "verdicts" in record:  # told once for the whole decision
                return
            message = "a decision has either `is` or `verdicts`"
            self._error("schema/one-of", message, self._key(owner, str(key)), "a decision that is a value has no rules")
            return
        type_ = record.get("type") if isinstance(record, dict) else None
        message = f"`{key}` is not a key of {self._owner(owner)}, which is of type `{type_}`"
        self._error("schema/unknown-key", message, self._key(owner, str(key)))

    def required(self, path: Path, broken: _Broken) -> None:
        keys = [k for k in _demanded(broken) if k not in broken.instance]
        listed = self._missing.setdefault(path, [])
        listed += [k for k in keys if k not in listed]

    def no_alternative(self, path: Path, broken: _Broken) -> None:
        first = _alternatives(broken)[0]
        self._missing.setdefault(path, []).append(first)

    def _report_missing(self, path: Path, keys: list[str]) -> None:
        if keys:
            gone = " and no ".join(f"`{k}`" for k in keys)
            self._error("schema/missing-key", f"{thing(self.located.data, path)} has no {gone}", self._head(path))

    def one_of(self, path: Path, broken: _Broken) -> None:
        keys = _alternatives(broken)
        if not isinstance(broken.instance, dict):
            return
        given = [k for k in broken.instance if k in keys]
        message = str(broken.schema["$comment"])
        if given:
            self._error("schema/one-of", message, self._key(path, given[-1]), f"take one of them out: {_and(given)}")
        elif self._misspelt.get(path, set()) & set(keys):
            return
        elif self.kind == "parameters":
            neither = f"`{path[-1]}` has neither `value` nor `values`"
            self._error("parameters/none", neither, self._head(path))
        else:
            self._error(
                "schema/one-of", message, self._head(path), f"add one of them to {thing(self.located.data, path)}"
            )

    # Values

    def type(self, path: Path, broken: _Broken) -> None:
        schema, span = broken.schema, self.located.values[path]
        if schema.get("title") == CONDITION:
            self._not_a_condition(path, broken.instance, span)
            return
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        wanted = words.SPELLINGS[schema["pattern"]][0] if types == ["string"] and "pattern" in schema else shape(types)
        help_ = None
        if isinstance(broken.instance, dict) and schema == SHARED["tests"] and path[-1] != "where":
            first = next(iter(broken.instance), "placed_on")
            help_ = f"write names whole, such as `{path[-1]}.{first}`"
        self._error("schema/type", f"{part(path)} must be {wanted}", span, help_)

    def _not_a_condition(self, path: Path, instance: object, span: Span) -> None:
        if isinstance(instance, list):
            message, help_ = "a condition is a mapping, not a list", "write `any:` or `all:` before the list"
            self._error("schema/list-condition", message, span, help_)
        else:
            message = f"{part(path)} must be a mapping of names to tests"
            form = "{where: …}" if isinstance(path[-1], int) else f"{path[-1]}: {{where: …}}"
            self._error("schema/type", message, span, f"write an expression as `{form}`")

    def word(self, path: Path, broken: _Broken) -> None:
        known, given = [str(w) for w in broken.demand], _text(broken.instance)
        meant = words.OTHER_WORDS.get(given.lower())
        near = f"write `{meant}`" if meant in known else did_you_mean(given, known)
        help_ = near or f"words here: {', '.join(known)}"
        self._error("schema/word", f"`{given}` is not {word_for(path)}", self.located.values[path], help_)

    def constant(self, path: Path, _broken: _Broken) -> None:
        self._error("schema/type", f"{part(path)} must be true", self.located.values[path])

    def spelling(self, path: Path, broken: _Broken) -> None:
        what, help_ = words.SPELLINGS[broken.demand]
        if broken.in_key and ":" in broken.instance:
            help_ = "put a blank after the `:`"
        span = self._key(path, broken.instance) if broken.in_key else self.located.values[path]
        self._error("schema/name", f"`{broken.instance}` is not {what}", span, help_)

    def empty(self, path: Path, _broken: _Broken) -> None:
        self._error(
            "schema/type",
            f"{part(path)} is empty",
            self.located.values[path],
            "give at least one",
        )

    def too_small(self, path: Path, broken: _Broken) -> None:
        self._error("schema/type", f"{part(path)} must be at least {broken.demand}", self.located.values[path])

    def too_great(self, path: Path, broken: _Broken) -> None:
        self._error("schema/type", f"{part(path)} must be at most {broken.demand}", self.located.values[path])

    # Places

    def _owner(self, path: Path) -> str:
        return thing(self.located.data, path) if path else f"a file of kind `{self.kind}`"

    def _key(self, path: Path, key: str) -> Span:
        return self.located.keys[(*path, key)]

    def _head(self, path: Path) -> Span:
        """What stands for the whole mapping at ``path``: its id, its own key, or its first key."""
        for name in ("id", "name"):
            if (*path, name) in self.located.values and path and isinstance(path[-1], int):
                return self.located.values[(*path, name)]
        if path in self.located.keys:
            return self.located.keys[path]
        return self._first_key(path) or _first_character(self.located.values[path])

    def _first_key(self, path: Path) -> Span | None:
        """The first key of the mapping at ``path``; None when it is empty."""
        if not self._first_keys:
            # For all mappings at once: a file may have thousands at fault.
            for (*above, _), span in self.located.keys.items():
                first = self._first_keys.setdefault(tuple(above), span)
                if span.start < first.start:
                    self._first_keys[tuple(above)] = span
        return self._first_keys.get(path)


_REPORTS: dict[str, Callable[[_Check, Path, _Broken], None]] = {
    "additionalProperties": _Check.unknown_keys,
    "required": _Check.required,
    "dependentRequired": _Check.required,
    "anyOf": _Check.no_alternative,
    "oneOf": _Check.one_of,
    "type": _Check.type,
    "enum": _Check.word,
    "const": _Check.constant,
    "pattern": _Check.spelling,
    "minItems": _Check.empty,
    "minProperties": _Check.empty,
    "minimum": _Check.too_small,
    "maximum": _Check.too_great,
    "not": _Check.useless_key,
}
# Unknown keys come first: a key that is missing because it was misspelt is then not complained about twice.
_FIRST = {name: i for i, name in enumerate(_REPORTS)}


def _order(broken: _Broken) -> tuple[int, list[str]]:
    return (_FIRST[broken.keyword], [str(step) for step in broken.path])


def _demanded(broken: _Broken) -> list[str]:
    """The keys that ``required``, or ``dependentRequired`` for the keys that are there, ask for."""
    if broken.keyword == "required":
        return list(broken.demand)
    return [k for present, needed in broken.demand.items() if present in broken.instance for k in needed]


def _alternatives(broken: _Broken) -> list[str]:
    return [branch["required"][0] for branch in broken.demand]


def _and(keys: Iterable[str]) -> str:
    return " and ".join(f"`{k}`" for k in keys)


def _text(value: object) -> str:
    """A value as it was written."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _first_character(span: Span) -> Span:
    return Span(span.file, span.start, Position(span.start.line, span.start.column + 1))
