"""The cross-check: what one engine matched is compared with what its twin matched, and the twin stands by for it."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Final

from policyengine.backends import Matches, Program
from policyengine.backends.base import Truths
from policyengine.engine.standby import TRIAL_EVERY, CircuitBreaker
from policyengine.evaluation.evaluator import Evaluation
from policyengine.model.bundle import CheckedBundle
from policyengine.model.rules import DecisionSpec

_log = logging.getLogger(__name__)

#: What the cross-check of one answer came to: nothing was compared; the engine and its twin agreed; the reference came
#: to the same answer as well; they differed, and the reference answered; the engine failed, and another stood in.
UNCHECKED: Final = "none"
AGREED: Final = "agreed"
SAMPLED: Final = "sampled"
DIFFERED: Final = "differed"
STOOD_IN: Final = "stood_in"
CHECKS: Final = (UNCHECKED, AGREED, SAMPLED, DIFFERED, STOOD_IN)

# More rules in a line of the log would not be read.
_MOST_NAMED: Final = 8


@dataclass(slots=True)
class Checks:
    """What the cross-check of one decision has counted since its engine was made.

    ``compared``: matches compared with the twin's. ``sampled``: answers compared with the reference's. ``differed``:
    either of them that differed. ``faults``: times that an engine failed. ``set_aside``: whether the engine is left
    out now, because it failed several times in a row.
    """

    compared: int = 0
    sampled: int = 0
    differed: int = 0
    faults: int = 0
    set_aside: bool = False


class Differs(Exception):  # noqa: N818 - no error: it is answered by the reference
    """Two engines matched the same facts differently."""

    def __init__(self, engines: tuple[str, str], found: Matches, other: Matches) -> None:
        super().__init__(f"{engines[0]} and {engines[1]} differ")
        self.engines = engines
        self.found = found
        self.other = other


class CheckedProgram:
    """A program that is checked by its twin and, when it fails, stood in for by it.

    ``names`` are those of the two engines. Without ``compare`` the twin only stands by.
    """

    def __init__(  # noqa: PLR0913 - two programs, their names, and what is done with them
        self,
        bundle: CheckedBundle,
        program: Program,
        twin: Program,
        names: tuple[str, str],
        checks: Mapping[str, Checks],
        *,
        compare: bool,
    ) -> None:
        self._bundle = bundle
        self._program = program
        self._twin = twin
        self._names = names
        self._compare = compare
        self._closed = False
        self._of = {name: (CircuitBreaker(), checks[name]) for name in bundle.decisions}

    def match(self, decision: str, evaluation: Evaluation) -> Matches:
        """The matches on which both agree; the twin's while the program fails. The evaluation notes which it was.

        Raises :class:`Differs`, and whatever the twin raises.
        """
        breaker, checks = self._of[decision]
        if breaker.faults and breaker.leaves_out():
            evaluation.matched_by = (self._names[1], STOOD_IN)
            return self._twin.match(decision, evaluation)
        try:
            found = self._program.match(decision, evaluation)
        except Exception as e:  # noqa: BLE001 - whatever happens inside an engine ends here
            return self._instead(decision, evaluation, e)
        if breaker.faults:
            self._worked(decision)
        if self._compare:
            other = self._twin.match(decision, evaluation)
            checks.compared += 1
            if found != other:
                raise Differs(self._names, found, other)
            evaluation.matched_by = (self._names[0], AGREED)
        return found

    def close(self) -> None:
        """Close both. Idempotent; that one of them fails to close keeps neither the other nor the caller."""
        self._closed = True
        for name, program in zip(self._names, (self._program, self._twin), strict=True):
            try:
                program.close()
            except Exception as e:  # noqa: BLE001 - nothing depends on it any more
                _log.error("%s: %s could not be closed (%s)", self._bundle.id, name, fault_place(e))

    def _instead(self, decision: str, evaluation: Evaluation, error: Exception) -> Matches:
        """The twin's matches after a fault of the program."""
        if self._closed:
            raise error
        engine, twin = self._names
        breaker, checks = self._of[decision]
        checks.faults += 1
        opens = breaker.failed()
        where = _where(self._bundle, decision)
        if not breaker.is_open or opens:
            _log.error("%s: %s failed (%s), and %s stood in", where, engine, fault_place(error), twin)
            _log.debug("this is how %s failed", engine, exc_info=error)
        if opens:
            checks.set_aside = True
            told = "%s: %s is set aside after %d faults in a row; %s decides, and every %d decisions %s is tried again"
            _log.error(told, where, engine, breaker.faults, twin, TRIAL_EVERY, engine)
        evaluation.matched_by = (twin, STOOD_IN)
        return self._twin.match(decision, evaluation)

    def _worked(self, decision: str) -> None:
        breaker, checks = self._of[decision]
        if breaker.worked():
            checks.set_aside = False
            _log.warning("%s: %s works again and decides", _where(self._bundle, decision), self._names[0])


def _where(bundle: CheckedBundle, decision: str) -> str:
    return f"decision `{decision}` of bundle `{bundle.id}` (digest {bundle.digest})"


def fault_place(error: BaseException) -> str:
    """The kind of an exception and the line it came from; not its message, which may hold facts."""
    at: TracebackType | None = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    if at is None:
        return type(error).__name__
    file = at.tb_frame.f_code.co_filename.rpartition("/")[2]
    return f"{type(error).__name__} at {file}:{at.tb_lineno}"


def difference_text(bundle: CheckedBundle, spec: DecisionSpec, differs: Differs) -> str:
    """One sentence: which engines differ in which decision, about which rules. It holds no fact."""
    rules = list(_differing(spec, differs.found, differs.other))
    named = ", ".join(rules[:_MOST_NAMED]) + (f" and {len(rules) - _MOST_NAMED} more" * (len(rules) > _MOST_NAMED))
    first, second = differs.engines
    return f"{first} and {second} differ in {_where(bundle, spec.name)} about {named or 'the elements'}"


def _differing(spec: DecisionSpec, found: Matches, other: Matches) -> Iterator[str]:
    """The ids of the rules that are not of the same truth in both, in the order of the rules."""
    pairs = [(found.document, other.document)]
    ours, theirs = found.elements or {}, other.elements or {}
    pairs += [(ours[key], theirs[key]) for key in ours if key in theirs]
    indexes = {i for a, b in pairs for i in _unlike(a, b)}
    ids = {rule.index: rule.id for step in spec.steps for rule in step.rules}
    yield from dict.fromkeys(ids.get(index, "a rule that does not exist") for index in sorted(indexes))


def _unlike(a: Truths, b: Truths) -> set[int]:
    return {*a.true} ^ {*b.true} | {*a.unknown} ^ {*b.unknown}
