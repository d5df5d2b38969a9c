"""From a recorded line to a question: what is asked, of which facts, for which day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from policyengine.diagnostics import did_you_mean
from policyengine.engine.json_reader import read_json
from policyengine.errors import RequestError
from policyengine.impact.behaviour.document import Document, Line, Unreadable
from policyengine.impact.behaviour.lines import MOST_BYTES

_INPUT = "/input"
_KEYS = ("decision", "facts", "as_of", "id", "bundle")


@dataclass(frozen=True, slots=True)
class RecordReader:
    """Reads lines about one bundle; ``bundles`` are its ids, of which the two editions may have one each.

    ``decision`` and ``as_of`` stand in where a line does not say them; with ``decision``, a line without the key
    ``facts`` is itself the facts. Lines of a decision log have other names for the same. Lines that name another
    bundle are passed over; with ``several`` bundles compared, every line has to name one.
    """

    bundles: frozenset[str]
    decision: str | None = None
    as_of: str | None = None
    several: bool = False

    def read(self, line: Line) -> Document | Unreadable | None:
        """The question; what is wrong with the line; or None for a line about another bundle."""
        if line.fault:
            return Unreadable(line.place, line.fault)
        try:
            record = read_json(line.data.strip(), MOST_BYTES)
        except RequestError as e:
            return Unreadable(line.place, "; ".join(_told(p.pointer, p.detail) for p in e.problems))
        if not isinstance(record, dict):
            return Unreadable(line.place, "a line holds one JSON object, but this is none")
        return self._record(record, line.place)

    def _record(self, record: Mapping[str, object], place: str) -> Document | Unreadable | None:
        if "facts" not in record and isinstance(record.get("input"), dict) and isinstance(record.get("path"), str):
            if any(str(pointer).startswith(_INPUT) for pointer in _left_out(record)):
                return Unreadable(place, "facts were left out when this line was logged")
            record = _of_log(record)
        if "facts" not in record and self.decision is not None and not isinstance(record.get("decision"), str | dict):
            record = {"facts": record}
        named = _name(record.get("bundle"), "id")
        if named is None and self.several:
            return Unreadable(place, "the line does not say which `bundle` it is about, and several are compared")
        if named is not None and named not in self.bundles:
            return None
        return self._question(record, place)

    def _question(self, record: Mapping[str, object], place: str) -> Document | Unreadable:
        decided = record.get("decision")
        decision = _name(decided, "decision") or self.decision
        facts = record.get("facts")
        as_of = record.get("as_of") or (decided.get("as_of") if isinstance(decided, dict) else None) or self.as_of
        if decision is None:
            return Unreadable(place, _lacks("decision", record, "name it for all lines with --decision"))
        if not isinstance(facts, dict):
            return Unreadable(place, _lacks("facts", record, "they are an object, as in a request"))
        if not isinstance(as_of, str):
            return Unreadable(place, _lacks("as_of", record, "give the day for all lines with --as-of"))
        given = record.get("id")
        return Document(decision, facts, as_of, place if given is None else str(given), place)


def _of_log(record: Mapping[str, object]) -> Mapping[str, object]:
    """A line with the field names of OPA's decision log, whose ``path`` is the bundle and its decision."""
    bundle, _, decision = str(record["path"]).partition("/")
    return {
        "bundle": bundle,
        "decision": decision,
        "facts": record["input"],
        "as_of": record.get("as_of"),
        "id": record.get("decision_id"),
    }


def _left_out(record: Mapping[str, object]) -> Iterator[object]:
    """The JSON Pointers of everything that was taken out of a line, or hidden in it."""
    for key in ("masked", "erased"):
        pointers = record.get(key)
        yield from pointers if isinstance(pointers, list) else ()


def _name(value: object, inside: str) -> str | None:
    """A name, or the name inside of an object: a log keeps whole answers."""
    if isinstance(value, dict):
        value = value.get(inside)
    return value if isinstance(value, str) else None


def _lacks(key: str, record: Mapping[str, object], help_: str) -> str:
    if key in record:
        return f"`{key}` cannot be used; {help_}"
    near = did_you_mean(key, (k for k in record if k not in _KEYS and len(k) < 2 * len(key)))
    return f"the line has no `{key}`; {help_}" + (f"; {near}" if near else "")


def _told(pointer: str, detail: str) -> str:
    return f"{pointer}: {detail}" if pointer else detail
