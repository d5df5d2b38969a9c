"""The sides that are compared: the engine on each of its back ends, and the reference."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from tests.differential.requests import Request

from policyengine import reference
from policyengine.backends import BACKENDS
from policyengine.backends.base import Backend, Matches, Program, Truths
from policyengine.engine.engine import Engine
from policyengine.errors import RequestError
from policyengine.evaluation.evaluator import Evaluation, Evaluator
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision
from policyengine.model.rules import DecisionSpec
from policyengine.reference import answer
from policyengine.reference.evaluate import Env
from policyengine.reference.weigh import Weighed


@dataclass(frozen=True, slots=True)
class Answer:
    """The whole decision, and the truth of every rule that it was made of; None for the value of a definition."""

    decision: Decision
    matches: Matches | None


class Refused(Exception):  # noqa: N818 - not an error: the request is not a question
    """The request was refused before anything was decided."""


class Listening:
    """A back end that remembers what its last program matched last."""

    def __init__(self, backend: Backend) -> None:
        self.name = backend.name
        self.last: Matches | None = None
        self._backend = backend

    def compile(self, bundle: CheckedBundle, evaluator: Evaluator) -> Program:
        """The program, listened to."""
        return _Listened(self, self._backend.compile(bundle, evaluator))


class _Listened(Program):
    def __init__(self, listening: Listening, program: Program) -> None:
        self._listening = listening
        self._program = program

    def match(self, decision: str, evaluation: Evaluation) -> Matches:
        self._listening.last = self._program.match(decision, evaluation)
        return self._listening.last

    def close(self) -> None:
        self._program.close()


def engine_on(bundle: CheckedBundle, backend: Backend) -> Engine:
    """An engine that decides by this back end alone, checked by no other."""
    return Engine(bundle, backend, check=False, twin=None)


class Production:
    """The engine on one back end, listened to."""

    def __init__(self, bundle: CheckedBundle, backend: str = "durable") -> None:
        self.name = backend
        self._heard = Listening(BACKENDS[backend])
        self._engine = engine_on(bundle, self._heard)

    def ask(self, decision: str, request: Request) -> Answer:
        """The decision and the truths that it was made of; raises :class:`Refused`."""
        self._heard.last = None
        try:
            found = self._engine.decide(decision, request.facts, as_of=request.as_of)
        except RequestError as e:
            if {p.code for p in e.problems} == {"request/currency"}:
                raise Refused from e
            raise
        return Answer(found, self._heard.last)

    def close(self) -> None:
        """Free the engine."""
        self._engine.close()


def expected(bundle: CheckedBundle, decision: str, request: Request) -> Answer:
    """What the reference says: the decision, and the truths that it weighed on the way."""
    weigh, heard = answer.weigh, list[Matches]()

    def listening(spec: DecisionSpec, env: Env) -> list[Weighed]:
        weighed = weigh(spec, env)
        heard.append(_matches(spec, env, weighed))
        return weighed

    answer.weigh = listening
    try:
        found = reference.decide(bundle, decision, request.facts, request.as_of)
    finally:
        answer.weigh = weigh
    return Answer(found, heard[-1] if heard else None)


def _matches(spec: DecisionSpec, env: Env, weighed: Sequence[Weighed]) -> Matches:
    """What a back end should have said, by what the reference weighed."""
    matched = [w for w in weighed if not w.rule.warning]
    document = _truths(w for w in matched if w.element is None)
    records = env.records(spec.each) if spec.each else ()
    if records is None:
        return Matches(document, None)
    return Matches(document, {e.key: _truths(w for w in matched if w.element is e) for e in records})


def _truths(weighed: Iterable[Weighed]) -> Truths:
    by_index = sorted((w.rule.index, w.truth) for w in weighed if w.truth is not False)
    return Truths(tuple(i for i, t in by_index if t), tuple(i for i, t in by_index if t is None))


def every_truth(spec: DecisionSpec, matches: Matches | None) -> Mapping[tuple[int, str | None], bool | None]:
    """The truth of every rule of the steps, by index and element key (None: the document)."""
    if matches is None:
        return {}
    rules = [r for s in spec.steps for r in s.rules]
    found = {(r.index, None): matches.document.of(r.index) for r in rules if r.each is None}
    of_elements = [r for r in rules if r.each is not None]
    return found | {(r.index, k): t.of(r.index) for k, t in (matches.elements or {}).items() for r in of_elements}
