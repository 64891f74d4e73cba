"""The nightly job: forget what is too old, in small batches between which others can write.

What is too old is reckoned from a calendar of its own, which moves by a week a night at most: were
it the wall clock, one night of a clock that stands years ahead would forget everything.
"""

from __future__ import annotations

from sqlalchemy import Connection

from alerts.log import get_logger
from alerts.pipeline import Parts
from alerts.store import configs, retention

_LAST = "pruned_at"
_CALENDAR = "pruning_calendar"

#: At most once in this time, whoever asks.
_EVERY_S = 20 * 3600.0

#: The calendar moves by no more at once; after a longer rest it catches up night by night.
_STRIDE_S = 7 * retention.DAY_S


def prune(parts: Parts) -> int:
    """Prune if it was not done today; return how many rows went."""
    with parts.database.write() as connection:
        today = _begin(connection, parts.clock.now())
    if today is None:
        return 0
    gone = 0
    while True:
        with parts.database.write() as connection:
            batch = retention.prune(connection, today)
        gone += batch
        if batch == 0:
            break
    if gone:
        get_logger().info("pruned", rows=gone)
    return gone


def _begin(connection: Connection, now: float) -> float | None:
    """Note that it is done; return what day the calendar has, None if it was done today."""
    last = float(configs.value(connection, _LAST) or 0)
    if 0 <= now - last < _EVERY_S:  # a night that is yet to come was a wrong clock's
        return None
    # Nothing is older than the first configuration, whatever the clock says.
    begun = configs.value(connection, _CALENDAR) or configs.first_loaded_at(connection) or now
    today = min(now, float(begun) + _STRIDE_S)
    configs.keep(connection, _LAST, str(now))
    configs.keep(connection, _CALENDAR, str(today))
    return today
