"""The referee: the reference decides where engines differ or fail, and looks over a sample of what they agree on."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from policyengine import reference
from policyengine.engine.crosscheck import (
    DIFFERED,
    SAMPLED,
    STOOD_IN,
    Checks,
    Differs,
    difference_text,
    fault_place,
)
from policyengine.engine.settings import REFERENCE
from policyengine.errors import EngineFault
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision
from policyengine.model.rules import DecisionSpec

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Facts on which engines differ. ``found`` says how, without any fact; ``expected`` is the reference's answer.

    ``facts`` is the nested object of the request: it may hold personal data.
    """

    bundle: CheckedBundle = field(repr=False)
    decision: str
    as_of: date
    facts: Mapping[str, object] = field(repr=False)
    found: str
    expected: Decision = field(repr=False)


#: Takes a difference and says where it is kept, for the log; None: it is not.
Keep = Callable[[Difference], str | None]


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: a decision of the bundle, the facts as they were given, the day."""

    spec: DecisionSpec
    facts: Mapping[str, object]
    as_of: date


class Answered(NamedTuple):
    """A decision, the name of the engine whose it is, and what its cross-check came to: one of ``CHECKS``."""

    decision: Decision
    engine: str
    check: str


class Referee:
    """Asks the reference. ``checks`` are the counts by decision."""

    def __init__(self, bundle: CheckedBundle, checks: Mapping[str, Checks], keep: Keep) -> None:
        self._bundle = bundle
        self._checks = checks
        self._keep = keep

    def decide(self, asked: Question) -> Decision:
        """The reference's decision; raises whatever goes wrong."""
        return reference.decide(self._bundle, asked.spec.name, asked.facts, asked.as_of)

    def settle(self, asked: Question, error: Exception) -> Answered:
        """The reference's decision where the engines gave none; EngineFault if the reference gives none either."""
        if not isinstance(error, Differs):
            return Answered(self._stand_in(asked, error), REFERENCE, STOOD_IN)
        self._checks[asked.spec.name].differed += 1
        found = self._found(asked, error)
        decided = self._decided(asked, found, error)
        self._tell(asked, found, decided)
        return Answered(decided, REFERENCE, DIFFERED)

    def look_over(self, asked: Question, answered: Answered) -> Answered:
        """The answer, once the reference came to the same; otherwise what the reference came to."""
        made = answered.decision
        checks = self._checks[asked.spec.name]
        try:
            decided = self.decide(asked)
            parts = _differing_parts(made, decided)
        except Exception as e:  # noqa: BLE001 - the engines agreed: their answer stands
            checks.faults += 1
            _log.error("%s: the reference failed (%s); the engines' answer stands", self._where(asked), fault_place(e))
            return answered
        checks.sampled += 1
        if not parts:
            return Answered(made, answered.engine, SAMPLED)
        checks.differed += 1
        found = f"the engines and the reference differ in {self._where(asked)} about {', '.join(parts)}"
        self._tell(asked, found, decided)
        return Answered(decided, REFERENCE, DIFFERED)

    def _found(self, asked: Question, differs: Differs) -> str:
        try:
            return difference_text(self._bundle, asked.spec, differs)
        except Exception as e:  # noqa: BLE001 - what was matched may be anything at all
            return f"{differs} in {self._where(asked)} in a way that cannot be told ({fault_place(e)})"

    def _stand_in(self, asked: Question, error: Exception) -> Decision:
        self._checks[asked.spec.name].faults += 1
        failed = f"{self._where(asked)}: the engines failed ({fault_place(error)})"
        _log.debug("this is how the engines failed", exc_info=error)
        decided = self._decided(asked, failed, error)
        _log.error("%s, and the reference stood in", failed)
        return decided

    def _decided(self, asked: Question, what: str, cause: Exception) -> Decision:
        try:
            return self.decide(asked)
        except Exception as e:  # noqa: BLE001 - and then there is nobody left to ask
            self._checks[asked.spec.name].faults += 1
            _log.error("%s; the reference failed too (%s)", what, fault_place(e))
            raise EngineFault(f"{what}, and the reference failed too") from cause

    def _tell(self, asked: Question, found: str, decided: Decision) -> None:
        """Keep the facts, then log; neither can keep the answer back."""
        difference = Difference(
            bundle=self._bundle,
            decision=asked.spec.name,
            as_of=asked.as_of,
            facts=asked.facts,
            found=found,
            expected=decided,
        )
        try:
            kept = self._keep(difference)
        except Exception as e:  # noqa: BLE001 - the caller's own code
            kept = None
            _log.error("a difference could not be kept (%s)", fault_place(e))
        where = f"the facts are kept in {kept}" if kept else "the facts are not kept"
        _log.error("%s; the reference answered; %s", found, where)

    def _where(self, asked: Question) -> str:
        return f"decision `{asked.spec.name}` of bundle `{self._bundle.id}` (digest {self._bundle.digest})"


def _differing_parts(made: Decision, decided: Decision) -> list[str]:
    """The keys under which two answers are not the same, byte for byte."""
    ours, theirs = made.to_dict(), decided.to_dict()
    return [key for key in ours if json.dumps(ours[key]) != json.dumps(theirs[key])]
