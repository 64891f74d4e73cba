"""What admins were told: each trouble once when it begins, and once when it is over."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select, update

from alerts.store.claims import insert
from alerts.store.schema import notice


def begin(connection: Connection, key: str, subject: str, now: float) -> bool:
    """Note a trouble; False if it was told already and is not over.

    Of two that note it at the same moment the second waits for the first, and is told False.
    """
    row = insert(connection, notice).values(key=key, open_key=key, opened_at=now, subject=subject)
    first = row.on_conflict_do_nothing(index_elements=["open_key"])
    return connection.execute(first.returning(notice.c.id)).first() is not None


def end(connection: Connection, key: str, now: float) -> Row[Any] | None:
    """Note that a trouble is over; return its row, None if none of that key was open."""
    ended = update(notice).where(notice.c.open_key == key).values(open_key=None, closed_at=now)
    return connection.execute(ended.returning(*notice.c)).one_or_none()


def ended_since(connection: Connection, key: str, moment: float) -> bool:
    """Whether a trouble of this key ended after `moment`."""
    query = select(notice.c.id).where(notice.c.key == key, notice.c.closed_at >= moment)
    return connection.execute(query.limit(1)).first() is not None


def closed_since(connection: Connection, moment: float) -> list[Row[Any]]:
    """Return the troubles that ended after `moment`, in the order in which they were told."""
    query = select(notice).where(notice.c.closed_at >= moment).order_by(notice.c.id)
    return list(connection.execute(query))


def open_ones(connection: Connection) -> dict[str, Row[Any]]:
    """Return the troubles that are not over, by key."""
    query = select(notice).where(notice.c.closed_at.is_(None))
    return {row.key: row for row in connection.execute(query)}
