"""Stored entries read back: all of a stretch of time, and the one that somebody asks about."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Connection, Row, and_, func, or_, select

from alerts.store.claims import chunks
from alerts.store.schema import alert, entry, entry_feed, feed, feed_key

#: So many entries are read at a time: their texts may have 64 KB each.
_BATCH = 200


def first_seen_at(connection: Connection) -> float | None:
    """Return when the oldest entry that is still stored was first seen."""
    return connection.execute(select(func.min(entry.c.seen_at))).scalar()


def newest(connection: Connection, moment: float, most: int) -> Iterator[list[Row[Any]]]:
    """Yield the newest entries first seen since `moment`, batch by batch, at most so many."""
    query = select(entry).where(entry.c.seen_at >= moment).order_by(entry.c.id.desc())
    last: int | None = None
    for start in range(0, most, _BATCH):
        some = query.limit(min(_BATCH, most - start))
        rows = connection.execute(some if last is None else some.where(entry.c.id < last)).all()
        if not rows:
            return
        yield list(rows)
        last = rows[-1].id


def since(connection: Connection, moment: float) -> Iterator[list[Row[Any]]]:
    """Yield the entries first seen since `moment`, batch by batch, in the order of their ids."""
    query = select(entry).where(entry.c.seen_at >= moment).order_by(entry.c.id).limit(_BATCH)
    last = 0
    while rows := connection.execute(query.where(entry.c.id > last)).all():
        yield list(rows)
        last = rows[-1].id


# --- one entry ---------------------------------------------------------------------------------


def by_keys(connection: Connection, keys: Collection[str]) -> list[Row[Any]]:
    """Return rows (feed_id, key, entry_id, last_seen) of these keys in any feed."""
    return [
        row
        for some in chunks(keys)
        for row in connection.execute(select(feed_key).where(feed_key.c.key.in_(some)))
    ]


def names(connection: Connection, entry_id: int) -> list[Row[Any]]:
    """Return the rows (feed_id, key, last_seen) by which an entry is known."""
    query = select(feed_key).where(feed_key.c.entry_id == entry_id)
    return list(connection.execute(query.order_by(feed_key.c.feed_id, feed_key.c.key)))


def with_links(connection: Connection, links: Collection[str]) -> set[int]:
    """Return the entries that some feed carries under one of these links."""
    query = select(entry_feed.c.entry_id).where(entry_feed.c.link.in_(list(links)))
    return set(connection.execute(query).scalars())


def titled(connection: Connection, fragment: str, limit: int) -> list[Row[Any]]:
    """Return the entries with all words of `fragment` in a title, the last seen first.

    Any case as far as the database can tell; a fragment without words finds nothing.
    """
    words = fragment.split()
    if not words:
        return []
    own = and_(*(_has(entry.c.title, word) for word in words))
    carried = select(entry_feed.c.entry_id).where(
        and_(*(_has(entry_feed.c.title, word) for word in words))
    )
    query = select(entry).where(or_(own, entry.c.id.in_(carried)))
    return list(connection.execute(query.order_by(entry.c.seen_at.desc(), entry.c.id).limit(limit)))


def _has(column: Any, word: str) -> Any:
    return column.icontains(word, autoescape=True)


def owed(connection: Connection, entry_id: int) -> list[Row[Any]]:
    """Return the alerts of an entry, whoever they are owed to."""
    query = select(alert).where(alert.c.entry_id == entry_id)
    return list(connection.execute(query.order_by(alert.c.subscriber)))


def feeds(connection: Connection) -> dict[int, Row[Any]]:
    """Return every feed row by id, also of feeds that are no longer configured."""
    return {row.id: row for row in connection.execute(select(feed))}
