"""The quick reader of a bundle: Python generated from its vocabulary, for requests with nothing wrong in them.

It reads only what is plainly right and gives up on everything else: an unknown key, a value that is refused, a
currency that may not be the one declared. The request is then read again from the start by
:class:`~policyengine.engine.request.RequestReader`, which is the definition of what is read and finds the words for
what is wrong. What the quick reader does accept is what the definition would have read.

Names from policies stand in the generated source as quoted ASCII constants and nowhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, cast
from zoneinfo import ZoneInfo

from policyengine.engine.quick_values import QuickValues
from policyengine.engine.vocabulary_tree import Names, tree_of
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr, FactRef, ItemField, Literal
from policyengine.model.memory import Element, Given
from policyengine.model.vocabulary import Fact, FactList
from policyengine.values.types import Kind

_STEP = " "
#: Names with more parts are left to the definition: Python bounds how deep code may be indented.
_DEEPEST: Final = 50


QuickReading = tuple[dict[str, Given], dict[str, tuple[Element, ...]], bool]
"""What was read: facts by dotted name, lists by name, and whether a declared currency still has to be compared, for it
takes an evaluation to know it."""

QuickReader = Callable[[object], QuickReading | None]


def quick_reader(bundle: CheckedBundle, zone: ZoneInfo) -> QuickReader:
    """The reader of a bundle: what a request says, or None to give up.

    It may also raise :class:`~policyengine.engine.bad_values.BadValue`, which means the same as None.
    """
    writer = _Writer(bundle, zone)
    source = "\n".join(writer.whole(tree_of(bundle)))
    scope: dict[str, object] = writer.values.scope | {"Element": Element}
    exec(compile(source, f"<reader of {bundle.id!a}>", "exec"), scope)  # noqa: S102 - see the module's docstring
    return cast("QuickReader", scope["read"])


class _Place(NamedTuple):
    """Where the generated code stands: the variables of the object that is read and of the dict that is filled."""

    given: str
    into: str
    indent: str

    def deeper(self, given: str) -> _Place:
        return _Place(given, self.into, self.indent + _STEP)


class _Writer:
    """Writes the source of one reader, and gathers in ``values`` the objects that it names."""

    def __init__(self, bundle: CheckedBundle, zone: ZoneInfo) -> None:
        self._bundle = bundle
        self.values = QuickValues(zone)
        #: The variable that holds the one currency of all amounts that are declared to be in the same.
        self._currencies: dict[FactRef, str] = {}

    def whole(self, tree: Names) -> Iterator[str]:
        body = [*self._object(tree, _Place("given", "facts", _STEP))]
        yield "def read(given):"
        yield f"{_STEP}facts, lists, doubtful = {{}}, {{}}, False"
        yield from (f"{_STEP}{variable} = None" for variable in self._currencies.values())
        yield from body
        for currency, variable in self._currencies.items():
            yield from self._same_currency(currency, variable)
        yield f"{_STEP}return facts, lists, doubtful"

    # --- objects ---

    def _object(self, names: Names, at: _Place) -> Iterator[str]:
        """An object that holds facts, lists and other objects."""
        if len(at.indent) > _DEEPEST * len(_STEP):
            yield f"{at.indent}return None"
            return
        yield f"{at.indent}if type({at.given}) is not dict: return None"
        simple = all(isinstance(declared, Fact) for declared in names.values())
        if simple:
            yield f"{at.indent}before = len(facts)"
        for key, declared in names.items():
            yield from self._member(key, declared, at)
        known = f"{self.values.keys(frozenset(names))}.issuperset({at.given})"
        # When as many facts were read as there are keys, every key was one of ours.
        counted = f"len(facts) - before != len({at.given}) and " if simple else ""
        yield f"{at.indent}if {counted}not {known}: return None"

    def _member(self, key: str, declared: Fact | FactList | Names, at: _Place) -> Iterator[str]:
        if isinstance(declared, Fact):
            yield from self._fact(key, declared, at)
            return
        inner = f"{at.given}_"
        yield f"{at.indent}{inner} = {at.given}.get({key!a})"
        yield f"{at.indent}if {inner} is not None:"
        if isinstance(declared, FactList):
            yield from self._list(declared, at.deeper(inner))
        else:
            yield from self._object(declared, at.deeper(inner))

    def _fact(self, key: str, fact: Fact, at: _Place) -> Iterator[str]:
        """One value: tested in place where that is quick, or handed to a function."""
        test, function = self.values.how_to_read(fact)
        target = f"{at.into}[{fact.name!a}] = v"
        yield f"{at.indent}v = {at.given}.get({key!a})"
        if test:
            yield f"{at.indent}if {test}: {target}"
            yield f"{at.indent}elif v is not None: {target} = {function}"
            return
        yield f"{at.indent}if v is not None:"
        yield f"{at.indent}{_STEP}{target} = {function}"
        if fact.type.kind is Kind.MONEY and fact.currency is not None:
            yield from self._currency(fact.currency, at.indent + _STEP)

    # --- lists ---

    def _list(self, declared: FactList, at: _Place) -> Iterator[str]:
        inside, fields = at.indent + _STEP, frozenset((*declared.fields, *filter(None, [declared.id_field])))
        record = _Place("record", "fields", inside)
        yield f"{at.indent}if type({at.given}) is not list: return None"
        yield f"{at.indent}elements, ids = [], set()"
        yield f"{at.indent}for record in {at.given}:"
        yield f"{inside}if type(record) is not dict: return None"
        yield f"{inside}fields = {{}}"
        for key, fact in declared.fields.items():
            yield from self._fact(key, fact, record)
        yield from (inside + line for line in self._id(declared))
        yield from (inside + line for line in self._element_currencies(declared))
        known = f"{self.values.keys(fields)}.issuperset(record)"
        yield f"{inside}if len(fields) != len(record) and not {known}: return None"
        yield f"{inside}elements.append(Element({declared.name!a}, id_, len(elements) + 1, fields))"
        yield f"{at.indent}lists[{declared.name!a}] = tuple(elements)"

    def _id(self, declared: FactList) -> Iterator[str]:
        """The element's id; None for a list that knows its elements by position."""
        if declared.id_field is None:
            yield "id_ = None"
            return
        fact = declared.fields.get(declared.id_field)
        field = ascii(declared.id_field)
        if fact is None:
            yield f"id_ = read_id(record.get({field}))"
        else:
            yield f"id_ = fields.get({field})"
            yield f"if id_ is not None and type(id_) is not str: id_ = {self.values.as_text(fact.type)}(id_)"
        yield "if not id_ or id_ in ids: return None"
        yield "ids.add(id_)"

    # --- declared currencies ---

    def _currency(self, currency: Expr, indent: str) -> Iterator[str]:
        """What follows an amount ``v`` with a declared currency."""
        match currency:
            case ItemField():
                return  # compared when the whole element has been read
            case Literal():
                yield f"{indent}if v.currency != {currency.value!a}: return None"
            case FactRef():
                # Amounts that are to be in the same currency are compared with each other, and at the end with it.
                variable = self._currencies.setdefault(currency, f"currency{len(self._currencies)}")
                yield f"{indent}if v.currency != {variable}:"
                yield f"{indent}{_STEP}if {variable} is not None: return None"
                yield f"{indent}{_STEP}{variable} = v.currency"
            case _:
                yield f"{indent}doubtful = True"

    def _same_currency(self, currency: FactRef, variable: str) -> Iterator[str]:
        yield f"{_STEP}if {variable} is not None:"
        given = f"facts.get({currency.name!a})"
        yield from (_STEP * 2 + line for line in _compared(given, variable, self._bundle.facts[currency.name]))

    def _element_currencies(self, declared: FactList) -> Iterator[str]:
        """What follows an element with amounts in a currency that is another field of it."""
        for fact in declared.fields.values():
            if fact.type.kind is Kind.MONEY and isinstance(fact.currency, ItemField):
                given = f"fields.get({fact.currency.field!a})"
                yield f"v = fields.get({fact.name!a})"
                yield "if v is not None:"
                lines = _compared(given, "v.currency", declared.fields[fact.currency.field])
                yield from (_STEP + line for line in lines)


def _compared(given: str, currency: str, declared: Fact) -> Iterator[str]:
    """Compares a currency with the fact that it is declared to be, or with the default of this."""
    yield f"needed = {given}"
    if declared.default is None:
        yield f"if needed is not None and needed != {currency}: return None"
    elif isinstance(declared.default, Literal):
        default = ascii(declared.default.value)
        yield f"if ({default} if needed is None else needed) != {currency}: return None"
    else:
        yield "if needed is None: doubtful = True"
        yield f"elif needed != {currency}: return None"
