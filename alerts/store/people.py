"""Who gets nothing just now and why, address by address, for `alerts people`.

Keys are part of the public contract and only ever added. Times are RFC 3339 UTC.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row

from alerts.clock import iso
from alerts.model import Destination
from alerts.store import stops

#: A pause without an end: 9999-12-31.
NO_END = 253_402_214_400.0


def people(
    connection: Connection | None, places: Iterable[Destination], now: float
) -> list[dict[str, Any]]:
    """Return a row for each address: of `places`, and of whatever else is stopped or paused.

    States: active, stopped, bad_address, gone, paused, erased.
    """
    configured: dict[str, list[Destination]] = {}
    for place in places:
        configured.setdefault(place.target, []).append(place)
    if connection is None:
        return [_row(mine, target, None, None) for target, mine in configured.items()]
    stopped, paused = stops.stops(connection), stops.pauses(connection, now)
    erased = stops.erased(connection, list(configured))
    others = [t for t in (*stopped, *paused) if t not in configured and stops.bare(t) == t]
    rows = [
        _row(configured.get(target, []), target, stopped.get(target), paused.get(target))
        for target in (*configured, *dict.fromkeys(others))
    ]
    for row, target in zip(rows, configured, strict=False):
        if target in erased:
            row |= {"state": stops.ERASED, "reason": "this person's data was erased"}
    return rows


def _row(
    mine: list[Destination], target: str, stop: Row[Any] | None, until: float | None
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "address": _address(mine, target),
        "subscribers": sorted({place.subscriber for place in mine}),
        "state": "active",
        "since": None,
        "until": None,
        "reason": None,
    }
    if stop is not None:
        return row | {"state": stop.kind, "since": iso(stop.created_at), "reason": stop.reason}
    if until is not None:
        end = None if until >= NO_END else iso(until)
        return row | {"state": "paused", "until": end, "reason": "paused by an admin"}
    return row


def _address(mine: list[Destination], target: str) -> str:
    """Return what a person calls it: the mail address, or the key of a webhook."""
    if mine:
        return mine[0].place if mine[0].kind == "email" else mine[0].key
    if target.startswith(stops.ERASED_PREFIX):
        return "(erased)"
    return target.removeprefix("email/")
