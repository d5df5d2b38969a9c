"""Expressions to closures. Each node is compiled once; a closure takes an evaluation and what names stand for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from policyengine.evaluation import tables
from policyengine.evaluation.env import Env
from policyengine.evaluation.functions import FUNCTIONS, Site
from policyengine.evaluation.operators import arithmetic, both, compare, guarded, negative
from policyengine.evaluation.reads import Reading
from policyengine.evaluation.values import UNKNOWN, Candidates, Got, Unknown, Values, is_known
from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import (
    And,
    Arith,
    AsOf,
    Call,
    Compare,
    Contains,
    DefinitionRef,
    Expr,
    FactRef,
    Filter,
    If,
    ItemField,
    Known,
    ListOf,
    ListRef,
    Literal,
    MemberOf,
    Negate,
    Not,
    Null,
    Or,
    ParameterRef,
    Pluck,
    Quantifier,
    Special,
    SplitIs,
    Stated,
    Value,
    Within,
)
from policyengine.model.vocabulary import Definition, Table

if TYPE_CHECKING:
    from policyengine.evaluation.evaluator import Evaluation

Run = Callable[["Evaluation", Env], Got]


class Compiler:
    """Compiles the expressions of one bundle; asked for the same node again, it gives the same closure."""

    def __init__(self, bundle: CheckedBundle, reading: Reading) -> None:
        self.bundle = bundle
        self.reading = reading
        # By identity: equal nodes at different places make different faults. The node is kept, so its id stays its own.
        self._done: dict[int, tuple[Expr, Run]] = {}

    def run(self, e: Expr) -> Run:
        """The closure of a node."""
        done = self._done.get(id(e))
        if done is None:
            done = self._done[id(e)] = (e, self._compile(e))
        return done[1]

    def _compile(self, e: Expr) -> Run:  # noqa: C901, PLR0912 - the one list of node kinds
        match e:
            case Literal():
                return lambda _ev, _env: e.value
            case Null():
                return lambda _ev, _env: UNKNOWN
            case AsOf():
                return lambda ev, _env: ev.memory.as_of
            case FactRef():
                return lambda ev, _env: ev.fact(e.name, e.span)
            case ListRef():
                return lambda ev, _env: ev.candidates(e.name)
            case ItemField():
                return lambda ev, env: ev.item(env.elements[e.variable], e.field, e.span)
            case ParameterRef():
                return lambda ev, _env: ev.parameter(e.name, e.span)
            case DefinitionRef():
                return lambda ev, env: ev.definition(e, env)
            case Special():
                return lambda _ev, env: env.specials.get(e.name, UNKNOWN)
            case Compare():
                return self._tried(e, self._compare(e))
            case Within():
                return self._tried(e, self._within(e))
            case MemberOf():
                return self._tried(e, self._member(e))
            case Contains():
                return self._tried(e, self._contains(e))
            case And():
                return self._junction(e.items, decisive=False)
            case Or():
                return self._junction(e.items, decisive=True)
            case Not():
                return self._not(e)
            case If():
                return self._if(e)
            case Arith():
                return self._arith(e)
            case Negate():
                return self._negate(e)
            case Call():
                return self._call(e)
            case Known():
                return lambda ev, env: ev.is_given(e.target, env)
            case Stated():
                return self._stated(e)
            case Quantifier():
                return self._quantifier(e)
            case Filter():
                return self._filter(e)
            case Pluck():
                return self._pluck(e)
            case ListOf():
                items = tuple(self.run(i) for i in e.items)
                return lambda ev, env: Values(tuple(i(ev, env) for i in items))
            case SplitIs():
                return lambda ev, _env: ev.split_is(e)
        raise TypeError(f"no such expression: {e!r}")

    # --- comparisons ---

    def _tried(self, e: Expr, core: Run) -> Run:
        """A comparison that reads dated parameters is tried with every value of those whose key day is open."""
        names = sorted(self.reading.of(e).parameters)
        if not names:
            return core

        def run(ev: Evaluation, env: Env) -> Got:
            got = core(ev, env)
            # Bounds may decide without the parameter; what else is unknown stays as it is, faults included.
            open_ = ev.open_parameters(names) if isinstance(got, Unknown) else ()
            tried = ev.tried(core, env, open_) if open_ else got
            return got if isinstance(tried, Unknown) else tried

        return run

    def _compare(self, e: Compare) -> Run:
        op, left, right, span = e.op, self.run(e.left), self.run(e.right), e.span
        return lambda ev, env: compare(op, left(ev, env), right(ev, env), span)

    def _within(self, e: Within) -> Run:
        subject, low, high, span = self.run(e.subject), self.run(e.low), self.run(e.high), e.span
        above = ">" if e.low_open else ">="
        below = "<" if e.high_open else "<="

        def run(ev: Evaluation, env: Env) -> Got:
            value = subject(ev, env)
            return both(compare(above, value, low(ev, env), span), compare(below, value, high(ev, env), span))

        return run

    def _member(self, e: MemberOf) -> Run:
        subject, container = self.run(e.subject), self.run(e.container)

        def run(ev: Evaluation, env: Env) -> Got:
            member, members = subject(ev, env), container(ev, env)
            if isinstance(member, Unknown) or isinstance(members, Unknown):
                return UNKNOWN
            return member in cast("frozenset[str]", members)

        return run

    def _contains(self, e: Contains) -> Run:
        container, members = self.run(e.container), tuple(self.run(m) for m in e.members)
        holds = any if e.mode == "any" else all

        def run(ev: Evaluation, env: Env) -> Got:
            inside, wanted = container(ev, env), [m(ev, env) for m in members]
            if isinstance(inside, Unknown) or not all(is_known(w) for w in wanted):
                return UNKNOWN
            return holds(m in cast("frozenset[str]", inside) for w in wanted for m in _spread(w))

        return run

    # --- connectives ---

    def _junction(self, items: tuple[Expr, ...], *, decisive: bool) -> Run:
        runs = tuple(self.run(i) for i in items)

        def run(ev: Evaluation, env: Env) -> Got:
            unknown = False
            for item in runs:
                got = item(ev, env)
                if got is decisive:
                    return decisive
                unknown = unknown or isinstance(got, Unknown)
            return UNKNOWN if unknown else not decisive

        return run

    def _not(self, e: Not) -> Run:
        item = self.run(e.item)

        def run(ev: Evaluation, env: Env) -> Got:
            got = item(ev, env)
            return UNKNOWN if isinstance(got, Unknown) else not got

        return run

    def _if(self, e: If) -> Run:
        condition, then, otherwise = self.run(e.condition), self.run(e.then), self.run(e.otherwise)

        def run(ev: Evaluation, env: Env) -> Got:
            truth = condition(ev, env)
            if not isinstance(truth, Unknown):
                return then(ev, env) if truth else otherwise(ev, env)
            value = then(ev, env)
            return value if is_known(value) and value == otherwise(ev, env) else UNKNOWN

        return run

    # --- arithmetic and functions ---

    def _arith(self, e: Arith) -> Run:
        op, left, right, span, calendars = e.op, self.run(e.left), self.run(e.right), e.span, self.bundle.calendars
        return lambda ev, env: arithmetic(op, left(ev, env), right(ev, env), span, calendars)

    def _negate(self, e: Negate) -> Run:
        item, span = self.run(e.item), e.span

        def run(ev: Evaluation, env: Env) -> Got:
            got = item(ev, env)
            return UNKNOWN if isinstance(got, Unknown) else guarded(span, lambda: negative(cast("Value", got)))

        return run

    def _call(self, e: Call) -> Run:
        function, args = FUNCTIONS[e.function], tuple(self.run(a) for a in e.args)
        site = Site(e.function, e.span, e.type, self.bundle.calendars)
        return lambda ev, env: function(tuple([a(ev, env) for a in args]), site)

    def _stated(self, e: Stated) -> Run:
        target = self.run(e.target)

        def run(ev: Evaluation, env: Env) -> Got:
            if ev.is_given_empty(e.target, env):
                return False
            got = target(ev, env)
            if isinstance(got, Unknown):
                return UNKNOWN
            return bool(got.items) if isinstance(got, Candidates) else got not in ("", frozenset())

        return run

    # --- lists ---

    def _quantifier(self, e: Quantifier) -> Run:
        candidates, body, variable = self.run(e.list), self.run(e.body), e.variable
        decisive = e.kind == "some"

        def run(ev: Evaluation, env: Env) -> Got:
            got = candidates(ev, env)
            if isinstance(got, Unknown):
                return UNKNOWN
            unknown = False
            for element, sure in cast("Candidates", got).items:
                truth = body(ev, env.bind(variable, element))
                if truth is decisive and sure:
                    return decisive
                # One that may not be in the list can only decide if it is; one whose body does not matter never can.
                unknown = unknown or truth is not (not decisive)
            return UNKNOWN if unknown else not decisive

        return run

    def _filter(self, e: Filter) -> Run:
        candidates, predicate, variable = self.run(e.list), self.run(e.predicate), e.variable

        def run(ev: Evaluation, env: Env) -> Got:
            got = candidates(ev, env)
            if isinstance(got, Unknown):
                return UNKNOWN
            kept = []
            for element, sure in cast("Candidates", got).items:
                truth = predicate(ev, env.bind(variable, element))
                if truth is not False:
                    kept.append((element, sure and truth is True))
            return Candidates(tuple(kept))

        return run

    def _pluck(self, e: Pluck) -> Run:
        candidates, field, span = self.run(e.list), e.field, e.span

        def run(ev: Evaluation, env: Env) -> Got:
            got = candidates(ev, env)
            if isinstance(got, Unknown):
                return UNKNOWN
            items = cast("Candidates", got).items
            values = tuple(ev.item(element, field, span) for element, sure in items if sure)
            return Values(values, len(items) - len(values))

        return run

    # --- definitions ---

    def definition(self, definition: Definition, output: str | None) -> Run:
        """The closure of a definition's value, or of one output of its table."""
        if isinstance(definition.body, Table):
            return self._table(definition.body, definition.name, output)
        return self.run(definition.body)

    def _table(self, table: Table, name: str, output: str | None) -> Run:
        rows = tuple(self._junction(row.tests, decisive=False) for row in table.rows)
        last = len(table.rows) + (table.otherwise is not None)
        position = tables.column(table, output)
        cells = tuple(self.run(tables.cell(table, i, position)) for i in range(last))

        def run(ev: Evaluation, env: Env) -> Got:
            truths = [truth(row(ev, env)) for row in rows]
            return tables.outcome(table, name, truths, lambda i: cells[i](ev, env))

        return run


def _spread(member: Got) -> frozenset[str]:
    return member if isinstance(member, frozenset) else frozenset({cast("str", member)})


def truth(got: Got) -> bool | None:
    """A boolean's value as a truth: None for unknown."""
    return None if isinstance(got, Unknown) else cast("bool", got)
