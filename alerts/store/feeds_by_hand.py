"""What people do with feeds by hand: ask one again, let a new address know what the old one had.

Only marks rows: whoever works on this database finds them. Needs no working lock.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select, update

from alerts.store.claims import insert
from alerts.store.schema import feed, feed_key, host

#: What a host is left alone for between two requests anyway (ALERTS_HOST_GAP) is no wish of its.
LONGEST_GAP_S = 60.0


def resume(connection: Connection, url: str, now: float, floor_s: float) -> float:
    """Make a feed due, gone or not; return when: not before the floor or its server's wish."""
    row = connection.execute(select(feed).where(feed.c.url == url)).one()
    due_at = max(now, (row.last_poll_at or 0.0) + floor_s, row.hold_until or 0.0)
    values = {"state": "failing", "gone_at": None} if row.state == "gone" else {}
    connection.execute(
        update(feed)
        .where(feed.c.url == url, feed.c.lease.is_(None))
        .values(due_at=due_at, **values)
    )
    return due_at


def told_to_wait_until(connection: Connection, url: str, host_key: str, now: float) -> float | None:
    """Return until when a feed's server, or another feed's on its host, asked not to be asked."""
    own = connection.execute(select(feed.c.hold_until).where(feed.c.url == url)).scalar()
    all_there = connection.execute(select(host.c.next_at).where(host.c.key == host_key)).scalar()
    until = max(own or 0.0, all_there or 0.0)
    return until if until > now + LONGEST_GAP_S else None


def carry_over(connection: Connection, old: str, new: str, host_key: str) -> int:
    """Let the feed `new` know every key that `old` was seen to carry; return how many those are.

    `new` gets a row if it has none, which rests until the configuration names it.
    """
    known = connection.execute(select(feed).where(feed.c.url == old)).one()
    statement = insert(connection, feed).values(
        url=new, host=host_key, title=known.title, is_active=False, state="new"
    )
    connection.execute(statement.on_conflict_do_nothing(index_elements=["url"]))
    connection.execute(
        update(feed)
        .where(feed.c.url == new)
        .values(baseline_at=func.coalesce(feed.c.baseline_at, known.baseline_at))
    )
    new_id = select(feed.c.id).where(feed.c.url == new).scalar_subquery()
    keys = select(new_id, feed_key.c.key, feed_key.c.entry_id, feed_key.c.last_seen).where(
        feed_key.c.feed_id == known.id
    )
    columns = ["feed_id", "key", "entry_id", "last_seen"]
    copied = insert(connection, feed_key).from_select(columns, keys)
    connection.execute(copied.on_conflict_do_nothing(index_elements=["feed_id", "key"]))
    count = select(func.count()).select_from(feed_key).where(feed_key.c.feed_id == known.id)
    return int(connection.execute(count).scalar_one())
