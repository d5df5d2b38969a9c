"""Remarks: things worth knowing that decide nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from policyengine.model import expr as x
from policyengine.model.decision import Remark
from policyengine.model.expr import Expr
from policyengine.model.memory import Element
from policyengine.model.rules import DecisionSpec, LimitsStep, Payout, PayoutStep, Rule, SetStep
from policyengine.reference.evaluate import Env, declaration, evaluate, parts_of
from policyengine.values.dates import Duration, Unit

#: Definitions, parameters and defaults that have been gone through: names, of the document or of an element.
Done = set[tuple[str, str | None, int]]


def broken_orders(env: Env) -> Iterator[Remark]:
    """Two given dates that stand in the wrong order."""
    memory = env.memory
    for name, fact in env.bundle.facts.items():
        yield from _broken(name, memory.facts.get(name), fact.not_before, memory.facts.get(str(fact.not_before)))
    for declared in env.bundle.lists.values():
        for name, fact in declared.fields.items():
            before = str(fact.not_before)
            for e in memory.lists.get(declared.name, ()):
                inside = before in declared.fields
                other = e.fields.get(before) if inside else memory.facts.get(before)
                yield from _broken(e.address(name), e.fields.get(name), e.address(before) if inside else before, other)


def _broken(name: str, day: object, before: str | None, other: object) -> Iterator[Remark]:
    if isinstance(day, date) and isinstance(other, date) and day < other:
        yield Remark(code="facts/order", message=f"`{name}` is before `{before}`", fact=name)


def empty_list(name: str) -> Remark:
    """The decision's list is known to be empty."""
    return Remark(code="decision/empty-list", message=f"the list `{name}` is empty")


def unlisted_years(spec: DecisionSpec, env: Env) -> tuple[Remark, ...]:
    """Years that working days were counted through without their holidays being listed."""
    calendars = env.bundle.calendars
    if not calendars:
        return ()
    done: Done = set()
    years = {(c, y) for e, inner in _read(spec, env) for c, y in _passed(e, inner, done) if not calendars[c].lists(y)}
    return tuple(
        Remark(
            code="calendar/no-year",
            message=f"calendar `{c}` does not list the holidays of {y}, so only weekends were skipped",
        )
        for c, y in sorted(years)
    )


def _read(spec: DecisionSpec, env: Env) -> Iterator[tuple[Expr, Env]]:
    """Everything that a decision reads, with the surroundings that it is read in."""
    for rule in spec.rules:
        for inner in _each(rule.each, env):
            yield from ((e, inner) for e in _of_rule(rule))
    if spec.payout is not None:
        yield from _of_payout(spec.payout, env)
    yield from ((r.expr, env) for r in spec.report)
    if spec.value is not None:
        yield spec.value, env


def _each(name: str | None, env: Env) -> Iterator[Env]:
    if name is None:
        yield env
    else:
        yield from (env.only(e) for e in env.records(name) or ())


def _of_rule(rule: Rule) -> Iterator[Expr]:
    yield from rule.parts
    if rule.deadline is not None:
        yield rule.deadline.date
    if rule.measure is not None:
        yield rule.measure


def _of_payout(payout: Payout, env: Env) -> Iterator[tuple[Expr, Env]]:
    yield payout.currency, env
    for inner in _each(payout.each, env):
        yield payout.start, inner
        yield from ((e, inner) for e in _of_steps(payout.element_steps))
        yield from ((e, inner) for _, e in payout.by)
    yield from ((e, env) for e in _of_steps(payout.group_steps + payout.total_steps))


def _of_steps(steps: tuple[PayoutStep, ...]) -> Iterator[Expr]:
    for step in steps:
        yield step.when
        if isinstance(step, SetStep):
            yield step.to
        elif isinstance(step, LimitsStep):
            for limit in step.limits:
                yield from (limit.when, limit.to)


def _passed(e: Expr, env: Env, done: Done) -> Iterator[tuple[str, int]]:  # noqa: C901, PLR0912 - one case for each node
    """The calendar years that a node and all below it go through by working days."""
    yield from _counted(e, env)
    match e:
        case x.Quantifier() | x.Filter():
            yield from _passed(e.list, env, done)
            body = e.body if isinstance(e, x.Quantifier) else e.predicate
            for record in env.records(_list_name(e.list)) or ():
                yield from _passed(body, env.within(e.variable, record), done)
        case x.SplitIs():
            yield from _passed(e.split.limit, env, done)
            for record in env.records(e.split.list) or ():
                for part in (e.split.quantity, e.split.weight, e.split.whole):
                    yield from _passed(part, env.within(e.split.variable, record), done)
        case x.DefinitionRef():
            element = None if e.variable is None else env.elements[e.variable]
            inner = env.only(element)
            for part in parts_of(env.bundle.definitions[e.name].body) if _first_time(done, element, e.name) else ():
                yield from _passed(part, inner, done)
        case x.ParameterRef():
            parameter = env.bundle.parameters[e.name]
            if parameter.keyed_on is not None and not parameter.constant and _first_time(done, None, e.name):
                yield from _passed(parameter.keyed_on, env.only(None), done)
        case x.FactRef() | x.ItemField():
            yield from _of_default(e, env, done)
        case x.Pluck():
            yield from _passed(e.list, env, done)
            for record in env.records(_list_name(e.list)) or ():
                field = x.ItemField(variable="", list=record.list, field=e.field, type=e.type, span=e.span)
                yield from _of_default(field, env.within("", record), done)
        case x.Known():
            pass
        case _:
            for child in x.children(e):
                yield from _passed(child, env, done)


def _first_time(done: Done, element: Element | None, name: str) -> bool:
    """Whether this name of the document or of an element has not been gone through before; what it passes is told."""
    place = (name, None, 0) if element is None else (name, element.list, element.position)
    fresh = place not in done
    done.add(place)
    return fresh


def _of_default(e: x.FactRef | x.ItemField, env: Env, done: Done) -> Iterator[tuple[str, int]]:
    """A default is read only where nothing was given (not even that there is no such date)."""
    element = env.elements[e.variable] if isinstance(e, x.ItemField) else None
    given = (
        env.memory.facts.get(e.name) if isinstance(e, x.FactRef) else element.fields.get(e.field) if element else None
    )
    default = declaration(e, env).default
    name = e.name if isinstance(e, x.FactRef) else f".{e.field}"
    if default is not None and given is None and _first_time(done, element, name):
        yield from _passed(default, env.only(element), done)


def _list_name(e: Expr) -> str:
    while isinstance(e, x.Filter):
        e = e.list
    return e.name if isinstance(e, x.ListRef) else ""


def _counted(e: Expr, env: Env) -> Iterator[tuple[str, int]]:
    """The years between the two ends of one step in working days, both known."""
    match e:
        case x.Arith(op="+" | "-"):
            begin, by = evaluate(e.left, env).value, evaluate(e.right, env).value
            if not isinstance(by, Duration) or by.unit is not Unit.WORKING_DAYS:
                return
            calendar = by.calendar or ""
        case x.Call(function="roll"):
            begin, calendar = evaluate(e.args[0], env).value, str(evaluate(e.args[1], env).value)
        case _:
            return
    end = evaluate(e, env).value
    if isinstance(begin, date) and isinstance(end, date):
        for year in range(min(begin, end).year, max(begin, end).year + 1):
            yield calendar, year
