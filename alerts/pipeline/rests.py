"""What may not be sent at this hour: deliveries that fell due in quiet hours, or in a pause.

A digest is made outside of them, but its mail server may be down, or ask for patience, until the
night: what was not taken in time waits for the morning. Urgent alerts have an hour of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row

from alerts.digests import slots
from alerts.model import Subscriber
from alerts.pipeline.parts import InForce
from alerts.store import postponed, rests

#: What is said of those that wait.
_QUIET = "Waits for the end of quiet hours."
_PAUSED = "Waits for the end of the pause in subscribers.yaml (pause_until)."


def put_off(
    connection: Connection, in_force: InForce, rows: Sequence[Row[Any]], now: float
) -> list[Row[Any]]:
    """Put off those of the claimed deliveries that have to wait; return the others."""
    people = in_force.people
    told = [
        (row, people[row.subscriber]) for row in rows if row.digest_id and row.subscriber in people
    ]
    waiting = {
        row.id: (at, _PAUSED)
        for row, person in told
        if (at := _paused_until(person, now)) is not None
    }
    quiet = [
        (row, at)
        for row, person in told
        if row.id not in waiting and (at := _quiet_until(person, row, now)) is not None
    ]
    if quiet:
        urgent = rests.urgent_of(connection, [row.digest_id for row, _ in quiet])
        waiting |= {row.id: (at, _QUIET) for row, at in quiet if row.digest_id not in urgent}
    if waiting:
        rests.put_off(connection, rows[0].lease, waiting)
    return [row for row in rows if row.id not in waiting]


def _paused_until(person: Subscriber, now: float) -> float | None:
    """Return when a delivery is looked at again whose subscriber's pause is not over."""
    if person.pause_until is None or person.pause_until <= now:
        return None
    return min(person.pause_until, now + postponed.PAUSE_LOOK_S)


def _quiet_until(person: Subscriber, row: Row[Any], now: float) -> float | None:
    """Return the end of the quiet hours it fell due in; None for what was made just now."""
    return slots.quiet_until(person, max(row.created_at, row.retried_at or 0.0), now)
