"""What Prometheus is told of the whole service, whichever worker is asked: its bundles, its workers, its release."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

import policyengine
from policyengine.web.generations import Status

#: What may come of a reload.
RESULTS: Final = ("changed", "unchanged", "partly", "refused", "late", "failed")


class BundleMetrics(Collector):
    """Reads the state anew each time, so that a bundle that is no longer in service is no longer told of."""

    def __init__(self, status: Callable[[], Status]) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        """The metrics."""
        status = self._status()
        build = GaugeMetricFamily("policyengine_build_info", "The release that runs: always 1", labels=["version"])
        build.add_metric([policyengine.__version__], 1)
        yield build
        yield CounterMetricFamily("policyengine_worker_starts", "Workers that began", status.starts)
        info = GaugeMetricFamily(
            "policyengine_bundle_info", "The bundles in service: always 1", labels=["bundle", "version", "digest"]
        )
        for released in status.bundles:
            info.add_metric([released.id, released.version, released.digest], 1)
        yield info
        refused = GaugeMetricFamily(
            "policyengine_bundle_refused", "Whether the last reload refused a bundle", labels=["bundle"]
        )
        names = {refusal.bundle for refusal in status.refused}
        for name in sorted({released.id for released in status.bundles} | names):
            refused.add_metric([name], int(name in names))
        yield refused
        reloads = CounterMetricFamily("policyengine_reloads", "Reloads, by what came of them", labels=["result"])
        for result in RESULTS:
            reloads.add_metric([result], status.reloads.get(result, 0))
        yield reloads
        yield GaugeMetricFamily("policyengine_generation", "The generation in service", status.generation)
        late = len(status.late(time.time()))
        yield GaugeMetricFamily("policyengine_workers_late", "Workers that serve another generation for too long", late)
        if status.skew is not None:
            about = "Time from the first to the last worker that took the generation over"
            yield GaugeMetricFamily("policyengine_reload_skew_seconds", about, status.skew)
