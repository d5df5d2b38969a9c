"""The log as the service uses it: one object for each process, over one database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from policyengine.decision_log.entry import Asked, Entry, Made, decision_entry
from policyengine.decision_log.idempotency import FirstAnswer, IdempotencyKey, first_answer
from policyengine.decision_log.masking import Masks
from policyengine.decision_log.search import Page, Query, Record, page, record
from policyengine.decision_log.store import Store
from policyengine.decision_log.writer import Commits, Writer

if TYPE_CHECKING:
    from policyengine.decision_log.head_export import HeadExport


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSettings:
    """Where a service logs, what it leaves out, and where it puts signed heads (a file, and the key to sign with).

    ``answers_without``: answers are given even when they cannot be logged. ``readable``: where nobody knows who asks,
    everybody may read the log.
    """

    database: str
    masks: Masks = field(default_factory=Masks)
    heads: str | None = None
    head_key: str | None = None
    answers_without: bool = False
    readable: bool = False


class DecisionLog:
    """Commits entries, and finds records. Make it in the process that uses it: it holds threads and connections.

    ``head_failed`` is told of each time that a signed head could not be written.
    """

    def __init__(self, settings: LogSettings, version: str, head_failed: Callable[[], object] = lambda: None) -> None:
        self._store = Store(settings.database)
        self._masks = settings.masks
        self._version = version
        self._heads = _head_export(settings, head_failed)
        self._writer = Writer(self._store, self._heads)

    @property
    def counts(self) -> Commits:
        """What has been committed by this process."""
        return self._writer.counts

    def entry(self, asked: Asked, made: Made) -> Entry:
        """The entry for a decision."""
        return decision_entry(asked, made, self._version, self._masks)

    def commit(
        self, entries: Sequence[Entry], key: IdempotencyKey | None = None, body: bytes = b""
    ) -> FirstAnswer | None:
        """Commit entries together. The first answer if the key had one, and then nothing is logged.

        Raises LogUnavailable, and KeyReused.
        """
        return self._writer.commit(entries, key, body)

    def first_answer(self, key: IdempotencyKey) -> FirstAnswer | None:
        """The first answer to this key, if it is known already. Raises LogUnavailable and KeyReused."""
        with self._store.reading() as connection:
            return first_answer(connection, key, datetime.now(UTC))

    def probe(self) -> None:
        """Raises LogUnavailable unless the log can be written now."""
        self._writer.probe()

    def record(self, decision_id: str) -> Record | None:
        """The record of a decision. Raises LogUnavailable."""
        with self._store.reading() as connection:
            return record(connection, decision_id)

    def page(self, query: Query, limit: int, cursor: str | None) -> Page:
        """Some of the records that are looked for. Raises LogUnavailable."""
        with self._store.reading() as connection:
            return page(connection, query, limit, cursor)

    def end_soon(self) -> None:
        """This process is about to end: sign from now on how far the log goes as soon as it goes further."""
        if self._heads is not None:
            self._heads.hurry()

    def close(self) -> None:
        """Commit what waits, close the database, and sign how far the log went."""
        self._writer.close()
        if self._heads is not None:
            self._heads.close()


def _head_export(settings: LogSettings, failed: Callable[[], object]) -> HeadExport | None:
    if settings.heads is None or settings.head_key is None:
        return None
    # Cryptography takes long to load, and few sign heads.
    from policyengine.decision_log.head_export import HeadExport
    from policyengine.decision_log.keys import private_key

    return HeadExport(Path(settings.heads), private_key(Path(settings.head_key)), failed)
