"""What the service counts, in the text format of Prometheus.

With several worker processes the counts of all of them are added up: ``server`` then names, before the workers start,
the folder through which they share them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from policyengine.model.bundle import CheckedBundle
from policyengine.model.decision import Decision

#: The environment variable in which prometheus-client looks for the shared folder.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """Counters of one application."""

    def __init__(self, bundles: Mapping[str, CheckedBundle]) -> None:
        self._registry = registry = CollectorRegistry()
        # Labels are routes and codes, never what callers send: their number is bounded.
        self._requests = Counter(
            "policyengine_http_requests", "Requests answered", ["route", "method", "status"], registry=registry
        )
        self._seconds = Histogram(
            "policyengine_http_request_seconds", "Time to answer a request", ["route"], registry=registry
        )
        self._decisions = Counter(
            "policyengine_decisions", "Decisions made, by class", ["bundle", "decision", "class"], registry=registry
        )
        names = ["bundle", "version", "digest"]
        info = Gauge("policyengine_bundle", "The bundles", names, registry=registry, multiprocess_mode="max")
        for bundle in bundles.values():
            info.labels(bundle.id, bundle.version, bundle.digest).set(1)

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """One request was answered; ``route`` is the pattern of its path."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def decided(self, decision: Decision) -> None:
        """One decision was made, alone or in a batch."""
        self._decisions.labels(decision.bundle[0], decision.decision, decision.verdict_class).inc()

    def text(self) -> bytes:
        """All counts, of all workers."""
        if SHARED_FOLDER not in os.environ:
            return generate_latest(self._registry)
        everyone = CollectorRegistry()
        MultiProcessCollector(everyone)  # type: ignore[no-untyped-call]
        return generate_latest(everyone)
