"""The cross-check, for Prometheus: how it is set, and its counts.

What engines have counted since they were last looked at is added.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge

from policyengine.engine.crosscheck import Checks
from policyengine.engine.settings import EngineSettings

_LABELS: Final = ("bundle", "decision")
#: Counters by the attribute of :class:`Checks` that they follow.
_COUNTERS: Final = {
    "compared": ("policyengine_crosscheck_compared", "Decisions whose matches were compared with the twin's"),
    "sampled": ("policyengine_crosscheck_sampled", "Decisions compared with the reference's"),
    "differed": ("policyengine_crosscheck_differences", "Decisions in which engines differed: the reference answered"),
    "faults": ("policyengine_crosscheck_faults", "Times that an engine failed: another one stood in"),
}


class CheckMetrics:
    """Creates the metrics. Labels are bundles, decisions and settings, so their number is bounded."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._counters = {
            name: Counter(metric, text, _LABELS, registry=registry) for name, (metric, text) in _COUNTERS.items()
        }
        self._set_aside = Gauge(
            "policyengine_crosscheck_set_aside",
            "Workers in which an engine is set aside because it failed several times in a row",
            _LABELS,
            registry=registry,
            multiprocess_mode="livesum",
        )
        self._info = Gauge(
            "policyengine_engine_info",
            "How decisions are made and checked",
            ("engine", "check", "sample"),
            registry=registry,
            multiprocess_mode="max",
        )

    def set_to(self, settings: EngineSettings) -> None:
        """An engine works by these settings, of which each is in effect."""
        self._info.labels(settings.backend, str(settings.check).lower(), str(settings.sample)).set(1)

    def follow(self, bundle: str, decision: str, checks: Checks) -> Callable[[], None]:
        """What to call after every request for this decision, or often enough."""
        counters = {name: counter.labels(bundle, decision) for name, counter in self._counters.items()}
        set_aside = self._set_aside.labels(bundle, decision)
        # An earlier edition of the bundle may have ended with an engine set aside.
        set_aside.set(0)
        seen = dict.fromkeys(counters, 0)
        lock = threading.Lock()

        def look() -> None:
            with lock:
                for name, counter in counters.items():
                    count: int = getattr(checks, name)
                    if count != seen[name]:
                        counter.inc(count - seen[name])
                        seen[name] = count
                if checks.set_aside != seen.get("set_aside", 0):
                    seen["set_aside"] = checks.set_aside
                    set_aside.set(int(checks.set_aside))

        return look
