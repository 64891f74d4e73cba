"""Rows of digests, deliveries and their attempts, and the gates that pace destinations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, case, delete, func, or_, select, update

from alerts.store import claims, stops
from alerts.store.schema import attempt, delivery, digest, gate, pause, suppression

#: States in which a delivery may still be sent.
OPEN = ("pending", "sending", "delayed")

#: Result kind of deliveries that wait for the end of a pause.
PAUSED = "paused"

#: What is paused is looked at this often.
PAUSE_LOOK_S = 300.0

#: Prefix of the gate of the server that all deliveries of one kind go through.
SERVER = "server/"

#: Result kinds of deliveries that wait for us to mend something, or behind such a one.
_MENDABLE = ("waiting", "auth", "policy", "tls", "network", "timeout", "sender", "protocol")


def add_digest(connection: Connection, values: Mapping[str, Any]) -> bool:
    """Insert a digest; False if this subscriber has one of this slot already."""
    statement = claims.insert(connection, digest).values(**values)
    made = connection.execute(
        statement.on_conflict_do_nothing(
            index_elements=["subscriber", "cadence", "slot"]
        ).returning(digest.c.id)
    )
    return made.one_or_none() is not None


def add(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Insert deliveries; none to someone who was erased, of whom nothing is kept."""
    gone = stops.erased(connection, {row["target"] for row in rows})
    rows = [row for row in rows if row["target"] not in gone]
    if rows:
        connection.execute(delivery.insert(), rows)


def claim(
    connection: Connection,
    *,
    now: float,
    lease: str,
    lease_s: float,
    limit: int,
    only: str | None = None,
    but: str | None = None,
) -> list[Row[Any]]:
    """Take due deliveries whose destination's gate is open, and register an attempt for each.

    One delivery a destination at a time: the next part waits until the one before it is done.
    `only` and `but` limit the claim to one kind of destination, or to all others.
    """
    waits = select(gate.c.key).where(_gates(), gate.c.next_at > now).exists()
    rows = claims.claim(
        connection,
        delivery,
        now=now,
        lease=lease,
        lease_s=lease_s,
        limit=limit,
        where=(
            delivery.c.state.in_(OPEN),
            ~waits,
            ~_is_behind_another(now),
            *([delivery.c.kind == only] if only else []),
            *([delivery.c.kind != but] if but else []),
        ),
        values={"state": "sending"},
    )
    if rows:
        connection.execute(
            attempt.insert(), [{"delivery_id": row.id, "started_at": now} for row in rows]
        )
    return rows


def _is_behind_another(now: float) -> ColumnElement[bool]:
    """Another delivery to the same destination is under way, or comes before."""
    other = delivery.alias()
    return (
        select(other.c.id)
        .where(
            other.c.destination == delivery.c.destination,
            other.c.state.in_(OPEN),
            other.c.id != delivery.c.id,
            or_(
                other.c.lease_until >= now,
                (other.c.due_at < delivery.c.due_at),
                (other.c.due_at == delivery.c.due_at) & (other.c.id < delivery.c.id),
            ),
            or_(other.c.due_at <= now, other.c.lease_until >= now),
        )
        .exists()
    )


def record(
    connection: Connection,
    delivery_id: str,
    lease: str,
    values: Mapping[str, Any],
    result: Mapping[str, Any],
) -> bool:
    """Write a try's result and end the lease; False if the lease is no longer ours.

    `values` go to the delivery, `result` to the open attempt.
    """
    done = connection.execute(
        update(delivery)
        .where(delivery.c.id == delivery_id, delivery.c.lease == lease)
        .values(lease=None, lease_until=None, **values)
    )
    if done.rowcount != 1:
        return False
    connection.execute(
        update(attempt)
        .where(attempt.c.delivery_id == delivery_id, attempt.c.outcome.is_(None))
        .values(**result)
    )
    return True


def reopen_interrupted(connection: Connection, now: float) -> int:
    """Mark tries whose process died: nobody knows whether they were accepted. Due at once.

    Call under the working lock, after every lease was freed. It takes no step of the back-off.
    """
    connection.execute(
        update(attempt)
        .where(attempt.c.outcome.is_(None))
        .values(outcome="ambiguous", result_kind="interrupted", ended_at=now, next_at=now)
    )
    done = connection.execute(
        update(delivery)
        .where(delivery.c.state == "sending")
        .values(state="delayed", result_kind="ambiguous", due_at=now)
    )
    return done.rowcount


def _gates() -> ColumnElement[bool]:
    """A delivery's gates: its destination's and its server's."""
    return or_(gate.c.key == delivery.c.destination, gate.c.key == SERVER + delivery.c.kind)


def postpone_gated(connection: Connection, now: float) -> list[str]:
    """Give due deliveries behind a closed circuit its time and reason, those to paused targets the
    end of the pause; pacing gaps stay due.

    Return their ids.
    """
    closed = select(gate).where(gate.c.next_at > now, gate.c.reason != "")
    behind = [
        key
        for row in connection.execute(closed).all()  # few, while due deliveries may be many
        for key in _postpone_behind(connection, row, now)
    ]
    return [*behind, *_postpone_paused(connection, now)]


def _postpone_behind(connection: Connection, closed: Row[Any], now: float) -> list[str]:
    kind = closed.key.removeprefix(SERVER)
    mine = delivery.c.destination == closed.key if kind == closed.key else delivery.c.kind == kind
    done = connection.execute(
        update(delivery)
        .where(
            mine,
            delivery.c.state.in_(OPEN),
            delivery.c.due_at <= now,
            delivery.c.lease.is_(None),
        )
        .values(state="delayed", due_at=closed.next_at, result_kind="waiting", hint=closed.reason)
        .returning(delivery.c.id)
    )
    return list(done.scalars())


def _postpone_paused(connection: Connection, now: float) -> list[str]:
    """Put due deliveries to paused targets off to the end of the pause, or to the next look."""
    if connection.execute(select(pause.c.target).limit(1)).scalar() is None:
        return []
    mine = and_(pause.c.target == delivery.c.target, pause.c.until > now)
    # Looked at again before the end: a pause that is lifted at this very moment strands nothing.
    soon = now + PAUSE_LOOK_S
    end = case((pause.c.until > soon, soon), else_=pause.c.until)
    ends = select(end).where(mine).scalar_subquery()
    done = connection.execute(
        update(delivery)
        .where(
            delivery.c.state.in_(OPEN),
            delivery.c.due_at <= now,
            delivery.c.lease.is_(None),
            delivery.c.target.in_(select(pause.c.target).where(pause.c.until > now)),
        )
        .values(state="delayed", due_at=ends, result_kind=PAUSED, hint="paused by an admin")
        .returning(delivery.c.id)
    )
    return list(done.scalars())


def end_pause(connection: Connection, target: str, now: float) -> int:
    """Make due at once what waits for the end of a target's pause; return how many."""
    done = connection.execute(
        update(delivery)
        .where(
            delivery.c.target == target,
            delivery.c.state == "delayed",
            delivery.c.result_kind == PAUSED,
            delivery.c.lease.is_(None),
        )
        .values(due_at=now)
    )
    return done.rowcount


def suppress_stopped(connection: Connection, now: float) -> list[str]:
    """End open deliveries to destinations that get nothing any more, before they are dialled.

    Return their ids.
    """
    if connection.execute(select(suppression.c.target).limit(1)).scalar() is None:
        return []  # asked every moment, and nearly always so
    mine = suppression.c.target == delivery.c.target
    reason = select(suppression.c.reason).where(mine).scalar_subquery()
    done = connection.execute(
        update(delivery)
        .where(
            delivery.c.state.in_(OPEN),
            delivery.c.lease.is_(None),
            delivery.c.target.in_(select(suppression.c.target)),
        )
        .values(state="suppressed", hint=reason, due_at=None, ended_at=now)
        .returning(delivery.c.id)
    )
    return list(done.scalars())


def due(connection: Connection, now: float) -> int:
    """Count open deliveries that are due or under way."""
    query = select(func.count()).where(
        delivery.c.state.in_(OPEN), or_(delivery.c.due_at <= now, delivery.c.lease.is_not(None))
    )
    return int(connection.execute(query).scalar_one())


def made_since(connection: Connection, target: str, since: float) -> bool:
    """Whether anything was made for a target since then."""
    query = select(delivery.c.id).where(delivery.c.target == target, delivery.c.created_at > since)
    return connection.execute(query.limit(1)).scalar() is not None


def suppress_open(connection: Connection, subscriber: str, reason: str, now: float) -> int:
    """Give up a subscriber's open deliveries that nobody is sending just now."""
    done = connection.execute(
        update(delivery)
        .where(
            delivery.c.subscriber == subscriber,
            delivery.c.state.in_(OPEN),
            delivery.c.lease.is_(None),
        )
        .values(state="suppressed", hint=reason, due_at=None, ended_at=now)
    )
    return done.rowcount


# --- gates ----------------------------------------------------------------------


def close_gate(
    connection: Connection, key: str, until: float, *, now: float, failed: bool, reason: str = ""
) -> None:
    """Let nothing pass to `key` before `until`; a failure adds to its row of failures."""
    statement = claims.insert(connection, gate).values(
        key=key,
        next_at=until,
        failures=int(failed),
        since=now if failed else None,
        reason=reason,
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["key"],
            set_={
                "next_at": until,
                "failures": gate.c.failures + 1 if failed else 0,
                "since": func.coalesce(gate.c.since, now) if failed else None,
                "reason": reason,
            },
        )
    )


def open_gate(connection: Connection, key: str, now: float) -> None:
    """Let everything pass again that waits for this gate, and what failed by our own fault."""
    connection.execute(delete(gate).where(gate.c.key == key))
    is_behind = or_(
        delivery.c.destination == key, SERVER + delivery.c.kind == key
    ) & delivery.c.result_kind.in_(_MENDABLE)
    connection.execute(
        update(delivery)
        .where(delivery.c.state == "delayed", delivery.c.lease.is_(None), is_behind)
        .values(due_at=now)
    )


def has_arrived(connection: Connection, digest_id: str) -> bool:
    """Whether any part of a digest was accepted anywhere, or still may be."""
    query = select(delivery.c.id).where(
        delivery.c.digest_id == digest_id,
        delivery.c.state.in_((*OPEN, "delivered", "written")),
    )
    return connection.execute(query.limit(1)).scalar() is not None


def failing_gates(connection: Connection, since: float) -> list[Row[Any]]:
    """Return the gates of destinations (not of servers) that have failed since then or longer."""
    query = select(gate).where(gate.c.since <= since, gate.c.key.not_like(f"{SERVER}%"))
    return list(connection.execute(query))


def gate_of(connection: Connection, key: str) -> Row[Any] | None:
    """Return the gate row of a destination or server."""
    return connection.execute(select(gate).where(gate.c.key == key)).one_or_none()
