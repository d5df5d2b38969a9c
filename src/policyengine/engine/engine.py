"""The engine: a bundle, compiled once, that decides request after request."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from itertools import count
from types import MappingProxyType, TracebackType
from typing import Final, Self
from zoneinfo import ZoneInfo

from policyengine.backends import Backend, Program
from policyengine.diagnostics import did_you_mean
from policyengine.engine.crosscheck import UNCHECKED, Checks
from policyengine.engine.deciding import decided
from policyengine.engine.prepared import Prepared
from policyengine.engine.referee import Answered, Difference, Keep, Question, Referee
from policyengine.engine.request import RequestReader
from policyengine.engine.selection import CLOSED, selected_program
from policyengine.engine.settings import DEFAULT, REFERENCE, SAMPLE, TWIN, EngineSettings, refuse_unusable
from policyengine.engine.work import MOST_FOR_REFERENCE, MOST_WORK
from policyengine.errors import UnknownName
from policyengine.evaluation.evaluator import Evaluator
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision

#: Differences that an engine holds in memory, unless it is told where to keep them.
MOST_HELD: Final = 20


class Engine:
    """Decides by one bundle. Safe to share between threads; close it, or use it in a ``with``, to free its engine.

    ``backend`` is the engine that decides: ``durable``, ``compiled``, ``reference``, or a back end of your own. With
    ``check`` its matches are compared with those of ``twin`` (unless it is its own), and the first and then every
    ``sample``-th answer of each decision with the reference's (0: none). Where anything differs, the answer is the
    reference's, an error is logged, and ``differences`` is called with the facts; left out, the last of them are in
    ``engine.differences``. ``engine.checks`` counts by decision; ``engine.settings`` says what is in effect.

    The twin also stands in for an engine that fails, with or without ``check``, and the reference for both. With
    ``twin`` None nothing does: what goes wrong is raised.

    A request whose lists are so long that a decision takes more than ``most_work`` steps is refused before anything is
    done for it; the sample passes over those that would keep the reference busy, and takes the next one.

    ``today`` gives the day in a zone and is asked only when a caller leaves ``as_of`` out.

    Raises TypeError and ValueError for choices that cannot be followed, and UnknownName for an engine that is none.
    """

    def __init__(  # noqa: PLR0913 - one for each choice that a caller has
        self,
        bundle: CheckedBundle,
        backend: str | Backend = DEFAULT,
        *,
        check: bool = True,
        sample: int = SAMPLE,
        differences: Keep | None = None,
        twin: str | Backend | None = TWIN,
        most_work: int = MOST_WORK,
        today: Callable[[ZoneInfo], date] | None = None,
    ) -> None:
        refuse_unusable(check, sample, differences)
        self.bundle = bundle
        self.differences: deque[Difference] = deque(maxlen=MOST_HELD)
        checks = {name: Checks() for name in bundle.decisions}
        self.checks: Mapping[str, Checks] = MappingProxyType(checks)
        self._referee = Referee(bundle, checks, differences or self._hold)
        self.settings = EngineSettings(_name(backend), check, sample).in_effect(None if twin is None else _name(twin))
        self._unchecked = (self.settings.backend, UNCHECKED)
        self._contains = twin is not None
        self._sample = self.settings.sample
        self._most_work = most_work
        # One for each decision: by a common one, calls in a regular order could leave a decision out for good.
        self._agreed = {name: count() for name in bundle.decisions}
        self._owed: set[str] = set()
        self._today = today or _today
        self._zone = ZoneInfo(bundle.time_zone)
        self._evaluator = Evaluator(bundle)
        self._reader = RequestReader(bundle, self._evaluator)
        self._prepared = {name: Prepared(bundle, spec) for name, spec in bundle.decisions.items()}
        self._program: Program | None = selected_program(bundle, self._evaluator, backend, twin, checks, compare=check)

    def decide(self, decision: str, facts: Mapping[str, object], *, as_of: date | str | None = None) -> Decision:
        """The decision for these facts on this day (left out: today in the bundle's zone).

        Raises UnknownName for a decision that the bundle does not have, and RequestError with every bad fact;
        its pointers are relative to the facts, but for ``/as_of``.
        """
        return self.answer(decision, facts, as_of=as_of).decision

    def answer(self, decision: str, facts: Mapping[str, object], *, as_of: date | str | None = None) -> Answered:
        """The decision as by :meth:`decide`, with whose it is and what its cross-check came to. Raises the same."""
        prepared = self._of(decision)
        day = self.day(as_of)
        memory = self._reader.read(facts, day)
        work = prepared.workload.within(self._most_work, memory.lists)
        if self._program is None:
            return Answered(self._referee.decide(Question(prepared.spec, facts, day)), REFERENCE, UNCHECKED)
        evaluation = self._evaluator.start(memory)
        try:
            made = decided(prepared, self._program, evaluation)
        except Exception as e:
            if not self._contains or self._program is CLOSED:
                raise
            return self._referee.settle(Question(prepared.spec, facts, day), e)
        answered = Answered(made, *(evaluation.matched_by or self._unchecked))
        if self._sample and self._is_sampled(decision, work):
            return self._referee.look_over(Question(prepared.spec, facts, day), answered)
        return answered

    def _is_sampled(self, decision: str, work: int) -> bool:
        """Whether the reference looks over this answer; what is too much for it leaves its turn to the next one."""
        if next(self._agreed[decision]) % self._sample != 0 and decision not in self._owed:
            return False
        if work > MOST_FOR_REFERENCE:
            self._owed.add(decision)
            return False
        self._owed.discard(decision)
        return True

    def day(self, as_of: object) -> date:
        """The evaluation day: ``as_of`` as dates are given in requests, or today in the bundle's zone for None.

        Raises RequestError with the pointer ``/as_of``.
        """
        return self._today(self._zone) if as_of is None else self._reader.day(as_of)

    def close(self) -> None:
        """Give up what the matcher holds. Idempotent; deciding afterwards is an error."""
        program, self._program = self._program, CLOSED
        if program is not None:
            program.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _hold(self, difference: Difference) -> str:
        self.differences.append(difference)
        return "`engine.differences`"

    def _of(self, decision: str) -> Prepared:
        found = self._prepared.get(decision)
        if found is None:
            help_ = did_you_mean(decision, self._prepared) or "decisions: " + ", ".join(self._prepared)
            raise UnknownName(f"bundle `{self.bundle.id}` has no decision `{decision}`", help_)
        return found


def _name(engine: str | Backend) -> str:
    return engine if isinstance(engine, str) else engine.name


def _today(zone: ZoneInfo) -> date:
    return datetime.now(UTC).astimezone(zone).date()
