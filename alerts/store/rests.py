"""Claimed deliveries that may not be sent at this hour: put off as if nobody had claimed them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, bindparam, case, delete, select, update

from alerts.store.claims import chunks
from alerts.store.schema import attempt, delivery, digest
from alerts.store.urgent import AT_ONCE

_PUT_OFF = (
    update(delivery)
    .where(delivery.c.id == bindparam("_id"), delivery.c.lease == bindparam("_lease"))
    .values(
        state="delayed",
        lease=None,
        lease_until=None,
        due_at=bindparam("_until"),
        hint=case((delivery.c.result_kind.is_(None), bindparam("_why")), else_=delivery.c.hint),
    )
)


def urgent_of(connection: Connection, digest_ids: Collection[str]) -> set[str]:
    """Return which of these digests are urgent alerts, or bundles of them."""
    query = select(digest.c.id).where(digest.c.id.in_(digest_ids), digest.c.cadence.in_(AT_ONCE))
    return set(connection.execute(query).scalars())


def put_off(connection: Connection, lease: str, moments: Mapping[str, tuple[float, str]]) -> None:
    """Let claimed deliveries, by their ids, be due at these moments; no try of them was begun.

    Those that were never tried say why they wait; the others keep their server's words.
    """
    bound = [
        {"_id": key, "_lease": lease, "_until": at, "_why": why}
        for key, (at, why) in moments.items()
    ]
    connection.execute(_PUT_OFF, bound)
    for some in chunks(moments):
        begun = attempt.c.delivery_id.in_(some) & attempt.c.outcome.is_(None)
        connection.execute(delete(attempt).where(begun))
