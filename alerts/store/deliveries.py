"""Rows of digests, deliveries and their attempts, and the gates that pace destinations."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Executable,
    Row,
    bindparam,
    delete,
    func,
    or_,
    select,
    update,
)

from alerts.store import claims, stops
from alerts.store.schema import attempt, delivery, digest, gate, suppression

#: States in which a delivery may still be sent.
OPEN = ("pending", "sending", "delayed")

#: Prefix of the gate of the server that all deliveries of one kind go through.
SERVER = "server/"

#: Result kinds of deliveries that wait for us to mend something, or behind such a one.
_MENDABLE = ("waiting", "auth", "policy", "tls", "network", "timeout", "sender", "protocol")


#: Result kinds of a webhook whose host may be down, and says nothing of when it is up again.
SILENCE = ("network", "timeout", "tls", "http")


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
    gone = stops.erased(connection, {stops.bare(row["target"]) for row in rows})
    rows = [row for row in rows if stops.bare(row["target"]) not in gone]
    if rows:
        connection.execute(delivery.insert(), rows)


def _gates() -> ColumnElement[bool]:
    """A delivery's gates: its destination's and its server's."""
    return or_(gate.c.key == delivery.c.destination, gate.c.key == SERVER + delivery.c.kind)


def _is_behind_another() -> ColumnElement[bool]:
    """Another delivery to the same destination is under way, or comes before."""
    other, now = delivery.alias(), claims.NOW
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


def _taking(*only: ColumnElement[bool]) -> Executable:
    waits = select(gate.c.key).where(_gates(), gate.c.next_at > claims.NOW).exists()
    fit = (delivery.c.state.in_(OPEN), ~waits, ~_is_behind_another())
    return claims.taking(delivery, *fit, *only, state="sending")


#: Which deliveries a claim takes.
Only = Literal["all", "mail", "posts"]


_TAKING: Mapping[Only, Executable] = {
    "all": _taking(),
    "mail": _taking(delivery.c.kind == "email"),
    "posts": _taking(delivery.c.kind != "email"),
}
_REGISTER = attempt.insert()


def claim(
    connection: Connection,
    *,
    now: float,
    lease: str,
    lease_s: float,
    limit: int,
    only: Only = "all",
) -> list[Row[Any]]:
    """Take due deliveries whose destination's gate is open, and register an attempt for each.

    One delivery a destination at a time: the next part waits until the one before it is done.
    """
    rows = claims.claim(
        connection, _TAKING[only], now=now, lease=lease, lease_s=lease_s, limit=limit
    )
    if rows:
        connection.execute(_REGISTER, [{"delivery_id": row.id, "started_at": now} for row in rows])
    return rows


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a try is recorded as: `values` go to the delivery, `result` to its open attempt.

    The same columns in every one, so that many are written by one statement.
    """

    id: str
    lease: str
    values: Mapping[str, Any]
    result: Mapping[str, Any]


_HELD = (
    select(delivery.c.id, delivery.c.lease)
    .where(delivery.c.id.in_(bindparam("ids", expanding=True)))
    .with_for_update()
)
_END = update(delivery).where(delivery.c.id == bindparam("_id"))
_END_ATTEMPT = update(attempt).where(
    attempt.c.delivery_id == bindparam("_id"), attempt.c.outcome.is_(None)
)


def record(connection: Connection, tries: Sequence[Recorded]) -> set[str]:
    """Write results of tries and end their leases; return the ids of those still ours.

    A result whose lease somebody else took meanwhile is dropped: who holds it writes his own.
    """
    held = connection.execute(_HELD, {"ids": [one.id for one in tries]})
    leases = {row.id: row.lease for row in held}
    ours = [one for one in tries if leases.get(one.id) == one.lease]
    if ours:
        freed = {"lease": None, "lease_until": None}
        connection.execute(_END, [{"_id": one.id, **freed, **one.values} for one in ours])
        connection.execute(_END_ATTEMPT, [{"_id": one.id, **one.result} for one in ours])
    return {one.id for one in ours}


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


_ANY_STOP = select(suppression.c.target).limit(1)

_SUPPRESS_STOPPED = (
    update(delivery)
    .where(
        delivery.c.state.in_(OPEN),
        delivery.c.lease.is_(None),
        delivery.c.target.in_(select(stops.HELD.c.target)),
    )
    .values(
        state="suppressed",
        hint=select(stops.HELD.c.reason)
        .where(stops.HELD.c.target == delivery.c.target)
        .scalar_subquery(),
        due_at=None,
        ended_at=bindparam("ended_at"),
    )
    .returning(delivery.c.id)
)


def suppress_stopped(connection: Connection, now: float) -> list[str]:
    """End open deliveries to destinations that get nothing any more, before they are dialled.

    Return their ids.
    """
    if connection.execute(_ANY_STOP).scalar() is None:
        return []  # asked every moment, and nearly always so
    return list(connection.execute(_SUPPRESS_STOPPED, {"ended_at": now}).scalars())


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


def open_gate(connection: Connection, key: str, now: float, *, is_mended: bool = True) -> None:
    """Let everything pass again that waits for this gate, and what failed by our own fault.

    Unless `is_mended` by somebody, what was refused as a mail waits on for its own hour.
    """
    connection.execute(delete(gate).where(gate.c.key == key))
    kinds = _MENDABLE if is_mended else [kind for kind in _MENDABLE if kind != "policy"]
    is_behind = or_(
        delivery.c.destination == key, SERVER + delivery.c.kind == key
    ) & delivery.c.result_kind.in_(kinds)
    connection.execute(
        update(delivery)
        .where(delivery.c.state == "delayed", delivery.c.lease.is_(None), is_behind)
        .values(due_at=now)
    )


def wake(connection: Connection, keys: Collection[str], now: float) -> None:
    """Try at once what waits at these destinations because their host was down: it is up again."""
    silent = delivery.c.destination.in_(keys) & delivery.c.result_kind.in_(SILENCE)
    waits = (delivery.c.state == "delayed") & delivery.c.lease.is_(None)
    found = select(delivery.c.destination).where(silent, waits, delivery.c.due_at > now)
    woken = list(connection.execute(found.distinct()).scalars())
    if not woken:
        return
    connection.execute(update(gate).where(gate.c.key.in_(woken)).values(next_at=now))
    behind = delivery.c.result_kind.in_((*SILENCE, "waiting"))
    connection.execute(
        update(delivery).where(delivery.c.destination.in_(woken), waits, behind).values(due_at=now)
    )


def explain(connection: Connection, delivery_id: str, hint: str) -> None:
    """Write what a person is to know of a delivery that ended."""
    connection.execute(update(delivery).where(delivery.c.id == delivery_id).values(hint=hint))


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
    return list(connection.execute(query.order_by(gate.c.key)))


_FAILING = select(gate.c.key).where(
    gate.c.key.in_(bindparam("keys", expanding=True)), gate.c.failures > 0
)


def failing(connection: Connection, keys: Collection[str]) -> set[str]:
    """Return which of these destinations and servers failed when last tried."""
    return set(connection.execute(_FAILING, {"keys": list(keys)}).scalars())


def gate_of(connection: Connection, key: str) -> Row[Any] | None:
    """Return the gate row of a destination or server."""
    return connection.execute(select(gate).where(gate.c.key == key)).one_or_none()
