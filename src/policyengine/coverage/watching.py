"""An evaluation that notes what a case covers while the answer is made from it."""

from __future__ import annotations

from collections.abc import Mapping

from policyengine.coverage.conditions import Hits, Probe
from policyengine.evaluation.env import EMPTY_ENV, Env
from policyengine.evaluation.evaluator import Evaluation, Evaluator
from policyengine.evaluation.values import Got
from policyengine.model.expr import Expr
from policyengine.model.memory import WorkingMemory


class WatchedEvaluation(Evaluation):
    """The same values. Expressions of payouts are watched where they are asked for: only there is the amount known."""

    __slots__ = ("_hooked", "hits")

    def __init__(self, evaluator: Evaluator, memory: WorkingMemory, hooked: Mapping[int, tuple[Probe, ...]]) -> None:
        super().__init__(evaluator, memory)
        self._hooked = hooked
        self.hits: Hits = set()

    def value(self, e: Expr, env: Env = EMPTY_ENV) -> Got:
        """The value; what watches the expression is told."""
        for probe in self._hooked.get(id(e), ()):
            probe(self, env, self.hits)
        return super().value(e, env)

    def truth(self, e: Expr, env: Env = EMPTY_ENV) -> bool | None:
        """The truth of a condition; what watches it is told."""
        got = self.value(e, env)
        return got if isinstance(got, bool) else None
