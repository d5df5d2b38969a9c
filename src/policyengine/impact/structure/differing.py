"""The smallest parts in which two expressions differ."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from policyengine.impact.structure.meaning import joined, meaning, same
from policyengine.impact.structure.showing import written
from policyengine.model.expr import (
    And,
    Compare,
    Contains,
    Expr,
    If,
    Known,
    MemberOf,
    Not,
    Or,
    Quantifier,
    Stated,
    Within,
    children,
)


@dataclass(frozen=True, slots=True)
class Differing:
    """A part that is there only in one edition, or is another one now. ``any_of``: it was one of alternatives."""

    old: Expr | None
    new: Expr | None
    any_of: bool = False

    @property
    def text(self) -> str:
        """What became of the part, as the end of a sentence."""
        match (self.old, self.new):
            case (None, Expr() as new):
                return f"`{written(new)}` is now enough too" if self.any_of else f"also asks for `{written(new)}`"
            case (Expr() as old, None):
                gone = f"`{written(old)}`"
                return f"{gone} is no longer enough" if self.any_of else f"no longer asks for {gone}"
            case (Expr() as old, Expr() as new):
                return became(old, new)
            case _:
                return "nothing"


def became(old: Expr, new: Expr) -> str:
    """``a`` became ``b``; said of something else if only names behind the words have changed."""
    before, after = written(old), written(new)
    return f"`{before}` became `{after}`" if before != after else f"`{before}` now means something else"


def differing(old: Expr, new: Expr) -> tuple[Differing, ...]:
    """Every smallest part in which the two differ, in the order of the new one; none if they mean the same."""
    return () if same(old, new) else tuple(_differing(old, new))


def _differing(old: Expr, new: Expr) -> Iterator[Differing]:
    kind = Or if isinstance(old, Or) and isinstance(new, Or) else And
    if isinstance(old, kind) or isinstance(new, kind):
        yield from _joined(old, new, kind)
        return
    inner = _only_part(old, new)
    if inner is None:
        yield Differing(old, new)
        return
    found = differing(*inner)
    # Beside a `not`, what is asked for turns round; so it is said of the whole.
    if isinstance(old, Not) and any(d.old is None or d.new is None for d in found):
        yield Differing(old, new)
    else:
        yield from found


def _only_part(old: Expr, new: Expr) -> tuple[Expr, Expr] | None:
    """The one part in which two nodes of a kind differ; None if there is no such part, or it is better told whole."""
    if type(old) is not type(new) or isinstance(old, Compare | MemberOf | Contains | Within | Known | Stated):
        return None
    if not isinstance(old, Not | Quantifier | If):
        return None
    parts, others = children(old), children(new)
    differ = [pair for pair in zip(parts, others, strict=True) if not same(*pair)]
    if len(differ) != 1 or (isinstance(old, Quantifier) and differ[0][0] is not old.body):
        return None
    return differ[0]


def _joined(old: Expr, new: Expr, kind: type[And | Or]) -> Iterator[Differing]:
    before, after = _items(old, kind), _items(new, kind)
    gone = [i for m, i in before.items() if m not in after]
    came = [i for m, i in after.items() if m not in before]
    alone = len(gone) == len(came) == 1
    for new_item in came:
        partner = next((g for g in gone if alone or _subject(g) == _subject(new_item)), None)
        if partner is None:
            yield Differing(None, new_item, any_of=kind is Or)
        else:
            gone.remove(partner)
            yield from _differing(partner, new_item)
    yield from (Differing(item, None, any_of=kind is Or) for item in gone)


def _items(e: Expr, kind: type[And | Or]) -> dict[str, Expr]:
    """What is joined, by its meaning; anything else stands for itself."""
    return {meaning(i): i for i in (joined(e) if isinstance(e, kind) else (e,))}


def _subject(e: Expr) -> str:
    """What a condition tests: two that test the same are one condition that was changed."""
    match e:
        case Compare():
            return meaning(e.left)
        case MemberOf() | Within():
            return meaning(e.subject)
        case Contains():
            return meaning(e.container)
        case Or(items=items) if items:
            # A list of tests of one fact.
            subjects = {_subject(i) for i in items}
            return subjects.pop() if len(subjects) == 1 else meaning(e)
        case _:
            return meaning(e)
