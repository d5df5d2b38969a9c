"""From the data of a body to a question, or to everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, NamedTuple

from policyengine.api_schema.request import ANSWERS, LONGEST_ID, MOST_EXPLAINED, MOST_ITEMS, SHORT
from policyengine.diagnostics import did_you_mean
from policyengine.engine.engine import Engine
from policyengine.engine.pointers import kind_of, shown, step_into
from policyengine.engine.request import read_request
from policyengine.errors import FactProblem, RequestError
from policyengine.web.problems import TOO_LARGE, Problem, unusable

ItemId = str | int | None
_ITEM_KEYS: Final = ("id", "facts", "as_of")
_QUESTION_KEYS: Final = ("facts", "as_of", "answer", "explain")
_LINE_KEYS: Final = ("id", *_QUESTION_KEYS)
_BATCH_KEYS: Final = ("items", "answer", "explain")
_PLAIN_ITEM: Final = frozenset(_ITEM_KEYS)
_PLAIN_QUESTION: Final = frozenset(_QUESTION_KEYS)
_PLAIN_LINE: Final = frozenset(_LINE_KEYS)
_LONGEST_KEY: Final = 80


class Form(NamedTuple):
    """The form of the answer: whether it is short, and whether it is explained."""

    short: bool = False
    explain: bool = False


class Question(NamedTuple):
    """Facts, as the strict JSON reader gave them, the day to decide for, and the form of the answer.

    The questions of a batch leave the last to their batch.
    """

    facts: Mapping[str, object]
    as_of: date
    form: Form = Form()


_PLAIN: Final = Form()


@dataclass(frozen=True, slots=True)
class Batch:
    """The items, not looked into yet, and the form of their answers."""

    items: list[object]
    form: Form


class QuestionReader:
    """Reads the questions of one request. A day that is left out means one and the same day for all of them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._today: date | None = None
        self._taken: set[ItemId] = set()

    def question(self, data: object) -> Question:
        """The only question of a body; a Problem with every fault if it cannot be used."""
        form, bad_form = _form_of(data)
        if not bad_form and type(data) is dict and _PLAIN_QUESTION.issuperset(data):
            plain = self._plain(data, form)
            if plain is not None:
                return plain
        found, problems = self._read(data, _QUESTION_KEYS, "", bad_form)
        if problems or found is None:
            raise unusable(problems)
        return found._replace(form=form)

    def item(self, data: object, position: int) -> tuple[ItemId, Question | Problem]:
        """The question of a batch at this position (from 0) and its id, None if it has none that can be used."""
        id_, bad_id = self._id(data, f"/items/{position}/id", taken=self._taken)
        if not bad_id and type(data) is dict and _PLAIN_ITEM.issuperset(data):
            plain = self._plain(data)
            if plain is not None:
                return id_, plain
        found, problems = self._read(data, _ITEM_KEYS, f"/items/{position}", bad_id)
        return id_, unusable(problems) if problems or found is None else found

    def line(self, data: object) -> tuple[ItemId, Question | Problem]:
        """The question on a line of a stream, as of a body of its own, and its id.

        Ids are not compared with each other: there is no end to them.
        """
        id_, bad_id = self._id(data, "/id", taken=set())
        form, bad_form = _form_of(data)
        bad = [*bad_id, *bad_form]
        if not bad and type(data) is dict and _PLAIN_LINE.issuperset(data):
            plain = self._plain(data, form)
            if plain is not None:
                return id_, plain
        found, problems = self._read(data, _LINE_KEYS, "", bad)
        return id_, unusable(problems) if problems or found is None else found._replace(form=form)

    def _plain(self, data: dict[str, object], form: Form = _PLAIN) -> Question | None:
        """A question whose keys are known, or None when there may be something wrong with it."""
        facts = data.get("facts")
        if type(facts) is not dict:
            return None
        try:
            return Question(facts, self._day(data.get("as_of")), form)
        except RequestError:
            return None

    def _day(self, given: object) -> date:
        if given is not None:
            return self._engine.day(given)
        if self._today is None:
            self._today = self._engine.day(None)
        return self._today

    def _read(
        self, data: object, keys: tuple[str, ...], at: str, found: list[FactProblem]
    ) -> tuple[Question | None, list[FactProblem]]:
        """The question that stands at the pointer ``at``, or its faults, after those ``found`` already."""
        if not isinstance(data, Mapping):
            return None, [*found, _wrong_type(at, data, "an object")]
        problems = [*found, *_unknown_keys(data, keys, at)]
        try:
            day = self._day(data.get("as_of"))
        except RequestError as e:
            day = self._day(None)
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

    @staticmethod
    def _id(data: object, place: str, taken: set[ItemId]) -> tuple[ItemId, list[FactProblem]]:
        """The id of an item, and what is wrong with it, if anything. An item need not have one."""
        given = data.get("id") if isinstance(data, Mapping) else None
        if given is None:
            return None, []
        if isinstance(given, bool) or not isinstance(given, str | int):
            return None, [_wrong_type(place, given, "text or a whole number")]
        if len(given if isinstance(given, str) else str(given)) > LONGEST_ID:
            return None, [FactProblem(place, "request/range", f"this id is longer than {LONGEST_ID} characters")]
        if given in taken:
            help_ = "give each item an id of its own, or none"
            twice = f"the id {shown(str(given))} is given twice"
            return given, [FactProblem(place, "request/duplicate-id", twice, help_)]
        taken.add(given)
        return given, []


def read_batch(data: object) -> Batch:
    """What a batch asks; a Problem if there is no list of items, or too long a list."""
    if not isinstance(data, Mapping):
        raise unusable([_wrong_type("", data, "an object")])
    form, problems = _form_of(data)
    problems += _unknown_keys(data, _BATCH_KEYS, "", of_items=_ITEM_KEYS)
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
    if form.explain and len(items) > MOST_EXPLAINED:
        detail = f"a batch that is explained holds {MOST_EXPLAINED} items at most, and these are {len(items)}"
        raise Problem(TOO_LARGE, detail, "send them in several batches, or ask for explanations of those that need one")
    return Batch(items, form)


def _form_of(data: object) -> tuple[Form, list[FactProblem]]:
    """The form that a body asks for, and what is wrong with the way it says so, if anything."""
    if not isinstance(data, Mapping):
        return _PLAIN, []
    answer, explain = data.get("answer"), data.get("explain")
    if answer is None and explain is None:
        return _PLAIN, []
    short, problems = _is_short(answer)
    if explain is not None and not isinstance(explain, bool):
        problems.append(_wrong_type("/explain", explain, "true or false"))
    return Form(short, explain is True), problems


def _is_short(given: object) -> tuple[bool, list[FactProblem]]:
    """Whether short answers are asked for, and what is wrong with the way that is said, if anything."""
    if given is None or given in ANSWERS:
        return given == SHORT, []
    help_ = "answers: " + ", ".join(f"`{word}`" for word in ANSWERS)
    if not isinstance(given, str):
        wrong = _wrong_type("/answer", given, "the name of a form of answer")
        return False, [replace(wrong, help=help_)]
    near = did_you_mean(given, ANSWERS) if len(given) <= _LONGEST_KEY else None
    detail = f"{shown(given)} is not a form of answer"
    return False, [FactProblem("/answer", "request/member", detail, f"{near} {help_}" if near else help_)]


def fact_problems(error: RequestError, at: str) -> list[FactProblem]:
    """The faults of the facts of the question that stands at the pointer ``at``."""
    return moved(error.problems, f"{at}/facts")


def moved(problems: Iterable[FactProblem], at: str) -> list[FactProblem]:
    """The same problems, their pointers now counted from further out."""
    return [replace(p, pointer=at + p.pointer) for p in problems]


def _wrong_type(at: str, given: object, needed: str) -> FactProblem:
    return FactProblem(at, "request/type", f"{needed} is needed here, but this is {kind_of(given)}")


def _unknown_keys(
    data: Mapping[str, object], known: tuple[str, ...], at: str, *, of_items: tuple[str, ...] = ()
) -> Iterator[FactProblem]:
    """The keys that are not ``known`` here. Those ``of_items`` would be, one level further down."""
    for key in data:
        if key not in known:
            near = did_you_mean(key, known) if len(key) <= _LONGEST_KEY else None
            here = near or "known here: " + ", ".join(f"`{k}`" for k in known)
            help_ = "give it in each item" if key in of_items else here
            detail = f"{shown(key)} is not a key of a request"
            yield FactProblem(step_into(at, key), "request/unknown-key", detail, help_)
