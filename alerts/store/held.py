"""Rows of entries that are held back: old stories that looked new when their site renamed them.

A held entry is marked as baseline, so that nothing tells it, until an admin decides.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, case, delete, func, select, update

from alerts.store.claims import chunks
from alerts.store.schema import entry, feed, feed_key, held

#: What the state of a feed is that was just read, to be written with the result of its poll.
CALM_STATE = case(
    (select(held.c.entry_id).where(held.c.feed_id == feed.c.id).exists(), "quarantined"),
    else_="ok",
)


def arrivals(connection: Connection, feed_id: int) -> list[Row[Any]]:
    """Return rows (seen_at, published_at) of the entries a feed brought; held ones are left out."""
    mine = select(feed_key.c.entry_id).where(feed_key.c.feed_id == feed_id).distinct()
    baseline_at = select(feed.c.baseline_at).where(feed.c.id == feed_id).scalar_subquery()
    query = select(entry.c.seen_at, entry.c.published_at).where(
        entry.c.id.in_(mine), entry.c.is_baseline.is_(False) | (entry.c.seen_at <= baseline_at)
    )
    return list(connection.execute(query))


def hold(connection: Connection, feed_id: int, entry_ids: Sequence[int], now: float) -> None:
    """Hold entries of a feed back, and quarantine it; nothing happens without any."""
    if not entry_ids:
        return
    rows = [{"entry_id": key, "feed_id": feed_id, "held_at": now} for key in entry_ids]
    connection.execute(held.insert(), rows)
    at = func.coalesce(feed.c.quarantined_at, now)
    connection.execute(update(feed).where(feed.c.id == feed_id).values(quarantined_at=at))


def of_feed(connection: Connection, feed_id: int) -> list[Row[Any]]:
    """Return the rows of the entries that a feed has held back, in the order they came."""
    query = select(entry).join(held, held.c.entry_id == entry.c.id)
    return list(connection.execute(query.where(held.c.feed_id == feed_id).order_by(entry.c.id)))


def among(connection: Connection, entry_ids: Collection[int]) -> set[int]:
    """Return which of these entries are held back."""
    return {
        key
        for some in chunks(entry_ids)
        for key in connection.execute(
            select(held.c.entry_id).where(held.c.entry_id.in_(some))
        ).scalars()
    }


def counts(connection: Connection) -> dict[int, int]:
    """Return how many entries each feed has held back, by the feed's id."""
    query = select(held.c.feed_id, func.count()).group_by(held.c.feed_id)
    return {row[0]: row[1] for row in connection.execute(query)}


def let_go(connection: Connection, entry_ids: Collection[int]) -> None:
    """Hold entries back no longer: they are like any that were seen when they came."""
    for some in chunks(entry_ids):
        connection.execute(update(entry).where(entry.c.id.in_(some)).values(is_baseline=False))
        connection.execute(delete(held).where(held.c.entry_id.in_(some)))


def end(connection: Connection, feed_id: int) -> None:
    """End a feed's quarantine; what is still held back stays an old story for good."""
    connection.execute(delete(held).where(held.c.feed_id == feed_id))
    connection.execute(update(feed).where(feed.c.id == feed_id).values(quarantined_at=None))
    calm = update(feed).where(feed.c.id == feed_id, feed.c.state == "quarantined")
    connection.execute(calm.values(state="ok"))
