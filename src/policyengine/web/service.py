"""Answering: one question, many questions, and whether there can be answers at all. Plain data in and out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import date

from policyengine.diagnostics import did_you_mean
from policyengine.engine.engine import Engine
from policyengine.engine.pointers import shown
from policyengine.errors import RequestError
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision
from policyengine.web.problems import INTERNAL, UNKNOWN_BUNDLE, UNKNOWN_DECISION, Problem, unusable
from policyengine.web.reading import ItemId, Question, QuestionReader, fact_problems, read_items

Json = object
_log = logging.getLogger(__name__)
# Any day does: with no facts a decision only shows that the engine works.
_PROBE_DAY = date(2000, 1, 1)


class Service:
    """The bundles by id, each with its engine. ``decided`` is told of every decision that is made.

    Create it in the process that serves: engines are not carried over a fork.
    """

    def __init__(self, bundles: Mapping[str, CheckedBundle], decided: Callable[[Decision], None]) -> None:
        self.bundles = bundles
        self._engines = {name: Engine(bundle) for name, bundle in bundles.items()}
        self._decided = decided

    def bundle(self, name: str) -> CheckedBundle:
        """The bundle of this id; a Problem with the nearest one if there is none."""
        if name not in self.bundles:
            help_ = did_you_mean(name, self.bundles) or _choices("bundles", self.bundles)
            raise Problem(UNKNOWN_BUNDLE, f"there is no bundle {shown(name)}", help_)
        return self.bundles[name]

    def engine(self, bundle: str, decision: str) -> Engine:
        """The engine to ask, once both names are known."""
        found = self.bundle(bundle)
        if decision not in found.decisions:
            help_ = did_you_mean(decision, found.decisions) or _choices("decisions", found.decisions)
            raise Problem(UNKNOWN_DECISION, f"bundle `{found.id}` has no decision {shown(decision)}", help_)
        return self._engines[bundle]

    def decide(self, bundle: str, decision: str, body: object) -> Json:
        """The answer to one question."""
        engine = self.engine(bundle, decision)
        return {"decision": self._decision(engine, decision, QuestionReader(engine).question(body), "")}

    def batch(self, bundle: str, decision: str, body: object) -> Json:
        """The answers to many questions, in their order; one that cannot be answered does not touch the others."""
        engine = self.engine(bundle, decision)
        reader = QuestionReader(engine)
        asked = (reader.item(item, position) for position, item in enumerate(read_items(body)))
        return {"items": [self._item(engine, decision, n, id_, item) for n, (id_, item) in enumerate(asked)]}

    def faulty_engines(self) -> list[str]:
        """The bundles whose engines fail when asked, by id."""
        return [name for name, engine in self._engines.items() if not _works(engine)]

    def _item(self, engine: Engine, decision: str, position: int, id_: ItemId, asked: Question | Problem) -> Json:
        if isinstance(asked, Problem):
            return {"id": id_, "problem": asked.to_dict()}
        try:
            return {"id": id_, "decision": self._decision(engine, decision, asked, f"/items/{position}")}
        except Problem as e:
            return {"id": id_, "problem": e.to_dict()}
        except Exception:  # noqa: BLE001 - whatever happened to one item, the others are answered
            _log.exception("item %d of a batch failed", position)
            return {"id": id_, "problem": failed().to_dict()}

    def _decision(self, engine: Engine, decision: str, asked: Question, at: str) -> Json:
        """The decision on the question that stands at the pointer ``at``."""
        try:
            made = engine.decide(decision, asked.facts, as_of=asked.as_of)
        except RequestError as e:
            raise unusable(fact_problems(e, at)) from e
        self._decided(made)
        return made.to_dict()


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


def _choices(what: str, names: Mapping[str, object]) -> str:
    return f"{what}: " + ", ".join(f"`{n}`" for n in names)
