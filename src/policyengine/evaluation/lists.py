"""Lists to closures: quantifiers, filters and columns. A candidate that a filter could not decide on stays, unsure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policyengine.evaluation.env import Env
from policyengine.evaluation.names import Read, Run
from policyengine.evaluation.values import UNKNOWN, Candidates, Got, Values

if TYPE_CHECKING:
    from policyengine.evaluation.evaluator import Evaluation


def quantifier(candidates: Run, variable: str, body: Run, *, decisive: bool) -> Run:
    """Whether some element has a body that is true (``decisive`` is true), or every one (false decides)."""

    def run(ev: Evaluation, env: Env) -> Got:
        got = candidates(ev, env)
        if not isinstance(got, Candidates):
            return UNKNOWN
        unknown = False
        for element, sure in got.items:
            truth = body(ev, env.bind(variable, element))
            if truth is decisive and sure:
                return decisive
            # One that may not be in the list can only decide if it is; one whose body does not matter never can.
            unknown = unknown or truth is not (not decisive)
        return UNKNOWN if unknown else not decisive

    return run


def kept(candidates: Run, variable: str, predicate: Run) -> Run:
    """The candidates that pass, or may."""

    def run(ev: Evaluation, env: Env) -> Got:
        got = candidates(ev, env)
        if not isinstance(got, Candidates):
            return UNKNOWN
        found = []
        for element, sure in got.items:
            truth = predicate(ev, env.bind(variable, element))
            if truth is not False:
                found.append((element, sure and truth is True))
        return Candidates(tuple(found))

    return run


def column(candidates: Run, read: Read) -> Run:
    """The values of a field of the candidates."""

    def run(ev: Evaluation, env: Env) -> Got:
        got = candidates(ev, env)
        if not isinstance(got, Candidates):
            return UNKNOWN
        items = got.items
        values = tuple([read(ev, element) for element, sure in items if sure])
        return Values(values, len(items) - len(values))

    return run
