"""What is inside of expressions while it is watched: branches, bodies about elements, table rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from policyengine.coverage.conditions import Condition, Hits, Probe
from policyengine.evaluation.env import Env
from policyengine.evaluation.evaluator import Evaluation
from policyengine.evaluation.names import Run
from policyengine.evaluation.tables import HIT_POLICIES
from policyengine.evaluation.values import Candidates
from policyengine.values.money import Money


@dataclass(frozen=True, slots=True)
class BranchProbe:
    """``if``: the branch that a known condition takes; what is inside of the other is not looked at."""

    condition: Condition
    then: int
    otherwise: int
    inside_then: tuple[Probe, ...]
    inside_otherwise: tuple[Probe, ...]

    def __call__(self, ev: Evaluation, env: Env, hits: Hits) -> None:
        """Note the branch."""
        truth = self.condition(ev, env, hits)
        if truth is None:
            return
        hits.add(self.then if truth else self.otherwise)
        for probe in self.inside_then if truth else self.inside_otherwise:
            probe(ev, env, hits)


@dataclass(frozen=True, slots=True)
class EachProbe:
    """What is asked of each element that a list has, or may have."""

    elements: Run
    variable: str
    body: tuple[Probe, ...]

    def __call__(self, ev: Evaluation, env: Env, hits: Hits) -> None:
        """Ask it of each."""
        got = self.elements(ev, env)
        if isinstance(got, Candidates):
            for element, _ in got.items:
                inner = env.bind(self.variable, element)
                for probe in self.body:
                    probe(ev, inner, hits)


@dataclass(frozen=True, slots=True)
class TableProbe:
    """A table: its rows, and the items for the row that decides; the last one is that of ``otherwise``."""

    hit: str
    rows: tuple[Condition, ...]
    deciding: tuple[int, ...]
    values: tuple[tuple[Run, ...], ...]
    outputs: tuple[tuple[Probe, ...], ...]

    def __call__(self, ev: Evaluation, env: Env, hits: Hits) -> None:
        """Note the row that decides. Where two rows fit that may not, that is a fault, and neither does."""
        truths = [row(ev, env, hits) for row in self.rows]
        for row in self._deciding(truths, ev, env):
            hits.add(self.deciding[row])
            for probe in self.outputs[row]:
                probe(ev, env, hits)

    def _deciding(self, truths: Sequence[bool | None], ev: Evaluation, env: Env) -> tuple[int, ...]:
        verdict = HIT_POLICIES[self.hit](truths)
        rows = verdict.decided or verdict.open
        if not verdict.decided:
            return rows if rows == (len(truths),) and len(truths) < len(self.deciding) else ()
        if len(rows) == 1:
            return rows
        given = [[run(ev, env) for run in self.values[row]] for row in rows]
        return rows if self.hit == "any" and all(g == given[0] for g in given) else ()


@dataclass(frozen=True, slots=True)
class FreeProbe:
    """A payout limit that applies and does not bind: the amount so far is not above it."""

    limit: Run
    free: int

    def __call__(self, ev: Evaluation, env: Env, hits: Hits) -> None:
        """Note it; nothing unless both are exactly known, in one currency."""
        amount, limit = env.specials.get("amount"), self.limit(ev, env)
        if isinstance(amount, Money) and isinstance(limit, Money):
            one = not amount.currency or not limit.currency or amount.currency == limit.currency
            if one and amount.amount <= limit.amount:
                hits.add(self.free)
