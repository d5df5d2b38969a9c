"""What rules say can still be supplied: words of their own choice, but one that is nearly a member is a slip."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from policyengine.check.context import Context
from policyengine.check.reading import entries, items, scalars
from policyengine.check.symbols import Symbols
from policyengine.diagnostics import nearest
from policyengine.frontend.nodes import Mapping, Scalar
from policyengine.values.types import Kind, Type

_WITH_MEMBERS = (Kind.ENUM, Kind.SET)


def check_needs(ctx: Context, documents: Sequence[Mapping]) -> None:
    """Report words of ``needs`` that are near to a member of the type that the others are members of.

    An error where all the others are members of that type, so that it says what can be needed in this bundle; else a
    warning, for a bundle may need what no fact speaks of.
    """
    words = [word for doc in documents for word in _needs(doc)]
    said = {word.text for word in words}
    for word in words:
        others = said - {word.text}
        for members in _members(ctx.symbols):
            known = others.intersection(members)
            near = nearest(word.text, members) if known and word.text not in members else None
            if near is not None and not _is_member(word.text, ctx.symbols):
                message = f"`{word.text}` is nearly `{near}`, which facts can name, but it is another word"
                help_ = f"did you mean `{near}`? if not, choose a word that cannot be taken for it"
                tell = ctx.sink.error if known == others else ctx.sink.warning
                tell("names/near-need", message, word.span, help_)
                break


def _needs(doc: Mapping) -> Iterator[Scalar]:
    for _, policy in entries(doc, "policies"):
        for rule in items(policy, "rules"):
            yield from scalars(rule.get("needs") if isinstance(rule, Mapping) else None)


def _members(symbols: Symbols) -> list[tuple[str, ...]]:
    """The members of each enum and set that is declared, each list once."""
    fields = (type_ for found in symbols.lists.values() for type_ in found.fields.values())
    types: list[Type] = [*symbols.types.values(), *symbols.facts.values(), *fields]
    return list(dict.fromkeys(t.members for t in types if t.kind in _WITH_MEMBERS and t.members))


def _is_member(word: str, symbols: Symbols) -> bool:
    return any(word in members for members in _members(symbols))
