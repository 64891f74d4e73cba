"""What tries came to lately: of the last mail, at one destination, of digests that were refused."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from alerts.store import stops
from alerts.store.deliveries import OPEN, SERVER
from alerts.store.schema import attempt, delivery


def last_mail_kind(connection: Connection, besides: str) -> str | None:
    """Return the kind of result of the last mail that was tried, those to `besides` left out."""
    query = (
        select(attempt.c.result_kind)
        .join(delivery, delivery.c.id == attempt.c.delivery_id)
        .where(
            delivery.c.kind == "email",
            delivery.c.destination != besides,
            attempt.c.ended_at.is_not(None),
        )
        .order_by(attempt.c.id.desc())
        .limit(1)
    )
    return connection.execute(query).scalar()


class Said(NamedTuple):
    """What a try came to that was not accepted, who answered, and the server's words."""

    result_kind: str | None
    code: str | None
    server_text: str | None
    server: str | None


def last_at(connection: Connection, key: str) -> Said | None:
    """Return what the last try behind a gate came to, a destination's or a server's, but for those
    that were accepted; None if there was none.
    """
    kind = key.removeprefix(SERVER)
    query = (
        select(attempt.c.result_kind, attempt.c.code, attempt.c.server_text, attempt.c.server)
        .join(delivery, delivery.c.id == attempt.c.delivery_id)
        .where(
            delivery.c.destination == key if kind == key else delivery.c.kind == kind,
            attempt.c.outcome.not_in(("delivered", "written", "suppressed")),
        )
        .order_by(attempt.c.id.desc())
    )
    row = connection.execute(query.limit(1)).one_or_none()
    return Said(*row) if row is not None else None


def came_to(connection: Connection, key: str, kinds: Collection[str], since: float) -> bool:
    """Whether a try at a destination came to one of these kinds since then."""
    query = (
        select(attempt.c.id)
        .join(delivery, delivery.c.id == attempt.c.delivery_id)
        .where(
            delivery.c.destination == key,
            attempt.c.result_kind.in_(kinds),
            attempt.c.ended_at > since,
        )
    )
    return connection.execute(query.limit(1)).scalar() is not None


def waits_for_domain(connection: Connection, domain: str, kind: str, besides: str) -> bool:
    """Whether another mail to a domain than `besides` is to be tried again after such a result."""
    query = (
        select(delivery.c.id)
        .join(attempt, attempt.c.delivery_id == delivery.c.id)
        .where(
            delivery.c.kind == "email",
            delivery.c.state.in_(OPEN),
            func.lower(delivery.c.place).endswith(f"@{domain}", autoescape=True),
            attempt.c.result_kind == kind,
            delivery.c.id != besides,
        )
    )
    return connection.execute(query.limit(1)).scalar() is not None


class Waited(NamedTuple):
    """What digests waited for in vain: kind of destination, last result, from when to when."""

    kind: str
    result_kind: str | None
    hint: str | None
    since: float
    until: float


def of_digests(connection: Connection, digest_ids: Collection[str]) -> Waited | None:
    """Return what came of digests that were given up for their age; None if it is not known."""
    query = (
        select(
            delivery.c.kind,
            delivery.c.result_kind,
            delivery.c.hint,
            delivery.c.created_at.label("since"),
            delivery.c.ended_at.label("until"),
        )
        .where(
            delivery.c.digest_id.in_(list(digest_ids)),
            delivery.c.state == "failed",
            delivery.c.ended_at.is_not(None),
        )
        .order_by(delivery.c.created_at)
    )
    rows = connection.execute(query).all()
    if not rows:
        return None
    until = max(row.until for row in rows)
    return Waited(rows[0].kind, rows[-1].result_kind, rows[-1].hint, rows[0].since, until)


def last_letter_at(connection: Connection, subscriber: str) -> float | None:
    """Return when the last message to a subscriber was made that is no digest: a welcome, a note.

    Not what tells them that they stopped.
    """
    query = select(func.max(delivery.c.created_at)).where(
        delivery.c.subscriber == subscriber,
        delivery.c.digest_id.is_(None),
        delivery.c.target.not_like(f"{stops.CONFIRMATION}%"),
    )
    return connection.execute(query).scalar()


def refused_since(connection: Connection, since: float, besides: Collection[str]) -> int:
    """Count the digests' deliveries that failed since then, but for those of these ids."""
    query = select(func.count()).where(
        delivery.c.state == "failed",
        delivery.c.digest_id.is_not(None),
        delivery.c.ended_at >= since,
        delivery.c.id.not_in(list(besides)),
    )
    return int(connection.execute(query).scalar_one())
