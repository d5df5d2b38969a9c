"""The log over HTTP: one record, or a page of those that are looked for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from policyengine.api_schema.log import FILTERS, LONGEST_NAME, MOST_ON_PAGE, USUAL_ON_PAGE
from policyengine.decision_log.errors import LogError, LogUnavailable
from policyengine.decision_log.log import DecisionLog
from policyengine.decision_log.search import Query, moment
from policyengine.diagnostics import did_you_mean
from policyengine.engine.pointers import shown
from policyengine.web.logbook import unavailable
from policyengine.web.problems import BAD_REQUEST, LOG_NOT_READABLE, UNKNOWN_RECORD, Problem

_ID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def record_body(log: DecisionLog | None, decision_id: str) -> bytes:
    """The record of a decision. Raises Problem."""
    try:
        found = _kept(log).record(decision_id) if _ID.fullmatch(decision_id) else None
    except LogUnavailable as e:
        raise unavailable() from e
    if found is None:
        help_ = "the id stands in the `envelope` of an answer; old decisions may have been deleted"
        raise Problem(UNKNOWN_RECORD, f"there is no decision {shown(decision_id)} in the log", help_)
    return found.line.encode()


def page_body(log: DecisionLog | None, asked: Mapping[str, str]) -> bytes:
    """A page of records, newest first, and the cursor for the next one. Raises Problem."""
    _check_parameters(asked)
    limit, cursor = _limit(asked.get("limit")), asked.get("cursor")
    if cursor is not None and not _ID.fullmatch(cursor):
        raise Problem(BAD_REQUEST, "`cursor` is none", "give the `cursor` of the page before, or leave it out")
    query = Query(
        since=_moment("since", asked.get("since")),
        until=_moment("until", asked.get("until")),
        bundle=asked.get("bundle"),
        decision=asked.get("decision"),
        verdict=asked.get("verdict"),
        rule=asked.get("rule"),
    )
    try:
        page = _kept(log).page(query, limit, cursor)
    except LogUnavailable as e:
        raise unavailable() from e
    lines = b",".join([record.line.encode() for record in page.records])
    following = "null" if page.cursor is None else f'"{page.cursor}"'
    return b'{"records":[%b],"cursor":%b}' % (lines, following.encode())


def _kept(log: DecisionLog | None) -> DecisionLog:
    if log is None:
        raise Problem(LOG_NOT_READABLE, "this service logs no decisions", "start it without --no-log")
    return log


def _check_parameters(asked: Mapping[str, str]) -> None:
    for name, value in asked.items():
        if name not in FILTERS:
            help_ = did_you_mean(name[:LONGEST_NAME], FILTERS) or "known: " + ", ".join(f"`{p}`" for p in FILTERS)
            raise Problem(BAD_REQUEST, f"{shown(name)} is no way to look for decisions", help_)
        # No name has control characters, and a zero among them no database takes as text.
        if any(c < " " or c == "\x7f" for c in value) or len(value) > LONGEST_NAME:
            raise Problem(BAD_REQUEST, f"`{name}` holds no text to look for", f"at most {LONGEST_NAME} characters")


def _limit(given: str | None) -> int:
    if given is None:
        return USUAL_ON_PAGE
    if not (given.isascii() and given.isdigit() and len(given) <= len(str(MOST_ON_PAGE))):
        raise Problem(BAD_REQUEST, "`limit` is no number of records", f"give a number from 1 to {MOST_ON_PAGE}")
    if not 1 <= int(given) <= MOST_ON_PAGE:
        raise Problem(BAD_REQUEST, "`limit` is out of range", f"give a number from 1 to {MOST_ON_PAGE}")
    return int(given)


def _moment(name: str, given: str | None) -> datetime | None:
    try:
        return None if given is None else moment(given)
    except LogError as e:
        # A plus in an address stands for a blank, and most offsets are sent with one.
        help_ = "write the `+` of an offset as `%2B`" if " " in (given or "") else None
        raise Problem(BAD_REQUEST, f"`{name}`: {e}", help_) from e
