"""What a back end is: it compiles a bundle and then says, of each rule, true, false or unknown. Nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from policyengine.evaluation.evaluator import Evaluation, Evaluator
from policyengine.model.bundle import CheckedBundle


class Truths(NamedTuple):
    """Which rules are true and which unknown: their indexes, ascending. Every other rule of the scope is false.

    Thousands of rules that do not apply cost nothing: nobody lists them.
    """

    true: tuple[int, ...] = ()
    unknown: tuple[int, ...] = ()

    def of(self, index: int) -> bool | None:
        """The truth of one rule of the scope, by its ``index``; None: unknown."""
        return True if index in self.true else (None if index in self.unknown else False)


class Matches(NamedTuple):
    """The truths of the rules in a decision's steps; warnings are not matched.

    ``document`` is about the rules of the document, ``elements`` (by element key, in order) about the rules of
    the elements. ``elements`` is None when the list is unknown.
    """

    document: Truths
    elements: Mapping[str, Truths] | None


class Program(Protocol):
    """A compiled bundle. Safe to share between threads."""

    def match(self, decision: str, evaluation: Evaluation) -> Matches:
        """Match the facts against every rule in the decision's steps."""
        ...

    def close(self) -> None:
        """Give up what the program holds outside of Python. Idempotent; matching afterwards is an error."""
        ...


class Backend(Protocol):
    """A way to compile bundles."""

    name: str

    def compile(self, bundle: CheckedBundle, evaluator: Evaluator) -> Program:
        """Compile every decision of the bundle."""
        ...
