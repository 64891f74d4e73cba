"""Which destinations were welcomed, or need no welcome any more: nobody is welcomed twice."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from alerts.model import Destination
from alerts.store.claims import chunks, insert
from alerts.store.schema import delivery, welcome


def known(connection: Connection, keys: Collection[str]) -> set[str]:
    """Return which destinations get no welcome any more."""
    found: set[str] = set()
    for some in chunks(keys):
        query = select(welcome.c.destination).where(welcome.c.destination.in_(some))
        found.update(connection.execute(query).scalars())
    return found


def told(connection: Connection, keys: Collection[str]) -> set[str]:
    """Return which destinations were sent a digest: they know us."""
    found: set[str] = set()
    for some in chunks(keys):
        mine = delivery.c.destination.in_(some) & delivery.c.digest_id.is_not(None)
        found.update(connection.execute(select(delivery.c.destination).where(mine)).scalars())
    return found


def add(connection: Connection, place: Destination, now: float) -> bool:
    """Note that a destination is welcomed by now; False if that was so already."""
    statement = (
        insert(connection, welcome)
        .values(destination=place.key, target=place.target, at=now)
        .on_conflict_do_nothing(index_elements=["destination"])
        .returning(welcome.c.destination)
    )
    return connection.execute(statement).one_or_none() is not None
