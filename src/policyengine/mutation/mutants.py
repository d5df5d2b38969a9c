"""All mutants of a bundle, in a fixed order: by file, place and operator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from policyengine.model.bundle import CheckedBundle
from policyengine.model.expr import Expr
from policyengine.mutation.operators import OPERATORS, Change, Operator
from policyengine.mutation.paths import Path, put_all
from policyengine.mutation.reach import Reach
from policyengine.mutation.sites import Owner, Site, sites
from policyengine.source import Span

_OF_REMARKS = "order-dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutant:
    """One slip. ``sentence`` says what no test notices if it survives; ``decisions`` are those that can see it.

    ``id`` is the operator, the place and a number: it stays the same as long as the files do.
    """

    id: str
    operator: str
    owner: Owner
    span: Span
    sentence: str
    decisions: tuple[str, ...]
    node: object = field(repr=False)
    paths: tuple[Path, ...] = field(repr=False)
    new: object = field(repr=False)

    def applied(self, bundle: CheckedBundle) -> CheckedBundle:
        """The bundle with the slip in it."""
        return put_all(bundle, self.paths, self.new)

    @property
    def in_rules(self) -> bool:
        """Whether only rules of decisions are changed, and nothing that has a name."""
        return all(path[0] == "decisions" for path in self.paths)


def mutants(bundle: CheckedBundle) -> tuple[Mutant, ...]:
    """Every mutant of a bundle. Changes that come to the same model are one."""
    reach = Reach(bundle)
    made: dict[object, tuple[Operator, Site, Change]] = {}
    for operator, site, change in _changes(bundle):
        new = change.new
        key = (site.paths, type(new), new) if isinstance(new, Expr) else object()
        made.setdefault(key, (operator, site, change))
    order = {id_: i for i, id_ in enumerate(OPERATORS)}
    ordered = sorted(made.values(), key=lambda m: (_place(m[2].span or m[1].span), order[m[0].id]))
    counts: dict[str, int] = {}
    return tuple(_mutant(*one, reach, counts) for one in ordered)


def _changes(bundle: CheckedBundle) -> Iterator[tuple[Operator, Site, Change]]:
    for site in sites(bundle):
        for operator in OPERATORS.values():
            yield from ((operator, site, change) for change in operator.of(site, bundle))


def _place(span: Span) -> tuple[str, int, int]:
    return (span.file.relative or span.file.path, span.start.line, span.start.column)


def _mutant(operator: Operator, site: Site, change: Change, reach: Reach, counts: dict[str, int]) -> Mutant:
    span, owner = change.span or site.span, change.owner or site.owner
    path, line, column = _place(span)
    stem = f"{operator.id}:{path}:{line}:{column}"
    counts[stem] = counts.get(stem, 0) + 1
    return Mutant(
        id=f"{stem}:{counts[stem]}",
        operator=operator.id,
        owner=owner,
        span=span,
        sentence=operator.told(site, change),
        decisions=_decisions(operator, site, reach),
        node=site.node,
        paths=site.paths,
        new=change.new,
    )


def _decisions(operator: Operator, site: Site, reach: Reach) -> tuple[str, ...]:
    # Remarks about the order of dates are made of whatever is given, read or not.
    return reach.everywhere if operator.id == _OF_REMARKS else reach.decisions(site.owner)
