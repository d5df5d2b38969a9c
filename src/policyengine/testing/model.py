"""A case, what it expects of the answer, and how it came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final

from policyengine.diagnostics import Diagnostic, Severity
from policyengine.model.bundle import CheckedBundle
from policyengine.source import Span

Json = object

#: How an expectation says that a value is not known, and a difference that something is not there.
UNKNOWN: Final = "unknown"
NONE: Final = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One thing the answer must have. ``item`` is set when it is about one entry of a mapping such as ``elements``.

    ``value`` is in the form of :func:`policyengine.testing.compare.actual`: text, a whole number, a sorted list of
    texts, or a mapping of those.
    """

    key: str
    item: str | None
    value: Json
    span: Span = field(compare=False, repr=False)

    @property
    def label(self) -> str:
        """``verdict`` or ``elements.a``."""
        return self.key if self.item is None else f"{self.key}.{self.item}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request and what its answer must have.

    ``id`` is ``<file stem>::<name>``; ``facts`` is the nested object of a request, ``places`` tells where each fact,
    by dotted name, was written. ``review``: nobody has looked at the case yet.
    """

    id: str
    name: str
    decision: str
    as_of: date
    facts: Mapping[str, Json]
    expected: tuple[Expected, ...]
    cites: tuple[str, ...] = ()
    review: bool = False
    span: Span = field(compare=False, repr=False)
    places: Mapping[str, Span] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Unread:
    """How many files of cases have a fault, and how many cases are seen to stand in them: none of those is run."""

    files: int = 0
    cases: int = 0

    @property
    def told(self) -> str:
        """``170 cases of 3 files not run``; empty when every file could be read."""
        if not self.files:
            return ""
        files = "1 file" if self.files == 1 else f"{self.files} files"
        if not self.cases:
            return f"the cases of {files} not run"
        return f"{self.cases} {'case' if self.cases == 1 else 'cases'} of {files} not run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """The cases of the bundle in ``folder``, as they stand in its files.

    ``bundle`` is None when it cannot be used. ``diagnostics`` tell why, and why files of cases could not be read;
    ``unread`` counts those.
    """

    folder: str
    bundle: CheckedBundle | None
    cases: tuple[Case, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    unread: Unread = Unread()


class Status(StrEnum):
    """How a case came out; ``error``: it could not be decided."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Difference:
    """Where an answer is not as expected: a label such as ``elements.a``, both values, the expectation's place.

    ``engine`` is set when an engine differs from the reference: its name; then ``expected`` is the reference's.
    """

    key: str
    expected: Json
    actual: Json
    span: Span = field(compare=False, repr=False)
    engine: str = ""

    def to_dict(self) -> dict[str, Json]:
        """As plain data."""
        line = self.span.start.line
        return {"key": self.key, "expected": self.expected, "actual": self.actual, "line": line, "engine": self.engine}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a case came out. ``error`` says why it could not be decided, ``explanation`` why the answer is as it is."""

    case: Case
    status: Status
    differences: tuple[Difference, ...] = ()
    error: str = ""
    explanation: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Json]:
        """As plain data."""
        case = self.case
        out: dict[str, Json] = {
            "id": case.id,
            "name": case.name,
            "decision": case.decision,
            "status": str(self.status),
            "file": case.span.file.path,
            "line": case.span.start.line,
            "cites": list(case.cites),
            "review": case.review,
        }
        if self.status is not Status.PASSED:
            out["differences"] = [d.to_dict() for d in self.differences]
            out["explanation"] = list(self.explanation)
        return out | ({"error": self.error} if self.error else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """How the cases of a bundle came out; ``diagnostics`` are the faults that kept files from being read.

    ``left_out`` is how many cases were not chosen to be run, ``not_run`` how many were, but follow the first failure
    that ended the run. ``complaints`` say what is wrong with a choice. ``elsewhere``: none was chosen here, but some
    were in another bundle. ``unread`` counts the files with a fault, whose cases are in no other number.
    """

    bundle: str
    outcomes: tuple[Outcome, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    left_out: int = 0
    not_run: int = 0
    complaints: tuple[str, ...] = ()
    elsewhere: bool = False
    unread: Unread = Unread()

    def count(self, status: Status) -> int:
        """How many cases came out like this."""
        return sum(o.status is status for o in self.outcomes)

    @property
    def under_review(self) -> int:
        """How many of the cases that were run nobody has looked at yet."""
        return sum(o.case.review for o in self.outcomes)

    @property
    def selected(self) -> int:
        """How many cases were chosen to be run."""
        return len(self.outcomes) + self.not_run

    @property
    def total(self) -> int:
        """How many cases the bundle has."""
        return self.selected + self.left_out

    @property
    def faults(self) -> tuple[Diagnostic, ...]:
        """The diagnostics that are errors."""
        return tuple(d for d in self.diagnostics if d.severity is Severity.ERROR)

    @property
    def ok(self) -> bool:
        """Whether there were cases and every one was run and passed."""
        if self.faults or self.complaints:
            return False
        every = self.count(Status.PASSED) == self.selected
        return every and (bool(self.outcomes) or self.elsewhere)
