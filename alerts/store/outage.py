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

from alerts.store import configs
from alerts.store.schema import feed, meta

_KEY = "outage"

_is_at_rest = and_(feed.c.is_active, feed.c.lease.is_(None))


class Silence(NamedTuple):
    """What nobody answered: since when, and whether each host had answered until then."""

    since: float
    hosts: frozenset[str]


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

    None if one answered after `heard_since`. `row` is the feed that got no answer just now, `kinds`
    the errors that mean this, `neither` those that say nothing of the network. Hosts that were
    failing before are no evidence, and left out.
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
    query = select(feed.c.host, feed.c.last_poll_at).where(_is_at_rest, is_silent, began)
    rows = [(item.host, item.last_poll_at) for item in connection.execute(query)]
    if row.failing_since is None:
        rows.append((row.host, row.last_poll_at))
    return Silence(min((at for _, at in rows), default=0.0), frozenset(host for host, _ in rows))


def begin(connection: Connection, began_at: float, kinds: Collection[str]) -> bool:
    """Note an outage, and take back what was counted against feeds since it began.

    False if someone else has noted it meanwhile.
    """
    mine = str(began_at)
    if configs.once_made(connection, _KEY, mine) != mine:
        return False
    is_first = feed.c.failing_since >= began_at
    was = case((feed.c.last_success_at.is_(None), "new"), else_="ok")
    connection.execute(
        update(feed)
        .where(_is_at_rest, feed.c.error_kind.in_(list(kinds)), feed.c.last_poll_at >= began_at)
        .values(
            failures=case((or_(is_first, feed.c.failures == 0), 0), else_=feed.c.failures - 1),
            state=case((is_first, was), else_=feed.c.state),
            failing_since=case((is_first, None), else_=feed.c.failing_since),
        )
    )
    return True


def overdue(connection: Connection, now: float) -> list[Row[Any]]:
    """Return id and url of the feeds that would all be polled at once."""
    query = select(feed.c.id, feed.c.url).where(_is_at_rest, feed.c.due_at <= now)
    return list(connection.execute(query))


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
