"""The headline as each reader was told it, and whether its outlet has changed it since.

Kept for subscribers who asked for corrections, and of urgent stories. The outlet's own headline
counts: another outlet that carries the article under other words corrects nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, ScalarSelect, select, update

from alerts.store.claims import chunks
from alerts.store.schema import alert, digest, entry, entry_feed
from alerts.store.told import arrives


def own_title() -> ScalarSelect[Any]:
    """Return the headline of an alert's entry in the feed it came from."""
    return (
        select(entry_feed.c.title)
        .join(
            entry, (entry.c.id == entry_feed.c.entry_id) & (entry.c.feed_id == entry_feed.c.feed_id)
        )
        .where(entry.c.id == alert.c.entry_id)
        .scalar_subquery()
    )


def note(connection: Connection, subscriber: str, entry_ids: Collection[int]) -> None:
    """Note that the subscriber is told these entries in today's words."""
    for some in chunks(entry_ids):
        mine = (alert.c.subscriber == subscriber) & alert.c.entry_id.in_(some)
        connection.execute(update(alert).where(mine).values(told_title=own_title()))


def changed(connection: Connection, subscriber: str, since: float) -> list[Row[Any]]:
    """Return the alerts told since then whose headline is another now, newest first.

    With `told_at` and the present headline as `title`.
    """
    now_called = own_title()
    query = (
        select(alert, digest.c.created_at.label("told_at"), now_called.label("title"))
        .join(digest, digest.c.id == alert.c.digest_id)
        .where(
            alert.c.subscriber == subscriber,
            alert.c.state == "digested",
            alert.c.told_title.is_not(None),
            alert.c.told_title != now_called,
            digest.c.created_at > since,
            arrives(),
        )
        .order_by(digest.c.created_at.desc(), alert.c.entry_id.desc())
    )
    return list(connection.execute(query))
