"""Answering: one question, many questions, and whether there can be answers at all. Plain data in and out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from policyengine.diagnostics import did_you_mean
from policyengine.engine.engine import Engine
from policyengine.engine.pointers import shown
from policyengine.errors import RequestError
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision
from policyengine.web.catalogue import Catalogue, Edition, Generation
from policyengine.web.engines import MakeEngine
from policyengine.web.explaining import Explanations
from policyengine.web.metrics import Metrics
from policyengine.web.problems import INTERNAL, UNKNOWN_BUNDLE, UNKNOWN_DECISION, Problem, unusable
from policyengine.web.reading import Form, ItemId, Question, QuestionReader, fact_problems, read_batch

Json = object
Decided = Callable[[str, str, Sequence[Decision]], None]
_log = logging.getLogger(__name__)
# Any day does: with no facts a decision only shows that the engine works.
_PROBE_DAY = date(2000, 1, 1)


class Service:
    """The bundles by id, each with its engine. ``metrics`` is told of every decision that is made.

    Create it in the process that serves: engines are not carried over a fork.
    """

    def __init__(self, bundles: Mapping[str, CheckedBundle], metrics: Metrics, engines: MakeEngine) -> None:
        self._metrics, self._engines = metrics, engines
        self.catalogue = Catalogue(Generation(0, {name: self.edition(bundle) for name, bundle in bundles.items()}))

    def edition(self, bundle: CheckedBundle) -> Edition:
        """A bundle with its engine, ready to be put in service."""
        engine = self._engines(bundle)
        decided, checks = self._metrics.decisions.decided, self._metrics.checks
        checks.set_to(engine.settings)
        explanations = Explanations(bundle)
        desks = {
            decision: Desk(engine, decision, decided, checks.follow(bundle.id, decision, counts), explanations)
            for decision, counts in engine.checks.items()
        }
        return Edition(bundle, engine, desks)

    @property
    def bundles(self) -> Mapping[str, CheckedBundle]:
        """The bundles in service now."""
        return self.catalogue.current.bundles

    def bundle(self, name: str) -> CheckedBundle:
        """The bundle of this id; a Problem with the nearest one if there is none."""
        found = self.bundles.get(name)
        if found is None:
            raise _unknown_bundle(name, self.bundles)
        return found

    def take(self, name: str) -> Edition:
        """The bundle of this id for one request, in a ``with``; a Problem likewise."""
        found = self.catalogue.take(name)
        if found is None:
            raise _unknown_bundle(name, self.bundles)
        return found

    def faulty_engines(self) -> list[str]:
        """The bundles whose engines fail when asked, by id."""
        found = []
        for name in self.bundles:
            edition = self.catalogue.take(name)
            if edition is not None:
                with edition:
                    found += [name] * (not _works(edition.engine))
        return found

    def set_aside(self) -> list[str]:
        """The decisions, as ``bundle/decision``, for which an engine is left out after several faults in a row."""
        engines = ((name, edition.engine) for name, edition in self.catalogue.current.editions.items())
        checks = ((f"{n}/{d}", c) for n, engine in engines for d, c in engine.checks.items())
        return [name for name, check in checks if check.set_aside]


def desk_of(edition: Edition, decision: str) -> Desk:
    """Where this decision is asked for; a Problem with the nearest name if there is none such."""
    found = edition.desks.get(decision)
    if found is None:
        known = edition.bundle
        help_ = did_you_mean(decision, known.decisions) or _choices("decisions", known.decisions)
        raise Problem(UNKNOWN_DECISION, f"bundle `{known.id}` has no decision {shown(decision)}", help_)
    return found


class Desk:
    """Where one decision of one bundle is asked for, and answered as plain data."""

    def __init__(
        self,
        engine: Engine,
        decision: str,
        decided: Decided,
        checked: Callable[[], None],
        explanations: Explanations,
    ) -> None:
        self._engine = engine
        self._decision = decision
        self._decided = decided
        self._checked = checked
        self._explanations = explanations

    def decide(self, body: object) -> Json:
        """The answer to one question. Raises Problem."""
        question = QuestionReader(self._engine).question(body)
        try:
            made = self._engine.decide(self._decision, question.facts, as_of=question.as_of)
        except RequestError as e:
            raise unusable(fact_problems(e, "")) from e
        finally:
            self._checked()
        self._count([made])
        return self._told(made, question.facts, question.form)

    def batch(self, body: object) -> Json:
        """The answers to many questions, in their order; one that cannot be answered does not touch the others."""
        asked = read_batch(body)
        reader = QuestionReader(self._engine)
        read = [reader.item(item, position) for position, item in enumerate(asked.items)]
        decided: list[Decision] = []
        try:
            items = [self._item(id_, item, n, decided, asked.form) for n, (id_, item) in enumerate(read)]
        finally:
            self._checked()
        self._count(decided)
        return {"items": items}

    def _item(self, id_: ItemId, asked: Question | Problem, position: int, decided: list[Decision], form: Form) -> Json:
        """The answer to an item; the decision is added to ``decided``."""
        if isinstance(asked, Problem):
            return {"id": id_, "problem": asked.to_dict()}
        try:
            made = self._engine.decide(self._decision, asked.facts, as_of=asked.as_of)
            told = self._told(made, asked.facts, form)
        except RequestError as e:
            return {"id": id_, "problem": unusable(fact_problems(e, f"/items/{position}")).to_dict()}
        except Exception:  # noqa: BLE001 - whatever happened to one item, the others are answered
            _log.exception("item %d of a batch failed", position)
            return {"id": id_, "problem": failed().to_dict()}
        decided.append(made)
        return {"id": id_, **told}

    def _told(self, made: Decision, facts: Mapping[str, Json], form: Form) -> dict[str, Json]:
        told: dict[str, Json] = {"decision": made.to_short_dict() if form.short else made.to_dict()}
        return told | {"explanation": self._explanations.of(made, facts)} if form.explain else told

    def _count(self, decided: Sequence[Decision]) -> None:
        self._decided(self._engine.bundle.id, self._decision, decided)


def failed() -> Problem:
    """A fault of the service, told without its inside."""
    return Problem(INTERNAL, "an unexpected error happened while answering; the log of the service has it")


def _works(engine: Engine) -> bool:
    try:
        for decision in engine.bundle.decisions:
            engine.decide(decision, {}, as_of=_PROBE_DAY)
    except Exception:  # noqa: BLE001 - any error at all means "not ready"
        _log.exception("bundle %s cannot decide", engine.bundle.id)
        return False
    return True


def _unknown_bundle(name: str, known: Mapping[str, object]) -> Problem:
    help_ = did_you_mean(name, known) or _choices("bundles", known)
    return Problem(UNKNOWN_BUNDLE, f"there is no bundle {shown(name)}", help_)


def _choices(what: str, names: Mapping[str, object]) -> str:
    return f"{what}: " + ", ".join(f"`{n}`" for n in names)
