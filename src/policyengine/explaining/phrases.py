"""Facts, values and verdicts in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from policyengine.model.memory import EMPTY_DATE
from policyengine.model.vocabulary import Fact, FactList
from policyengine.probing import ABSENT, AS_OF, Absent, Slot
from policyengine.values.text import value_text
from policyengine.values.types import Kind

Json = object


@dataclass(frozen=True, slots=True)
class Change:
    """One change of one fact, and the verdict that it leads to, as it was decided.

    ``before`` and ``after`` are what is given, in the form of a request; ABSENT: nothing. ``held`` says in words what
    held before, also by default; ``told`` what would be given. ``onwards`` is ``more`` or ``less`` where every value
    tried further on that side led to the same verdict, and there was one. ``reasons``: the rules that the verdict would
    rest on, each with the element that it is a reason of (None: the whole).
    """

    fact: str
    title: str | None
    before: Json | Absent
    after: Json | Absent
    held: str
    told: str
    onwards: str | None
    is_day: bool
    verdict: str
    verdict_class: str
    reasons: tuple[tuple[str, str | None], ...] = ()

    def to_dict(self) -> dict[str, Json]:
        """The wire form. Null: not given."""
        return {
            "fact": self.fact,
            "title": self.title,
            "from": None if self.before is ABSENT else _plain(self.before),
            "to": None if self.after is ABSENT else _plain(self.after),
            "onwards": self.onwards,
            "verdict": self.verdict,
            "class": self.verdict_class,
            "rules": list(dict.fromkeys(rule for rule, _ in self.reasons)),
        }


def _plain(value: Json) -> Json:
    """What a caller gave, with exact decimals as text."""
    match value:
        case Decimal():
            return f"{value:f}"
        case Mapping():
            return {key: _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case _:
            return value


def word(verdict: str) -> str:
    """A verdict as it is said."""
    return verdict.replace("_", " ")


def named(title: str | None, address: str) -> str:
    """A fact by its title, with its address for who has to give it."""
    return f"{title} (`{address}`)" if title else f"`{address}`"


def plainly(title: str | None, address: str) -> str:
    """A fact in the words of a reply, without machine names: by its title, and by its element if it is of one."""
    items, _, rest = address.partition("[")
    element = f" ({rest.rpartition(']')[0]})" if rest else ""
    name = title or (rest.rpartition("].")[2] if rest else items)
    return f"{name if title else word(name).replace('.', ' ')}{element}"


def values_joined(items: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def told_value(slot: Slot, typed: object, value: Json | Absent) -> str:
    """A value of a slot in words, as it would stand after "is" or "were"."""
    if value is ABSENT:
        return "not told"
    match slot.declared:
        case Fact() as fact:
            return _fact_value(fact, typed)
        case FactList() as items:
            return _list_value(items, value, slot.given)
        case _:
            return str(typed)


def told_set(fact: Fact, typed: frozenset[str], held: object) -> str:
    """A set by how it differs from the one that holds."""
    if not told_by_difference(typed, held):
        return _fact_value(fact, typed)
    assert isinstance(held, frozenset)  # noqa: S101 - tells the type checker what was just asked
    comes, goes = (_fact_value(fact, some) if some else "" for some in (typed - held, held - typed))
    changes = ((f"with {comes} as well", comes), (f"without {goes}", goes))
    return " and ".join(text for text, some in changes if some)


def told_by_difference(typed: object, held: object) -> bool:
    """Whether a set is told by what comes and goes: not where several go at once, nor where it was not known."""
    if not isinstance(held, frozenset) or not isinstance(typed, frozenset):
        return False
    return bool(typed) or len(held) == 1


def _fact_value(fact: Fact, typed: object) -> str:
    match typed:
        case str() if typed in fact.type.members:
            return fact.type.labels.get(typed, word(typed))
        case str() if fact.type.kind in (Kind.TEXT, Kind.ENUM):
            return f'"{typed}"' if typed else "stated to be none"
        case frozenset():
            return value_text(typed, fact.type).replace("_", " ") or "stated to be none"
        case _ if typed is EMPTY_DATE:
            return "stated to be none"
        case _:
            return value_text(typed, fact.type)


def _list_value(items: FactList, value: Json, given: Json | Absent) -> str:
    """A list by how it differs from the one that was given."""
    records = value if isinstance(value, Sequence) else ()
    held = given if isinstance(given, Sequence) else ()
    if not records:
        return "empty"
    if len(records) < len(held):
        return f"without {items.each} {values_joined(_gone(items, held, records))}"
    added = len(records) - len(held)
    if not held:
        return f"{_several(added, items)} of which nothing else is told"
    return f"with {_several(added, items)} more, like the last"


def _several(count: int, items: FactList) -> str:
    return f"one {items.each}" if count == 1 else f"{count} elements"


def _gone(items: FactList, held: Sequence[Json], kept: Sequence[Json]) -> list[str]:
    """Which elements are taken away: by id, else by their number in the list."""
    gone, rest = [], list(kept)
    for number, record in enumerate(held, 1):
        if rest and rest[0] == record:
            del rest[0]
        else:
            named_by = record.get(items.id_field) if items.id_field and isinstance(record, Mapping) else None
            gone.append(f"#{number}" if named_by is None else str(named_by))
    return gone


def _said(change: Change) -> str:
    return "not known yet" if change.verdict_class == "undetermined" else word(change.verdict)


def _further(change: Change) -> str:
    """That values further on lead to the same."""
    words = {"more": ("or more", "or later"), "less": ("or less", "or earlier")}
    return f" {words[change.onwards][change.is_day]}" if change.onwards else ""


def _instead(change: Change) -> str:
    return f" instead of {change.held}" if change.held else ""


def change_text(change: Change) -> str:
    """``Day the dispute was opened (`dispute.opened_on`): 2025-04-30 or later instead of 2025-04-25 → not covered``."""
    what = "Asked on" if change.fact == AS_OF else f"{named(change.title, change.fact)}:"
    return f"{what} {change.told}{_further(change)}{_instead(change)} → {_said(change)}"
