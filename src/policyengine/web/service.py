"""Answering: one question, many questions, and whether there can be answers at all. Data in, bytes out."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from policyengine.api_schema.openapi import KEY_HEADER
from policyengine.decision_log.entry import Entry, Made
from policyengine.diagnostics import did_you_mean
from policyengine.engine.engine import Engine
from policyengine.engine.pointers import shown
from policyengine.engine.referee import Answered
from policyengine.errors import RequestError
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision
from policyengine.web.answers import json_bytes
from policyengine.web.body import data_of_line
from policyengine.web.catalogue import Catalogue, Edition, Generation
from policyengine.web.engines import MakeEngine, try_out
from policyengine.web.explaining import Explanations
from policyengine.web.lines import Line
from policyengine.web.logbook import Logbook, Reply
from policyengine.web.metrics import Metrics
from policyengine.web.problems import BAD_REQUEST, INTERNAL, UNKNOWN_BUNDLE, UNKNOWN_DECISION, Problem, unusable
from policyengine.web.reading import Form, ItemId, Question, QuestionReader, fact_problems, read_batch
from policyengine.web.visits import Visit

Decided = Callable[[str, str, Sequence[Decision]], None]
_log = logging.getLogger(__name__)


class Service:
    """The bundles by id, each with its engine. ``metrics`` is told of every decision, ``book`` keeps it.

    Create it in the process that serves: engines are not carried over a fork.
    """

    def __init__(
        self, bundles: Mapping[str, CheckedBundle], metrics: Metrics, engines: MakeEngine, book: Logbook
    ) -> None:
        self._metrics, self._engines, self._book = metrics, engines, book
        self.catalogue = Catalogue(Generation(0, {name: self.edition(bundle) for name, bundle in bundles.items()}))

    def edition(self, bundle: CheckedBundle) -> Edition:
        """A bundle with its engine, ready to be put in service."""
        engine = self._engines(bundle)
        decided, checks = self._metrics.decisions.decided, self._metrics.checks
        checks.set_to(engine.settings)
        explanations = Explanations(bundle)
        desks = {
            name: Desk(engine, name, decided, checks.follow(bundle.id, name, counts), explanations, self._book)
            for name, counts in engine.checks.items()
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


class _Told(NamedTuple):
    """What is told of one question: the JSON of its decision, and of its explanation if that was asked for.

    ``made`` is the decision; None: ``text`` is a problem. ``entry`` is for the log, if there is one.
    """

    text: bytes
    made: Decision | None = None
    entry: Entry | None = None
    explanation: bytes | None = None

    def members(self, envelope: bytes | None) -> bytes:
        """The members of the object that tells of the decision; ``envelope`` is what the log has to say of it."""
        parts = [b'"decision":%b' % self.text]
        if self.explanation is not None:
            parts.append(b'"explanation":%b' % self.explanation)
        if envelope is not None:
            parts.append(b'"envelope":%b' % envelope)
        return b",".join(parts)


class Desk:
    """Where one decision of one bundle is asked for, and answered in bytes."""

    def __init__(  # noqa: PLR0913, PLR0917 - what decides, and all who are told
        self,
        engine: Engine,
        decision: str,
        decided: Decided,
        checked: Callable[[], None],
        explanations: Explanations,
        book: Logbook,
    ) -> None:
        self._engine = engine
        self._decision = decision
        self._decided = decided
        self._checked = checked
        self._explanations = explanations
        self._book = book

    def decide(self, body: object, visit: Visit) -> Reply:
        """The answer to one question. Raises Problem."""
        key = self._book.key(visit, body)
        if first := self._book.first_answer(key):
            return first
        question = QuestionReader(self._engine).question(body)
        try:
            answered = self._engine.answer(self._decision, question.facts, as_of=question.as_of)
        except RequestError as e:
            raise unusable(fact_problems(e, "")) from e
        finally:
            self._checked()
        told = self._told(answered, question, visit)
        reply = self._book.send([told.entry], lambda envelopes: b"{%b}" % told.members(envelopes[0]), key)
        self._count([told])
        return reply

    def batch(self, body: object, visit: Visit) -> Reply:
        """The answers to many questions, in their order; one that cannot be answered does not touch the others."""
        key = self._book.key(visit, body)
        if first := self._book.first_answer(key):
            return first
        asked = read_batch(body)
        reader = QuestionReader(self._engine)
        read = [reader.item(item, position) for position, item in enumerate(asked.items)]
        try:
            told = [self._item(id_, item, f"/items/{n}", visit, asked.form) for n, (id_, item) in enumerate(read)]
        finally:
            self._checked()
        ids = [json_bytes(id_) for id_, _ in read]
        reply = self._book.send([t.entry for t in told], lambda envelopes: _batch_text(ids, told, envelopes), key)
        self._count(told)
        return reply

    def stream(self, groups: Iterable[Sequence[Line]], visit: Visit) -> Iterator[bytes]:
        """The answers to the lines of a stream, each a line, in their order: as many at a time as arrived together.

        Raises Problem, but not while it is iterated: what is wrong by then is told on the lines that it is about.
        """
        if visit.key is not None:
            help_ = "leave the header out, or send a batch in one piece"
            raise Problem(BAD_REQUEST, f"`{KEY_HEADER}` is not taken with a stream", help_)
        reader = QuestionReader(self._engine)
        return (self._lines([_read_line(reader, line) for line in lines], visit) for lines in groups)

    def _lines(self, read: Sequence[tuple[ItemId, Question | Problem]], visit: Visit) -> bytes:
        """The answers to some lines, once they are logged."""
        try:
            told = [self._item(id_, asked, "", visit, _form_of(asked)) for id_, asked in read]
        finally:
            self._checked()
        ids = [json_bytes(id_) for id_, _ in read]
        try:
            reply = self._book.send([t.entry for t in told], lambda envelopes: _stream_text(ids, told, envelopes))
        except Problem as e:
            self._book.refused()
            refused = _Told(json_bytes(e.to_dict()))
            return _stream_text(ids, [refused if t.made else t for t in told], [None] * len(told))
        self._count(told)
        return reply.body

    def _item(self, id_: ItemId, asked: Question | Problem, at: str, visit: Visit, form: Form) -> _Told:
        """The answer to an item, which stands at the pointer ``at``."""
        if isinstance(asked, Problem):
            return _Told(json_bytes(asked.to_dict()))
        try:
            answered = self._engine.answer(self._decision, asked.facts, as_of=asked.as_of)
            return self._told(answered, asked._replace(form=form), visit, id_)
        except RequestError as e:
            return _Told(json_bytes(unusable(fact_problems(e, at)).to_dict()))
        except Exception:  # noqa: BLE001 - whatever happened to one item, the others are answered
            _log.exception("an item of a batch failed%s", at and f": {at}")
            return _Told(json_bytes(failed().to_dict()))

    def _told(self, answered: Answered, asked: Question, visit: Visit, item: ItemId = None) -> _Told:
        made, form = answered.decision, asked.form
        explanation = json_bytes(self._explanations.of(made, asked.facts)) if form.explain else None
        if self._book.log is None:
            text = json_bytes(made.to_short_dict() if form.short else made.to_dict())
            return _Told(text, made, None, explanation)
        # The log holds the whole answer, also where only the outcome was asked for.
        full = json_bytes(made.to_dict())
        took = time.perf_counter_ns() - visit.started
        entry = self._book.entry(visit, Made(answered, asked.facts, full, took, form.short, item))
        return _Told(json_bytes(made.to_short_dict()) if form.short else full, made, entry, explanation)

    def _count(self, told: Sequence[_Told]) -> None:
        self._decided(self._engine.bundle.id, self._decision, [t.made for t in told if t.made is not None])


def _batch_text(ids: Sequence[bytes], told: Sequence[_Told], envelopes: Sequence[bytes | None]) -> bytes:
    return b'{"items":[%b]}' % b",".join(_item_texts(ids, told, envelopes))


def _stream_text(ids: Sequence[bytes], told: Sequence[_Told], envelopes: Sequence[bytes | None]) -> bytes:
    return b"".join(b"%b\n" % text for text in _item_texts(ids, told, envelopes))


def _item_texts(ids: Sequence[bytes], told: Sequence[_Told], envelopes: Sequence[bytes | None]) -> Iterator[bytes]:
    for id_, t, envelope in zip(ids, told, envelopes, strict=True):
        yield b'{"id":%b,%b}' % (id_, b'"problem":%b' % t.text if t.made is None else t.members(envelope))


def _form_of(asked: Question | Problem) -> Form:
    return Form() if isinstance(asked, Problem) else asked.form


def _read_line(reader: QuestionReader, line: Line) -> tuple[ItemId, Question | Problem]:
    """The question on a line and its id, or what is wrong with the line."""
    try:
        return reader.line(data_of_line(line))
    except Problem as problem:
        return None, problem


def failed() -> Problem:
    """A fault of the service, told without its inside."""
    return Problem(INTERNAL, "an unexpected error happened while answering; the log of the service has it")


def _works(engine: Engine) -> bool:
    try:
        try_out(engine)
    except Exception:  # noqa: BLE001 - any error at all means "not ready"
        _log.exception("bundle %s cannot decide", engine.bundle.id)
        return False
    return True


def _unknown_bundle(name: str, known: Mapping[str, object]) -> Problem:
    help_ = did_you_mean(name, known) or _choices("bundles", known)
    return Problem(UNKNOWN_BUNDLE, f"there is no bundle {shown(name)}", help_)


def _choices(what: str, names: Mapping[str, object]) -> str:
    return f"{what}: " + ", ".join(f"`{n}`" for n in names)
