"""Deliveries that ride on another's mail: two subscribers of one address get one mail a slot.

The carrier's mail holds the stories of all; a rider is the row of what it holds for another
subscriber, with a mail of its own that is sent only if the carrier is given up. Until then it has
no due moment, and its state is the carrier's.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Row, and_, delete, func, select, update

from alerts.store import deliveries
from alerts.store.schema import delivery, digest

#: What of a carrier's result its riders have, too.
_MIRRORED = ("state", "result_kind", "code", "server_text", "hint", "attempts", "ended_at")


def untouched(connection: Connection, target: str, subscriber: str, since: float) -> list[Row[Any]]:
    """Return the parts of another subscriber's digest to this target that nobody began to send.

    With its `cadence`; of the latest, made since then. Empty if there is none.
    """
    query = (
        select(delivery, digest.c.cadence)
        .join(digest, digest.c.id == delivery.c.digest_id)
        .where(
            delivery.c.target == target,
            delivery.c.subscriber != subscriber,
            delivery.c.state == "pending",
            delivery.c.attempts == 0,
            delivery.c.lease.is_(None),
            delivery.c.carried_by.is_(None),
            delivery.c.created_at >= since,
        )
        .order_by(delivery.c.created_at.desc(), delivery.c.digest_id, delivery.c.part)
    )
    rows = list(connection.execute(query))
    parts = [row for row in rows if row.digest_id == rows[0].digest_id]
    return parts if parts and len(parts) == parts[0].parts else []


def of(connection: Connection, carriers: Collection[str]) -> list[Row[Any]]:
    """Return the riders of these deliveries, with the cadence of their digests."""
    query = (
        select(delivery, digest.c.cadence)
        .join(digest, digest.c.id == delivery.c.digest_id)
        .where(delivery.c.carried_by.in_(list(carriers)))
        .order_by(delivery.c.created_at, delivery.c.digest_id, delivery.c.part)
    )
    return list(connection.execute(query))


def replace(connection: Connection, old: Sequence[str], rows: list[dict[str, Any]]) -> bool:
    """Put these deliveries in place of the old ones; False if somebody began to send one."""
    mine = delivery.c.id.in_(list(old))
    is_untouched = and_(
        delivery.c.state == "pending", delivery.c.attempts == 0, delivery.c.lease.is_(None)
    )
    held = select(delivery.c.id).where(mine, is_untouched).with_for_update()
    if len(connection.execute(held).all()) != len(old):
        return False
    connection.execute(delete(delivery).where(mine))
    deliveries.add(connection, rows)
    return True


def follow(connection: Connection, carriers: Collection[str], now: float) -> None:
    """Give riders what became of their carriers; if one was given up, they go by themselves."""
    waiting = select(delivery.c.carried_by).where(delivery.c.carried_by.in_(list(carriers)))
    found = set(connection.execute(waiting).scalars())
    for carrier in connection.execute(select(delivery).where(delivery.c.id.in_(found))).all():
        mine = update(delivery).where(delivery.c.carried_by == carrier.id)
        if carrier.state == "suppressed":
            connection.execute(mine.values(carried_by=None, state="pending", due_at=now))
            continue
        values = {name: getattr(carrier, name) for name in _MIRRORED}
        connection.execute(mine.values(**values))


def free(connection: Connection, subscriber: str, now: float) -> None:
    """Let riders of a subscriber's deliveries that were given up go by themselves."""
    carriers = select(delivery.c.id).where(
        delivery.c.subscriber == subscriber, delivery.c.state == "suppressed"
    )
    connection.execute(
        update(delivery)
        .where(delivery.c.carried_by.in_(carriers), delivery.c.state.in_(deliveries.OPEN))
        .values(carried_by=None, state="pending", due_at=func.coalesce(delivery.c.due_at, now))
    )
