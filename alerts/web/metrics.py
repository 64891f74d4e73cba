"""`/metrics`: the figures of the rows in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from alerts.metrics import METRICS, prometheus_name
from alerts.store.figures import Values

__all__ = ["CONTENT_TYPE_LATEST", "exposition"]


def exposition(found: Mapping[str, Values]) -> bytes:
    """Return the declared metrics with their figures; one without a figure is left out."""
    registry = CollectorRegistry()
    registry.register(_Found(found))
    return generate_latest(registry)


class _Found(Collector):
    def __init__(self, found: Mapping[str, Values]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        """Yield each declared metric that has figures."""
        for metric in METRICS:
            if not (values := self._found.get(metric.name)):
                continue
            family = GaugeMetricFamily(prometheus_name(metric), metric.help, labels=metric.labels)
            for labels, value in sorted(values.items()):
                family.add_metric(labels, value)
            yield family
