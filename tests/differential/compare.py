"""One request asked of both sides: what every rule is, and the whole decision, must be the same."""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.differential.generator import Generated, generate
from tests.differential.requests import Request, Requests

from policyengine import reference
from policyengine.backends.base import Matches, Program
from policyengine.engine.engine import Engine
from policyengine.errors import RequestError
from policyengine.evaluation.evaluator import Evaluation
from policyengine.loading import check_folder
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision
from policyengine.model.rules import DecisionSpec
from policyengine.reference import answer
from policyengine.reference.evaluate import Env
from policyengine.reference.weigh import Weighed

#: The truth of every rule of the steps, by index and element key (None: the document).
Truths = dict[tuple[int, str | None], bool | None]


@dataclass(frozen=True)
class Difference:
    """A request on which the sides differ, or that made one of them raise."""

    seed: int
    decision: str
    request: Request
    lines: tuple[str, ...]

    def __str__(self) -> str:
        facts = json.dumps(self.request.facts, default=_plain, ensure_ascii=False)
        head = f"seed {self.seed}, decision {self.decision}, as_of {self.request.as_of}\nfacts: {facts}"
        return "\n".join([head, *self.lines])


class _Listening(Program):
    """A compiled program that remembers what it matched last."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self.last: Matches | None = None

    def match(self, decision: str, evaluation: Evaluation) -> Matches:
        self.last = self._program.match(decision, evaluation)
        return self.last

    def close(self) -> None:
        self._program.close()


class Refused(Exception):  # noqa: N818 - not an error: the request is not a question
    """The request was refused before anything was decided."""


class Production:
    """The engine on durable-rules, listened to."""

    def __init__(self, bundle: CheckedBundle) -> None:
        self.bundle = bundle
        self._engine = Engine(bundle, backend="durable")
        self._heard = _Listening(self._engine._program)
        self._engine._program = self._heard

    def ask(self, decision: str, request: Request) -> tuple[Decision, Truths]:
        """The decision and the truths that it was made of; raises :class:`Refused`."""
        self._heard.last = None
        try:
            answer = self._engine.decide(decision, request.facts, as_of=request.as_of)
        except RequestError as e:
            if {p.code for p in e.problems} == {"request/currency"}:
                raise Refused from e
            raise
        return answer, self._truths(decision)

    def _truths(self, decision: str) -> Truths:
        heard, found = self._heard.last, Truths()
        if heard is None:
            return found
        for rule in (r for s in self.bundle.decisions[decision].steps for r in s.rules):
            if rule.each is None:
                found[rule.index, None] = heard.document[rule.index]
            else:
                found |= {(rule.index, k): truths[rule.index] for k, truths in (heard.elements or {}).items()}
        return found

    def close(self) -> None:
        self._engine.close()


def expected(bundle: CheckedBundle, decision: str, request: Request) -> tuple[Decision, Truths]:
    """What the reference says: the decision, and the truths that it weighed on the way."""
    weigh, heard = answer.weigh, list[Weighed]()

    def listening(spec: DecisionSpec, env: Env) -> list[Weighed]:
        heard[:] = weigh(spec, env)
        return list(heard)

    answer.weigh = listening
    try:
        found = reference.decide(bundle, decision, request.facts, request.as_of)
    finally:
        answer.weigh = weigh
    return found, {(w.rule.index, w.element.key if w.element else None): w.truth for w in heard if not w.rule.warning}


def differences(wanted: tuple[Decision, Truths], found: tuple[Decision, Truths]) -> tuple[str, ...]:
    """What differs, line by line: first rules, then the decision's parts."""
    (decision, truths), (other, heard) = wanted, found
    asked = {key: (truths.get(key, "absent"), heard.get(key, "absent")) for key in (truths | heard)}
    lines = [f"rule {key}: reference {a}, engine {b}" for key, (a, b) in asked.items() if a is not b]
    if decision != other:
        left, right = decision.to_dict(), other.to_dict()
        for part in left:
            if left[part] != right[part]:
                lines += [f"{part}:", f"  reference {_shown(left[part])}", f"  engine    {_shown(right[part])}"]
        if not lines:
            lines.append(f"equal as JSON, but not as data: {decision!r}\n{other!r}")
    return tuple(lines)


def _shown(value: object) -> str:
    return json.dumps(value, default=_plain, ensure_ascii=False)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Decimal | date) else repr(value)


# --- a bundle and its requests ---


def load(generated: Generated) -> CheckedBundle:
    """The checked bundle; a fault is a bug of the generator or of the checker."""
    with TemporaryDirectory() as folder:
        path = generated.write(Path(folder) / "bundle")
        bundle, sink = check_folder(path)
    if bundle is None or sink.failed:
        told = "\n".join(str(d) for d in sink.sorted())
        raise AssertionError(f"the generated bundle of seed {generated.seed} has faults:\n{told}")
    return bundle


@dataclass
class Bench:
    """One bundle with both sides, and the requests to ask. ``compared`` counts decisions compared in full."""

    seed: int
    generated: Generated
    bundle: CheckedBundle
    production: Production
    compared: int = 0
    refused: int = 0
    found: list[Difference] = field(default_factory=list)

    @classmethod
    def of(cls, seed: int) -> Bench:
        """The bundle of a seed, compiled."""
        generated = generate(seed)
        bundle = load(generated)
        return cls(seed, generated, bundle, Production(bundle))

    def requests(self, count: int) -> Iterator[Request]:
        """The first requests of the seed."""
        requests = Requests(self.bundle, self.generated.constants, self.seed)
        for _ in range(count):
            yield requests.next()

    def answers(self, count: int) -> Iterator[tuple[str, Request, tuple[Decision, Truths]]]:
        """Every decision on every request, as production answers it; differences are kept in ``found``."""
        for request in self.requests(count):
            for decision in self.bundle.decisions:
                answer = self.compare(decision, request)
                if answer is not None:
                    yield decision, request, answer

    def compare(self, decision: str, request: Request) -> tuple[Decision, Truths] | None:
        """Ask both sides; None if the request is refused, or the engine raises."""
        found = None
        try:
            found = self.production.ask(decision, request)
            lines = differences(expected(self.bundle, decision, request), found)
        except Refused:
            self.refused += 1
            return None
        except Exception:  # noqa: BLE001 - neither side may raise, whatever the facts are
            lines = (f"{'the engine' if found is None else 'the reference'} raises:", traceback.format_exc(limit=-3))
        self.compared += 1
        if lines:
            self.found.append(Difference(self.seed, decision, request, lines))
        return found
