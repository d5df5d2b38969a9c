"""Expressions to closures. Each node is compiled once; a closure takes an evaluation and what names stand for."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

from policyengine.evaluation import lists, names, tables
from policyengine.evaluation.env import Env
from policyengine.evaluation.functions import FUNCTIONS, Site
from policyengine.evaluation.names import Body, Run
from policyengine.evaluation.operators import IMPOSSIBLE, arithmetic, both, compare, impossible, negative
from policyengine.evaluation.plain import calculation, comparison
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


class Compiler:
    """Compiles the expressions of one bundle; asked for the same node again, it gives the same closure."""

    def __init__(self, bundle: CheckedBundle, reading: Reading) -> None:
        self.bundle = bundle
        self.reading = reading
        #: By identity: equal nodes at different places make different faults.
        self.runs: dict[int, Run] = {}
        # The nodes are kept, so that their identities stay their own.
        self._kept: list[Expr] = []
        self._bodies: dict[tuple[str, str | None], Body] = {}

    def run(self, e: Expr) -> Run:
        """The closure of a node."""
        done = self.runs.get(id(e))
        if done is None:
            self._kept.append(e)
            done = self.runs[id(e)] = self._compile(e)
        return done

    def _compile(self, e: Expr) -> Run:  # noqa: C901, PLR0912 - the one list of node kinds
        match e:
            case Literal(value=value):
                return lambda _ev, _env: value
            case Null():
                return lambda _ev, _env: UNKNOWN
            case AsOf():
                return lambda ev, _env: ev.memory.as_of
            case FactRef():
                return names.fact(e, self.bundle.facts[e.name])
            case ListRef():
                return lambda ev, _env: ev.candidates(e.name)
            case ItemField():
                return names.item(e, self.bundle.lists[e.list])
            case ParameterRef():
                return names.parameter(e, self.bundle.parameters[e.name])
            case DefinitionRef():
                return self._definition(e)
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
                return lists.kept(self.run(e.list), e.variable, self.run(e.predicate))
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
        op, left, right, span, test = e.op, self.run(e.left), self.run(e.right), e.span, comparison(e)
        if test is None:
            return lambda ev, env: compare(op, left(ev, env), right(ev, env), span)

        def run(ev: Evaluation, env: Env) -> Got:
            a, b = left(ev, env), right(ev, env)
            if isinstance(a, Unknown) or isinstance(b, Unknown):
                return compare(op, a, b, span)
            try:
                return test(a, b)
            except IMPOSSIBLE as why:
                return impossible(span, why)

        return run

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
        holds = _contains_any if e.mode == "any" else _contains_all
        written = [m.value for m in e.members if isinstance(m, Literal)]
        constant = _together(written) if len(written) == len(members) else None

        def run(ev: Evaluation, env: Env) -> Got:
            inside = container(ev, env)
            if isinstance(inside, Unknown):
                return UNKNOWN
            if constant is not None:
                return holds(cast("frozenset[str]", inside), constant)
            wanted = [m(ev, env) for m in members]
            if not all(is_known(w) for w in wanted):
                return UNKNOWN
            return holds(cast("frozenset[str]", inside), _together(wanted))

        return run

    # --- connectives ---

    def _junction(self, items: tuple[Expr, ...], *, decisive: bool) -> Run:
        runs = tuple(self.run(i) for i in items)
        passing = not decisive

        def run(ev: Evaluation, env: Env) -> Got:
            settled = True
            for item in runs:
                got = item(ev, env)
                if got is decisive:
                    return decisive
                if got is not passing:
                    settled = False
            return passing if settled else UNKNOWN

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
        plain = calculation(e, calendars)

        def run(ev: Evaluation, env: Env) -> Got:
            a, b = left(ev, env), right(ev, env)
            if isinstance(a, Unknown) or isinstance(b, Unknown):
                return arithmetic(op, a, b, span, calendars)
            try:
                return plain(a, b)
            except IMPOSSIBLE as why:
                return impossible(span, why)

        return run

    def _negate(self, e: Negate) -> Run:
        item, span = self.run(e.item), e.span

        def run(ev: Evaluation, env: Env) -> Got:
            got = item(ev, env)
            if isinstance(got, Unknown):
                return UNKNOWN
            try:
                return negative(cast("Value", got))
            except IMPOSSIBLE as why:
                return impossible(span, why)

        return run

    def _call(self, e: Call) -> Run:
        function, args = FUNCTIONS[e.function], tuple(self.run(a) for a in e.args)
        site = Site(e.function, e.span, e.type, self.bundle.calendars)
        return lambda ev, env: function(tuple([a(ev, env) for a in args]), site)

    def _stated(self, e: Stated) -> Run:
        target, given_empty = self.run(e.target), names.is_given_empty(e.target)

        def run(ev: Evaluation, env: Env) -> Got:
            if given_empty(ev, env):
                return False
            got = target(ev, env)
            if isinstance(got, Unknown):
                return UNKNOWN
            return bool(got.items) if isinstance(got, Candidates) else got not in ("", frozenset())

        return run

    # --- lists ---

    def _quantifier(self, e: Quantifier) -> Run:
        return lists.quantifier(self.run(e.list), e.variable, self.run(e.body), decisive=e.kind == "some")

    def _pluck(self, e: Pluck) -> Run:
        read = names.field(e.field, self.bundle.lists[e.list.type.name or ""], e.span)
        return lists.column(self.run(e.list), read)

    # --- definitions ---

    def _definition(self, e: DefinitionRef) -> Run:
        definition = self.bundle.definitions[e.name]
        variable = self.bundle.lists[definition.each].each if definition.each else None
        return names.definition(e, variable, lambda: self._body(definition, e.output))

    def _body(self, definition: Definition, output: str | None) -> Body:
        """A definition's value, or one output of its table; every expression that names it shares it."""
        key = (definition.name, output)
        if key not in self._bodies:
            steady = not self.reading.of_definition(definition).specials
            self._bodies[key] = Body(self._value(definition, output), steady)
        return self._bodies[key]

    def _value(self, definition: Definition, output: str | None) -> Run:
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


def _together(members: Iterable[Got]) -> frozenset[str]:
    """Members, and sets that stand for all of theirs."""
    sets = [m if isinstance(m, frozenset) else frozenset({cast("str", m)}) for m in members]
    return frozenset[str]().union(*sets)


def _contains_any(inside: frozenset[str], wanted: frozenset[str]) -> bool:
    return not wanted.isdisjoint(inside)


def _contains_all(inside: frozenset[str], wanted: frozenset[str]) -> bool:
    return wanted <= inside


def truth(got: Got) -> bool | None:
    """A boolean's value as a truth: None for unknown."""
    return None if isinstance(got, Unknown) else cast("bool", got)
