"""What a run comes to: every mutant with its end, and the score."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from policyengine.mutation.boundary import Suggestion
from policyengine.mutation.mutants import Mutant
from policyengine.testing.model import Json

#: Of a hundred mutants of a bundle at most so many are left out of the score without a proof that they are equal; if
#: there are more, the score counts those as survivors.
MOST_LEFT_OUT: Final = 3


class Status(StrEnum):
    """How a mutant ended. ``left out``: no case can notice it, so it is no mistake and counts in no score."""

    KILLED = "killed"
    SURVIVED = "survived"
    LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A mutant and its end.

    ``killers`` are ids of cases. ``why`` says of a mutant that is left out why no case can notice it, ``is_proved``
    whether that is certain; ``suggestion`` is a test that would notice a survivor, and ``tried`` says how much was
    tried where none was found.
    """

    mutant: Mutant
    status: Status
    evaluations: int
    killers: tuple[str, ...] = ()
    why: str | None = None
    is_proved: bool = False
    suggestion: Suggestion | None = None
    tried: str | None = None

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
            out |= {"why": self.why, "proved": self.is_proved}
        if self.tried:
            out["tried"] = self.tried
        return out | ({"suggestion": self.suggestion.to_dict()} if self.suggestion else {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The selected mutants of one bundle, in order.

    ``cases`` is how many were put to them, ``all_mutants`` how many the bundle has.
    """

    bundle: str
    cases: int
    all_mutants: int
    results: tuple[Result, ...]

    def with_status(self, status: Status) -> tuple[Result, ...]:
        """The mutants that ended so."""
        return tuple(r for r in self.results if r.status is status)

    @property
    def evaluations(self) -> int:
        """How many times a case was decided by a mutant."""
        return sum(r.evaluations for r in self.results)

    @property
    def too_many(self) -> int:
        """How many mutants are left out beyond what is allowed: the score counts them as survivors.

        What is allowed goes by all mutants of the bundle, so that what becomes of one does not depend on the selection.
        """
        unproved = [r for r in self.with_status(Status.LEFT_OUT) if not r.is_proved]
        return max(0, len(unproved) - room(self.all_mutants))

    @property
    def score(self) -> Fraction:
        """Killed mutants of all that count, in percent; 100 if none counts."""
        killed, survived = len(self.with_status(Status.KILLED)), len(self.with_status(Status.SURVIVED)) + self.too_many
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
            "left_out_but_counted": self.too_many,
            "evaluations": self.evaluations,
            "results": [r.to_dict() for r in self.results],
        }


def percent(score: Fraction) -> str:
    """The score with one place, cut and not rounded: 94.96 is not 95."""
    tenths = int(score * 10)
    return f"{tenths // 10}.{tenths % 10}"


def room(mutants: int) -> int:
    """How many of so many mutants may be left out without a proof."""
    return mutants * MOST_LEFT_OUT // 100
