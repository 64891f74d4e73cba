"""What readers were told already, as rows know it: by which digest, when, in which words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, or_, select

from alerts.store.claims import chunks
from alerts.store.deliveries import OPEN
from alerts.store.schema import alert, delivery, digest

#: States of a delivery that came to its reader, or still may.
ARRIVING = (*OPEN, "delivered", "written")


def arrives() -> ColumnElement[bool]:
    """Whether a digest came to a reader, or still may."""
    return (
        select(delivery.c.id)
        .where(delivery.c.digest_id == digest.c.id, delivery.c.state.in_(ARRIVING))
        .exists()
    )


_DIGESTS = select(digest.c.id).where(
    digest.c.subscriber == bindparam("_subscriber"),
    digest.c.cadence.in_(bindparam("_cadences", expanding=True)),
    digest.c.created_at > bindparam("_since"),
    arrives(),
)
_OF_DIGESTS = (
    select(alert, digest.c.created_at.label("told_at"))
    .join(digest, digest.c.id == alert.c.digest_id)
    .where(alert.c.digest_id.in_(bindparam("these", expanding=True)), alert.c.state == "digested")
)


def by_others(
    connection: Connection, subscriber: str, cadences: Collection[str], since: float
) -> list[Row[Any]]:
    """Return the alerts told later than `since` by digests of these cadences, newest first.

    With `told_at`, the moment of that digest.
    """
    bound = {"_subscriber": subscriber, "_cadences": list(cadences), "_since": since}
    digests = connection.execute(_DIGESTS, bound).scalars().all()
    found = (
        row for some in chunks(digests) for row in connection.execute(_OF_DIGESTS, {"these": some})
    )
    return sorted(found, key=lambda row: (row.told_at, row.entry_id), reverse=True)


def to_target(
    connection: Connection, target: str, subscriber: str, entry_ids: Collection[int]
) -> list[Row[Any]]:
    """Return (entry_id, digest_id, told_at) of what other subscribers' digests told a target."""
    query = (
        select(alert.c.entry_id, alert.c.digest_id, digest.c.created_at.label("told_at"))
        .join(digest, digest.c.id == alert.c.digest_id)
        .where(
            alert.c.subscriber != subscriber,
            select(delivery.c.id)
            .where(
                delivery.c.digest_id == digest.c.id,
                delivery.c.target == target,
                delivery.c.state.in_(ARRIVING),
            )
            .exists(),
        )
        .order_by(digest.c.created_at)
    )
    found: list[Row[Any]] = []
    for some in chunks(entry_ids):
        found += connection.execute(query.where(alert.c.entry_id.in_(some)))
    return found


def by_digests(connection: Connection, digest_ids: Collection[str]) -> list[Row[Any]]:
    """Return the alerts of these digests."""
    query = select(alert).where(alert.c.digest_id.in_(list(digest_ids)))
    return list(connection.execute(query.order_by(alert.c.created_at, alert.c.entry_id)))


def under_way(connection: Connection, subscriber: str) -> list[str]:
    """Return the ids of the open deliveries to a subscriber that nobody is sending just now."""
    mine = (delivery.c.subscriber == subscriber) & delivery.c.state.in_(OPEN)
    query = select(delivery.c.id).where(mine, delivery.c.lease.is_(None))
    return list(connection.execute(query).scalars())


def left_to(connection: Connection, delivery_id: str) -> list[Row[Any]]:
    """Return the alerts that were left out because a delivery tells of them.

    Those of other subscribers whose later digests came nowhere else, with the `target` of the
    delivery; it is for the caller to know who of them shares that address.
    """
    mine, theirs, other = alert.alias("mine"), alert.alias("theirs"), delivery.alias("other")
    before, after = digest.alias("before"), digest.alias("after")
    came_elsewhere = (
        select(other.c.id)
        .where(
            other.c.digest_id == after.c.id,
            other.c.state.in_(ARRIVING),
            or_(other.c.target != delivery.c.target, other.c.carried_by == delivery.c.id),
        )
        .exists()
    )
    query = (
        select(theirs.c.subscriber, theirs.c.entry_id, theirs.c.matches, delivery.c.target)
        .select_from(delivery)
        .join(before, before.c.id == delivery.c.digest_id)
        .join(mine, mine.c.digest_id == before.c.id)
        .join(theirs, theirs.c.entry_id == mine.c.entry_id)
        .join(after, after.c.id == theirs.c.digest_id)
        .where(
            delivery.c.id == delivery_id,
            theirs.c.subscriber != mine.c.subscriber,
            theirs.c.state == "digested",
            after.c.created_at >= before.c.created_at,
            ~came_elsewhere,
        )
    )
    return list(connection.execute(query))
