"""Whom an unknown is owed to: one walk that meets the facts to ask for and the faults to show, in order of writing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from policyengine.evaluation import names, tables
from policyengine.evaluation.env import EMPTY_ENV, Env
from policyengine.evaluation.values import Got, Unknown, is_known
from policyengine.model.expr import (
    Call,
    DefinitionRef,
    Expr,
    FactRef,
    Filter,
    If,
    ItemField,
    Known,
    ListRef,
    ParameterRef,
    Pluck,
    Quantifier,
    Special,
    SplitIs,
    children,
)
from policyengine.model.faults import Fault
from policyengine.model.memory import EMPTY_DATE, Element
from policyengine.model.vocabulary import Table

if TYPE_CHECKING:
    from policyengine.evaluation.evaluator import Evaluation

Asked = Iterator[str | Fault | Special]


def ask(ev: Evaluation, e: Expr, env: Env) -> Asked:
    """Addresses, faults and names only an answer gives that ``e`` waits for; none when its value is exactly known."""
    got = ev.value(e, env)
    if not is_known(got):
        yield from own_faults(got)
        yield from _parts(ev, e, env)


def own_faults(got: Got) -> Iterator[Fault]:
    """The faults that arose in the very expression of this value."""
    if isinstance(got, Unknown):
        yield from got.faults


def _parts(ev: Evaluation, e: Expr, env: Env) -> Asked:  # noqa: C901 - one case for each kind of node
    match e:
        case FactRef():
            yield from _fact(ev, e)
        case ItemField():
            yield from _item(ev, env.elements[e.variable], e.field)
        case ListRef():
            yield e.name
        case ParameterRef():
            keyed_on = ev.evaluator.bundle.parameters[e.name].keyed_on
            yield from ask(ev, keyed_on, EMPTY_ENV) if keyed_on else ()
        case DefinitionRef():
            yield from _definition(ev, e, env)
        case If():
            yield from _if(ev, e, env)
        case Quantifier() | Filter() | Pluck():
            yield from _list(ev, e, env)
        case SplitIs():
            yield from _split(ev, e)
        case Call(function="count", args=(Pluck() as column,)):
            yield from ask(ev, column.list, env)  # what is counted need not be known
        case Special():
            yield e
        case Known():
            pass
        case _:
            yield from _all(ev, children(e), env)


def _all(ev: Evaluation, parts: Sequence[Expr], env: Env) -> Asked:
    for part in parts:
        yield from ask(ev, part, env)


def _fact(ev: Evaluation, e: FactRef) -> Asked:
    if ev.memory.facts.get(e.name) is EMPTY_DATE:
        return
    yield e.name
    default = ev.evaluator.bundle.facts[e.name].default
    if default is not None:
        yield from ask(ev, default, EMPTY_ENV)


def _item(ev: Evaluation, element: Element, field: str) -> Asked:
    if element.fields.get(field) is EMPTY_DATE:
        return
    yield element.address(field)
    list_ = ev.evaluator.bundle.lists[element.list]
    default = list_.fields[field].default
    if default is not None:
        yield from ask(ev, default, Env({list_.each: element}))


def _if(ev: Evaluation, e: If, env: Env) -> Asked:
    truth = ev.truth(e.condition, env)
    taken = e.condition if truth is None else (e.then if truth else e.otherwise)
    yield from ask(ev, taken, env)


# --- definitions ---


def _definition(ev: Evaluation, e: DefinitionRef, env: Env) -> Asked:
    definition = ev.evaluator.bundle.definitions[e.name]
    variable = ev.evaluator.bundle.lists[definition.each].each if definition.each else None
    inner = env.only(variable, env.elements[e.variable or variable]) if variable else env.document()
    if isinstance(definition.body, Table):
        yield from _table(ev, definition.body, tables.column(definition.body, e.output), inner)
    else:
        yield from ask(ev, definition.body, inner)


def _table(ev: Evaluation, table: Table, position: int, env: Env) -> Asked:
    """The outputs of the rows that are it; with none decided, the unknown tests of those that could be."""
    verdict = tables.HIT_POLICIES[table.hit]([_row(ev, row.tests, env) for row in table.rows])
    if verdict.decided and tables.overlap(
        table, verdict.decided, lambda i: ev.value(tables.cell(table, i, position), env)
    ):
        return  # a fault, and nobody to blame
    for i in verdict.decided:
        yield from ask(ev, tables.cell(table, i, position), env)
    if verdict.open == (len(table.rows),) and table.otherwise:
        yield from ask(ev, table.otherwise[position], env)
    for i in verdict.open:
        if i < len(table.rows):
            yield from _all(ev, table.rows[i].tests, env)


def _row(ev: Evaluation, tests: Sequence[Expr], env: Env) -> bool | None:
    truths = [ev.truth(t, env) for t in tests]
    return False if False in truths else (None if None in truths else True)


# --- lists ---


def _list(ev: Evaluation, e: Quantifier | Filter | Pluck, env: Env) -> Asked:
    """Element by element, by position: first the unknown filters, then what is asked of the element."""
    base, filters = _unfiltered(e if isinstance(e, Filter) else e.list)
    if not is_known(ev.value(base, env)):
        yield from ask(ev, base, env)
        return
    for element in (ev.elements(base.name) if isinstance(base, ListRef) else None) or ():
        yield from _candidate(ev, e, element, filters, env)


def _unfiltered(e: Expr) -> tuple[Expr, list[Filter]]:
    """The list below all filters, and the filters, innermost first."""
    filters: list[Filter] = []
    while isinstance(e, Filter):
        filters.insert(0, e)
        e = e.list
    return e, filters


def _candidate(
    ev: Evaluation, e: Quantifier | Filter | Pluck, element: Element, filters: Sequence[Filter], env: Env
) -> Asked:
    passes = [ev.truth(f.predicate, env.bind(f.variable, element)) for f in filters]
    if False in passes:
        return
    inner = env.bind(e.variable, element) if isinstance(e, Quantifier) else env
    if isinstance(e, Quantifier) and ev.truth(e.body, inner) is (e.kind == "every"):
        return
    for f in filters:
        yield from ask(ev, f.predicate, env.bind(f.variable, element))
    if isinstance(e, Quantifier):
        yield from ask(ev, e.body, inner)
    elif isinstance(e, Pluck):
        got = names.field(e.field, ev.evaluator.bundle.lists[element.list], e.span)(ev, element)
        if not is_known(got):
            yield from own_faults(got)
            yield from _item(ev, element, e.field)


def _split(ev: Evaluation, e: SplitIs) -> Asked:
    split = e.split
    elements = ev.elements(split.list)
    if elements is None:
        yield split.list
    for element in elements or ():
        yield from _all(ev, (split.quantity, split.weight, split.whole), Env({split.variable: element}))
    yield from ask(ev, split.limit, EMPTY_ENV)
