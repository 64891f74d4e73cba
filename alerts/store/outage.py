"""An outage of our own network: when it began, and which feeds say so."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Double,
    Row,
    ScalarSelect,
    and_,
    case,
    cast,
    delete,
    func,
    or_,
    select,
    update,
)  # fmt: skip

from alerts.store import held
from alerts.store.claims import insert
from alerts.store.schema import feed, meta

_KEY = "outage"

_is_at_rest = and_(feed.c.is_active, feed.c.lease.is_(None))


class Silence(NamedTuple):
    """The last answer of any server, and the feeds that began to be silent after it."""

    heard_at: float
    rows: tuple[tuple[str, float], ...]  # host, and since when


def since() -> ScalarSelect[Any]:
    """Return the expression for when the present outage began; null if there is none."""
    return select(cast(meta.c.value, Double)).where(meta.c.key == _KEY).scalar_subquery()


def lasts(connection: Connection) -> float | None:
    """Return when the present outage began; None if there is none."""
    return connection.execute(select(since())).scalar()


def silence(
    connection: Connection,
    row: Row[Any],
    heard_since: float,
    kinds: Collection[str],
    neither: Collection[str],
) -> Silence | None:
    """Return who has been silent since the last answer of any server.

    None if one answered after `heard_since`. `row` is a feed that gets no answer just now, `kinds`
    are the errors that mean this, `neither` those that say nothing of the network.
    """
    is_silent = feed.c.error_kind.in_(list(kinds))
    unheard = feed.c.error_kind.in_([*kinds, *neither])
    answered = and_(_is_at_rest, or_(feed.c.error_kind.is_(None), ~unheard))
    heard = case((answered, feed.c.last_poll_at), else_=feed.c.last_success_at)
    recently = select(feed.c.id).where(feed.c.is_active, heard >= heard_since).limit(1)
    if connection.execute(recently).first() is not None:
        return None
    last = connection.execute(select(func.max(heard)).where(feed.c.is_active)).scalar() or 0.0
    began = feed.c.failing_since > last
    query = select(feed.c.host, feed.c.failing_since).where(feed.c.is_active, is_silent, began)
    rows = [(host, since) for host, since in connection.execute(query)]
    if row.failing_since is None:
        rows.append((row.host, row.last_poll_at))
    return Silence(last, tuple(rows))


def begin(connection: Connection, began_at: float, kinds: Collection[str]) -> bool:
    """Note an outage, and take back what was counted against feeds since it began.

    False if someone else has noted it meanwhile.
    """
    row = insert(connection, meta).values(key=_KEY, value=str(began_at))
    first = row.on_conflict_do_nothing(index_elements=["key"]).returning(meta.c.key)
    if connection.execute(first).first() is None:
        return False
    is_first = feed.c.failing_since >= began_at
    was_counted = or_(is_first, and_(_is_at_rest, feed.c.last_poll_at >= began_at))
    was = case((feed.c.last_success_at.is_(None), "new"), else_=held.CALM_STATE)
    connection.execute(
        update(feed)
        .where(feed.c.is_active, feed.c.error_kind.in_(list(kinds)), was_counted)
        .values(
            failures=case((or_(is_first, feed.c.failures == 0), 0), else_=feed.c.failures - 1),
            state=case((is_first, was), else_=feed.c.state),
            failing_since=case((is_first, None), else_=feed.c.failing_since),
        )
    )
    return True


def crowd(connection: Connection, began_at: float, now: float) -> list[Row[Any]]:
    """Return id and url of the feeds that may come all at once: overdue, or polled since then.

    Not those that were failing before: theirs is a back-off of their own.
    """
    was_well = and_(feed.c.last_poll_at >= began_at, feed.c.failures == 0)
    is_one = or_(feed.c.due_at <= now, was_well)
    return list(connection.execute(select(feed.c.id, feed.c.url).where(_is_at_rest, is_one)))


def put_off(connection: Connection, moments: Mapping[int, float]) -> None:
    """Give feeds another moment, by id, unless someone polls them by now."""
    for feed_id, due_at in moments.items():
        connection.execute(
            update(feed).where(feed.c.id == feed_id, _is_at_rest).values(due_at=due_at)
        )


def end(connection: Connection) -> bool:
    """Note that it is over; False if there was none."""
    return connection.execute(delete(meta).where(meta.c.key == _KEY)).rowcount == 1


def count_feeds(connection: Connection) -> int:
    """Count the feeds that are configured."""
    query = select(func.count()).select_from(feed).where(feed.c.is_active)
    return int(connection.execute(query).scalar_one())
