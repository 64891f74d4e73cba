"""Rows written while the clock was ahead of now: their moments come back with the clock.

Moments are wall-clock time. After a clock that was wrong by a day was put right, a feed polled a
minute ago would rest for a day; what was written "later than now" shows which rows those are.
"""

from __future__ import annotations

from sqlalchemy import Connection, case, func, or_, select, update

from alerts.store.deliveries import OPEN
from alerts.store.schema import (
    attempt,
    delivery,
    digest,
    feed,
    gate,
    host,
    slot,
    subscriber,
    subscription,
)

#: NTP steers smaller steps away, and nothing rests for so short a time.
TOLERANCE_S = 60.0

#: Moments at which something was done.
_WRITTEN = (
    subscriber.c.first_loaded_at,
    subscription.c.first_loaded_at,
    feed.c.baseline_at,
    digest.c.created_at,
    delivery.c.created_at,
    delivery.c.ended_at,
    attempt.c.started_at,
    attempt.c.ended_at,
)


def is_ahead(connection: Connection, now: float) -> bool:
    """Whether anything was written later than now."""
    last_try = select(func.max(attempt.c.id)).scalar_subquery()
    written = (
        select(func.max(feed.c.last_poll_at)),
        select(func.max(subscription.c.first_loaded_at)),
        select(func.max(digest.c.created_at)),
        select(attempt.c.started_at).where(attempt.c.id == last_try),
    )
    moments = (connection.execute(query).scalar() for query in written)
    return any(moment is not None and moment > now + TOLERANCE_S for moment in moments)


def bring_back(connection: Connection, now: float) -> None:
    """Count waits from now that were counted from later; what waits for a server tries once.

    `right away` slots lose their moment: the caller gives them one.
    """
    _bring_hosts_back(connection, now)
    _bring_feeds_back(connection, now)
    _bring_deliveries_back(connection, now)
    connection.execute(
        update(slot)
        .where(slot.c.name.is_(None), slot.c.due_at > now, slot.c.lease.is_(None))
        .values(due_at=None)
    )


def _bring_feeds_back(connection: Connection, now: float) -> None:
    too_far = feed.c.last_poll_at - now
    connection.execute(
        update(feed)
        .where(feed.c.last_poll_at > now, feed.c.lease.is_(None))
        .values(
            due_at=feed.c.due_at - too_far,
            hold_until=feed.c.hold_until - too_far,
            last_success_at=case((feed.c.last_success_at > now, now), else_=feed.c.last_success_at),
            failing_since=case((feed.c.failing_since > now, now), else_=feed.c.failing_since),
            gone_at=case((feed.c.gone_at > now, now), else_=feed.c.gone_at),
            last_poll_at=now,
        )
    )


def _bring_hosts_back(connection: Connection, now: float) -> None:
    """Call before the feeds: a host rests as long as the feed that was told to."""
    held = select(func.max(feed.c.hold_until - feed.c.last_poll_at)).where(
        feed.c.host == host.c.key, feed.c.last_poll_at > now, feed.c.hold_until.is_not(None)
    )
    is_ours = select(feed.c.id).where(feed.c.host == host.c.key, feed.c.last_poll_at > now)
    connection.execute(
        update(host)
        .where(host.c.next_at > now, is_ours.exists())
        .values(next_at=now + func.coalesce(held.scalar_subquery(), 0.0))
    )


def _bring_deliveries_back(connection: Connection, now: float) -> None:
    tried = select(attempt.c.id).where(
        attempt.c.delivery_id == delivery.c.id, attempt.c.started_at > now
    )
    connection.execute(
        update(delivery)
        .where(
            delivery.c.state.in_(OPEN),
            delivery.c.due_at > now,
            delivery.c.lease.is_(None),
            or_(delivery.c.created_at > now, tried.exists()),
        )
        .values(due_at=now)
    )
    for column in _WRITTEN:
        connection.execute(update(column.table).where(column > now).values({column: now}))
    connection.execute(
        update(gate)
        .where(gate.c.next_at > now)
        .values(next_at=now, since=case((gate.c.since > now, now), else_=gate.c.since))
    )
