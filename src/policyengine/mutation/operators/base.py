"""What an operator is: a way in which an author may go wrong, tried at every site where it can happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from policyengine.model.bundle import CheckedBundle
from policyengine.mutation.sites import Owner, Site
from policyengine.source import Span


@dataclass(frozen=True, slots=True)
class Change:
    """A site's node made into another one. ``words`` fill the operator's sentence.

    ``span`` and ``owner`` are set where what is changed is only a part of the site, such as one rule of a decision.
    """

    new: object
    words: Mapping[str, str] = field(default_factory=dict)
    span: Span | None = None
    owner: Owner | None = None


Changes = Iterator[Change]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A way to go wrong. ``changes`` gives none, one or several changes of a site whose node is one of ``on``.

    ``sentence`` ends "no test notices if …"; ``{where}`` in it is the site's owner. A change must leave the model as
    the checker would: every expression of its type, every verdict of a class that its rule may give.

    ``on_grid`` is false for slips that show between the values of a boundary grid, such as another way of rounding, or
    in facts that no rule reads: a run over the grid says nothing about them.
    """

    id: str
    title: str
    sentence: str
    on: tuple[type, ...]
    changes: Callable[[Site, CheckedBundle], Changes]
    on_grid: bool = True

    def of(self, site: Site, bundle: CheckedBundle) -> Changes:
        """The changes of a site."""
        return self.changes(site, bundle) if isinstance(site.node, self.on) else iter(())

    def told(self, site: Site, change: Change) -> str:
        """The whole sentence."""
        words = {"where": str(change.owner or site.owner), **change.words}
        return f"no test notices if {self.sentence.format(**words)}"
