"""Reading a request: from the caller's JSON data to typed facts, or to every fault of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache, partial
from typing import Final
from zoneinfo import ZoneInfo

from policyengine.engine.bad_values import BadValue, bad, wrong_type
from policyengine.engine.declared_currency import currency_differences, currency_problems
from policyengine.engine.pointers import shown, step_into
from policyengine.engine.quick_reader import quick_reader
from policyengine.engine.quick_values import LONGEST_REMEMBERED, MOST_DAYS
from policyengine.engine.read_dates import read_date
from policyengine.engine.read_values import read_id, read_value
from policyengine.engine.vocabulary_tree import LONGEST_KEY, Names, help_for, nested, tree_of
from policyengine.errors import FactProblem, RequestError
from policyengine.evaluation.evaluator import Evaluator
from policyengine.model.bundle import CheckedBundle
from policyengine.model.memory import Element, Given, WorkingMemory
from policyengine.model.vocabulary import Fact, FactList
from policyengine.values.text import value_json

# Keys of a request that are not facts, given as if they were.
_BESIDE_FACTS: Final = {
    "facts": "give only what stands under `facts`; the day is given apart",
    "as_of": "the day is given apart from the facts",
}


class RequestReader:
    """Reads requests for one bundle. Immutable after construction and safe to share between threads.

    A request with nothing wrong in it is read by generated code; every other one by :class:`CarefulReader`.
    """

    def __init__(self, bundle: CheckedBundle, evaluator: Evaluator) -> None:
        self.bundle = bundle
        self.careful = CarefulReader(bundle, evaluator)
        self._evaluator = evaluator
        self._zone = ZoneInfo(bundle.time_zone)
        self._quick = quick_reader(bundle, self._zone)
        self._remembered_day = lru_cache(MOST_DAYS)(partial(read_date, pointer="/as_of", zone=self._zone))

    def read(self, facts: object, as_of: date) -> WorkingMemory:
        """The typed facts. Raises RequestError with every bad fact, in the order of the request.

        ``facts`` is a nested object as :func:`~policyengine.engine.json_reader.read_json` gives it. Pointers are
        relative to it.
        """
        memory = self._quickly(facts, as_of)
        return self.careful.read(facts, as_of) if memory is None else memory

    def _quickly(self, facts: object, as_of: date) -> WorkingMemory | None:
        """The typed facts, or None unless it is plain that nothing is wrong with them."""
        try:
            found = self._quick(facts)
        except BadValue:
            return None
        if found is None:
            return None
        given, lists, doubtful = found
        memory = WorkingMemory(given, lists, as_of)
        if doubtful and any(currency_differences(self.bundle, self._evaluator.start(memory))):
            return None
        return memory

    def day(self, raw: object) -> date:
        """An evaluation day from a request: a date, or a moment with its offset, or text as dates are given.

        Raises RequestError with the pointer ``/as_of``.
        """
        if isinstance(raw, datetime):
            raw = raw.isoformat()
        elif isinstance(raw, date):
            return raw
        try:
            is_short = type(raw) is str and len(raw) <= LONGEST_REMEMBERED
            return self._remembered_day(raw) if is_short else read_date(raw, "/as_of", self._zone)
        except BadValue as e:
            raise RequestError(e.problems) from e


class CarefulReader:
    """The definition of how a request is read. It looks at every key that was given and finds every fault."""

    def __init__(self, bundle: CheckedBundle, evaluator: Evaluator) -> None:
        self.bundle = bundle
        self._evaluator = evaluator
        self._tree = tree_of(bundle)
        self._zone = ZoneInfo(bundle.time_zone)
        self._names = (*bundle.facts, *bundle.lists)
        self._has_currencies = any(f.currency for f in bundle.facts.values()) or any(
            f.currency for items in bundle.lists.values() for f in items.fields.values()
        )

    def read(self, facts: object, as_of: date) -> WorkingMemory:
        """As :meth:`RequestReader.read`."""
        reading = _Reading(self._tree, self._names, self._zone)
        reading.document(facts)
        memory = WorkingMemory(reading.facts, reading.lists, as_of)
        problems = reading.problems
        if self._has_currencies:
            evaluation = self._evaluator.start(memory)
            problems += currency_problems(self.bundle, evaluation, reading.pointers, certain=not problems)
        if problems:
            raise RequestError(problems)
        return memory


def read_request(bundle: CheckedBundle, facts: object, as_of: date) -> WorkingMemory:
    """The typed facts of one request to a bundle that is asked only once, see :meth:`RequestReader.read`."""
    return CarefulReader(bundle, Evaluator(bundle)).read(facts, as_of)


class _Reading:
    """One walk over a request. ``pointers`` tells where each fact and each element's field was given."""

    def __init__(self, tree: Names, names: Sequence[str], zone: ZoneInfo) -> None:
        self._tree, self._names, self._zone = tree, names, zone
        self.facts: dict[str, Given] = {}
        self.lists: dict[str, tuple[Element, ...]] = {}
        self.pointers: dict[str, str] = {}
        self.problems: list[FactProblem] = []

    def document(self, facts: object) -> None:
        if isinstance(facts, Mapping):
            self._object(facts, self._tree, "", "")
        else:
            self.problems += wrong_type("", facts, "an object", 'facts are given as {"order": {"total": …}}').problems

    def _object(self, given: Mapping[object, object], names: Names, place: str, pointer: str) -> None:
        for key, raw in given.items():
            at = step_into(pointer, str(key))
            declared = names.get(key) if isinstance(key, str) else None
            if declared is None:
                self.problems.append(self._undeclared(str(key), names, place, at))
            elif raw is not None:
                self._member(raw, declared, f"{place}.{key}" if place else str(key), at)

    def _member(self, raw: object, declared: Fact | FactList | Names, name: str, at: str) -> None:
        match declared:
            case Fact():
                self._keep(self.facts, raw, declared, at, name)
            case FactList():
                self._list(raw, declared, at)
            case _ if isinstance(raw, Mapping):
                self._object(raw, declared, name, at)
            case _:
                help_ = f"it holds facts: write {nested(name + '.' + next(iter(declared)))}"
                self.problems += wrong_type(at, raw, "an object", help_).problems

    def _undeclared(self, key: str, names: Iterable[str], place: str, at: str) -> FactProblem:
        full = f"{place}.{key}" if place else key
        if "." in key and full in self._names:
            detail = f"{shown(key)} is not a key: facts are given as nested objects"
            return FactProblem(at, "request/unknown-fact", detail, f"write {nested(full)}")
        if "." in key and len(key) <= LONGEST_KEY:
            detail = f"{shown(key)} is not a declared fact, and facts are given as nested objects"
            near = help_for(full, "", (), self._names)
            return FactProblem(at, "request/unknown-fact", detail, near or f"write {nested(full)}")
        help_ = help_for(key, place, names, self._names, None if place else _BESIDE_FACTS.get(key))
        return FactProblem(at, "request/unknown-fact", f"{shown(full)} is not a declared fact", help_)

    def _keep(self, into: dict[str, Given], raw: object, fact: Fact, at: str, address: str) -> None:
        """Read one value; keep it, or what is wrong with it."""
        try:
            into[fact.name] = read_value(raw, fact, at, self._zone)
            self.pointers[address] = at
        except BadValue as e:
            self.problems += e.problems

    def _list(self, raw: object, declared: FactList, at: str) -> None:
        if not isinstance(raw, list | tuple):
            self.problems += wrong_type(at, raw, "a list of objects").problems
            return
        found = [self._element(item, declared, n, step_into(at, n - 1)) for n, item in enumerate(raw, 1)]
        self.problems += _twice(found, declared, at)
        self.lists[declared.name] = tuple(e for e in found if e)

    def _element(self, raw: object, declared: FactList, position: int, at: str) -> Element | None:
        if not isinstance(raw, Mapping):
            self.problems += wrong_type(at, raw, "an object").problems
            return None
        try:
            id_ = self._id(raw, declared, at)
        except BadValue as e:
            self.problems += e.problems
            id_ = None
        fields: dict[str, Given] = {}
        element = Element(declared.name, id_, position, fields)
        for key, value in raw.items():
            place = step_into(at, str(key))
            fact = declared.fields.get(key) if isinstance(key, str) else None
            if fact is None and key != declared.id_field:
                self.problems.append(_undeclared_field(str(key), declared, place))
            # A bad id has been reported as such; it is not reported again as a field.
            elif fact is not None and value is not None and (key != declared.id_field or id_ is not None):
                self._keep(fields, value, fact, place, element.address(fact.name))
        return element

    def _id(self, raw: Mapping[object, object], declared: FactList, at: str) -> str | None:
        """The element's id as text; None for a list that knows its elements by position."""
        if declared.id_field is None:
            return None
        given = raw.get(declared.id_field)
        if given is None:
            detail = f"this element of `{declared.name}` has no id"
            raise bad(at, "request/no-id", detail, f"give `{declared.id_field}`, different for each element")
        at = step_into(at, declared.id_field)
        fact = declared.fields.get(declared.id_field)
        if fact is not None:
            value = read_value(given, fact, at, self._zone)
            return _not_empty(str(value_json(value, fact.type)), at)
        return _not_empty(read_id(given, at), at)


def _not_empty(text: str, at: str) -> str:
    if text:
        return text
    raise bad(at, "request/no-id", "this id is empty", "give each element an id of its own")


def _undeclared_field(key: str, declared: FactList, at: str) -> FactProblem:
    detail = f"{shown(key)} is not a field of `{declared.name}`"
    known = [*declared.fields, *([declared.id_field] if declared.id_field else [])]
    return FactProblem(at, "request/unknown-fact", detail, help_for(key, "", known, ()))


def _twice(found: Iterable[Element | None], declared: FactList, at: str) -> Iterator[FactProblem]:
    """A problem for every element whose id an earlier one has."""
    first: dict[str, int] = {}
    for element in found:
        if element is None or element.id is None:
            continue
        earlier = first.setdefault(element.id, element.position)
        if earlier != element.position:
            where = step_into(step_into(at, element.position - 1), declared.id_field or "")
            detail = f"the id {shown(element.id)} is given twice"
            help_ = f"element {earlier} of `{declared.name}` has it too"
            yield FactProblem(where, "request/duplicate-id", detail, help_)
