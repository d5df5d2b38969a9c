"""First pass: collect every declared name with its type into the symbol table, before expressions are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from policyengine.check.functions import FUNCTIONS
from policyengine.check.reading import entries, flag, items, mapping, scalar, text
from policyengine.check.spelling import FACT, MEMBER, SNAKE, good_name
from policyengine.check.symbols import DefinitionSymbol, ListSymbol, Symbols
from policyengine.diagnostics import Diagnostics, did_you_mean
from policyengine.frontend.nodes import Mapping, Node, Scalar, Sequence
from policyengine.values.types import BOOLEAN, SIMPLE_TYPES, TEXT, Type, enum_type, set_of


def declare(documents: Iterable[Mapping], sink: Diagnostics, *, incomplete: bool = False) -> Symbols:
    """The symbol table of all documents of a bundle; ``incomplete`` when not all of them could be read."""
    sym = Symbols(functions=frozenset((*FUNCTIONS, "not")), incomplete=incomplete)
    docs = tuple(documents)
    for doc in docs:
        _types(doc, sym, sink)
    for doc in docs:
        _calendars(doc, sym, sink)
    for doc in docs:
        _facts(doc, sym, sink)
    for doc in docs:
        _parameters(doc, sym, sink)
    # A definition may be about an element of a list, so lists come first.
    for doc in docs:
        _definitions(doc, sym, sink)
    _prefixes(sym, sink)
    _members(sym, docs, sink)
    return sym


# -- types --------------------------------------------------------------------------------------


def _types(doc: Mapping, sym: Symbols, sink: Diagnostics) -> None:
    for key, body in entries(doc, "types"):
        members = body.get("enum") if isinstance(body, Mapping) else None
        if members is None or not good_name(key, SNAKE, "type", sink):
            sym.broken_types.add(key.text)
        elif key.text in sym.types or key.text in _TYPE_WORDS:
            sink.error("names/taken", f"`{key.text}` is already the name of a type", key.span, "choose another name")
        else:
            sym.types[key.text] = _enum(members, key.text, sink, open_=flag(body, "open"))


_TYPE_WORDS = (*SIMPLE_TYPES, "enum", "set", "list")


def _enum(node: Node | None, name: str | None, sink: Diagnostics, *, open_: bool) -> Type:
    if isinstance(node, Mapping):
        labels = {k.text: v.text for k, v in node.entries if isinstance(v, Scalar)}
        keys: tuple[Scalar, ...] = tuple(k for k, _ in node.entries)
    else:
        labels = {}
        keys = tuple(i for i in node.items if isinstance(i, Scalar)) if isinstance(node, Sequence) else ()
    seen: dict[str, None] = {}
    for k in keys:
        if not good_name(k, MEMBER, "member", sink):
            continue
        if k.text in seen:
            sink.error("names/taken", f"member `{k.text}` is listed twice", k.span, "take one of them out")
        seen[k.text] = None
    return enum_type(tuple(seen), name, open_=open_, labels=labels)


def read_type(node: Node | None, sym: Symbols, sink: Diagnostics, *, inline: bool) -> Type | None:
    """The type that a declaration's keys ``type``, ``values``, ``of``, ``open`` say; None when at fault or unsaid.

    ``inline`` says whether ``values`` may list the members here (in a parameter they are its dated values).
    """
    word = scalar(node, "type")
    if word is None:
        return None
    if word.text not in ("enum", "set"):
        return _simple_type(node, word, sink)
    enum = _enum_of(node, word, sym, sink, inline=inline)
    return enum if enum is None or word.text == "enum" else set_of(enum)


def _simple_type(node: Node | None, word: Scalar, sink: Diagnostics) -> Type | None:
    type_ = SIMPLE_TYPES.get(word.text)
    of = scalar(node, "of")
    if type_ is None:
        help_ = did_you_mean(word.text, _TYPE_WORDS) or "types: " + ", ".join(_TYPE_WORDS)
        sink.error("schema/word", f"`{word.text}` is not a type", word.span, help_)
    elif of is not None:
        sink.error("schema/unknown-key", f"`of` says nothing about {type_}", of.span, "it is for `enum` and `set`")
    return type_


def _enum_of(node: Node | None, word: Scalar, sym: Symbols, sink: Diagnostics, *, inline: bool) -> Type | None:
    of = scalar(node, "of")
    if of is not None:
        shared = shared_type(of, sym, sink)
        return replace(shared, open=True) if shared and flag(node, "open") else shared
    values = node.get("values") if isinstance(node, Mapping) else None
    if values is None or not inline:
        article = "an" if word.text == "enum" else "a"
        help_ = "add `values:` or `of:`" if inline else "add `of:` with the name of a shared enum"
        sink.error("schema/missing-key", f"{article} {word.text} must say its members", word.span, help_)
        return None
    return _enum(values, None, sink, open_=flag(node, "open"))


def shared_type(word: Scalar, sym: Symbols, sink: Diagnostics) -> Type | None:
    """The shared enum of that name; None, reported, when there is none."""
    if word.text not in sym.types and word.text not in sym.broken_types and not sym.incomplete:
        known = "shared enums: " + (", ".join(sym.types) or "none are declared under `types:`")
        sink.error(
            "names/unknown", f"unknown type `{word.text}`", word.span, did_you_mean(word.text, sym.types) or known
        )
    return sym.types.get(word.text)


# -- calendars ----------------------------------------------------------------------------------


def _calendars(doc: Mapping, sym: Symbols, sink: Diagnostics) -> None:
    for key, _ in entries(doc, "calendars"):
        if key.text in sym.calendars:
            sink.error(
                "names/taken", f"`{key.text}` is already the name of a calendar", key.span, "choose another name"
            )
        good_name(key, SNAKE, "calendar", sink)
        sym.calendars.add(key.text)
    if text(doc, "kind") == "bundle" and scalar(doc, "calendar"):
        sym.default_calendar = text(doc, "calendar")


# -- facts and lists ----------------------------------------------------------------------------


def _facts(doc: Mapping, sym: Symbols, sink: Diagnostics) -> None:
    if text(doc, "kind") != "facts":
        return
    sym.fact_files[doc.span.file.path] = None
    for key, body in entries(doc, "facts"):
        is_list = text(body, "type") == "list"
        pattern = SNAKE if is_list and "." not in key.text else FACT
        if not good_name(key, pattern, "fact", sink):
            sym.mark_broken(key.text)
            continue
        if not sym.take(key, "list" if is_list else "fact", sink):
            continue
        if is_list:
            _list(key, body, sym, sink)
            continue
        type_ = read_type(body, sym, sink, inline=True)
        if type_ is None:
            sym.broken.add(key.text)
        else:
            sym.facts[key.text] = type_


def _list(key: Scalar, body: Node, sym: Symbols, sink: Diagnostics) -> None:
    each = scalar(body, "each")
    if each is None or not good_name(each, SNAKE, "singular", sink) or not sym.take(each, "singular", sink):
        sym.broken.add(key.text)
        # Without the singular nobody can tell which names speak of this list's elements.
        sym.incomplete = True
        return
    fields: dict[str, Type] = {}
    for name, field in entries(body, "fields"):
        type_ = read_type(field, sym, sink, inline=True) if good_name(name, SNAKE, "field", sink) else None
        if type_ is None:
            sym.mark_field_broken(key.text, name.text)
        else:
            fields[name.text] = type_
    if mapping(body, "fields") is None:
        sym.mark_field_broken(key.text, "*")
    id_field = text(body, "id")
    if id_field is not None and not sym.field_is_broken(key.text, id_field):
        # The id is part of every element; it is text unless the fields say otherwise.
        fields.setdefault(id_field, TEXT)
    sym.lists[key.text] = ListSymbol(key.text, each.text, fields, id_field)
    sym.singulars[each.text] = key.text


def _prefixes(sym: Symbols, sink: Diagnostics) -> None:
    """No fact's name followed by a dot begins another's; no singular is the first part of a fact's name."""
    names = {name: list(_heads(name)) for name in (*sym.facts, *sym.lists)}
    for name, heads in names.items():
        place = sym.place_of(name)
        taken = next((h for h in heads if h in names), None)
        if taken and place:
            words = f"`{name}` begins with `{taken}.`, and `{taken}` is a fact itself"
            sink.error("names/taken", words, place, "choose another name")
    first = {head: name for name, heads in reversed(names.items()) for head in heads}
    for singular in sym.singulars:
        clash = first.get(singular)
        place = sym.place_of(singular)
        if clash and place:
            message = f"the singular `{singular}` is also the first part of fact `{clash}`"
            sink.error("facts/singular", message, place, "choose another word")


def _heads(name: str) -> Iterator[str]:
    """What stands before each dot of a name."""
    parts = name.split(".")
    return (".".join(parts[:n]) for n in range(1, len(parts)))


# -- parameters and definitions -----------------------------------------------------------------


def _parameters(doc: Mapping, sym: Symbols, sink: Diagnostics) -> None:
    for key, body in entries(doc, "parameters"):
        if not good_name(key, SNAKE, "parameter", sink):
            sym.mark_broken(key.text)
            continue
        if not sym.take(key, "parameter", sink):
            continue
        type_ = read_type(body, sym, sink, inline=False)
        if type_ is None:
            sym.broken.add(key.text)
        else:
            sym.parameters[key.text] = type_


def _definitions(doc: Mapping, sym: Symbols, sink: Diagnostics) -> None:
    for key, body in entries(doc, "definitions"):
        if not good_name(key, SNAKE, "definition", sink):
            sym.mark_broken(key.text)
            continue
        if not sym.take(key, "definition", sink):
            continue
        found = _definition(key, body, sym, sink)
        if found is None:
            sym.broken.add(key.text)
        else:
            sym.definitions[key.text] = found


def _definition(key: Scalar, body: Node, sym: Symbols, sink: Diagnostics) -> DefinitionSymbol | None:
    each = scalar(body, "each")
    list_name = None
    if each is not None:
        list_name = singular(each, sym, sink)
        if list_name is None:
            return None
    outputs = _outputs(mapping(body, "table"), sym, sink)
    if outputs is None:
        return None
    type_ = read_type(body, sym, sink, inline=False)
    if type_ is None and scalar(body, "type") is None:
        type_ = _unsaid_type(key, body, outputs, sink)
    if type_ is None:
        return None
    word = scalar(body, "type")
    if word is not None and outputs:
        words = f"`type` of `{key.text}` says what `outputs` says already"
        sink.error("schema/one-of", words, word.span, "keep `outputs`, and leave `type` out")
    return DefinitionSymbol(key.text, type_, list_name, outputs if len(outputs) > 1 else {})


def _unsaid_type(key: Scalar, body: Node, outputs: dict[str, Type], sink: Diagnostics) -> Type | None:
    if isinstance(body, Mapping) and ("when" in body or "unless" in body):
        return BOOLEAN
    if outputs:
        return next(iter(outputs.values()))
    words = f"definition `{key.text}` has no `type`"
    sink.error("schema/missing-key", words, key.span, "add `type:`, such as `type: date`")
    return None


def _outputs(table: Mapping | None, sym: Symbols, sink: Diagnostics) -> dict[str, Type] | None:
    """The named outputs of a table; None when one is at fault. The value is a type word or a declaration."""
    found: dict[str, Type] = {}
    for name, declared in entries(table, "outputs"):
        if not good_name(name, SNAKE, "output", sink):
            return None
        type_ = _output_type(declared, sym, sink)
        if type_ is None:
            return None
        found[name.text] = type_
    return found


def _output_type(declared: Node, sym: Symbols, sink: Diagnostics) -> Type | None:
    if not isinstance(declared, Scalar):
        return None
    if declared.text in SIMPLE_TYPES:
        return SIMPLE_TYPES[declared.text]
    near = did_you_mean(declared.text, [*SIMPLE_TYPES, *sym.types])
    if near and declared.text not in (*sym.types, *sym.broken_types):
        sink.error("names/unknown", f"unknown type `{declared.text}`", declared.span, near)
        return None
    return shared_type(declared, sym, sink)


def singular(word: Scalar, sym: Symbols, sink: Diagnostics) -> str | None:
    """The list whose singular is ``word``; reported when there is none."""
    if word.text in sym.singulars:
        return sym.singulars[word.text]
    if word.text in sym.lists and word.text not in sym.broken:
        near: str | None = f"write the singular, `{sym.lists[word.text].each}`"
    else:
        near = did_you_mean(word.text, sym.singulars)
    if word.text not in sym.broken and not sym.incomplete:
        known = "singulars: " + (", ".join(sym.singulars) or "no list is declared")
        sink.error("names/unknown", f"`{word.text}` is the singular of no list", word.span, near or known)
    return None


def _members(sym: Symbols, docs: tuple[Mapping, ...], sink: Diagnostics) -> None:
    """A member may not be spelt like a declared name: a bare word would then mean two things."""
    for scalar_ in _member_scalars(docs):
        kind = sym.kind_of(scalar_.text)
        place = sym.place_of(scalar_.text)
        sym.members.add(scalar_.text)
        if kind and place:
            message = f"`{scalar_.text}` is already the name of a {kind}"
            sink.error("names/taken", message, scalar_.span, f"declared at {place.place}")
        elif sym.reserved(scalar_.text):
            message = f"`{scalar_.text}` is a word of the language"
            sink.error("names/reserved", message, scalar_.span, "choose another name")


def _member_scalars(docs: tuple[Mapping, ...]) -> Iterable[Scalar]:
    for doc in docs:
        bodies = [b for _, b in entries(doc, "types")]
        for _, body in entries(doc, "facts"):
            bodies.append(body)
            bodies += [f for _, f in entries(body, "fields")]
        for body in bodies:
            for key in ("enum", "values"):
                node = body.get(key) if isinstance(body, Mapping) else None
                if isinstance(node, Mapping):
                    yield from (k for k, _ in node.entries)
                yield from (i for i in items(body, key) if isinstance(i, Scalar))
