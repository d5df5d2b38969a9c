"""Messages: a rule's sentence with the facts of the case put in."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import DefinitionRef, Expr, FactRef, ItemField, ListRef, ParameterRef
from policyengine.model.rules import Insert, Message
from policyengine.values.text import value_text

ELLIPSIS = "…"


def title_of(bundle: CheckedBundle, e: Expr) -> str:
    """How an unknown value is named in a sentence: its title, else its name."""
    match e:
        case FactRef():
            return bundle.facts[e.name].title or e.name
        case ListRef():
            return bundle.lists[e.name].title or e.name
        case ItemField():
            return bundle.lists[e.list].fields[e.field].title or f"{e.variable}.{e.field}"
        case ParameterRef():
            return bundle.parameters[e.name].title or e.name
        case DefinitionRef():
            return bundle.definitions[e.name].title or e.name
        case _:
            return ELLIPSIS


def render(
    message: Message,
    bundle: CheckedBundle,
    value_of: Callable[[Expr], object | None],
    specials: Mapping[str, str],
    language: str = "",
) -> str:
    """The sentence. ``value_of`` gives the exactly known value of an expression, or None.

    ``specials`` holds the text of ``{deadline}`` and the like; one that is not there prints ``…``.
    Without a text in ``language`` the first one written is used.
    """
    parts = _parts(message, language)
    return "".join([p if isinstance(p, str) else _insert(p, bundle, value_of, specials) for p in parts])


def fixed_sentence(message: Message, language: str = "") -> str | None:
    """The sentence of a message that is the same whatever the facts are; None if something is put into it."""
    parts = [p for p in _parts(message, language) if isinstance(p, str)]
    return "".join(parts) if len(parts) == len(_parts(message, language)) else None


def _parts(message: Message, language: str) -> tuple[str | Insert, ...]:
    return message.texts.get(language) or next(iter(message.texts.values()))


def _insert(
    insert: Insert,
    bundle: CheckedBundle,
    value_of: Callable[[Expr], object | None],
    specials: Mapping[str, str],
) -> str:
    if insert.expr is None:
        return specials.get(insert.name, ELLIPSIS)
    value = value_of(insert.expr)
    return title_of(bundle, insert.expr) if value is None else value_text(value, insert.expr.type)
