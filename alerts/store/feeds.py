"""Rows of feeds and of the hosts they live on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Executable,
    Integer,
    Row,
    Select,
    bindparam,
    func,
    or_,
    select,
    union_all,
    update,
)

from alerts.model import Feed
from alerts.store import outage
from alerts.store.claims import NOW, insert, is_due
from alerts.store.schema import IS_UNREAD, entry, feed, fulltext, host

#: Requests under way at one host at the same time.
IN_FLIGHT_PER_HOST = 2

#: A claim looks at so many due feeds for each that it takes: a backlog of thousands costs no more.
_LOOKED_AT = 16

#: Who asks by hand waits at least so long between two requests to one URL.
BY_HAND_S = 60.0


class Gaps(NamedTuple):
    """The least time between two requests to one host, and to one URL."""

    host_s: float
    url_s: float


def apply(connection: Connection, feeds: Iterable[tuple[Feed, str]], now: float) -> None:
    """Make the rows what the configuration says; `feeds` pairs each feed with its host.

    New feeds are due at once; feeds that are no longer configured rest with all they know.
    """
    wanted = {item.url: (item, host_name) for item, host_name in feeds}
    known = by_url(connection)
    for old, new in _moved(wanted, known).items():
        _move(connection, old, new, wanted[new][1], now)
        known[new] = known.pop(old)
    new_rows = [
        {"url": url, "host": h, "name": f.name, "is_active": True, "state": "new", "due_at": now}
        for url, (f, h) in wanted.items()
        if url not in known
    ]
    if new_rows:
        connection.execute(feed.insert(), new_rows)
    for url, row in known.items():
        if url in wanted:
            name = wanted[url][0].name
            if row.is_active and row.name == name:
                continue
            values: dict[str, Any] = {"name": name, "is_active": True}
            if not row.is_active:
                values["due_at"] = func.coalesce(feed.c.due_at, now)
            connection.execute(update(feed).where(feed.c.url == url).values(**values))
        elif row.is_active:
            connection.execute(update(feed).where(feed.c.url == url).values(is_active=False))


def _moved(wanted: Mapping[str, tuple[Feed, str]], known: Mapping[str, Row[Any]]) -> dict[str, str]:
    """Return old URL -> new URL of feeds whose address was edited: one goes, one of its name comes.

    Or the one comes that the feed has moved to, as `alerts feeds` said. What such a feed was seen
    to carry stays known under its new address.
    """
    gone: dict[str, list[str]] = {}
    for url, row in known.items():
        if url not in wanted and row.is_active and row.name:
            gone.setdefault(row.name, []).append(url)
    come: dict[str, list[str]] = {}
    for url, (item, _) in wanted.items():
        if url not in known and item.name:
            come.setdefault(item.name, []).append(url)
    by_name = {
        old[0]: come[name][0]
        for name, old in gone.items()
        if len(old) == 1 and len(come.get(name, ())) == 1
    }
    adopted = {
        row.moved_to: url
        for url, row in known.items()
        if row.is_active and url not in wanted and row.adopted_at is not None
    }
    by_move = {old: new for new, old in adopted.items() if new in wanted and new not in known}
    return by_name | by_move


def _move(connection: Connection, old: str, new: str, host_name: str, now: float) -> None:
    """Give a feed its new address; nothing that the old server said holds for the new one.

    But for the floor of what is done by hand: the address may be edited back and forth.
    """
    fresh = {
        "state": "new", "etag": None, "last_modified": None, "validators_url": None,
        "fingerprint": None, "hold_until": None, "failures": 0, "failing_since": None,
        "gone_at": None, "error_kind": None, "error_text": None, "error_hint": None,
        "moved_to": None, "moved_since": None, "moved_polls": 0, "adopted_at": None,
    }  # fmt: skip
    since_last = func.coalesce(feed.c.last_poll_at + BY_HAND_S, now)
    due_at = _greatest(connection, since_last, now)
    connection.execute(
        update(feed)
        .where(feed.c.url == old)
        .values(url=new, host=host_name, due_at=due_at, **fresh)
    )


def claim(
    connection: Connection,
    *,
    now: float,
    horizon: float,
    lease: str,
    lease_s: float,
    limit: int,
    gaps: Gaps,
) -> list[Row[Any]]:
    """Take due feeds, at most one a host each gap and two in flight there.

    `horizon` ≤ `now` limits the claim to feeds that fell due by then (one pass of `once`). The
    floor between two requests holds from the claim on, also if the process is killed then.
    """
    bound = {
        "now": now,
        "_horizon": horizon,
        "_limit": limit,
        "_looked_at": _LOOKED_AT * limit,
        "_lease": lease,
        "_lease_until": now + lease_s,
        "_floor_until": now + gaps.url_s,
    }
    rows = list(connection.execute(_taking(), bound))
    if rows:
        _close_gates(connection, {row.host for row in rows}, now + gaps.host_s)
    return rows


@cache
def _taking() -> Executable:
    """Return the statement of a claim, made once: it is executed at every tick."""
    open_ = (
        select(feed.c.id, feed.c.host, feed.c.due_at)
        .outerjoin(host, host.c.key == feed.c.host)
        .where(
            feed.c.is_active,
            is_due(feed),
            feed.c.due_at <= bindparam("_horizon", type_=Double),
            or_(host.c.next_at.is_(None), host.c.next_at <= NOW),
            feed.c.host.not_in(_full_hosts()),
        )
        .order_by(feed.c.due_at)
        .limit(bindparam("_looked_at", type_=Integer))
        .subquery()
    )
    place = func.row_number().over(partition_by=open_.c.host, order_by=(open_.c.due_at, open_.c.id))
    due = select(open_.c.id, open_.c.due_at, place.label("place")).subquery()
    limit = bindparam("_limit", type_=Integer)
    chosen = select(due.c.id).where(due.c.place == 1).order_by(due.c.due_at).limit(limit)
    # Due is asked of the locked row again: another claim may have taken it a moment ago.
    is_mine = (feed.c.id.in_(chosen), is_due(feed))
    mine = select(feed.c.id).where(*is_mine).with_for_update(skip_locked=True)
    return (
        update(feed)
        .where(feed.c.id.in_(mine))
        .values(
            lease=bindparam("_lease"),
            lease_until=bindparam("_lease_until"),
            last_poll_at=NOW,
            due_at=bindparam("_floor_until"),
        )
        .returning(*feed.c, outage.since().label("outage_since"))
    )


def _full_hosts() -> Select[tuple[str]]:
    """Hosts where as many requests are under way as may be: feeds, and pages of feeds elsewhere."""
    polls = select(feed.c.host).where(feed.c.lease.is_not(None), feed.c.lease_until >= NOW)
    pages = select(fulltext.c.host).where(fulltext.c.asked_until >= NOW)
    busy = union_all(polls, pages).subquery()
    full = func.count() >= IN_FLIGHT_PER_HOST
    return select(busy.c.host).group_by(busy.c.host).having(full)


def is_full(connection: Connection, key: str, now: float) -> bool:
    """Whether as many requests are under way at a host as may be."""
    full = _full_hosts().subquery()
    query = select(func.count()).where(full.c.host == key)
    return bool(connection.execute(query, {"now": now}).scalar_one())


def _close_gates(connection: Connection, hosts: Iterable[str], until: float) -> None:
    statement = insert(connection, host)
    statement = statement.on_conflict_do_update(
        index_elements=["key"], set_={"next_at": statement.excluded.next_at}
    )
    connection.execute(statement, [{"key": key, "next_at": until} for key in hosts])


def take_turn(
    connection: Connection, key: str, now: float, gap_s: float, latest: float
) -> float | None:
    """Return when a host may be asked once more, and close its gate until after that.

    None if that would be later than `latest`: nothing is taken then.
    """
    query = select(host.c.next_at).where(host.c.key == key).with_for_update()
    at = max(now, connection.execute(query).scalar() or 0.0)
    if at > latest:
        return None
    hold_host(connection, key, at + gap_s)
    return at


def hold_host(connection: Connection, key: str, until: float) -> None:
    """Ask nothing of a host before `until`: it told one of our requests to come later."""
    statement = insert(connection, host).values(key=key, next_at=until)
    later = _greatest(connection, host.c.next_at, statement.excluded.next_at)
    connection.execute(
        statement.on_conflict_do_update(index_elements=["key"], set_={"next_at": later})
    )


def waiting(connection: Connection, horizon: float, patience: float) -> int:
    """Count the feeds that a pass still has to poll, or that are polled just now.

    Not those whose host wants no request before `patience`: that is for a later pass.
    """
    query = (
        select(func.count())
        .select_from(feed.outerjoin(host, host.c.key == feed.c.host))
        .where(
            feed.c.is_active,
            or_(
                feed.c.lease.is_not(None),
                (feed.c.due_at <= horizon)
                & or_(host.c.next_at.is_(None), host.c.next_at <= patience),
            ),
        )
    )
    return int(connection.execute(query).scalar_one())


def hurry(connection: Connection, now: float, floor_s: float) -> None:
    """Make every active feed due, whatever its interval or back-off.

    The floor since its last request holds, and so does a server's Retry-After; a feed that is
    gone stays gone.
    """
    earliest = func.coalesce(feed.c.last_poll_at + floor_s, now)
    connection.execute(
        update(feed)
        .where(
            feed.c.is_active,
            feed.c.state != "gone",
            or_(feed.c.hold_until.is_(None), feed.c.hold_until <= now),
        )
        .values(due_at=_greatest(connection, earliest, now))
    )


def news_since(connection: Connection, since: float) -> dict[int, list[float]]:
    """Return for each feed when its entries were new, since then."""
    found: defaultdict[int, list[float]] = defaultdict(list)
    mine = (entry.c.seen_at >= since) & entry.c.is_baseline.is_(False)
    for row in connection.execute(select(entry.c.feed_id, entry.c.seen_at).where(mine)):
        found[row.feed_id].append(row.seen_at)
    return found


def make_due(connection: Connection, moments: Sequence[tuple[int, float]]) -> None:
    """Let feeds that nobody asks just now fall due at these moments."""
    if moments:
        mine = (feed.c.id == bindparam("_id")) & feed.c.lease.is_(None)
        statement = update(feed).where(mine).values(due_at=bindparam("_at"))
        connection.execute(statement, [{"_id": key, "_at": at} for key, at in moments])


def _greatest(connection: Connection, *values: Any) -> Any:
    return (func.max if connection.dialect.name == "sqlite" else func.greatest)(*values)


def record(
    connection: Connection,
    feed_id: int,
    lease: str,
    values: Mapping[str, Any],
    *,
    held_until: float | None = None,
) -> bool:
    """Write a poll's result and end the lease; False if the row is no longer ours.

    `held_until`: the lease holds until then, for more that is asked of the feed's host.
    """
    kept = None if held_until is None else lease
    mine = {"_id": feed_id, "_lease": lease, "lease": kept, "lease_until": held_until}
    reckoned = {name: it for name, it in values.items() if isinstance(it, ColumnElement)}
    bound = mine | {name: value for name, value in values.items() if name not in reckoned}
    statement = _RESULT.values(reckoned) if reckoned else _RESULT
    return connection.execute(statement, bound).rowcount == 1


#: Made once; which columns it sets is said by what is bound to it.
_RESULT = update(feed).where(feed.c.id == bindparam("_id"), feed.c.lease == bindparam("_lease"))


def active(connection: Connection) -> list[Row[Any]]:
    """Return the rows of the feeds that are configured."""
    return list(connection.execute(select(feed).where(feed.c.is_active)))


_UNREAD = select(feed).where(IS_UNREAD).order_by(feed.c.id)


def unread(connection: Connection) -> list[Row[Any]]:
    """Return the rows of configured feeds that could not be read last time, or never were asked."""
    return list(connection.execute(_UNREAD))


def by_url(connection: Connection) -> dict[str, Row[Any]]:
    """Return every feed row by its URL."""
    return {row.url: row for row in connection.execute(select(feed))}
