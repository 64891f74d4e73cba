"""What is kept of each feed's last document, so that not all of the next has to be read."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete, select

from alerts.store.claims import upsert
from alerts.store.schema import document

_MINE = document.c.feed_id == bindparam("_feed")
_ITEMS = select(document.c["items"]).where(_MINE)
_FORGOTTEN = delete(document).where(_MINE)


def items(connection: Connection, feed_id: int) -> bytes:
    """Return the items as they were kept; empty if nothing is known of them."""
    return bytes(connection.execute(_ITEMS, {"_feed": feed_id}).scalar() or b"")


def keep(connection: Connection, feed_id: int, packed: bytes) -> None:
    """Keep a document's items instead of those of the one before; empty: of none."""
    if not packed:
        connection.execute(_FORGOTTEN, {"_feed": feed_id})
        return
    statement = upsert(connection, document, ("feed_id",), ("items",))
    connection.execute(statement, {"feed_id": feed_id, "items": packed})
