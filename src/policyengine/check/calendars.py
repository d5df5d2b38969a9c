"""Second pass over calendars: weekends and holidays."""

from __future__ import annotations

import re
from datetime import date

from policyengine.check.context import Context
from policyengine.check.reading import entries, scalars
from policyengine.frontend.nodes import Mapping, Node, Scalar
from policyengine.frontend.schema_words import WEEKDAYS
from policyengine.source import Span
from policyengine.values.dates import Calendar


def calendars(ctx: Context, doc: Mapping) -> dict[str, Calendar]:
    """The calendars that a document declares."""
    return {key.text: _calendar(ctx, key, body) for key, body in entries(doc, "calendars")}


def _calendar(ctx: Context, key: Scalar, body: Node) -> Calendar:
    # A word that is no weekday was reported as a fault of shape.
    written = scalars(body.get("weekend") if isinstance(body, Mapping) else None)
    weekend = {WEEKDAYS.index(w.text) for w in written if w.text in WEEKDAYS}
    if len(weekend) == len(WEEKDAYS):
        words = f"calendar `{key.text}` has no working day"
        ctx.sink.error("calendar/no-working-day", words, key.span, "leave at least one day out of `weekend`")
        weekend = set()
    holidays: dict[int, frozenset[date]] = {}
    years: dict[int, Span] = {}
    for year, days in entries(body, "holidays"):
        number_ = int(year.text) if re.fullmatch(r"[0-9]{4}", year.text) and year.text != "0000" else None
        if number_ is None:
            help_ = "write four digits, such as `2026:`"
            ctx.sink.error("literal/date", f"`{year.text}` is not a year", year.span, help_)
            continue
        found = [_holiday(ctx, number_, d) for d in scalars(days)]
        holidays[number_] = frozenset(d for d in found if d is not None)
        years[number_] = year.span
    return Calendar(key.text, frozenset(weekend), holidays, key.span, years)


def _holiday(ctx: Context, year: int, node: Scalar) -> date | None:
    written = node.text if re.match(r"[0-9]{4}-", node.text) else f"{year:04d}-{node.text}"
    try:
        found = date.fromisoformat(written) if len(written) == len("2026-01-01") else None
    except ValueError:
        found = None
    if found is None or found.year != year:
        words = f"there is no day `{node.text}` in {year}"
        ctx.sink.error("literal/date", words, node.span, "write month-day, such as `12-25`")
        return None
    return found
