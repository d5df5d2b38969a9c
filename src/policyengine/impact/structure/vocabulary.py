"""Facts, lists, parameters and calendars."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from policyengine.impact.structure.aspects import compare_aspects
from policyengine.impact.structure.change import Change, Weight, at
from policyengine.impact.structure.meaning import same
from policyengine.impact.structure.named import matched, presence
from policyengine.impact.structure.showing import LONGEST, cut, shortened, type_text, value_shown, weekday
from policyengine.model.bundle import CheckedBundle
from policyengine.model.vocabulary import DatedValue, Fact, FactList, Parameter
from policyengine.source import Span
from policyengine.values.dates import Calendar
from policyengine.values.types import Type


def vocabulary(old: CheckedBundle, new: CheckedBundle) -> Iterator[Change]:
    """Every change of facts, lists, parameters and calendars."""
    yield from _facts(old.facts, new.facts, "")
    yield from _lists(old.lists, new.lists)
    yield from _parameters(old.parameters, new.parameters)
    yield from _calendars(old.calendars, new.calendars)


# -- facts -----------------------------------------------------------------------------------


def _facts(old: Mapping[str, Fact], new: Mapping[str, Fact], list_: str) -> Iterator[Change]:
    found = matched(old, new)
    what, place = ("field", f"{list_}.") if list_ else ("fact", "")
    for change in presence(what, found, lambda f: type_text(f.type)):
        yield replace(change, names=tuple(f"{place}{name}" for name in change.names))
    for before, after in found.both:
        name = f"{place}{after.name}"
        yield from types(what, name, before.type, after.type, (before.span, after.span))
        yield from compare_aspects(what, name, before, after)


def _lists(old: Mapping[str, FactList], new: Mapping[str, FactList]) -> Iterator[Change]:
    found = matched(old, new)
    yield from presence("list", found, lambda items: f"fields {', '.join(items.fields)}")
    for before, after in found.both:
        yield from compare_aspects("list", after.name, before, after)
        yield from _facts(before.fields, after.fields, after.name)


def types(what: str, name: str, old: Type, new: Type, spans: tuple[Span, Span]) -> Iterator[Change]:
    """The change of a type: another kind, members that came or went, or only their words in messages."""

    def change(aspect: str, text: str, before: str, after: str, weight: Weight = Weight.MEANING) -> Change:
        return Change(
            what=what, names=(name,), aspect=aspect, text=text, weight=weight, old=before, new=after,
            old_at=at(spans[0]), new_at=at(spans[1]),
        )  # fmt: skip

    said = type_text(old), type_text(new)
    if old.kind is not new.kind or not same(old.item, new.item):
        yield change("type", f"was {said[0]} and is now {said[1]}", *said)
        return
    gone, came = [m for m in old.members if m not in new.members], [m for m in new.members if m not in old.members]
    if gone:
        yield change("members", f"no longer has {_members(gone)}", *said)
    if came:
        yield change("members", f"now also has {_members(came)}", *said)
    if not gone and not came and old.members != new.members:
        yield change("members", "lists its members in another order", *said, Weight.WORDING)
    if old.open is not new.open:
        yield change("open", "now takes any other word" if new.open else "now takes only its members", *said)
    if dict(old.labels) != dict(new.labels):
        labels = [shortened(", ".join(f"{m}: {w}" for m, w in t.labels.items()) or "none") for t in (old, new)]
        text = f"the words of its members in messages were `{labels[0]}` and are now `{labels[1]}`"
        yield change("words of members", text, labels[0], labels[1], Weight.WORDING)


def _members(members: list[str]) -> str:
    return cut(f"the {'members' if len(members) > 1 else 'member'} {', '.join(f'`{m}`' for m in members)}", LONGEST)


# -- parameters ------------------------------------------------------------------------------


def _parameters(old: Mapping[str, Parameter], new: Mapping[str, Parameter]) -> Iterator[Change]:
    found = matched(old, new)
    yield from presence("parameter", found, lambda p: "; ".join(_dated(v, p.type) for v in p.values))
    for before, after in found.both:
        yield from types("parameter", after.name, before.type, after.type, (before.span, after.span))
        yield from _values(before, after)
        yield from compare_aspects("parameter", after.name, before, after)


def _values(old: Parameter, new: Parameter) -> Iterator[Change]:
    before, after = ({v.start: v for v in p.values} for p in (old, new))
    gone = [v for start, v in before.items() if start not in after]
    for start, value in after.items():
        moved = next((v for v in gone if same(v.value, value.value)), None)
        if start in before:
            yield from _value(old, new, before[start], value)
        elif moved is not None:
            gone.remove(moved)
            yield _came_or_went(new, moved, value)
            yield from compare_aspects("parameter", new.name, moved, value)
        else:
            yield _came_or_went(new, None, value)
    yield from (_came_or_went(old, value, None) for value in gone)


def _value(old: Parameter, new: Parameter, before: DatedValue, after: DatedValue) -> Iterator[Change]:
    if not same(before.value, after.value):
        was, is_ = value_shown(before.value, old.type), value_shown(after.value, new.type)
        since = f", from {after.start} on" if after.start else ""
        yield Change(
            what="parameter", names=(new.name,), aspect="value", text=f"moved from `{was}` to `{is_}`{since}",
            old=was, new=is_, old_at=at(before.span), new_at=at(after.span),
        )  # fmt: skip
    yield from compare_aspects("parameter", new.name, before, after)


def _came_or_went(parameter: Parameter, old: DatedValue | None, new: DatedValue | None) -> Change:
    """A value of a day on which the other edition has none, or (both) that holds from another day on."""
    was, is_ = (_dated(v, parameter.type) if v else None for v in (old, new))
    text = f"has a value more: {is_}" if old is None else f"has a value less: {was}"
    return Change(
        what="parameter", names=(parameter.name,), aspect="value",
        text=f"has {is_}, where it had {was}" if old and new else text, old=was, new=is_,
        old_at=at(old.span) if old else None, new_at=at(new.span) if new else None,
    )  # fmt: skip


def _dated(value: DatedValue, type_: Type) -> str:
    said = f"`{value_shown(value.value, type_)}`"
    return f"{said} from {value.start} on" if value.start else said


# -- calendars -------------------------------------------------------------------------------


def _calendars(old: Mapping[str, Calendar], new: Mapping[str, Calendar]) -> Iterator[Change]:
    found = matched(old, new, lambda c: f"{sorted(c.weekend)} {sorted(c.holidays.items(), key=lambda y: y[0])}")
    yield from presence("calendar", found, lambda _: "")
    for before, after in found.both:
        if before.weekend != after.weekend:
            days = [", ".join(weekday(d) for d in sorted(c.weekend)) or "no day" for c in (before, after)]
            yield _calendar(after.name, "weekend", f"its weekend was {days[0]} and is now {days[1]}", *days)
        for year in sorted({*before.holidays, *after.holidays}):
            yield from _year(after.name, year, before.holidays.get(year), after.holidays.get(year))


def _year(name: str, year: int, old: frozenset[date] | None, new: frozenset[date] | None) -> Iterator[Change]:
    if old == new:
        return
    gone, came = (
        sorted((old or frozenset()) - (new or frozenset())),
        sorted((new or frozenset()) - (old or frozenset())),
    )
    said = [f"the holidays of {year} are now listed"] if old is None else []
    said += [f"the holidays of {year} are no longer listed"] if new is None else []
    said += [f"{_days(gone)} is no longer a holiday"] if gone else []
    said += [f"{_days(came)} is now a holiday"] if came else []
    yield _calendar(name, "holidays", "; ".join(said), _days(sorted(old or ())), _days(sorted(new or ())))


def _days(days: list[date]) -> str:
    return shortened(", ".join(d.isoformat() for d in days)) or "none"


def _calendar(name: str, aspect: str, text: str, old: str, new: str) -> Change:
    return Change(what="calendar", names=(name,), aspect=aspect, text=text, old=old, new=new)
