"""Explanations for the service: made only when asked for, and what makes them only then."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

from policyengine.explaining.explainer import Explainer
from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision

Json = object


class Explanations:
    """Explains the decisions of one bundle. Its explainer, which holds an engine, is made for the first question."""

    def __init__(self, bundle: CheckedBundle) -> None:
        self._bundle = bundle
        self._lock = Lock()
        self._explainer: Explainer | None = None

    def of(self, made: Decision, facts: Mapping[str, Json]) -> Json:
        """The explanation of a decision on these facts, as plain data."""
        with self._lock:
            if self._explainer is None:
                self._explainer = Explainer(self._bundle)
        return self._explainer.explain(made, facts).to_dict()
