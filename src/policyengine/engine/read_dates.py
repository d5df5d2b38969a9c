"""Reading dates: ``2025-03-20``, or a moment with its offset, turned into the day it was in the bundle's zone."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

from policyengine.engine.bad_values import bad, wrong_type
from policyengine.engine.pointers import shown

HOW_TO_WRITE: Final = 'write "2025-03-20", or a moment with its offset such as "2025-03-20T10:00:00+01:00"'

_DAY = r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
_CLOCK = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})(?:\.[0-9]{1,20})?"
_OFFSET = r"(?P<offset>[zZ]|[+-][0-9]{2}:[0-9]{2})"
_DATE = re.compile(_DAY, re.ASCII)
_TIMESTAMP = re.compile(f"{_DAY}[Tt]{_CLOCK}{_OFFSET}", re.ASCII)
_WITHOUT_OFFSET = re.compile(_DAY + r"[Tt ][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?", re.ASCII)


def read_date(raw: object, pointer: str, zone: ZoneInfo) -> date:
    """The calendar day that ``raw`` names, or the day that its moment falls on in ``zone``."""
    if not isinstance(raw, str):
        raise wrong_type(pointer, raw, "a date", HOW_TO_WRITE)
    if _DATE.fullmatch(raw):
        return _day(raw, pointer)
    if found := _TIMESTAMP.fullmatch(raw):
        return _day_of_moment(found, pointer, zone)
    if _WITHOUT_OFFSET.fullmatch(raw):
        detail = f"{shown(raw)} does not say its offset, so its day is not certain"
        help_ = "end with an offset, such as `Z` or `+01:00`, or give the day alone"
        raise bad(pointer, "request/timestamp", detail, help_)
    raise bad(pointer, "request/type", f"{shown(raw)} is not a date", HOW_TO_WRITE)


def _day(text: str, pointer: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as e:
        raise bad(pointer, "request/type", f"there is no day {shown(text)}") from e


def _day_of_moment(found: re.Match[str], pointer: str, zone: ZoneInfo) -> date:
    day = _day(found["day"], pointer)
    try:
        moment = datetime.combine(day, _clock(found), _offset(found["offset"]))
        return moment.astimezone(UTC).astimezone(zone).date()
    except (ValueError, OverflowError) as e:
        raise bad(pointer, "request/timestamp", f"there is no moment {shown(found.group())}") from e


def _clock(found: re.Match[str]) -> time:
    """The time of day without fractions, which cannot move a day. A leap second counts as the second before it."""
    second = int(found["second"])
    leap = second == 60 and found["minute"].endswith("9")  # noqa: PLR2004 - the sixty-first second
    return time(int(found["hour"]), int(found["minute"]), 59 if leap else second)


def _offset(text: str) -> timezone:
    if text in "zZ":
        return UTC
    hours, minutes = int(text[1:3]), int(text[4:6])
    if minutes > 59:  # noqa: PLR2004 - minutes of an hour
        raise ValueError(text)
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(-span if text[0] == "-" else span)
