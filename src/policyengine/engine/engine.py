"""The engine: a bundle, compiled once, that decides request after request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Self
from zoneinfo import ZoneInfo

from policyengine.backends import BACKENDS, Backend, Program
from policyengine.diagnostics import did_you_mean
from policyengine.engine.answer import UNDETERMINED, answer, fault_notes, report_values
from policyengine.engine.case import Case
from policyengine.engine.missing import asked_facts, value_questions
from policyengine.engine.remarks import order_remarks
from policyengine.engine.request import RequestReader
from policyengine.engine.resolve import Rulebook, resolve
from policyengine.engine.split_plan import planned
from policyengine.engine.working_days import WorkingDays
from policyengine.errors import UnknownName
from policyengine.evaluation.evaluator import Evaluation, Evaluator
from policyengine.evaluation.values import UNKNOWN, Got
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision
from policyengine.model.expr import Expr
from policyengine.model.rules import DecisionSpec


class Prepared:
    """What is worked out once for each decision of a bundle."""

    __slots__ = ("book", "spec", "working_days")

    def __init__(self, bundle: CheckedBundle, spec: DecisionSpec) -> None:
        self.spec = spec
        self.book = Rulebook(spec)
        self.working_days = WorkingDays(bundle, spec)


class Engine:
    """Decides by one bundle. Safe to share between threads; close it, or use it in a ``with``, to free its engine.

    ``backend`` is the matcher or its name. ``today`` gives the day in a zone and is asked only when a caller
    leaves ``as_of`` out.
    """

    def __init__(
        self,
        bundle: CheckedBundle,
        backend: str | Backend = "durable",
        *,
        today: Callable[[ZoneInfo], date] | None = None,
    ) -> None:
        self.bundle = bundle
        self._today = today or _today
        self._zone = ZoneInfo(bundle.time_zone)
        self._evaluator = Evaluator(bundle)
        self._reader = RequestReader(bundle, self._evaluator)
        self._prepared = {name: Prepared(bundle, spec) for name, spec in bundle.decisions.items()}
        matcher = _backend(backend) if isinstance(backend, str) else backend
        self._program: Program = matcher.compile(bundle, self._evaluator)

    def decide(self, decision: str, facts: Mapping[str, object], *, as_of: date | str | None = None) -> Decision:
        """The decision for these facts on this day (left out: today in the bundle's zone).

        Raises UnknownName for a decision that the bundle does not have, and RequestError with every bad fact;
        its pointers are relative to the facts, but for ``/as_of``.
        """
        prepared = self._of(decision)
        evaluation = self._evaluator.start(self._reader.read(facts, self.day(as_of)))
        if prepared.spec.value is not None:
            return self._value(prepared, prepared.spec.value, evaluation)
        return self._verdict(prepared, evaluation)

    def day(self, as_of: object) -> date:
        """The evaluation day: ``as_of`` as dates are given in requests, or today in the bundle's zone for None.

        Raises RequestError with the pointer ``/as_of``.
        """
        return self._today(self._zone) if as_of is None else self._reader.day(as_of)

    def close(self) -> None:
        """Give up what the matcher holds. Idempotent; deciding afterwards is an error."""
        self._program.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _of(self, decision: str) -> Prepared:
        found = self._prepared.get(decision)
        if found is None:
            help_ = did_you_mean(decision, self._prepared) or "decisions: " + ", ".join(self._prepared)
            raise UnknownName(f"bundle `{self.bundle.id}` has no decision `{decision}`", help_)
        return found

    def _verdict(self, prepared: Prepared, evaluation: Evaluation) -> Decision:
        spec = prepared.spec
        matches = self._program.match(spec.name, evaluation)
        elements = evaluation.elements(spec.each) if spec.each else None
        by_element = matches.elements or {}
        truths = None if elements is None else [by_element[e.key] for e in elements]
        resolution = resolve(prepared.book, matches.document, truths)
        plan = planned(spec, evaluation)
        specials: dict[str, Got] = {
            "verdict": UNKNOWN if resolution.word is None else resolution.word,
            "parts": plan.plan.parts if plan else UNKNOWN,
        }
        case = Case(
            bundle=self.bundle,
            spec=spec,
            evaluation=evaluation,
            elements=elements,
            document=matches.document,
            by_element=by_element,
            resolution=resolution,
            planned=plan,
            specials=specials,
        )
        return answer(case, prepared.working_days)

    def _value(self, prepared: Prepared, value: Expr, evaluation: Evaluation) -> Decision:
        """A decision that is simply the value of an enum."""
        got = evaluation.value(value)
        known = isinstance(got, str)
        specials: dict[str, Got] = {"verdict": got, "parts": UNKNOWN}
        questions, faults = value_questions(evaluation, value)
        return Decision(
            decision=prepared.spec.name,
            verdict=got if isinstance(got, str) else UNDETERMINED,
            verdict_class="value" if known else UNDETERMINED,
            missing=asked_facts(self.bundle, questions, "verdict"),
            remarks=(
                *order_remarks(self.bundle, evaluation),
                *prepared.working_days.remarks(evaluation, specials),
            ),
            faults=fault_notes(faults),
            values=report_values(prepared.spec, evaluation, specials),
            bundle=(self.bundle.id, self.bundle.version, self.bundle.digest),
            as_of=evaluation.memory.as_of,
        )


def _today(zone: ZoneInfo) -> date:
    return datetime.now(UTC).astimezone(zone).date()


def _backend(name: str) -> Backend:
    found = BACKENDS.get(name)
    if found is None:
        raise UnknownName(f"there is no back end `{name}`", "back ends: " + ", ".join(BACKENDS))
    return found
