"""What a run comes to: every mutant with its end, and the score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from policyengine.mutation.boundary import Suggestion
from policyengine.mutation.mutants import Mutant
from policyengine.testing.model import Json

#: Of a hundred mutants at most so many are left out of the score; further ones count as survivors.
MOST_LEFT_OUT: Final = 3


class Status(StrEnum):
    """How a mutant ended. ``left out``: no case can notice it, so it is no mistake and counts in no score."""

    KILLED = "killed"
    SURVIVED = "survived"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A mutant and its end.

    ``killers`` are ids of cases. ``why`` says of a mutant that is left out, or would be if there were not too many,
    why no case can notice it; ``suggestion`` is a test that would notice a survivor.
    """

    mutant: Mutant
    status: Status
    evaluations: int
    killers: tuple[str, ...] = ()
    why: str | None = None
    suggestion: Suggestion | None = None

    def to_dict(self) -> dict[str, Json]:
        """As plain data."""
        mutant = self.mutant
        out: dict[str, Json] = {
            "id": mutant.id,
            "operator": mutant.operator,
            "in": str(mutant.owner),
            "decisions": list(mutant.decisions),
            "file": mutant.span.file.path,
            "line": mutant.span.start.line,
            "column": mutant.span.start.column,
            "status": str(self.status),
            "message": mutant.sentence,
            "evaluations": self.evaluations,
        }
        if self.killers:
            out["killed_by"] = list(self.killers)
        if self.why:
            out["why"] = self.why
        return out | ({"suggestion": self.suggestion.to_dict()} if self.suggestion else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The mutants of one bundle, in order; ``cases`` is how many were put to them."""

    bundle: str
    cases: int
    results: tuple[Result, ...]

    def with_status(self, status: Status) -> tuple[Result, ...]:
        """The mutants that ended so."""
        return tuple(r for r in self.results if r.status is status)

    @property
    def evaluations(self) -> int:
        """How many times a case was decided by a mutant."""
        return sum(r.evaluations for r in self.results)

    @property
    def score(self) -> Fraction:
        """Killed mutants of all that count, in percent; 100 if none counts."""
        killed, survived = len(self.with_status(Status.KILLED)), len(self.with_status(Status.SURVIVED))
        return Fraction(100 * killed, killed + survived) if killed + survived else Fraction(100)

    def to_dict(self) -> dict[str, Json]:
        """As plain data."""
        counts = {str(s).replace(" ", "_"): len(self.with_status(s)) for s in Status}
        return {
            "bundle": self.bundle,
            "score": percent(self.score),
            "cases": self.cases,
            "mutants": len(self.results),
            **counts,
            "evaluations": self.evaluations,
            "results": [r.to_dict() for r in self.results],
        }


def percent(score: Fraction) -> str:
    """The score with one place, cut and not rounded: 94.96 is not 95."""
    tenths = int(score * 10)
    return f"{tenths // 10}.{tenths % 10}"


def room(mutants: Sequence[object]) -> int:
    """How many of so many mutants may be left out."""
    return len(mutants) * MOST_LEFT_OUT // 100
