"""The order in which feeds are read after a standstill: first those that lose stories soonest.

A feed shows its latest entries only. What it publishes in the time that its document covers is
safe; one whose document has turned over, or soon will, is asked before the calm ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from alerts.log import get_logger
from alerts.pipeline import standstill
from alerts.pipeline.parts import Parts
from alerts.store import feeds

#: Of so long before a feed's last answer its pace is known.
_MONTH_S = 30 * 86_400.0

#: Feeds that all fell due meanwhile are asked this far apart, the last of them at most so late.
_STEP_S = 0.5
_SPREAD_S = 300.0

#: What keeps an order among moments that are past.
_TICK_S = 0.001


def line_up(parts: Parts, *, is_spread: bool) -> int:
    """Put overdue feeds in order, if the service stood still until now; return how many.

    `is_spread`: some time apart from now on; else all are due already, one after the other.
    """
    now = parts.clock.now()
    with parts.database.write() as connection:
        if not standstill.ends_at(connection, now):
            return 0
        rows = [row for row in feeds.active(connection) if (row.due_at or now + 1) <= now]
        pace = feeds.news_since(connection, now - 2 * _MONTH_S)
        step = min(_STEP_S, _SPREAD_S / max(1, len(rows))) if is_spread else _TICK_S
        first = now if is_spread else now - step * len(rows)
        order = in_order(rows, pace, now)
        feeds.make_due(connection, [(key, first + step * n) for n, key in enumerate(order)])
    get_logger().info("feeds lined up after a standstill", feeds=len(order))
    return len(order)


def in_order(rows: Sequence[Row[Any]], seen: dict[int, list[float]], now: float) -> list[int]:
    """Return the feeds' ids, the most at risk first; `seen`: when their entries were new."""
    return [row.id for row in sorted(rows, key=lambda r: (-risk(r, seen.get(r.id, ()), now), r.id))]


def risk(row: Row[Any], seen: Sequence[float], now: float) -> float:
    """Return how much of a feed's document has turned over since it was read: 1 is all of it."""
    if row.last_success_at is None or not row.entries:
        return 0.0
    begun = row.last_success_at - _MONTH_S
    pace = sum(begun <= at <= row.last_success_at for at in seen) / _MONTH_S
    return float(pace * (now - row.last_success_at) / row.entries)
