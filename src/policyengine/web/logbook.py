"""Between answers and the log: nothing is sent before it is committed, unless the one who runs the service wants so."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import policyengine
from policyengine.api_schema.openapi import KEY_HEADER
from policyengine.decision_log.entry import Entry, Made
from policyengine.decision_log.errors import AnswerChanged, KeyReused, LogUnavailable
from policyengine.decision_log.idempotency import FirstAnswer, IdempotencyKey, key_of
from policyengine.decision_log.log import DecisionLog, LogSettings
from policyengine.web.log_metrics import LogMetrics
from policyengine.web.problems import BAD_REQUEST, FIRST_ANSWER_CHANGED, KEY_WAS_REUSED, LOG_UNAVAILABLE, Problem
from policyengine.web.visits import Visit

Json = object
_log = logging.getLogger(__name__)
#: Makes the body of an answer of what each of its decisions is told with: its envelope, or None without a log.
Body = Callable[[Sequence[bytes | None]], bytes]
#: Seconds after which a caller that got no answer may try again.
RETRY_SECONDS: Final = 5


class Reply(NamedTuple):
    """The body of an answer, and the ids of the decisions logged for it.

    ``first`` is the answer that was given before, if this is that one again: other policies may have given it.
    """

    body: bytes
    first: FirstAnswer | None = None
    decisions: tuple[str, ...] = ()


class Logbook:
    """The log of one worker. Create it in the process that serves. ``settings`` None: nothing is logged."""

    def __init__(self, settings: LogSettings | None, metrics: LogMetrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self._failing = False
        self.log = None if settings is None else DecisionLog(settings, policyengine.__version__, metrics.head_failed)

    @property
    def readable(self) -> bool:
        """Whether everybody may read the log, where nobody knows who asks."""
        return self._settings is not None and self._settings.readable

    def entry(self, visit: Visit, made: Made) -> Entry | None:
        """The entry for a decision; None if nothing is logged."""
        return None if self.log is None else self.log.entry(visit.asked, made)

    def key(self, visit: Visit, body: Json) -> IdempotencyKey | None:
        """The key that a request came with. Raises Problem where there is no log that could remember it."""
        if visit.key is None:
            return None
        if self.log is None:
            help_ = "leave the header out: the same facts and the same `as_of` give the same answer anyway"
            raise Problem(BAD_REQUEST, f"`{KEY_HEADER}` needs a decision log, and this service keeps none", help_)
        return key_of(visit.asked.caller, visit.key, visit.address, body)

    def first_answer(self, key: IdempotencyKey | None) -> Reply | None:
        """The answer that was given to this key before. Raises Problem."""
        if key is None or self.log is None:
            return None
        try:
            found = self.log.first_answer(key)
        except KeyReused as e:
            raise _reused() from e
        except AnswerChanged as e:
            raise _changed(e) from e
        except LogUnavailable as e:
            self._unavailable(e)
            return None
        return None if found is None else Reply(found.body, found)

    def send(self, entries: Sequence[Entry | None], body: Body, key: IdempotencyKey | None = None) -> Reply:
        """The reply, once the entries are committed. An entry is None where there is nothing to log. Raises Problem."""
        fresh = [entry for entry in entries if entry is not None]
        if self.log is None or not fresh:
            return Reply(body([None] * len(entries)))
        told = body([None if entry is None else envelope(entry) for entry in entries])
        try:
            first = self.log.commit(fresh, key, told)
        except KeyReused as e:
            raise _reused() from e
        except AnswerChanged as e:
            raise _changed(e) from e
        except LogUnavailable as e:
            self._unavailable(e)
            self._metrics.answered_without()
            return Reply(body([None] * len(entries)))
        finally:
            self._metrics.update(self.log.counts)
        self._works()
        if first is not None:
            return Reply(first.body, first)
        return Reply(told, decisions=tuple(entry.decision_id for entry in fresh))

    def refused(self) -> None:
        """Count a Problem of :meth:`send` that is told inside of an answer, and is none of its own."""
        self._metrics.refused()

    def check(self) -> bool:
        """Whether the log can be written now; where there are no answers without it, a Problem if not."""
        if self.log is None:
            return True
        try:
            self.log.probe()
        except LogUnavailable as e:
            self._unavailable(e)
            return False
        finally:
            self._metrics.update(self.log.counts)
        self._works()
        return True

    def _unavailable(self, error: LogUnavailable) -> None:
        """Say so in the service's own log, once; raise the Problem unless answers are to be given without the log."""
        if not self._failing:
            self._failing = True
            _log.error("decisions cannot be logged: %s", error)
        if self._settings is None or not self._settings.answers_without:
            raise unavailable() from error

    def _works(self) -> None:
        if self._failing:
            self._failing = False
            _log.warning("decisions are logged again")


def envelope(entry: Entry) -> bytes:
    """What an answer says of its record."""
    return f'{{"decision_id":"{entry.decision_id}","timestamp":"{entry.timestamp}"}}'.encode()


def unavailable() -> Problem:
    """There is no answer, because it could not be logged; where the log is, only the service's own log says."""
    detail = "the decision log cannot be used at the moment, and no answer is given that is not in it"
    return Problem(LOG_UNAVAILABLE, detail, f"ask again in {RETRY_SECONDS} seconds")


def _reused() -> Problem:
    detail = f"this `{KEY_HEADER}` came with another request before"
    return Problem(KEY_WAS_REUSED, detail, "give every request a key of its own, and repeat a request unchanged")


def _changed(error: AnswerChanged) -> Problem:
    """Somebody has changed the database, and what it holds is not given out."""
    _log.error("%s: verify the log", error)
    detail = "what is kept as the first answer to this key is not what was answered"
    return Problem(FIRST_ANSWER_CHANGED, detail, "tell who runs the service; a new key gets an answer of its own")
