"""Logged decisions made again: by the same policies, every byte must be what it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final, NamedTuple

from policyengine.decision_log.archive import kept_bundle
from policyengine.decision_log.canonical import Fragment, Json, canonical, read
from policyengine.decision_log.errors import LogError
from policyengine.decision_log.search import Query, Record, found, oldest_first
from policyengine.decision_log.store import Store
from policyengine.engine.engine import Engine
from policyengine.errors import BundleError, PolicyEngineError, RequestError
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision

#: Engines that are held ready; a log that goes back and forth between more bundles makes them anew.
MOST_ENGINES: Final = 8
MakeEngine = Callable[[CheckedBundle], Engine]
#: The JSON text of a decision, as the service gives it.
Written = Callable[[Decision], bytes]


class Outcome(StrEnum):
    """What became of a logged decision when it was made again."""

    SAME = "same"
    DIFFERENT = "different"
    MASKED = "masked"
    IMPOSSIBLE = "impossible"


class Replayed(NamedTuple):
    """One decision made again. ``release`` is the one that logged it; ``told`` says what is not as it was."""

    decision_id: str
    path: str
    release: str
    outcome: Outcome
    told: str = ""


@dataclass(frozen=True, slots=True)
class Logged:
    """A decision of the log as it was asked for: for who asks it of other policies."""

    decision_id: str
    decision: str
    as_of: date
    facts: dict[str, object]
    digest: str


def replay(store: Store, query: Query, engine: MakeEngine, written: Written) -> Iterator[Replayed]:
    """Make the decisions again, oldest first, each by the policies that the log has kept for it."""
    with ExitStack() as stack:
        engines = _Engines(store, engine, stack)
        for record in found(store, oldest_first(query)):
            yield _replayed(record, engines, written)


def logged(records: Iterable[Record]) -> Iterator[Logged]:
    """What was asked, of the records whose facts are all there."""
    for record in records:
        data = read(record.entry)
        asked = _asked(data)
        if asked is not None:
            yield asked


class _Engines:
    """Engines by the digest of their bundle, each made when it is first asked for."""

    def __init__(self, store: Store, make: MakeEngine, stack: ExitStack) -> None:
        self._store, self._make, self._stack = store, make, stack
        self._known: dict[str, Engine | PolicyEngineError] = {}

    def of(self, digest: str) -> Engine:
        """The engine; raises why there is none."""
        if digest not in self._known:
            if len(self._known) >= MOST_ENGINES:
                self._stack.close()
                self._known.clear()
            self._known[digest] = self._made(digest)
        found = self._known[digest]
        if isinstance(found, PolicyEngineError):
            raise found
        return found

    def _made(self, digest: str) -> Engine | PolicyEngineError:
        try:
            return self._stack.enter_context(self._make(kept_bundle(self._store, digest)))
        except (LogError, BundleError) as e:
            return e


def _replayed(record: Record, engines: _Engines, written: Written) -> Replayed:
    data = read(record.entry)
    labels = data.get("labels")
    release = str(labels.get("version")) if isinstance(labels, dict) else ""
    path = str(data.get("path"))

    def ended(outcome: Outcome, told: str = "") -> Replayed:
        return Replayed(record.decision_id, path, release, outcome, told)

    asked = _asked(data)
    if asked is None:
        return ended(Outcome.MASKED, "facts were left out of the log")
    try:
        made = engines.of(asked.digest).decide(asked.decision, asked.facts, as_of=asked.as_of)
    except BundleError as e:
        return ended(Outcome.IMPOSSIBLE, f"this release refuses its policies: {e.diagnostics[0].message}")
    except RequestError as e:
        return ended(Outcome.DIFFERENT, f"this release refuses its facts: {e}")
    except PolicyEngineError as e:
        return ended(Outcome.IMPOSSIBLE, str(e))
    result = written(made)
    # The whole entry is compared, with the new answer put into it: what was logged is this, to the byte, or it is not.
    if canonical(data | {"result": Fragment(result)}) == record.entry.encode():
        return ended(Outcome.SAME)
    if _is_masked(data):
        return ended(Outcome.MASKED, "parts of the answer were left out of the log")
    return ended(Outcome.DIFFERENT, _difference(data.get("result"), read(result)))


def _asked(data: dict[str, Json]) -> Logged | None:
    facts, bundles = data.get("input"), data.get("bundles")
    if not isinstance(facts, dict) or not isinstance(bundles, dict) or _is_masked(data, "/input/"):
        return None
    bundle, _, decision = str(data.get("path")).partition("/")
    about = bundles.get(bundle)
    digest = str(about.get("digest")) if isinstance(about, dict) else ""
    return Logged(str(data.get("decision_id")), decision, date.fromisoformat(str(data.get("as_of"))), facts, digest)


def _is_masked(data: dict[str, Json], below: str = "/") -> bool:
    pointers = [pointer for key in ("masked", "erased") if isinstance(told := data.get(key), list) for pointer in told]
    return any(str(pointer).startswith(below) for pointer in pointers)


def _difference(was: Json, now: dict[str, Json]) -> str:
    """Which parts of the answer differ, with both verdicts if they do."""
    before = was if isinstance(was, dict) else {}
    parts = [key for key in dict.fromkeys((*before, *now)) if canonical(before.get(key)) != canonical(now.get(key))]
    if "verdict" in parts:
        return f"verdict `{before.get('verdict')}` became `{now.get('verdict')}`"
    return f"differs in {', '.join(parts) or 'the order of its parts'}"
