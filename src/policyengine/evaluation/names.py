"""Names to closures: facts, fields, parameters and definitions, with what their declarations say looked up once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from policyengine.evaluation.env import EMPTY_ENV, Env
from policyengine.evaluation.values import UNKNOWN, Got, fault
from policyengine.model.expr import DefinitionRef, FactRef, ItemField, ListRef, ParameterRef
from policyengine.model.faults import empty_date
from policyengine.model.memory import EMPTY_DATE, Element
from policyengine.model.vocabulary import Fact, FactList, Parameter
from policyengine.source import Span

if TYPE_CHECKING:
    from policyengine.evaluation.evaluator import Evaluation

Run = Callable[["Evaluation", Env], Got]
#: The value of a field of an element.
Read = Callable[["Evaluation", Element], Got]


class Body(NamedTuple):
    """The closure of a definition. ``steady``: its value stays the same throughout an evaluation."""

    run: Run
    steady: bool


def fact(e: FactRef, declared: Fact) -> Run:
    """A fact of the document, or its default."""
    name, span, default, key = e.name, e.span, declared.default, f"fact {e.name}"

    def run(ev: Evaluation, _env: Env) -> Got:
        given = ev.facts.get(name)
        if given is None:
            return UNKNOWN if default is None else ev.once(key, default, EMPTY_ENV)
        return fault(empty_date(span, name)) if given is EMPTY_DATE else given

    return run


def item(e: ItemField, items: FactList) -> Run:
    """A field of the element that a variable stands for."""
    variable, read = e.variable, field(e.field, items, e.span)
    return lambda ev, env: read(ev, env.elements[variable])


def field(name: str, items: FactList, span: Span) -> Read:
    """A field of an element, or its default."""
    default, each, label = items.fields[name].default, items.each, f"field {items.name}.{name}"

    def read(ev: Evaluation, element: Element) -> Got:
        given = element.fields.get(name)
        if given is None:
            if default is None:
                return UNKNOWN
            return ev.once((label, element.position), default, Env({each: element}))
        return fault(empty_date(span, element.address(name))) if given is EMPTY_DATE else given

    return read


def parameter(e: ParameterRef, declared: Parameter) -> Run:
    """A parameter: one value, or the one that holds on the key day."""
    name, span = e.name, e.span
    if declared.constant and declared.keyed_on is None:
        value = declared.values[0].value
        return lambda _ev, _env: value
    return lambda ev, _env: ev.parameter(name, span)


def definition(e: DefinitionRef, variable: str | None, body: Callable[[], Body]) -> Run:
    """The value of a definition; of an element if there is a ``variable``, what its expression calls the element.

    ``body`` is asked only when first needed, so that a long chain of definitions is not compiled all at once.
    """
    label = f"definition {e.name}.{e.output or ''}"
    if variable is None:
        return _of_document(label, body)
    return _of_element(label, e.variable or variable, variable, body)


def _of_document(label: str, body: Callable[[], Body]) -> Run:
    found: Body | None = None

    def run(ev: Evaluation, env: Env) -> Got:
        nonlocal found
        got = ev.cache.get(label)
        if got is not None:
            return got
        if found is None:
            found = body()
        if not found.steady:
            return found.run(ev, env.document())
        got = ev.cache[label] = found.run(ev, EMPTY_ENV)
        return got

    return run


def _of_element(label: str, outside: str, inside: str, body: Callable[[], Body]) -> Run:
    found: Body | None = None

    def run(ev: Evaluation, env: Env) -> Got:
        nonlocal found
        element = env.elements[outside]
        key = (label, element.position)
        got = ev.cache.get(key)
        if got is not None:
            return got
        if found is None:
            found = body()
        if not found.steady:
            return found.run(ev, env.only(inside, element))
        got = ev.cache[key] = found.run(ev, Env({inside: element}))
        return got

    return run


def is_given_empty(target: FactRef | ItemField | ListRef) -> Callable[[Evaluation, Env], bool]:
    """Whether a fact is a date that was given as empty."""
    match target:
        case FactRef(name=name):
            return lambda ev, _env: ev.facts.get(name) is EMPTY_DATE
        case ItemField(variable=variable, field=wanted):
            return lambda _ev, env: env.elements[variable].fields.get(wanted) is EMPTY_DATE
        case ListRef():
            return lambda _ev, _env: False
