"""What a back end is: it compiles a bundle and then says, of each rule, true, false or unknown. Nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from policyengine.evaluation.evaluator import Evaluation, Evaluator
from policyengine.model.bundle import CheckedBundle

Truths = tuple[bool | None, ...]


@dataclass(frozen=True, slots=True)
class Matches:
    """The truth of each rule, by the rule's ``index``; None: unknown.

    ``document`` means something for rules of the document only, ``elements`` (by element key, in order) for rules of
    the elements only. ``elements`` is None when the list is unknown. Warnings are not matched: theirs stays None.
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
