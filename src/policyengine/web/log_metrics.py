"""The decision log, for Prometheus."""

from __future__ import annotations

import threading

from prometheus_client import CollectorRegistry, Counter

from policyengine.decision_log.writer import Commits


class LogMetrics:
    """Creates the counters, and adds what a log has counted since it was last looked at."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._records = Counter("policyengine_log_records", "Decisions committed to the log", registry=registry)
        self._commits = Counter("policyengine_log_commits", "Transactions in which they were", registry=registry)
        self._failures = Counter(
            "policyengine_log_failures",
            "Requests, and parts of streams, that were refused or answered without a log because it failed",
            registry=registry,
        )
        self._heads = Counter(
            "policyengine_log_head_failures", "Signed heads that could not be written", registry=registry
        )
        self._without = Counter("policyengine_log_answers_without", "Answers sent without a log", registry=registry)
        self._lock = threading.Lock()
        self._seen = Commits()

    def update(self, now: Commits) -> None:
        """Take over what has been counted."""
        with self._lock:
            seen, self._seen = self._seen, Commits(now.commits, now.records)
            self._records.inc(self._seen.records - seen.records)
            self._commits.inc(self._seen.commits - seen.commits)

    def head_failed(self) -> None:
        """A signed head could not be written."""
        self._heads.inc()

    def answered_without(self) -> None:
        """An answer is sent that is not logged, because that failed."""
        self._failures.inc()
        self._without.inc()

    def refused(self) -> None:
        """Somebody is told that the log cannot be used, and gets no answer."""
        self._failures.inc()
