"""All metrics of a process, in a registry of their own."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from importlib.metadata import version

from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector

from wildfire_bench.monitoring.families import Values, counter, gauge
from wildfire_bench.monitoring.registration import find_readers
from wildfire_bench.streaming.observation.snapshots import Observable, Snapshot

__all__ = ["MetricsExporter"]

log = logging.getLogger(__name__)


class MetricsExporter(Collector):
    """Reads what it watches when it is scraped; in between it costs nothing.

    Parameters
    ----------
    sources
        Producers, consumers and whatever else gives snapshots; `watch` adds more.
    registry
        Where to register; None for one of its own, never the process-wide one of the library.
    """

    def __init__(
        self, sources: Iterable[Observable] = (), registry: CollectorRegistry | None = None
    ) -> None:
        self._sources = list(sources)
        self._readers = find_readers()
        self._failures = 0
        self.registry = CollectorRegistry() if registry is None else registry
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.registry.register(self)

    def watch(self, source: Observable) -> None:
        """Read one more source from now on."""
        self._sources.append(source)

    def snapshots(self) -> tuple[Snapshot, ...]:
        """Figures of now of all that runs; from any thread."""
        return tuple(each for source in tuple(self._sources) for each in source.snapshots())

    def collect(self) -> Iterator[Metric]:
        """Metrics of now; called by the registry. A reader that fails leaves out only its own."""
        found = self.snapshots()
        for kind, read in self._readers:
            try:
                yield from read([each for each in found if isinstance(each, kind)])
            except Exception:
                self._failures += 1
                log.exception("no metrics of %s", kind.__name__)
        failures: Values = {(): float(self._failures)}
        yield counter("wildfire_metrics_failures", "Readers of metrics that failed.", (), failures)
        build: Values = {(version("wildfire-bench"),): 1.0}
        yield gauge("wildfire_build_info", "Version that runs.", ("version",), build)

    def exposition(self) -> bytes:
        """As Prometheus reads it (text format 0.0.4)."""
        return generate_latest(self.registry)
