"""Rows of alerts: one entry owed to one subscriber. Nothing here is ever lost or made twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select, update

from alerts.model import Match, Span
from alerts.store.claims import chunks, insert
from alerts.store.schema import alert, entry_feed, feed


def _as_json(matches: Iterable[Match]) -> list[dict[str, Any]]:
    return [
        {
            "rule": match.rule,
            "spans": [[span.field, span.start, span.end] for span in match.spans],
            "caps_only": match.caps_only,
            "urgent": match.is_urgent,
        }
        for match in matches
    ]


def to_matches(value: Sequence[Mapping[str, Any]]) -> tuple[Match, ...]:
    """Return the matches that an alert row holds."""
    return tuple(
        Match(
            rule=item["rule"],
            spans=tuple(Span(*span) for span in item["spans"]),
            caps_only=item["caps_only"],
            is_urgent=item["urgent"],
        )
        for item in value
    )


@dataclass(frozen=True, slots=True)
class Owed:
    """One entry owed to one subscriber, and why."""

    subscriber: str
    entry_id: int
    matches: tuple[Match, ...]
    urgent_at: float | None = None  # from when it may be told as urgent; None: as any other


def add(connection: Connection, owed: Sequence[Owed], now: float) -> list[Owed]:
    """Owe the entries; return what was not owed or told before.

    A pending alert of an entry that changed takes the new text's matches.
    """
    if not owed:
        return []
    rows = [
        {
            "subscriber": item.subscriber,
            "entry_id": item.entry_id,
            "matches": _as_json(item.matches),
            "state": "pending",
            "urgent_at": item.urgent_at,
            "is_late": False,
            "created_at": now,
        }
        for item in owed
    ]
    statement = (
        insert(connection, alert)
        .on_conflict_do_nothing(index_elements=["subscriber", "entry_id"])
        .returning(alert.c.subscriber, alert.c.entry_id)
    )
    made = {tuple(row) for row in connection.execute(statement, rows)}
    for item in owed:
        if (item.subscriber, item.entry_id) not in made:
            _renew(connection, item)
    return [item for item in owed if (item.subscriber, item.entry_id) in made]


def _renew(connection: Connection, item: Owed) -> None:
    mine = (alert.c.subscriber == item.subscriber) & (alert.c.entry_id == item.entry_id)
    pending_too = mine & (alert.c.state == "pending")
    known = connection.execute(select(alert.c.matches).where(pending_too)).scalar()
    if known is not None:
        values: dict[str, Any] = {"matches": _as_json(_merged(to_matches(known), item.matches))}
        if item.urgent_at is not None:
            values["urgent_at"] = func.coalesce(alert.c.urgent_at, item.urgent_at)
        connection.execute(update(alert).where(pending_too).values(**values))


def _merged(old: Iterable[Match], new: Sequence[Match]) -> list[Match]:
    """Return the new text's matches, and the old one's rules without their places in it."""
    fresh = {match.rule for match in new}
    return [*new, *(Match(match.rule) for match in old if match.rule not in fresh)]


_PENDING = (
    select(alert)
    .where(alert.c.subscriber == bindparam("_subscriber"), alert.c.state == "pending")
    .order_by(alert.c.created_at, alert.c.entry_id)
)
_PENDING_CALM = _PENDING.where(alert.c.urgent_at.is_(None))


def pending(connection: Connection, subscriber: str, *, with_urgent: bool = True) -> list[Row[Any]]:
    """Return the subscriber's pending alerts, oldest first.

    Those that are to be told as urgent are left out unless they are asked for.
    """
    query = _PENDING if with_urgent else _PENDING_CALM
    return list(connection.execute(query, {"_subscriber": subscriber}))


def subscribers_waiting(connection: Connection) -> list[str]:
    """Return the ids of subscribers who have pending alerts."""
    query = select(alert.c.subscriber).where(alert.c.state == "pending").distinct()
    return sorted(connection.execute(query).scalars())


_DIGESTED = (
    update(alert)
    .where(
        alert.c.subscriber == bindparam("_subscriber"),
        alert.c.entry_id.in_(bindparam("these", expanding=True)),
        alert.c.state == "pending",
    )
    .values(state="digested", digest_id=bindparam("_digest"))
)


def mark_digested(
    connection: Connection, subscriber: str, entry_ids: Collection[int], digest_id: str
) -> int:
    """Put pending alerts into a digest, by their ids; return how many were still pending."""
    bound = {"_subscriber": subscriber, "_digest": digest_id}
    return sum(
        connection.execute(_DIGESTED, bound | {"these": some}).rowcount
        for some in chunks(entry_ids)
    )


def fold(connection: Connection, digest_id: str) -> set[str]:
    """Owe a digest's alerts again, marked late, if they were not before; return their rules."""
    again = connection.execute(
        update(alert)
        .where(alert.c.digest_id == digest_id, alert.c.is_late.is_(False))
        .values(
            state="pending", is_late=True, urgent_at=None, digest_id=None, folded_from=digest_id
        )
        .returning(alert.c.matches)
    )
    return {match["rule"] for matches in again.scalars() for match in matches}


def is_any_of(connection: Connection, digest_id: str) -> bool:
    """Whether any alert is told by this digest."""
    query = select(alert.c.entry_id).where(alert.c.digest_id == digest_id).limit(1)
    return connection.execute(query).scalar() is not None


def owe_again(connection: Connection, subscriber: str, entry_ids: Collection[int]) -> None:
    """Let told alerts be pending again: the message that told of them does not come."""
    for some in chunks(entry_ids):
        mine = (alert.c.subscriber == subscriber) & alert.c.entry_id.in_(some)
        connection.execute(update(alert).where(mine).values(state="pending", digest_id=None))


def suppress(
    connection: Connection, subscriber: str, reason: str, entry_ids: Collection[int] | None = None
) -> int:
    """Give up pending alerts of a subscriber (all, or these), saying why."""
    statement = update(alert).where(alert.c.subscriber == subscriber, alert.c.state == "pending")
    if entry_ids is not None:
        statement = statement.where(alert.c.entry_id.in_(list(entry_ids)))
    return connection.execute(statement.values(state="suppressed", reason=reason)).rowcount


_OUTLETS = (
    select(
        entry_feed,
        feed.c.url,
        func.coalesce(feed.c.name, feed.c.title, feed.c.host).label("outlet"),
    )
    .join(feed, feed.c.id == entry_feed.c.feed_id)
    .where(entry_feed.c.entry_id.in_(bindparam("these", expanding=True)))
    .order_by(entry_feed.c.seen_at, entry_feed.c.feed_id)
)


def outlets(connection: Connection, entry_ids: Collection[int]) -> dict[int, list[Row[Any]]]:
    """Return for each entry the feeds that carry it: url, name, link, title and times."""
    found: dict[int, list[Row[Any]]] = defaultdict(list)
    for some in chunks(entry_ids):
        for row in connection.execute(_OUTLETS, {"these": some}):
            found[row.entry_id].append(row)
    return found
