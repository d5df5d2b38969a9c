"""Wrong days: units, later against earlier, editions that begin on another day, holidays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta

from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import AsOf, Call, Literal
from policyengine.model.vocabulary import Parameter
from policyengine.mutation.operators.base import Change, Changes, Operator
from policyengine.mutation.sites import Site
from policyengine.mutation.wording import around, quoted, said
from policyengine.values.dates import Calendar, Duration, Unit
from policyengine.values.types import DURATION

_OTHER_END: Mapping[str, str] = {"latest": "earliest", "earliest": "latest", "max": "min", "min": "max"}
_DAYS_OF_MONTH = 30
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def _units(span: Duration, bundle: CheckedBundle) -> Iterator[Duration]:
    """The same count in the unit that it is mixed up with. A bundle without calendars knows no working days."""
    calendar = bundle.calendar or next(iter(bundle.calendars), None)
    if span.unit is Unit.WORKING_DAYS:
        yield Duration(span.count, Unit.DAYS)
    elif span.unit is Unit.MONTHS:
        yield Duration(span.count * _DAYS_OF_MONTH, Unit.DAYS)
    elif calendar is not None:
        yield Duration(span.count, Unit.WORKING_DAYS, calendar)


def _unit(site: Site, bundle: CheckedBundle) -> Changes:
    match site.node:
        case Literal(value=Duration() as span) as node:
            for new in _units(span, bundle):
                words = {"what": around(site), "old": said(span, DURATION), "new": said(new, DURATION)}
                yield Change(replace(node, value=new), words)
        case Parameter(values=values) as node:
            for i, dated in enumerate(values):
                for new in _units(dated.value, bundle) if isinstance(dated.value, Duration) else ():
                    made = (*values[:i], replace(dated, value=new), *values[i + 1 :])
                    words = {"what": str(site.owner), "old": said(dated.value, DURATION), "new": said(new, DURATION)}
                    yield Change(replace(node, values=made), words, dated.span)


def _other_end(site: Site, _: CheckedBundle) -> Changes:
    match site.node:
        case Call(function=function) as node if function in _OTHER_END:
            new = _OTHER_END[function]
            words = {"what": f"{quoted(site.span, site.node)} in {site.owner}", "old": function, "new": new}
            yield Change(replace(node, function=new), words)


def _editions(site: Site, _: CheckedBundle) -> Changes:
    """Each edition of a parameter begins a day later or earlier, as far as the editions stay in order."""
    if not isinstance(site.node, Parameter):
        return
    values = site.node.values
    for i, dated in enumerate(values):
        for days in (1, -1):
            if dated.start is None:
                continue
            start = dated.start + timedelta(days=days)
            before = values[i - 1].start if i else None
            after = values[i + 1].start if i + 1 < len(values) else None
            if (before is None or before < start) and (after is None or start < after):
                made = (*values[:i], replace(dated, start=start), *values[i + 1 :])
                words = {"what": said(dated.value, site.node.type), "old": f"{dated.start}", "new": f"{start}"}
                yield Change(replace(site.node, values=made), words, dated.span)


def _key_day(site: Site, _: CheckedBundle) -> Changes:
    node = site.node
    if isinstance(node, Parameter) and not node.constant and node.keyed_on and not isinstance(node.keyed_on, AsOf):
        words = {"what": quoted(node.keyed_on.span)}
        yield Change(replace(node, keyed_on=AsOf(span=node.keyed_on.span)), words)


def _day_off(site: Site, _: CheckedBundle) -> Changes:
    if not isinstance(site.node, Calendar):
        return
    calendar = site.node
    for year, days in calendar.holidays.items():
        # Cases for every holiday of every year would be a second calendar.
        for day in sorted({*sorted(days)[:1], *sorted(days)[-1:]}):
            fewer = {**calendar.holidays, year: days - {day}}
            span = calendar.years.get(year, site.span)
            yield Change(replace(calendar, holidays=fewer), {"day": f"{day}"}, span)
    for number in sorted(calendar.weekend):
        new = replace(calendar, weekend=calendar.weekend - {number})
        yield Change(new, {"day": f"every {_WEEKDAYS[number]}"})


OPERATORS = (
    Operator(
        id="unit-swapped",
        title="days are taken for working days, working days or months for days",
        sentence="{what} has {new} instead of {old}",
        on=(Literal, Parameter),
        changes=_unit,
    ),
    Operator(
        id="later-earlier",
        title="the later day is taken for the earlier one, the largest for the smallest",
        sentence="{what} takes `{new}` instead of `{old}`",
        on=(Call,),
        changes=_other_end,
    ),
    Operator(
        id="edition-shifted",
        title="a dated value begins a day later or earlier",
        sentence="the value {what} of {where} begins on {new} instead of {old}",
        on=(Parameter,),
        changes=_editions,
    ),
    Operator(
        id="key-day-swapped",
        title="dated values go by the day of the decision",
        sentence="the values of {where} go by the day of the decision instead of {what}",
        on=(Parameter,),
        changes=_key_day,
    ),
    Operator(
        id="day-off-dropped",
        title="the first or last holiday of a year, or a day of the weekend, is left out",
        sentence="{day} is a working day in {where}",
        on=(Calendar,),
        changes=_day_off,
    ),
)
