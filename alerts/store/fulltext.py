"""Rows of articles whose pages are asked for: noted with their entries, so that none is forgotten.

A row falls due until its page was read or given up, and stays as long as its entry: it says what
came of it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, exists, func, select, update

from alerts import links
from alerts.store import feeds
from alerts.store.claims import chunks, insert
from alerts.store.schema import entry, entry_feed, feed, fulltext

#: So many pages of a feed, all that were asked for in so long, tell that none can be read.
_UNREAD = 5
_UNREAD_S = 3 * 86_400.0


def want(
    connection: Connection, feed_id: int, pages: Sequence[tuple[int, str]], now: float
) -> None:
    """Note that the pages of these entries (id, link) are to be fetched, but for what was noted."""
    if pages:
        rows = [
            {"entry_id": key, "feed_id": feed_id, "host": links.host(link), "due_at": now}
            for key, link in pages
        ]
        connection.execute(insert(connection, fulltext).on_conflict_do_nothing(), rows)


def due(connection: Connection, feed_id: int, now: float, limit: int) -> list[Row[Any]]:
    """Return rows (entry_id, host, tries, link) of a feed's pages that are due, in their order."""
    own = entry_feed.c
    query = (
        select(fulltext.c.entry_id, fulltext.c.host, fulltext.c.tries, own.link)
        .join(
            entry_feed, (own.entry_id == fulltext.c.entry_id) & (own.feed_id == fulltext.c.feed_id)
        )
        .where(fulltext.c.feed_id == feed_id, fulltext.c.due_at <= now)
        .order_by(fulltext.c.due_at, fulltext.c.entry_id)
        .limit(limit)
    )
    return list(connection.execute(query))


def begin(
    connection: Connection,
    entry_id: int,
    *,
    now: float,
    gap_s: float,
    latest: float,
    again_at: float,
    longest_s: float,
) -> float | None:
    """Take a turn at a page's host and count a try; return when it may be asked.

    Unless it ends well the next try is not before `again_at`. None, and nothing is taken, if the
    turn came after `latest`, or if as many requests are under way there as may be: that of the
    feed itself, whose place its own pages take, is one of them. Ours takes `longest_s` at most.
    """
    query = (
        select(fulltext.c.host, feed.c.host.label("own"))
        .join(feed, feed.c.id == fulltext.c.feed_id)
        .where(fulltext.c.entry_id == entry_id)
    )
    row = connection.execute(query).one()
    at = feeds.take_turn(connection, row.host, now, gap_s, latest)
    if at is None or (row.host != row.own and feeds.is_full(connection, row.host, now)):
        return None
    asked_until = None if row.host == row.own else at + longest_s
    connection.execute(
        update(fulltext)
        .where(fulltext.c.entry_id == entry_id)
        .values(tries=fulltext.c.tries + 1, due_at=again_at, asked_until=asked_until)
    )
    return at


def fail(connection: Connection, entry_id: int, error: str, *, is_last: bool) -> None:
    """Note why a page could not be read; it is asked for no more if this was the last try."""
    values: dict[str, Any] = {"error_text": error, "asked_until": None}
    if is_last:
        values["due_at"] = None
    connection.execute(update(fulltext).where(fulltext.c.entry_id == entry_id).values(**values))


def end(connection: Connection, entry_id: int, now: float) -> bool:
    """Note that a page was read; False if somebody else read it before."""
    done = connection.execute(
        update(fulltext)
        .where(fulltext.c.entry_id == entry_id, fulltext.c.due_at.is_not(None))
        .values(due_at=None, asked_until=None, read_at=now, error_text=None)
    )
    return done.rowcount == 1


def give_up(connection: Connection, feed_id: int, before: float, reason: str) -> int:
    """Ask no more for pages of entries that were first seen before then; return how many."""
    is_old = exists().where(entry.c.id == fulltext.c.entry_id, entry.c.seen_at < before)
    gone = (
        update(fulltext)
        .where(fulltext.c.feed_id == feed_id, fulltext.c.due_at.is_not(None), is_old)
        .values(due_at=None, error_text=reason)
    )
    return connection.execute(gone).rowcount


def of_entry(connection: Connection, entry_id: int) -> Row[Any] | None:
    """Return the row of an entry's page, if its feed wanted it."""
    query = select(fulltext).where(fulltext.c.entry_id == entry_id)
    return connection.execute(query).one_or_none()


def read_among(connection: Connection, entry_ids: Collection[int]) -> set[int]:
    """Return which of these entries hold what their page says."""
    return {
        key
        for some in chunks(entry_ids)
        for key in connection.execute(
            select(fulltext.c.entry_id).where(
                fulltext.c.entry_id.in_(some), fulltext.c.chars.is_not(None)
            )
        ).scalars()
    }


def unread(connection: Connection, now: float) -> dict[int, Row[Any]]:
    """Return for each feed of which no page could be read for days: (count, error_text)."""
    query = (
        select(
            fulltext.c.feed_id,
            func.count().label("count"),
            func.max(fulltext.c.error_text).label("error_text"),
        )
        .join(entry, entry.c.id == fulltext.c.entry_id)
        .where(fulltext.c.due_at.is_(None), entry.c.seen_at >= now - _UNREAD_S)
        .group_by(fulltext.c.feed_id)
        .having(func.count() >= _UNREAD, func.count(fulltext.c.read_at) == 0)
    )
    return {row.feed_id: row for row in connection.execute(query)}


def replace_content(connection: Connection, entry_id: int, content: str) -> None:
    """Put an article's own text in place of what its feed gave of it.

    The keys by which an edit is known stay the feed's: the next poll is no edit.
    """
    connection.execute(update(entry).where(entry.c.id == entry_id).values(content=content))
    mine = fulltext.c.entry_id == entry_id
    connection.execute(update(fulltext).where(mine).values(chars=len(content)))
