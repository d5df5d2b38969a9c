"""Back ends with a fault put into them on purpose, around one that works."""

from __future__ import annotations

from collections.abc import Callable

from policyengine.backends import Backend, Matches, Program
from policyengine.backends.base import Truths
from policyengine.evaluation.evaluator import Evaluation, Evaluator
from policyengine.model.bundle import CheckedBundle

#: What becomes of the matches of one call; ``call`` counts from 0 over the whole program.
Spoil = Callable[[int, Matches], Matches]


class Faulty:
    """``spoil`` is handed the matches of every call and gives others, or raises."""

    def __init__(self, name: str, backend: Backend, spoil: Spoil) -> None:
        self.name = name
        self._backend = backend
        self._spoil = spoil
        self.calls = 0
        self.closed = 0

    def compile(self, checked: CheckedBundle, evaluator: Evaluator) -> Program:
        return _Program(self, self._backend.compile(checked, evaluator))

    def spoiled(self, found: Matches) -> Matches:
        self.calls += 1
        return self._spoil(self.calls - 1, found)


class _Program:
    def __init__(self, faulty: Faulty, program: Program) -> None:
        self._faulty = faulty
        self._program = program

    def match(self, decision: str, evaluation: Evaluation) -> Matches:
        return self._faulty.spoiled(self._program.match(decision, evaluation))

    def close(self) -> None:
        self._faulty.closed += 1
        self._program.close()


def fine(_: int, found: Matches) -> Matches:
    return found


def raising(error: Exception, *calls: int) -> Spoil:
    """Raises at these calls; at every one if none is named."""

    def spoil(call: int, found: Matches) -> Matches:
        if not calls or call in calls:
            raise error
        return found

    return spoil


def lying(index: int, *calls: int) -> Spoil:
    """Says of one rule of the document that it is true when it is not, and the other way round."""

    def spoil(call: int, found: Matches) -> Matches:
        return Matches(turned(found.document, index), found.elements) if not calls or call in calls else found

    return spoil


def turned(truths: Truths, index: int) -> Truths:
    true = {*truths.true} ^ {index}
    return Truths(tuple(sorted(true)), tuple(i for i in truths.unknown if i != index))
