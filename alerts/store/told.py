"""What readers were told already, as rows know it: by which digest, when, in which words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from alerts.store.deliveries import OPEN
from alerts.store.schema import alert, delivery, digest

#: States of a delivery that came to its reader, or still may.
ARRIVING = (*OPEN, "delivered", "written")


def _arrives() -> ColumnElement[bool]:
    return (
        select(delivery.c.id)
        .where(delivery.c.digest_id == digest.c.id, delivery.c.state.in_(ARRIVING))
        .exists()
    )


def by_others(
    connection: Connection, subscriber: str, cadences: Collection[str], since: float
) -> list[Row[Any]]:
    """Return the alerts told later than `since` by digests of other cadences, newest first.

    With `told_at`, the moment of that digest.
    """
    query = (
        select(alert, digest.c.created_at.label("told_at"))
        .join(digest, digest.c.id == alert.c.digest_id)
        .where(
            alert.c.subscriber == subscriber,
            alert.c.state == "digested",
            digest.c.cadence.not_in(list(cadences)),
            digest.c.created_at > since,
            _arrives(),
        )
        .order_by(digest.c.created_at.desc(), alert.c.entry_id.desc())
    )
    return list(connection.execute(query))
