"""Deliveries that are due and have to wait: behind a closed gate, or for the end of a pause.

Each gets the moment at which it is looked at again, and says what it waits for.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Double, Row, bindparam, case, select, update

from alerts.store import claims, outcomes, riders
from alerts.store.deliveries import OPEN, SERVER
from alerts.store.schema import delivery, gate, pause

#: Result kinds of deliveries that wait behind a closed gate, and for the end of a pause.
BEHIND, PAUSED = "waiting", "paused"

#: What is paused is looked at this often.
PAUSE_LOOK_S = 300.0

_CLOSED = select(gate).where(gate.c.next_at > claims.NOW, gate.c.reason != "")
_ANY_PAUSE = select(pause.c.target).limit(1)


def postpone(connection: Connection, now: float) -> list[str]:
    """Give due deliveries behind a closed circuit its time, its reason and its server's last words;
    those to paused targets the end of the pause. Pacing gaps stay due.

    Return their ids.
    """
    closed = connection.execute(_CLOSED, {"now": now}).all()  # few, while what is due may be much
    behind = [key for row in closed for key in _postpone_behind(connection, row, now)]
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
        .values(state="delayed", due_at=closed.next_at, result_kind=BEHIND, hint=closed.reason)
        .returning(delivery.c.id)
    )
    behind = list(done.scalars())
    last = outcomes.last_at(connection, closed.key) if behind else None
    if last is not None:
        values = {
            "code": last.code,
            "server_text": last.server_text,
            "hint": f"Waits for {last.server or 'its server'}. {closed.reason}",
        }
        for some in claims.chunks(behind):
            connection.execute(update(delivery).where(delivery.c.id.in_(some)).values(values))
        riders.follow(connection, behind, now)
    return behind


_SOON = bindparam("_soon", type_=Double)
_POSTPONE_PAUSED = (
    update(delivery)
    .where(
        delivery.c.state.in_(OPEN),
        delivery.c.due_at <= claims.NOW,
        delivery.c.lease.is_(None),
        delivery.c.target.in_(select(pause.c.target).where(pause.c.until > claims.NOW)),
    )
    .values(
        state="delayed",
        due_at=select(case((pause.c.until > _SOON, _SOON), else_=pause.c.until))
        .where(pause.c.target == delivery.c.target, pause.c.until > claims.NOW)
        .scalar_subquery(),
        result_kind=PAUSED,
        hint="paused by an admin",
    )
    .returning(delivery.c.id)
)


def _postpone_paused(connection: Connection, now: float) -> list[str]:
    """Put due deliveries to paused targets off to the end of the pause, or to the next look."""
    if connection.execute(_ANY_PAUSE).scalar() is None:
        return []
    # Looked at again before the end: a pause that is lifted at this very moment strands nothing.
    bound = {"now": now, "_soon": now + PAUSE_LOOK_S}
    return list(connection.execute(_POSTPONE_PAUSED, bound).scalars())


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
