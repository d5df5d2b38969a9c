"""The sentences that all formats for people share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from policyengine.impact.behaviour.findings import Behaviour, amount_text
from policyengine.impact.behaviour.tally import Example, GroupKey, Refusal, RefusalKey, Stakes
from policyengine.impact.report import Impact
from policyengine.impact.structure.change import Change
from policyengine.model.decision import Decision
from policyengine.values.text import decimal_text

#: More rules or facts in a row would not be read.
MOST_LISTED: Final = 5
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
    told = f"{' and '.join(asked)}, decided by the engine {behaviour.engine}, not checked by others"
    counts = [f"{number(tally.changed, 'decision')} changed ({behaviour.verdicts:,} in verdict)"]
    counts = counts if tally.changed else ["no decision changed"]
    counts += [f"{tally.reworded:,} only worded differently"] if tally.reworded else []
    return f"{told}: of {tally.asked:,} compared, {', '.join(counts)}"


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
    told = [
        f"{_amount(s.old)} {currency} before, {_amount(s.new)} {currency} now, {_amount(s.difference)} {currency} apart"
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


def answers_line(example: Example) -> str:
    """What the two answers have, one after the other, as far as it differs."""
    old, new = _answer(example.old), _answer(example.new)
    told = [f"{name} {old[name]} → {new[name]}" for name in old if old[name] != new[name]]
    return "; ".join(told)


def _answer(answer: Decision) -> dict[str, str]:
    return {
        "reasons": _first(r.rule for r in answer.reasons) or "none",
        "amount": amount_text(answer.amount) or "unknown",
        "deadlines": _first(f"{d.day.isoformat()} ({d.rule})" for d in answer.deadlines) or "none",
        "missing": _first(m.fact for m in answer.missing) or "nothing",
        "warnings": _first(w.rule for w in answer.warnings) or "none",
    }


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
