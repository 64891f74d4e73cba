"""The metrics of the service, declared in one list: names, meanings, labels.

All are gauges, computed from rows when they are asked for (see `web.metrics`): they survive a
restart and are the same whichever process answers.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: "alerts_" and its name is what Prometheus calls it."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


METRICS: tuple[Metric, ...] = (
    Metric("feeds", "Feeds by state.", ("state",)),
    Metric("deliveries", "Deliveries of the last 90 days by kind and state.", ("kind", "state")),
    Metric("pending_alerts", "Articles owed to subscribers that are in no digest yet."),
    Metric("stopped_addresses", "Addresses and webhooks that get nothing, by kind.", ("kind",)),
    Metric("paused_addresses", "Addresses and webhooks that are paused now."),
    Metric("oldest_due_seconds", "How late the oldest due thing is that nobody works on."),
    Metric("last_poll_timestamp_seconds", "When a feed was asked last."),
    Metric("last_delivery_timestamp_seconds", "When a message was accepted or written last."),
    Metric("attempts", "Tries to send in the last 90 days, by outcome.", ("outcome",)),
    Metric(
        "latency_seconds",
        "How long stories of the last 7 days took, by rule and stage: median and 90 of 100.",
        ("rule", "stage", "quantile"),
    ),
    Metric("disk_free_bytes", "Free space where the database lies."),
    Metric("up", "1 if /healthz answers 200, else 0."),
)


def prometheus_name(metric: Metric) -> str:
    """Return the name that Prometheus knows a metric by."""
    return f"alerts_{metric.name}"
