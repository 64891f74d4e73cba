"""What people do with deliveries by hand: look at one, have it tried again, resume a destination.

Only marks rows: whoever works on this database finds them due. Needs no working lock.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, case, delete, func, select, update

from alerts.clock import iso
from alerts.store import claims, riders, stops
from alerts.store.deliveries import OPEN
from alerts.store.postponed import PAUSED
from alerts.store.reach import lift_command
from alerts.store.schema import alert, attempt, delivery, digest, entry, follow_up, gate
from alerts.store.tables import deliveries as table_of

#: States that a try by hand may follow. `suppressed`: only once its cause was lifted.
_RETRIED = ("failed", "delayed", "suppressed")

#: What a resumed destination missed for longer than this is old news, and a flood.
STALE_S = 5 * 86_400.0

_BY_HAND = "Tried again by hand."
_IDS_SHOWN = 5


# --- one delivery ------------------------------------------------------------------------------


def ids_like(connection: Connection, prefix: str) -> list[str]:
    """Return ids of deliveries that begin with `prefix`, a few at most; the id itself alone."""
    if not prefix or not prefix.isalnum():
        return []
    query = select(delivery.c.id).where(delivery.c.id.startswith(prefix.lower()))
    return list(connection.execute(query.order_by(delivery.c.id).limit(_IDS_SHOWN)).scalars())


def show(connection: Connection, delivery_id: str) -> dict[str, Any]:
    """Return everything about a delivery: its row of the table, its articles and every try."""
    row = connection.execute(select(delivery).where(delivery.c.id == delivery_id)).one()
    tries = connection.execute(
        select(attempt).where(attempt.c.delivery_id == delivery_id).order_by(attempt.c.id)
    )
    return {
        **table_of(connection, ids=[delivery_id])[0],
        "key": row.destination,
        "digest": row.digest_id,
        "part": row.part,
        "parts": row.parts,
        "ended": iso(row.ended_at),
        "retried": iso(row.retried_at),
        "titles": _titles(connection, row.digest_id) if row.digest_id else [],
        "tries": [_try(row) for row in tries],
    }


def _try(row: Row[Any]) -> dict[str, Any]:
    return {
        "started": iso(row.started_at),
        "ended": iso(row.ended_at),
        "outcome": row.outcome,
        "class": row.result_kind or None,
        "server": row.server or None,
        "code": row.code or None,
        "server_text": row.server_text or None,
        "next_try": iso(row.next_at),
    }


def _titles(connection: Connection, digest_id: str) -> list[dict[str, Any]]:
    again = select(follow_up.c.entry_id).where(follow_up.c.digest_id == digest_id)
    reader = select(digest.c.subscriber).where(digest.c.id == digest_id)
    query = (
        select(entry.c.title, entry.c.link)
        .join(alert, alert.c.entry_id == entry.c.id)
        .where(
            (alert.c.digest_id == digest_id)
            | (alert.c.folded_from == digest_id)
            | (alert.c.entry_id.in_(again) & (alert.c.subscriber == reader.scalar_subquery()))
        )
        .order_by(entry.c.id)
    )
    return [dict(row._mapping) for row in connection.execute(query)]


# --- trying again ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Skipped:
    """A delivery that is not tried again; `lift` is the command that changes that, if any."""

    id: str
    reason: str
    lift: str | None


def ids_of(connection: Connection, states: Collection[str]) -> list[str]:
    """Return the ids of every delivery in one of these states, oldest first."""
    query = select(delivery.c.id).where(delivery.c.state.in_(states))
    return list(connection.execute(query.order_by(delivery.c.created_at)).scalars())


def retry(
    connection: Connection,
    ids: Iterable[str],
    is_known: Callable[[str], bool],
    now: float,
    *,
    asked_for: bool,
) -> tuple[list[str], list[Skipped]]:
    """Make deliveries due, with the same id and payload; return those and the ones left alone.

    `is_known` tells whether a destination's key is in the configuration. `asked_for`: each was
    named, so that one is sent although its articles have come in a later digest.
    """
    due: list[str] = []
    skipped: list[Skipped] = []
    stopped, paused = stops.stops(connection), stops.pauses(connection, now)
    for row in _rows(connection, ids):
        obstacle = (
            _unfit(row)
            or _stopped(row, stops.holding(stopped, row.target), paused.get(row.target))
            or (None if is_known(row.destination) else ("no longer in subscribers.yaml", None))
            or (None if asked_for else _came_later(connection, row))
        )
        if obstacle is not None:
            skipped.append(Skipped(row.id, *obstacle))
        elif _make_due(connection, row, now):
            due.append(row.id)
        else:
            skipped.append(Skipped(row.id, "it is being sent just now", None))
    return due, skipped


def _rows(connection: Connection, ids: Iterable[str]) -> list[Row[Any]]:
    """Return the deliveries without their payloads, in the order asked for, each once."""
    wanted = list(dict.fromkeys(ids))
    columns = [column for column in delivery.c if column.name != "payload"]
    found = {}
    for some in claims.chunks(wanted):
        for row in connection.execute(select(*columns).where(delivery.c.id.in_(some))):
            found[row.id] = row
    return [found[key] for key in wanted if key in found]


_Obstacle = tuple[str, str | None] | None


def _unfit(row: Row[Any]) -> _Obstacle:
    if row.carried_by is not None:
        again = f"alerts deliveries retry {row.carried_by}"
        return f"it is part of the mail {row.carried_by}", again
    if row.state in ("delivered", "written"):
        return f"it was {row.state} at {iso(row.ended_at)}; nothing is sent twice", None
    if row.state in _RETRIED:
        return None
    return "it waits its turn, or is being sent just now", None


def _stopped(row: Row[Any], stop: Row[Any] | None, paused_until: float | None) -> _Obstacle:
    lift = lift_command(row.kind, row.place, row.destination)
    if stop is not None:
        return stop.reason, lift
    if paused_until is not None:
        return f"paused until {iso(paused_until)}", lift
    return None


def _came_later(connection: Connection, row: Row[Any]) -> _Obstacle:
    """Whether every article of an expired digest has gone into a later one."""
    if row.digest_id is None:
        return None
    folded = select(alert.c.digest_id).where(alert.c.folded_from == row.digest_id)
    later = list(connection.execute(folded).scalars())
    if not later or any(digest_id in (None, row.digest_id) for digest_id in later):
        return None
    return "its articles came in a later digest", f"alerts deliveries retry {row.id}"


def _make_due(connection: Connection, row: Row[Any], now: float) -> bool:
    """Begin anew with the same id: no step taken yet, and as young as now."""
    done = connection.execute(
        update(delivery)
        .where(delivery.c.id == row.id, delivery.c.state.in_(_RETRIED), delivery.c.lease.is_(None))
        .values(_anew(now))
    )
    if done.rowcount != 1:
        return False
    # What waits for the next digest comes with this one, and with those that it carries.
    for one in (row, *riders.of(connection, [row.id])):
        if one.digest_id is not None:
            connection.execute(
                update(alert)
                .where(alert.c.folded_from == one.digest_id, alert.c.state == "pending")
                .values(state="digested", digest_id=one.digest_id)
            )
    return True


def _anew(now: float) -> dict[str, Any]:
    # The kind goes: a person decides that a chat may get an unclear message once more.
    return {
        "state": "delayed",
        "due_at": now,
        "attempts": 0,
        "retried_at": now,
        "ended_at": None,
        "result_kind": "retried",
        "hint": _BY_HAND,
    }


# --- destinations ------------------------------------------------------------------------------


def tries_since_it_worked(connection: Connection, target: str, limit: int = 2_000) -> Sequence[Any]:
    """Return the failed tries at `target` since one was accepted or it was resumed, oldest first.

    Rows of (at, outcome, kind, is_last).
    """
    same = delivery.c.target.in_(stops.aliases(target))
    mine = and_(attempt.c.delivery_id == delivery.c.id, same)
    worked = (
        select(func.max(attempt.c.ended_at))
        .where(mine, attempt.c.outcome.in_(("delivered", "written")))
        .correlate(None)
        .scalar_subquery()
    )
    query = (
        select(
            attempt.c.ended_at.label("at"),
            attempt.c.outcome,
            func.coalesce(attempt.c.result_kind, "").label("kind"),
            attempt.c.next_at.is_(None).label("is_last"),
        )
        .where(
            mine,
            attempt.c.ended_at > func.coalesce(worked, 0.0),
            attempt.c.outcome.is_not(None),
            attempt.c.forgiven_at.is_(None),
        )
        .order_by(attempt.c.ended_at)
        .limit(limit)
    )
    return connection.execute(query).all()


@dataclass(frozen=True, slots=True)
class Resumed:
    """What a resumed destination was, and what is due now."""

    lifted: str | None  # the reason for which it got nothing
    due: int
    stale: int  # suppressed meanwhile and too old to be sent by itself
    failed: int  # refused before, for `deliveries retry`


def resume(connection: Connection, target: str, keys: Sequence[str], now: float) -> Resumed:
    """Send to a dead address or webhook again, what waits for it at once.

    `keys` are the destinations of that target. A reader's own stop is not lifted here.
    """
    stop = stops.stops(connection).get(target)
    due = stale = 0
    if stop is not None and stop.kind in (stops.BAD_ADDRESS, stops.GONE):
        stops.lift(connection, target)
        due, stale = _revive(connection, stop, now)
    mine = delivery.c.target.in_(stops.aliases(target))
    connection.execute(
        update(attempt)
        .where(attempt.c.delivery_id.in_(select(delivery.c.id).where(mine)))
        .values(forgiven_at=now)
    )
    connection.execute(delete(gate).where(gate.c.key.in_(keys)))
    due += connection.execute(
        update(delivery)
        .where(
            mine,
            delivery.c.state.in_(OPEN),
            delivery.c.lease.is_(None),
            delivery.c.due_at > now,
            func.coalesce(delivery.c.result_kind, "") != PAUSED,
        )
        .values(due_at=now)
    ).rowcount
    failed = select(func.count()).where(mine, delivery.c.state == "failed")
    return Resumed(
        stop.reason if stop is not None else None,
        due,
        stale,
        connection.execute(failed).scalar_one(),
    )


def _revive(connection: Connection, stop: Row[Any], now: float) -> tuple[int, int]:
    """Make due what was given up only because of `stop`; count it, and what is too old for that."""
    because = and_(
        delivery.c.target.in_(stops.aliases(stop.target)),
        delivery.c.state == "suppressed",
        delivery.c.hint == stop.reason,
        delivery.c.ended_at >= stop.created_at,
        delivery.c.lease.is_(None),
    )
    fresh = delivery.c.created_at > now - STALE_S
    done = connection.execute(update(delivery).where(because, fresh).values(_anew(now)))
    left = select(func.count()).where(because)
    return done.rowcount, connection.execute(left).scalar_one()


def hold_gate(connection: Connection, key: str, until: float, since: float, reason: str) -> None:
    """Let nothing pass to `key` before `until`; no failure is added to those it has."""
    statement = claims.insert(connection, gate).values(
        key=key, next_at=until, failures=1, since=since, reason=reason
    )
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["key"],
            set_={
                "next_at": until,
                "failures": case((gate.c.failures > 0, gate.c.failures), else_=1),
                "since": since,
                "reason": reason,
            },
        )
    )
