"""Who gets nothing, and why: stops of readers, dead addresses and webhooks, pauses.

They live in the database, beat subscribers.yaml and are lifted only on purpose. A stop is about a
target (`model.Destination.target`): one mail address, whichever subscribers it stands under, or
one webhook.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, delete, select

from alerts.store.claims import insert
from alerts.store.schema import pause, suppression

#: Kinds of suppression: the reader's own stop, an address that does not exist, a dead webhook.
STOPPED, BAD_ADDRESS, GONE = "stopped", "bad_address", "gone"


def stop(connection: Connection, target: str, kind: str, reason: str, now: float) -> bool:
    """Send nothing more to `target`; False if that was so already."""
    statement = (
        insert(connection, suppression)
        .values(target=target, kind=kind, reason=reason, created_at=now)
        .on_conflict_do_nothing(index_elements=["target"])
        .returning(suppression.c.target)
    )
    return connection.execute(statement).one_or_none() is not None


def lift(connection: Connection, target: str) -> Row[Any] | None:
    """Send to `target` again; return what was lifted, None if nothing was."""
    statement = delete(suppression).where(suppression.c.target == target).returning(*suppression.c)
    return connection.execute(statement).one_or_none()


def stops(connection: Connection) -> dict[str, Row[Any]]:
    """Return every suppression by its target."""
    return {row.target: row for row in connection.execute(select(suppression))}


def set_pause(connection: Connection, target: str, until: float | None) -> None:
    """Hold everything for `target` until then; None ends the pause."""
    connection.execute(delete(pause).where(pause.c.target == target))
    if until is not None:
        connection.execute(pause.insert().values(target=target, until=until))


def pauses(connection: Connection, now: float) -> dict[str, float]:
    """Return target -> until for the pauses that are not over."""
    query = select(pause).where(pause.c.until > now)
    return {row.target: row.until for row in connection.execute(query)}
