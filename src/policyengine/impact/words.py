"""The sentences that all formats for people share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from policyengine.impact.behaviour.findings import Behaviour
from policyengine.impact.behaviour.tally import Example, GroupKey, Refusal, RefusalKey, Stakes, Tally
from policyengine.impact.behaviour.what_differs import differences
from policyengine.impact.report import Impact
from policyengine.impact.structure.change import Change
from policyengine.values.text import decimal_text

#: More rules or facts in a row would not be read.
MOST_LISTED: Final = 5
#: More differences of one example would not be read, nor longer ones.
MOST_DIFFERENCES: Final = 12
_LONGEST: Final = 300
_NOTHING: Final = {"missing": "nothing"}
_SIDES: Final = {
    "old": "the old bundle",
    "new": "the new bundle",
    "both": "either bundle",
}
STATES: Final = {
    "new": "the bundle is new",
    "gone": "the bundle is gone",
    "changed": "its meaning changed",
    "reworded": "no change in meaning: only its wording changed",
    "same": "no change in meaning",
}


def number(count: int, one: str, many: str = "") -> str:
    """``1 case``, ``2,000 cases``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def editions_line(impact: Impact, most: int = 64) -> Iterator[str]:
    """One line for each edition: its folder, version, and the first signs of its digest."""
    for name, edition in (("old", impact.old), ("new", impact.new)):
        if edition is None:
            yield f"{name}: there is none"
        else:
            yield f"{name}: {edition.shown} ({edition.bundle.version}, digest {edition.bundle.digest[:most]})"


def places(change: Change) -> str:
    """Where it stood and stands: once where that is the same line."""
    found = dict.fromkeys(p for p in (change.old_at, change.new_at) if p)
    return " → ".join(found)


def asked_line(behaviour: Behaviour) -> str:
    """How many questions were put to both, and what came of it."""
    tally = behaviour.tally
    asked = [number(behaviour.cases, "case")] + (
        [number(behaviour.lines, "recorded document")] if behaviour.lines else []
    )
    told = f"{' and '.join(asked)}, decided by the {behaviour.engine} engine alone"
    counts = [f"{number(tally.changed, 'decision')} changed ({behaviour.verdicts:,} in verdict)"]
    counts = counts if tally.changed else ["no decision changed"]
    counts += [f"{tally.reworded:,} only worded differently"] if tally.reworded else []
    return f"{told}: of {tally.asked:,} compared, {', '.join(counts)}"


def narrowed_line(tally: Tally) -> str:
    """Which questions the old bundle was not asked as they are; empty where there are none."""
    if not tally.narrowed:
        return ""
    facts = [f"`{name}` ({count:,})" for name, count in sorted(tally.without.items())]
    asked = f"{number(tally.narrowed, 'document')} asked of the old bundle without"
    return f"{asked} facts that only the new one has: {_first(facts)}"


def without_line(example: Example) -> str:
    """The same of an example."""
    return f"asked of the old bundle without {_listed([f'`{n}`' for n in example.without])}" if example.without else ""


def headline(key: GroupKey, count: int) -> str:
    """``coverage: covered → not_covered, 12 decisions``."""
    verdicts = key.old[0] if key.old == key.new else f"{_verdict(key.old, key.new)} → {_verdict(key.new, key.old)}"
    differs = "" if key.aspects in (("verdict",), ()) else f", with other {_listed([_ASPECTS[a] for a in key.aspects])}"
    return f"{key.decision}: {verdicts}{differs}, {number(count, 'decision')}"


def _verdict(this: tuple[str, str], other: tuple[str, str]) -> str:
    """The word; with its class where only that differs."""
    return f"{this[0]} ({this[1]})" if this[0] == other[0] else this[0]


_ASPECTS: Final = {
    "verdict": "verdict",
    "reasons": "reasons",
    "elements": "elements",
    "missing": "missing facts",
    "deadlines": "deadlines",
    "amount": "amount",
    "amounts": "steps of the amount",
    "needs": "needs",
    "warnings": "warnings",
    "remarks": "remarks",
    "faults": "faults",
    "values": "values",
    "split": "split",
}


#: One piece of a part, before its name.
_ONE: Final = {
    "elements": "element",
    "missing": "missing fact",
    "deadlines": "deadline",
    "amounts": "amount of",
    "values": "value",
}


def rules_line(key: GroupKey) -> str:
    """Which rules show the change; empty where none does."""
    told = [f"now by {_listed(key.came)}"] if key.came else []
    told += [f"no longer by {_listed(key.gone)}"] if key.gone else []
    told += [f"by {_listed(key.about)}"] if key.about else []
    return "; ".join(told) if key.rules_told else "by several rules, too many kinds to tell apart"


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""


def stakes_line(stakes: Stakes) -> str:
    """What is at stake; empty where there are no amounts."""
    known = " where both are known" if stakes.unknown_old or stakes.unknown_new else ""
    told = [
        f"{_amount(s.old)} {currency} before, {_amount(s.new)} {currency} now"
        + (f"; ups and downs added up{known}: {_amount(s.difference)} {currency}" if s.difference else "")
        for currency, s in sorted(stakes.by_currency.items())
        if s.difference or s.old != s.new
    ]
    told += [f"{number(stakes.unknown_old, 'amount')} not known before"] if stakes.unknown_old else []
    told += [f"{number(stakes.unknown_new, 'amount')} not known now"] if stakes.unknown_new else []
    return "; ".join(told)


def _amount(amount: object) -> str:
    """Thousands apart: these are sums."""
    whole, _, part = decimal_text(amount, 2).partition(".")  # type: ignore[arg-type]
    return f"{int(whole):,}.{part}"


def example_line(example: Example) -> str:
    """Which document it is."""
    place = "" if example.place in ("", example.id) else f" ({example.place})"
    return f"{example.id}{place}, as of {example.as_of}"


def differs_lines(example: Example) -> Iterator[str]:
    """What the two answers have, old and new, piece by piece; not the verdict, which the headline says."""
    found = [d for d in differences(example.old, example.new) if d.part != "verdict"]
    for one in found[:MOST_DIFFERENCES]:
        what = f"{_ONE.get(one.part, _ASPECTS[one.part])} {one.of}" if one.of else _ASPECTS[one.part]
        none = _NOTHING.get(one.part, "none")
        yield f"{what}: {_cut(one.old or none)} → {_cut(one.new or none)}"
    if len(found) > MOST_DIFFERENCES:
        yield f"… and {number(len(found) - MOST_DIFFERENCES, 'more difference')}; --format json has all"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _first(words: Iterable[str]) -> str:
    """The first of them, and how many more there are."""
    found = list(words)
    more = f" and {len(found) - MOST_LISTED} more" if len(found) > MOST_LISTED else ""
    return ", ".join(found[:MOST_LISTED]) + more


def refusal_line(key: RefusalKey, refusal: Refusal) -> str:
    """What cannot be asked of whom, and why."""
    where = f"{key.pointer}: " if key.pointer else ""
    why = "for other reasons" if key.code == "others" else f"{where}{refusal.detail}"
    first = refusal.id if refusal.place in ("", refusal.id) else f"{refusal.id}, {refusal.place}"
    first = first if refusal.count == 1 else f"first {first}"
    return (
        f"{number(refusal.count, 'document')} of {key.decision} cannot be asked of {_SIDES[key.side]}: {why} ({first})"
    )


def verdict_line(*, changed: bool, whole: bool) -> str:
    """The last word on all of it."""
    said = "decisions changed" if changed else "no decision changed"
    return said if whole else f"{said}, but not everything could be compared"
