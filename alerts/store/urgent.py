"""Rows of what is told as urgent: what waits for it, and what was told so.

An alert that is to be told as urgent is pending and has `urgent_at`, from when it may be. An urgent
alert, and a bundle of them, is a digest of a cadence of its own.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from alerts.store.claims import chunks
from alerts.store.schema import alert, digest, entry

#: The cadence of urgent alerts and of their slot, and that of bundles of them.
CADENCE = "urgent"
BUNDLE = "urgent bundle"
#: That of what is told again of one of them.
FOLLOW_UP = "urgent follow-up"
AT_ONCE = (CADENCE, BUNDLE, FOLLOW_UP)


def waiting(connection: Connection, subscriber: str, now: float) -> list[Row[Any]]:
    """Return the pending alerts that may be told as urgent by now, oldest first."""
    query = select(alert).where(
        alert.c.subscriber == subscriber, alert.c.state == "pending", alert.c.urgent_at <= now
    )
    return list(connection.execute(query.order_by(alert.c.urgent_at, alert.c.entry_id)))


def next_at(connection: Connection, subscriber: str) -> float | None:
    """Return from when the next of them may be told; None if none waits."""
    query = select(func.min(alert.c.urgent_at)).where(
        alert.c.subscriber == subscriber, alert.c.state == "pending"
    )
    return connection.execute(query).scalar()


def told_stories(connection: Connection, subscriber: str, since: float) -> list[Row[Any]]:
    """Return rows (link_key, title, title_key) of what was told as urgent since then."""
    query = (
        select(entry.c.link_key, entry.c.title, entry.c.title_key)
        .join(alert, alert.c.entry_id == entry.c.id)
        .where(
            alert.c.subscriber == subscriber,
            alert.c.state == "digested",
            alert.c.urgent_at >= since,
        )
    )
    return list(connection.execute(query))


def moments(connection: Connection, subscriber: str, since: float) -> list[float]:
    """Return when urgent alerts and follow-ups (not bundles) were made since then."""
    query = select(digest.c.created_at).where(
        digest.c.subscriber == subscriber,
        digest.c.cadence.in_((CADENCE, FOLLOW_UP)),
        digest.c.created_at > since,
    )
    return sorted(connection.execute(query).scalars())


def set_moment(
    connection: Connection, subscriber: str, entry_ids: Collection[int], at: float | None
) -> None:
    """Say from when pending alerts may be told as urgent; None: in a digest, like any other."""
    for some in chunks(entry_ids):
        connection.execute(
            update(alert)
            .where(
                alert.c.subscriber == subscriber,
                alert.c.entry_id.in_(some),
                alert.c.state == "pending",
            )
            .values(urgent_at=at)
        )
