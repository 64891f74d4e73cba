"""Rows of what is told again of stories that were told before: another headline, a withdrawal.

A follow-up is a digest of a cadence of its own and a row that says of which entry, and what its
reader knew before: if it comes to nobody, they know that again.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, or_, select, update

from alerts.store.claims import chunks
from alerts.store.corrections import own_title
from alerts.store.schema import alert, delivery, digest, entry, follow_up
from alerts.store.told import ARRIVING, arrives
from alerts.store.urgent import AT_ONCE, FOLLOW_UP


def withdraw(
    connection: Connection, feed_id: int, entry_ids: Collection[int], now: float
) -> list[int]:
    """Note that a feed takes back entries; return those that it had not.

    Only those that came from it: it does not speak for another outlet.
    """
    taken: list[int] = []
    for some in chunks(entry_ids):
        mine = (entry.c.feed_id == feed_id) & entry.c.id.in_(some)
        taken += connection.execute(
            update(entry)
            .where(mine, entry.c.withdrawn_at.is_(None))
            .values(withdrawn_at=now)
            .returning(entry.c.id)
        ).scalars()
    return taken


def readers(connection: Connection, entry_ids: Collection[int], since: float) -> set[str]:
    """Return the subscribers who were told one of these entries as urgent since then."""
    query = (
        select(alert.c.subscriber)
        .join(digest, digest.c.id == alert.c.digest_id)
        .where(
            alert.c.state == "digested",
            digest.c.cadence.in_(AT_ONCE),
            digest.c.created_at > since,
        )
    )
    return {
        key
        for some in chunks(entry_ids)
        for key in connection.execute(query.where(alert.c.entry_id.in_(some))).scalars()
    }


def _told_before_withdrawal() -> Any:
    return (
        alert.c.withdrawal_told_at.is_(None)
        & entry.c.withdrawn_at.is_not(None)
        & (entry.c.withdrawn_at > digest.c.created_at)
    )


def open_of(connection: Connection, subscriber: str, since: float) -> list[Row[Any]]:
    """Return the alerts told as urgent since then whose article is another now, oldest first.

    With `told_at`, the present headline as `title`, `changed_at` and `withdrawn_at`.
    """
    title = own_title()
    query = (
        select(
            alert,
            digest.c.created_at.label("told_at"),
            title.label("title"),
            entry.c.changed_at,
            entry.c.withdrawn_at,
        )
        .join(digest, digest.c.id == alert.c.digest_id)
        .join(entry, entry.c.id == alert.c.entry_id)
        .where(
            alert.c.subscriber == subscriber,
            alert.c.state == "digested",
            digest.c.cadence.in_(AT_ONCE),
            digest.c.created_at > since,
            arrives(),
            or_(_told_before_withdrawal(), alert.c.told_title != title),
        )
        .order_by(digest.c.created_at, alert.c.entry_id)
    )
    return list(connection.execute(query))


_WITHDRAWN = select(entry.c.id).where(entry.c.withdrawn_at > bindparam("_since"))
_TOLD_BEFORE = (
    select(alert, digest.c.created_at.label("told_at"))
    .join(digest, digest.c.id == alert.c.digest_id)
    .join(entry, entry.c.id == alert.c.entry_id)
    .where(
        alert.c.subscriber == bindparam("_subscriber"),
        alert.c.entry_id.in_(bindparam("these", expanding=True)),
        alert.c.state == "digested",
        digest.c.created_at > bindparam("_since"),
        arrives(),
        _told_before_withdrawal(),
    )
)


def withdrawn(connection: Connection, subscriber: str, since: float) -> list[Row[Any]]:
    """Return the alerts told since then whose article was withdrawn after, newest first."""
    entry_ids = connection.execute(_WITHDRAWN, {"_since": since}).scalars().all()
    bound = {"_subscriber": subscriber, "_since": since}
    found = (
        row
        for some in chunks(entry_ids)
        for row in connection.execute(_TOLD_BEFORE, bound | {"these": some})
    )
    return sorted(found, key=lambda row: (row.told_at, row.entry_id), reverse=True)


def note_withdrawals(
    connection: Connection, subscriber: str, entry_ids: Collection[int], now: float
) -> None:
    """Note that the subscriber is told that these entries were withdrawn."""
    for some in chunks(entry_ids):
        mine = (alert.c.subscriber == subscriber) & alert.c.entry_id.in_(some)
        connection.execute(update(alert).where(mine).values(withdrawal_told_at=now))


@dataclass(frozen=True, slots=True)
class Told:
    """What a follow-up tells of an entry."""

    entry_id: int
    title: str
    was: str | None
    is_withdrawal: bool


def add(connection: Connection, subscriber: str, digest_id: str, told: Told, now: float) -> None:
    """Note what a follow-up, whose digest is written, tells its reader."""
    connection.execute(
        follow_up.insert().values(
            digest_id=digest_id,
            entry_id=told.entry_id,
            was=told.was,
            is_withdrawal=told.is_withdrawal,
        )
    )
    values: dict[str, Any] = {"told_title": told.title}
    if told.is_withdrawal:
        values["withdrawal_told_at"] = now
    mine = (alert.c.subscriber == subscriber) & (alert.c.entry_id == told.entry_id)
    connection.execute(update(alert).where(mine).values(**values))


def undo(connection: Connection, digest_id: str) -> None:
    """Forget that a follow-up was told: it came to nobody, and the next digest tells of it."""
    row = connection.execute(
        select(follow_up, digest.c.subscriber)
        .join(digest, digest.c.id == follow_up.c.digest_id)
        .where(follow_up.c.digest_id == digest_id)
    ).one_or_none()
    if row is None:
        return
    mine = (alert.c.subscriber == row.subscriber) & (alert.c.entry_id == row.entry_id)
    values: dict[str, Any] = {"told_title": row.was}
    if row.is_withdrawal:
        values["withdrawal_told_at"] = None
    connection.execute(update(alert).where(mine).values(**values))


def last_of(
    connection: Connection, subscriber: str, entry_ids: Collection[int]
) -> dict[int, float]:
    """Return when the last follow-up of these entries was made for a subscriber."""
    query = (
        select(follow_up.c.entry_id, func.max(digest.c.created_at).label("at"))
        .join(digest, digest.c.id == follow_up.c.digest_id)
        .where(digest.c.subscriber == subscriber, digest.c.cadence == FOLLOW_UP, arrives())
        .group_by(follow_up.c.entry_id)
    )
    return {
        row.entry_id: row.at
        for some in chunks(entry_ids)
        for row in connection.execute(query.where(follow_up.c.entry_id.in_(some)))
    }


def of_alert(connection: Connection, subscriber: str, entry_id: int) -> list[Row[Any]]:
    """Return rows (digest_id, is_withdrawal, was, created_at) of the follow-ups of an alert."""
    query = (
        select(follow_up, digest.c.created_at)
        .join(digest, digest.c.id == follow_up.c.digest_id)
        .where(digest.c.subscriber == subscriber, follow_up.c.entry_id == entry_id)
        .order_by(digest.c.created_at)
    )
    return list(connection.execute(query))


def first_told(connection: Connection, digest_id: str) -> dict[str, str]:
    """Return by destination which delivery told of a digest: its first part, if it may arrive."""
    query = select(delivery.c.destination, delivery.c.id).where(
        delivery.c.digest_id == digest_id,
        delivery.c.part == 1,
        delivery.c.state.in_(ARRIVING),
    )
    return {row.destination: row.id for row in connection.execute(query)}
