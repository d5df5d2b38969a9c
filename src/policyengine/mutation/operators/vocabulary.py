"""Slips in what is declared: defaults, the order of dates, rows of tables."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Literal
from policyengine.model.vocabulary import Fact, FactList, Table
from policyengine.mutation.operators.base import Change, Changes, Operator
from policyengine.mutation.sites import Site
from policyengine.mutation.wording import quoted
from policyengine.values.types import Kind


def _no_default(site: Site, _: CheckedBundle) -> Changes:
    match site.node:
        case Fact(default=default) as fact if default is not None:
            yield Change(replace(fact, default=None), {"default": quoted(default.span, default)}, default.span)
        case FactList(default_empty=True) as items:
            yield Change(replace(items, default_empty=False), {"default": "`[]`"})


def _assumed_false(site: Site, _: CheckedBundle) -> Changes:
    match site.node:
        case Fact(default=None) as fact if fact.type.kind is Kind.BOOLEAN:
            yield Change(replace(fact, default=Literal(value=False, type=fact.type, span=fact.span)))


def _any_order(site: Site, _: CheckedBundle) -> Changes:
    match site.node:
        case Fact(not_before=str() as other) as fact:
            yield Change(replace(fact, not_before=None), {"other": other})


def _row(site: Site, _: CheckedBundle) -> Changes:
    match site.node:
        case Table(rows=rows) as table if len(rows) > 1:
            for row in rows:
                kept = tuple(r for r in rows if r is not row)
                yield Change(replace(table, rows=kept), {"row": quoted(row.span)}, row.span)


def _rows(site: Site, _: CheckedBundle) -> Changes:
    """Rows change places where the first that fits is the one."""
    match site.node:
        case Table(hit="first", rows=rows) as table:
            for i, (first, second) in enumerate(pairwise(rows)):
                order = (*rows[:i], second, first, *rows[i + 2 :])
                words = {"first": quoted(first.span), "second": quoted(second.span)}
                yield Change(replace(table, rows=order), words, second.span)


def _rest(site: Site, _: CheckedBundle) -> Changes:
    match site.node:
        case Table(otherwise=rest) as table if rest is not None:
            yield Change(replace(table, otherwise=None), {}, rest[0].span)


OPERATORS = (
    Operator(
        id="default-dropped",
        title="a default is missing",
        sentence="{where} has no default {default}",
        on=(Fact, FactList),
        changes=_no_default,
    ),
    Operator(
        id="unknown-fact-as-false",
        title="a yes-or-no fact that is not known counts as false",
        sentence="{where} counts as false while it is not known",
        on=(Fact,),
        changes=_assumed_false,
    ),
    Operator(
        id="order-dropped",
        title="an order of dates is not watched",
        sentence="{where} may be before `{other}` without a remark",
        on=(Fact,),
        changes=_any_order,
        on_grid=False,
    ),
    Operator(
        id="row-dropped",
        title="a row of a table is missing",
        sentence="the row {row} is missing in {where}",
        on=(Table,),
        changes=_row,
    ),
    Operator(
        id="rows-swapped",
        title="two neighbouring rows of a `first` table change places",
        sentence="the row {second} comes before {first} in {where}",
        on=(Table,),
        changes=_rows,
    ),
    Operator(
        id="otherwise-dropped",
        title="a table has no `otherwise`",
        sentence="{where} has no `otherwise`",
        on=(Table,),
        changes=_rest,
    ),
)
