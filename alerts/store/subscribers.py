"""Rows of subscribers: since when they follow which rule, and the slots that fall due for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, func, select, update

from alerts.model import Subscriber
from alerts.store import urgent
from alerts.store.claims import insert
from alerts.store.schema import delivery, digest, slot, subscriber, subscription

#: The cadence of the slots at which a subscriber may be told that a week brought nothing.
WEEKLY_NOTE = "weekly note"


def apply(connection: Connection, people: Iterable[Subscriber], now: float) -> list[str]:
    """Make subscribers and subscriptions what the configuration says.

    Return the ids of subscribers that were removed by it. One who comes back begins anew: what
    was seen while they were away was not owed to them.
    """
    wanted = {person.id: person for person in people}
    known = {row.id: row for row in connection.execute(select(subscriber))}
    followed: defaultdict[str, set[str]] = defaultdict(set)
    for who, rule in following_since(connection):
        followed[who].add(rule)
    for person in wanted.values():
        row = known.get(person.id)
        if row is None:
            connection.execute(
                subscriber.insert().values(id=person.id, name=person.name, first_loaded_at=now)
            )
        elif row.removed_at is not None or row.name != person.name:
            values: dict[str, Any] = {"name": person.name, "removed_at": None}
            if row.removed_at is not None:
                values["first_loaded_at"] = now
            connection.execute(
                update(subscriber).where(subscriber.c.id == person.id).values(**values)
            )
        _apply_subscriptions(connection, person, followed[person.id], now)
    removed = [k for k, row in known.items() if k not in wanted and row.removed_at is None]
    for key in removed:
        connection.execute(update(subscriber).where(subscriber.c.id == key).values(removed_at=now))
        connection.execute(delete(slot).where(slot.c.subscriber == key))
        connection.execute(delete(subscription).where(subscription.c.subscriber == key))
    return removed


def _apply_subscriptions(
    connection: Connection, person: Subscriber, known: set[str], now: float
) -> None:
    wanted = {s.rule for s in person.subscriptions}
    mine = subscription.c.subscriber == person.id
    if gone := known - wanted:
        connection.execute(delete(subscription).where(mine, subscription.c.rule.in_(gone)))
    for rule in sorted(wanted - known):
        connection.execute(
            subscription.insert().values(subscriber=person.id, rule=rule, first_loaded_at=now)
        )


def following_since(connection: Connection) -> dict[tuple[str, str], float]:
    """Return (subscriber, rule) -> since when that subscriber follows that rule."""
    rows = connection.execute(
        select(subscription.c.subscriber, subscription.c.rule, subscription.c.first_loaded_at)
    )
    return {(row.subscriber, row.rule): row.first_loaded_at for row in rows}


def rows(connection: Connection, key: str | None = None) -> dict[str, Row[Any]]:
    """Return the subscriber rows by id, all or one."""
    query = select(subscriber)
    if key is not None:
        query = query.where(subscriber.c.id == key)
    return {row.id: row for row in connection.execute(query)}


# --- slots -------------------------------------------------------------------------------------


def slots(
    connection: Connection, key: str | None = None, *, with_notes: bool = False
) -> list[Row[Any]]:
    """Return the slots of one subscriber, or of all.

    Those that make no digest (of weekly notes, and of what is urgent) only if asked for.
    """
    query = select(slot)
    if not with_notes:
        query = query.where(slot.c.cadence.not_in((WEEKLY_NOTE, urgent.CADENCE)))
    if key is not None:
        query = query.where(slot.c.subscriber == key)
    return list(connection.execute(query))


def set_slot(connection: Connection, key: str, cadence: str, values: Mapping[str, Any]) -> None:
    """Insert or change one slot row."""
    statement = insert(connection, slot).values(subscriber=key, cadence=cadence, **values)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["subscriber", "cadence"], set_=dict(values))
    )


def drop_slots(connection: Connection, key: str, cadences: Iterable[str]) -> None:
    """Forget slots of cadences that the subscriber no longer has."""
    connection.execute(
        delete(slot).where(slot.c.subscriber == key, slot.c.cadence.in_(list(cadences)))
    )


_END = (
    update(slot)
    .where(
        slot.c.subscriber == bindparam("_subscriber"),
        slot.c.cadence == bindparam("_cadence"),
        slot.c.lease == bindparam("_lease"),
    )
    .values(
        name=bindparam("name"),
        due_at=bindparam("due_at"),
        last_name=bindparam("last_name"),
        lease=None,
        lease_until=None,
    )
)


def end_slot(
    connection: Connection, row: Row[Any], lease: str, name: str | None, due_at: float | None
) -> bool:
    """Move a claimed slot to its next moment; False if the lease is no longer ours."""
    bound = {
        "_subscriber": row.subscriber,
        "_cadence": row.cadence,
        "_lease": lease,
        "name": name,
        "due_at": due_at,
        "last_name": row.name,
    }
    return connection.execute(_END, bound).rowcount == 1


def accepted_at(connection: Connection) -> dict[str, float]:
    """Return when each subscriber's last digest was accepted, of those that anybody accepted."""
    query = (
        select(delivery.c.subscriber, func.max(delivery.c.ended_at))
        .where(delivery.c.digest_id.is_not(None), delivery.c.state.in_(("delivered", "written")))
        .group_by(delivery.c.subscriber)
    )
    return {who: at for who, at in connection.execute(query) if at is not None}


def last_digest_at(
    connection: Connection,
    key: str,
    cadence: str | None = None,
    but: Collection[str] = (),
    *,
    with_urgent: bool = True,
) -> float | None:
    """Return when the subscriber's last digest was made (of this cadence, or any) but these ids.

    `with_urgent`: whether an urgent alert is one.
    """
    bound: dict[str, Any] = {"_subscriber": key}
    if but:
        bound["_but"] = list(but)
    if cadence is not None:
        bound["_cadence"] = cadence
    query = _last_digest_at(has_but=bool(but), of_one=cadence is not None, with_urgent=with_urgent)
    return connection.execute(query, bound).scalar()


@cache
def _last_digest_at(*, has_but: bool, of_one: bool, with_urgent: bool) -> Select[Any]:
    query = select(func.max(digest.c.created_at))
    query = query.where(digest.c.subscriber == bindparam("_subscriber"))
    if has_but:
        query = query.where(digest.c.id.not_in(bindparam("_but", expanding=True)))
    if of_one:
        query = query.where(digest.c.cadence == bindparam("_cadence"))
    return query if with_urgent else query.where(digest.c.cadence.not_in(urgent.AT_ONCE))
