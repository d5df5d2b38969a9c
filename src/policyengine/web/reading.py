"""From the data of a body to a question, or to everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from policyengine.api_schema.request import LONGEST_ID, MOST_ITEMS
from policyengine.diagnostics import did_you_mean
from policyengine.engine.engine import Engine
from policyengine.engine.pointers import kind_of, shown, step_into
from policyengine.engine.request import read_request
from policyengine.errors import FactProblem, RequestError
from policyengine.web.problems import TOO_LARGE, Problem, unusable

ItemId = str | int | None
_QUESTION_KEYS: Final = ("facts", "as_of")
_ITEM_KEYS: Final = ("id", *_QUESTION_KEYS)
_LONGEST_KEY: Final = 80


@dataclass(frozen=True, slots=True)
class Question:
    """Facts, as the strict JSON reader gave them, and the day to decide for."""

    facts: Mapping[str, object]
    as_of: date


class QuestionReader:
    """Reads the questions of one request. A day that is left out means one and the same day for all of them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._today = engine.day(None)
        self._taken: set[ItemId] = set()

    def question(self, data: object) -> Question:
        """The only question of a body; a Problem with every fault if it cannot be used."""
        found, problems = self._read(data, _QUESTION_KEYS, "")
        if problems or found is None:
            raise unusable(problems)
        return found

    def item(self, data: object, position: int) -> tuple[ItemId, Question | Problem]:
        """The question of a batch at this position (from 0) and its id, None if it has none that can be used."""
        at = f"/items/{position}"
        id_, bad_id = self._id(data, at)
        found, problems = self._read(data, _ITEM_KEYS, at)
        problems = [*bad_id, *problems]
        return id_, unusable(problems) if problems or found is None else found

    def _read(self, data: object, keys: tuple[str, ...], at: str) -> tuple[Question | None, list[FactProblem]]:
        """The question that stands at the pointer ``at``, or its faults."""
        if not isinstance(data, Mapping):
            return None, [_wrong_type(at, data, "an object")]
        problems = [*_unknown_keys(data, keys, at)]
        day = self._today
        try:
            day = self._today if data.get("as_of") is None else self._engine.day(data["as_of"])
        except RequestError as e:
            problems += moved(e.problems, at)
        if "facts" not in data:
            help_ = 'give them as {"facts": {…}}; an empty object says that nothing is known'
            problems.append(FactProblem(at, "request/missing-key", "the facts are missing", help_))
        facts = data.get("facts", {})
        if problems or not isinstance(facts, Mapping):
            # Nothing will be decided: the facts are only read so that their faults are told along with the others.
            return None, [*problems, *self._faults_of(facts, day, at)]
        return Question(facts, day), []

    def _faults_of(self, facts: object, day: date, at: str) -> list[FactProblem]:
        try:
            read_request(self._engine.bundle, facts, day)
        except RequestError as e:
            return fact_problems(e, at)
        return []

    def _id(self, data: object, at: str) -> tuple[ItemId, list[FactProblem]]:
        """The id of an item, and what is wrong with it, if anything. An item need not have one."""
        given = data.get("id") if isinstance(data, Mapping) else None
        place = step_into(at, "id")
        if given is None:
            return None, []
        if isinstance(given, bool) or not isinstance(given, str | int):
            return None, [_wrong_type(place, given, "text or a whole number")]
        if len(str(given)) > LONGEST_ID:
            return None, [FactProblem(place, "request/range", f"this id is longer than {LONGEST_ID} characters")]
        if given in self._taken:
            help_ = "give each item an id of its own, or none"
            twice = f"the id {shown(str(given))} is given twice"
            return given, [FactProblem(place, "request/duplicate-id", twice, help_)]
        self._taken.add(given)
        return given, []


def read_items(data: object) -> list[object]:
    """The items of a batch, not looked into yet; a Problem if there is no list of them, or too long a list."""
    if not isinstance(data, Mapping):
        raise unusable([_wrong_type("", data, "an object")])
    problems = [*_unknown_keys(data, ("items",), "")]
    if "items" not in data:
        help_ = 'give them as {"items": [{"id": "a", "facts": {…}}]}'
        problems.append(FactProblem("", "request/missing-key", "the items are missing", help_))
    items = data.get("items", [])
    if not isinstance(items, list):
        problems.append(_wrong_type("/items", items, "a list"))
    if problems or not isinstance(items, list):
        raise unusable(problems)
    if len(items) > MOST_ITEMS:
        detail = f"a batch holds {MOST_ITEMS} items at most, and these are {len(items)}"
        raise Problem(TOO_LARGE, detail, "send them in several batches")
    return items


def fact_problems(error: RequestError, at: str) -> list[FactProblem]:
    """The faults of the facts of the question that stands at the pointer ``at``."""
    return moved(error.problems, f"{at}/facts")


def moved(problems: Iterable[FactProblem], at: str) -> list[FactProblem]:
    """The same problems, their pointers now counted from further out."""
    return [replace(p, pointer=at + p.pointer) for p in problems]


def _wrong_type(at: str, given: object, needed: str) -> FactProblem:
    return FactProblem(at, "request/type", f"{needed} is needed here, but this is {kind_of(given)}")


def _unknown_keys(data: Mapping[str, object], known: tuple[str, ...], at: str) -> Iterator[FactProblem]:
    for key in data:
        if key not in known:
            near = did_you_mean(key, known) if len(key) <= _LONGEST_KEY else None
            help_ = near or "known here: " + ", ".join(f"`{k}`" for k in known)
            detail = f"{shown(key)} is not a key of a request"
            yield FactProblem(step_into(at, key), "request/unknown-key", detail, help_)
