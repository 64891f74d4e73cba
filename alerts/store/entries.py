"""Rows of entries, of the keys they are known by, and of the feeds that carry them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, Row, Select, bindparam, func, select, update

from alerts.model import Entry
from alerts.store.claims import chunks, upsert
from alerts.store.schema import entry, entry_feed, feed_key

#: The advisory lock of who decides which entries are new.
_DECIDING = 0x6E6577

#: So many entries tell a feed's rhythm.
_LATEST = 500

#: What of an entry is kept, in characters; rules have judged the whole text before.
TITLE_CHARS = 1_024
TEXT_CHARS = 65_536


def one_at_a_time(connection: Connection) -> None:
    """Let no other transaction decide what is new before this one ends: two feeds, one article.

    SQLite has one writer anyway.
    """
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_DECIDING})")


_THESE: BindParameter[Any] = bindparam("these", expanding=True)
_OF_FEED: BindParameter[Any] = bindparam("_feed")
_OWN_KEYS: Select[Any] = select(feed_key.c.key, feed_key.c.entry_id, feed_key.c.last_seen).where(
    feed_key.c.feed_id == _OF_FEED, feed_key.c.key.in_(_THESE)
)
_OTHERS_KEYS: Select[Any] = (
    select(
        feed_key.c.key,
        func.min(feed_key.c.entry_id).label("entry_id"),
        func.max(feed_key.c.last_seen).label("last_seen"),
    )
    .where(feed_key.c.feed_id != _OF_FEED, feed_key.c.key.in_(_THESE))
    .group_by(feed_key.c.key)
)
_BY_ID: Select[Any] = select(entry).where(entry.c.id.in_(_THESE))
_COMPARED: Select[Any] = select(
    entry.c.id, entry.c.link_key, entry.c.title_key, entry.c.published_at, entry.c.text_key
).where(entry.c.id.in_(_THESE))


def known_keys(connection: Connection, feed_id: int, keys: Collection[str]) -> list[Row[Any]]:
    """Return rows (key, entry_id, last_seen) of this feed."""
    return [
        row
        for some in chunks(keys)
        for row in connection.execute(_OWN_KEYS, {"_feed": feed_id, "these": some})
    ]


def keys_elsewhere(connection: Connection, feed_id: int, keys: Collection[str]) -> list[Row[Any]]:
    """Return rows (key, entry_id, last_seen) of other feeds, the earliest entry of each key."""
    return [
        row
        for some in chunks(keys)
        for row in connection.execute(_OTHERS_KEYS, {"_feed": feed_id, "these": some})
    ]


def by_id(connection: Connection, ids: Collection[int]) -> dict[int, Row[Any]]:
    """Return entry rows by id; ids whose entries were pruned are absent."""
    return {
        row.id: row for some in chunks(ids) for row in connection.execute(_BY_ID, {"these": some})
    }


def compared(connection: Connection, ids: Collection[int]) -> list[Row[Any]]:
    """Return what later versions of entries are compared with, without their texts."""
    return [row for some in chunks(ids) for row in connection.execute(_COMPARED, {"these": some})]


def _texts(item: Entry) -> dict[str, Any]:
    return {
        "link": item.link,
        "guid": item.guid,
        "title": item.title[:TITLE_CHARS],
        "summary": item.summary[:TEXT_CHARS],
        "content": item.content[:TEXT_CHARS],
        "author": item.author[:TITLE_CHARS],
        "tags": list(item.tags),
        "lang": item.lang,
        "published_at": item.published_at,
    }


_ADDED = entry.insert().returning(entry.c.id, sort_by_parameter_order=True)


def add(
    connection: Connection, feed_id: int, items: Sequence[tuple[Entry, Mapping[str, Any]]]
) -> list[int]:
    """Insert entries, each with its comparison keys and facts; return their ids in order."""
    if not items:
        return []
    rows = [{"feed_id": feed_id, **_texts(item), **values} for item, values in items]
    return [int(key) for key in connection.execute(_ADDED, rows).scalars()]


def change(connection: Connection, entry_id: int, item: Entry, values: Mapping[str, Any]) -> None:
    """Write an edited entry's texts."""
    connection.execute(update(entry).where(entry.c.id == entry_id).values(**_texts(item), **values))


def remember(
    connection: Connection, feed_id: int, keys: Iterable[tuple[str, int]], now: float
) -> None:
    """Note by which keys the feed's entries were seen now: pairs of key and entry id."""
    rows = [
        {"feed_id": feed_id, "key": key, "entry_id": entry_id, "last_seen": now}
        for key, entry_id in dict(keys).items()
    ]
    if not rows:
        return
    statement = upsert(connection, feed_key, ("feed_id", "key"), ("last_seen",))
    connection.execute(statement, rows)


def carry(
    connection: Connection, feed_id: int, items: Sequence[tuple[int, Entry]], now: float
) -> None:
    """Note that the feed carries these entries (id and what it says), under its own words."""
    if not items:
        return
    rows = [
        {
            "entry_id": entry_id,
            "feed_id": feed_id,
            "link": item.link,
            "title": item.title[:TITLE_CHARS],
            "published_at": item.published_at,
            "seen_at": now,
        }
        for entry_id, item in items
    ]
    own = ("link", "title", "published_at")
    connection.execute(upsert(connection, entry_feed, ("entry_id", "feed_id"), own), rows)


def to_entry(row: Row[Any]) -> Entry:
    """Return the stored entry as the noun."""
    return Entry(
        title=row.title,
        link=row.link,
        guid=row.guid,
        summary=row.summary,
        content=row.content,
        author=row.author,
        tags=tuple(row.tags),
        published_at=row.published_at,
        lang=row.lang,
    )


def last_new(connection: Connection) -> dict[int, float]:
    """Return when each feed had its last new entry, those of first polls not counted."""
    last = func.max(entry.c.seen_at).label("last")
    query = select(entry.c.feed_id, last).where(entry.c.is_baseline.is_(False))
    return {row.feed_id: row.last for row in connection.execute(query.group_by(entry.c.feed_id))}


def moments(connection: Connection, feed_id: int) -> list[float]:
    """Return when a feed's latest entries came out; of its first poll those that say so."""
    query = (
        select(func.coalesce(entry.c.published_at, entry.c.seen_at))
        .where(
            entry.c.feed_id == feed_id,
            entry.c.is_baseline.is_(False) | entry.c.published_at.is_not(None),
        )
        .order_by(entry.c.seen_at.desc(), entry.c.published_at.desc())
        .limit(_LATEST)
    )
    return list(connection.execute(query).scalars())


def count(connection: Connection, feed_id: int) -> int:
    """Return how many entries a feed ever had that are still kept."""
    query = select(func.count()).where(entry.c.feed_id == feed_id)
    return int(connection.execute(query).scalar_one())
