"""What may not be sent at this hour: deliveries that fell due in quiet hours, or in a pause.

A digest is made outside of them, but its mail server may be down, or ask for patience, until the
night: what was not taken in time waits for the morning. Urgent alerts wait for the hours that their
reader agreed to.
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
_NO_CONSENT = "Waits for the hours in which its reader agreed to urgent mails."
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
    late = {
        row.id: hours
        for row, person in told
        if row.id not in waiting and any(hours := _hours_until(person, row, now))
    }
    if late:
        urgent = rests.urgent_of(connection, [row.digest_id for row, _ in told if row.id in late])
        for row, _ in told:
            quiet, consent = late.get(row.id, (None, None))
            is_urgent = row.digest_id in urgent
            if (at := consent if is_urgent else quiet) is not None:
                waiting[row.id] = (at, _NO_CONSENT if is_urgent else _QUIET)
    if waiting:
        rests.put_off(connection, rows[0].lease, waiting)
    return [row for row in rows if row.id not in waiting]


def _paused_until(person: Subscriber, now: float) -> float | None:
    """Return when a delivery is looked at again whose subscriber's pause is not over."""
    if person.pause_until is None or person.pause_until <= now:
        return None
    return min(person.pause_until, now + postponed.PAUSE_LOOK_S)


def _hours_until(
    person: Subscriber, row: Row[Any], now: float
) -> tuple[float | None, float | None]:
    """Return when it may be sent, as a digest and as an urgent alert; None for now.

    What was made just now may.
    """
    due_at = max(row.created_at, row.retried_at or 0.0)
    return slots.quiet_until(person, due_at, now), slots.consent_until(person, due_at, now)
