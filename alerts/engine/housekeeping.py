"""The nightly job: forget what is too old, in small batches between which others can write."""

from __future__ import annotations

from alerts.log import get_logger
from alerts.pipeline import Parts
from alerts.store import configs, retention

_KEY = "pruned_at"

#: At most once in this time, whoever asks.
_EVERY_S = 20 * 3600.0


def prune(parts: Parts) -> int:
    """Prune if it was not done today; return how many rows went."""
    now = parts.clock.now()
    with parts.database.write() as connection:
        last = float(configs.value(connection, _KEY) or 0)
        if now - last < _EVERY_S:
            return 0
        configs.keep(connection, _KEY, str(now))
    gone = 0
    while True:
        with parts.database.write() as connection:
            batch = retention.prune(connection, now)
        gone += batch
        if batch == 0:
            break
    if gone:
        get_logger().info("pruned", rows=gone)
    return gone
