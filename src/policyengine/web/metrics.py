"""What the service counts, in the text format of Prometheus.

With several worker processes the counts of all of them are added up: ``server`` then names, before the workers start,
the folder through which they share them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

from policyengine.configuration.settings import CONCURRENCY
from policyengine.web.admission import Places
from policyengine.web.bundle_metrics import BundleMetrics
from policyengine.web.check_metrics import CheckMetrics
from policyengine.web.decision_metrics import DecisionMetrics
from policyengine.web.generations import Status
from policyengine.web.log_metrics import LogMetrics

#: The environment variable in which prometheus-client looks for the shared folder.
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = CONTENT_TYPE_LATEST


class Metrics:
    """Counters of one application, which decides so many requests at a time."""

    def __init__(self, concurrency: int = CONCURRENCY) -> None:
        self._registry = registry = CollectorRegistry()
        # Labels are routes and codes, never what callers send: their number is bounded.
        self._requests = Counter(
            "policyengine_http_requests", "Requests answered", ["route", "method", "status"], registry=registry
        )
        self._seconds = Histogram(
            "policyengine_http_request_seconds", "Time to answer a request", ["route"], registry=registry
        )
        # Finding a counter by its labels takes longer than counting, so those in use are kept at hand.
        self._by_answer: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}
        self.checks = CheckMetrics(registry)
        self.decisions = DecisionMetrics(registry)
        self.places = Places(concurrency, registry)
        self.log = LogMetrics(registry)
        self._bundles: BundleMetrics | None = None

    def follow(self, status: Callable[[], Status]) -> None:
        """Tell of the bundles in service too, as the whole service sees them."""
        self._bundles = BundleMetrics(status)

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """One request was answered; ``route`` is the pattern of its path."""
        found = self._by_answer.get((route, method, status))
        if found is None:
            found = self._requests.labels(route, method, str(status)), self._seconds.labels(route)
            self._by_answer[route, method, status] = found
        requests, times = found
        requests.inc()
        times.observe(seconds)

    def text(self) -> bytes:
        """All counts, of all workers."""
        return self._of_workers() + self._of_bundles()

    def _of_workers(self) -> bytes:
        if SHARED_FOLDER not in os.environ:
            return generate_latest(self._registry)
        _forget_ended_workers(Path(os.environ[SHARED_FOLDER]))
        registry = CollectorRegistry()
        _OfWorkers(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry)

    def _of_bundles(self) -> bytes:
        if self._bundles is None:
            return b""
        registry = CollectorRegistry()
        registry.register(self._bundles)
        return generate_latest(registry)


class _OfWorkers(MultiProcessCollector):
    """The counts of all workers, but for files that a worker is making at this very moment: they are still empty."""

    def collect(self) -> Iterable[Metric]:
        """The metrics."""
        files = [str(file) for file in Path(os.environ[SHARED_FOLDER]).glob("*.db") if _has_begun(file)]
        return self.merge(files, accumulate=True)  # type: ignore[no-any-return, no-untyped-call]


def _has_begun(file: Path) -> bool:
    try:
        return file.stat().st_size > 0
    except FileNotFoundError:  # of a worker that has just been forgotten
        return False


def _forget_ended_workers(folder: Path) -> None:
    """What a worker said of its present state ends with it, also when it ended by a crash."""
    for file in folder.glob("gauge_live*_*.db"):
        worker = file.stem.rpartition("_")[2]
        if not Path("/proc", worker).exists():
            mark_process_dead(int(worker))  # type: ignore[no-untyped-call]
