"""Decisions and their entries, as the service makes them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from sqlalchemy import select

from policyengine import __version__
from policyengine.decision_log.entry import Asked, Entry, Made, decision_entry
from policyengine.decision_log.masking import Masks
from policyengine.decision_log.schema import RECORDS
from policyengine.decision_log.store import Store
from policyengine.decision_log.writer import Writer
from policyengine.engine.engine import Engine
from policyengine.model.bundle import CheckedBundle
from policyengine.web.answers import json_bytes

CAUSES = ("seam", "lost", "wind", "pet", None)
DAY = "2025-06-01"


def facts_of(number: int) -> dict[str, object]:
    """Facts that differ from number to number, and lead to different verdicts."""
    return {
        "umbrella": {"price": f"{number % 90 + 10}.50 EUR", "bought_on": "2025-03-01"},
        "damage": {"cause": CAUSES[number % len(CAUSES)]},
        "report": {"has_receipt": True},
    }


class Decisions:
    """An engine, and the entries of what it decides."""

    def __init__(self, bundle: CheckedBundle) -> None:
        self.bundle = bundle
        self._engine = Engine(bundle, "compiled", check=False)

    def entry(
        self,
        number: int = 0,
        *,
        received: datetime | None = None,
        masks: Masks | None = None,
        caller: str | None = None,
    ) -> Entry:
        facts = facts_of(number)
        answered = self._engine.answer("refund", facts, as_of=DAY)
        result = json_bytes(answered.decision.to_dict())
        asked = Asked(received or datetime.now(UTC), caller)
        return decision_entry(asked, Made(answered, facts, result, 1_000), __version__, masks or Masks())

    def entries(self, count: int) -> list[Entry]:
        return [self.entry(number) for number in range(count)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._engine.close()


def log(store: Store, entries: Sequence[Entry]) -> None:
    """Commit the entries, each in a request of its own, one after the other."""
    writer = Writer(store)
    try:
        for entry in entries:
            writer.commit([entry])
    finally:
        writer.close()


def sequences(store: Store) -> list[int]:
    with store.reading() as connection:
        return list(connection.execute(select(RECORDS.c.sequence).order_by(RECORDS.c.sequence)).scalars())


def logged_ids(store: Store) -> set[str]:
    with store.reading() as connection:
        return set(connection.execute(select(RECORDS.c.decision_id)).scalars())
