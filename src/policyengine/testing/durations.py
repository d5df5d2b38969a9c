"""Durations that a case expects, written as policies write them and compared as what they come to."""

from __future__ import annotations

from policyengine.check.constants import plain_duration
from policyengine.language import syntax as s
from policyengine.language.faults import ExpressionSyntaxError
from policyengine.language.parser import parse_expression
from policyengine.model.bundle import CheckedBundle
from policyengine.values.dates import Duration, Unit


def duration_in(text: str, bundle: CheckedBundle) -> Duration | None:
    """The duration that ``text`` says: ``2 years`` is 24 months. None when it says none that the bundle can have."""
    try:
        node = parse_expression(text)
    except ExpressionSyntaxError:
        return None
    if isinstance(node, s.NegateText) and isinstance(node.item, s.DurationText):
        found = _duration(node.item, bundle)
        return None if found is None else -found
    return _duration(node, bundle) if isinstance(node, s.DurationText) else None


def _duration(node: s.DurationText, bundle: CheckedBundle) -> Duration | None:
    found = plain_duration(node)
    if found is not None:
        return found
    calendar = node.calendar or bundle.calendar
    return Duration(int(node.count), Unit.WORKING_DAYS, calendar) if calendar in bundle.calendars else None
