"""Things with names, in two editions: those that came, those that went, and those that have another name now."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from policyengine.impact.structure.change import Change, at
from policyengine.source import Span

Thing = TypeVar("Thing")


@dataclass(frozen=True, slots=True)
class Matched(Generic[Thing]):
    """``both`` by the new name, in the new order; ``renamed`` are (old name, new name) of what is equal but for it.

    ``old`` and ``new`` are all there were and are, by name.
    """

    old: Mapping[str, Thing]
    new: Mapping[str, Thing]
    both: tuple[tuple[Thing, Thing], ...]
    renamed: tuple[tuple[str, str], ...]
    gone: tuple[str, ...]
    came: tuple[str, ...]


def matched(
    old: Mapping[str, Thing], new: Mapping[str, Thing], nameless: Callable[[Thing], str | None] = lambda _: None
) -> Matched[Thing]:
    """Match by name; then what is left by ``nameless``, its meaning without its name (None: names only).

    Where several are equal but for their names, they are taken in order.
    """
    both = tuple((old[name], new[name]) for name in new if name in old)
    gone, came = [n for n in old if n not in new], [n for n in new if n not in old]
    waiting: dict[str, list[str]] = {}
    for name in gone:
        key = nameless(old[name])
        if key is not None:
            waiting.setdefault(key, []).append(name)
    renamed: list[tuple[str, str]] = []
    for name in came:
        key = nameless(new[name])
        if key is not None and waiting.get(key):
            renamed.append((waiting[key].pop(0), name))
    before, after = {o for o, _ in renamed}, {n for _, n in renamed}
    return Matched(
        old,
        new,
        both,
        tuple(renamed),
        tuple(n for n in gone if n not in before),
        tuple(n for n in came if n not in after),
    )


def presence(what: str, found: Matched[Thing], told: Callable[[Thing], str]) -> Iterator[Change]:
    """The changes for what was renamed, went and came; ``told`` says of a thing what it is, on one line."""
    old, new = found.old, found.new
    for before, after in found.renamed:
        yield Change(
            what=what, names=(after,), aspect="renamed", text=f"is the new name of `{before}`, otherwise equal",
            old=before, new=after, old_at=_at(old[before]), new_at=_at(new[after]),
        )  # fmt: skip
    for name in found.gone:
        said = told(old[name])
        yield Change(
            what=what, names=(name,), aspect="removed", text="is gone" + (f"; it was {said}" if said else ""),
            old=said or name, old_at=_at(old[name]),
        )  # fmt: skip
    for name in found.came:
        said = told(new[name])
        yield Change(
            what=what, names=(name,), aspect="added", text="is new" + (f": {said}" if said else ""),
            new=said or name, new_at=_at(new[name]),
        )  # fmt: skip


def _at(thing: object) -> str | None:
    span = getattr(thing, "span", None)
    return at(span) if isinstance(span, Span) else None
