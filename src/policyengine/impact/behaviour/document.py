"""One question that is put to both bundles."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from policyengine.testing.model import Case


class Document(NamedTuple):
    """A decision to make: ``facts`` as a request gives them, the day, an id, and where it is recorded.

    ``case`` is set when it comes from a test file: its expectations are held against the new answer. ``was`` is the
    same case as the old folder has it, if that has it.
    """

    decision: str
    facts: Mapping[str, object]
    as_of: date | str
    id: str
    place: str = ""
    case: Case | None = None
    was: Case | None = None


class Unreadable(NamedTuple):
    """A record that is no question, where it is, and why not."""

    place: str
    reason: str

    def to_dict(self) -> dict[str, object]:
        """As plain data."""
        return {"place": self.place, "reason": self.reason}


class Line(NamedTuple):
    """One line of a file of records, still as it was read; ``fault`` says why it could not be read as a line."""

    place: str
    data: bytes
    fault: str = ""
