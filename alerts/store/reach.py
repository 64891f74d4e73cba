"""How each destination is: whether it gets what is due, since when not, why, what lifts that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection, Row, func, select

from alerts.clock import iso
from alerts.model import Destination
from alerts.store import outcomes, stops
from alerts.store.deliveries import OPEN, SERVER
from alerts.store.schema import delivery, gate


def destinations(
    connection: Connection | None, places: Iterable[Destination], now: float
) -> list[dict[str, Any]]:
    """Return a row for each of `places`; without a database all are well.

    `code` and `server_text` are the last words of the server that one waits for. States: ok,
    waiting (until then), paused, stopped (by its reader), gone, bad_address, erased, unset (the
    variable that holds its address is not set).
    """
    if connection is None:
        return [_row(place, {}, 0) for place in places]
    listed = list(places)
    stopped, paused = stops.stops(connection), stops.pauses(connection, now)
    erased = stops.erased(connection, {place.target for place in listed})
    gates = {row.key: row for row in connection.execute(select(gate))}
    waiting = _waiting(connection)
    later = _to_be_tried_again(connection, now)
    said: dict[str, outcomes.Said | None] = {}
    rows = []
    for place in listed:
        own = gates.get(place.key)
        trouble = _stopped(stopped.get(place.target), place, erased)
        trouble = trouble or _paused(paused.get(place.target), place)
        if not trouble and (closed := _closed(place, gates, now)) is not None:
            if closed.key not in said:
                said[closed.key] = outcomes.last_at(connection, closed.key)
            trouble = _held(closed, said[closed.key])
        elif not trouble and place.key in later:
            trouble = _delayed(later[place.key])
        failures = {"failures": own.failures if own is not None else 0}
        rows.append(_row(place, failures | trouble, waiting.get(place.key, 0)))
    return rows


def _waiting(connection: Connection) -> dict[str, int]:
    query = (
        select(delivery.c.destination, func.count().label("count"))
        .where(delivery.c.state.in_(OPEN))
        .group_by(delivery.c.destination)
    )
    return {row.destination: row._mapping["count"] for row in connection.execute(query)}


def _to_be_tried_again(connection: Connection, now: float) -> dict[str, Row[Any]]:
    """Return what each destination's next delivery waits for that is not due yet."""
    columns = ("destination", "due_at", "created_at", "code", "server_text", "hint", "attempts")
    query = (
        select(*(delivery.c[name] for name in columns))
        .where(delivery.c.state == "delayed", delivery.c.due_at > now)
        .order_by(delivery.c.due_at.desc())
    )
    return {row.destination: row for row in connection.execute(query)}


def _row(place: Destination, trouble: Mapping[str, Any], waiting: int) -> dict[str, Any]:
    is_unset = place.kind != "email" and place.url is None
    usual = {
        "key": place.key,
        "subscriber": place.subscriber,
        "kind": place.kind,
        "place": place.place,
        "state": "unset" if is_unset else "ok",
        "until": None,
        "since": None,
        "failures": 0,
        "reason": "The variable that holds its address is not set." if is_unset else None,
        "code": None,
        "server_text": None,
        "waiting": waiting,
        "lift": None,
    }
    return usual | dict(trouble)


def _stopped(stop: Row[Any] | None, place: Destination, erased: set[str]) -> dict[str, Any]:
    if place.target in erased:
        lift = lift_command(place.kind, place.place, place.key)
        return {"state": stops.ERASED, "reason": "This person's data was erased.", "lift": lift}
    if stop is None or (place.is_admin and stop.kind == stops.STOPPED):
        return {}  # a reader's stop is about digests, not about notices to an admin
    return {
        "state": stop.kind,
        "since": iso(stop.created_at),
        "reason": stop.reason,
        "lift": lift_command(place.kind, place.place, place.key),
    }


def _paused(until: float | None, place: Destination) -> dict[str, Any]:
    if until is None:
        return {}
    lift = lift_command(place.kind, place.place, place.key)
    return {"state": "paused", "until": iso(until), "lift": lift}


def _closed(place: Destination, gates: Mapping[str, Row[Any]], now: float) -> Row[Any] | None:
    """Return the gate that holds it longest, its own or its server's, if one does.

    The pace of a channel is no trouble.
    """
    own, server = gates.get(place.key), gates.get(f"{SERVER}{place.kind}")
    found = [row for row in (own, server) if row is not None and row.reason and row.next_at > now]
    return max(found, key=lambda row: row.next_at, default=None)


def _held(closed: Row[Any], last: outcomes.Said | None) -> dict[str, Any]:
    """Say what it waits for behind a closed gate, and what its server said last."""
    return {
        "state": "waiting",
        "until": iso(closed.next_at),
        "since": iso(closed.since),
        "failures": closed.failures,
        "reason": closed.reason,
        "code": (last.code if last is not None else None) or None,
        "server_text": (last.server_text if last is not None else None) or None,
    }


def _delayed(row: Row[Any]) -> dict[str, Any]:
    """Say what its own next delivery waits for: nobody else is held up."""
    return {
        "state": "waiting",
        "until": iso(row.due_at),
        "since": iso(row.created_at),
        "failures": row.attempts,
        "reason": row.hint or None,
        "code": row.code or None,
        "server_text": row.server_text or None,
    }


def lift_command(transport: str, place: str, key: str) -> str:
    """Return the command that lifts whatever keeps a destination from getting anything."""
    if transport == "email":
        return f"alerts people resume {place}"
    return f"alerts destinations resume {key}"
