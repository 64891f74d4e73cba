"""One try of one claimed delivery: dial, and write what the server said.

The attempt was registered by the claim, before anything is dialled: a process that dies here
leaves it open, and the next start knows that nobody knows whether it was accepted.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row

from alerts.delivery import retry
from alerts.log import get_logger
from alerts.model import Delivery, DeliveryState, Destination, SendResult
from alerts.pipeline.parts import Parts
from alerts.store import deliveries

#: Between two messages to one chat webhook: Slack takes one a second.
_POST_GAP_S = 1.1

#: What a delivery's states mean for its clock: these end it.
_ENDED = frozenset({"delivered", "written", "failed", "suppressed"})

Sent = DeliveryState


def send(parts: Parts, row: Row[Any], lease: str) -> Sent:
    """Try a claimed delivery once; return the state it has now."""
    place = parts.in_force.config.destination(row.destination)
    with parts.database.read() as connection:
        stopped = deliveries.suppressions(connection, [row.destination])
    if place is None:
        return _give_up(parts, row, lease, "no longer in subscribers.yaml")
    if row.destination in stopped:
        return _give_up(parts, row, lease, stopped[row.destination])
    result = parts.transports[place.kind].send(
        Delivery(row.id, place, row.payload, row.attempts, row.created_at)
    )
    return _record(parts, row, lease, place, result)


def _give_up(parts: Parts, row: Row[Any], lease: str, reason: str) -> Sent:
    now = parts.clock.now()
    values = {"state": "suppressed", "hint": reason, "due_at": None, "ended_at": now}
    ended = {"outcome": "suppressed", "ended_at": now, "server_text": reason}
    with parts.database.write() as connection:
        deliveries.record(connection, row.id, lease, values, ended)
    return "suppressed"


def _record(
    parts: Parts, row: Row[Any], lease: str, place: Destination, result: SendResult
) -> Sent:
    now = parts.clock.now()
    following = retry.after(
        result,
        place.kind,
        row.attempts,
        row.created_at,
        now,
        parts.clock.random(),
        was_ambiguous=row.result_kind == "ambiguous",
    )
    values = {
        "state": following.state,
        "result_kind": result.kind,
        "code": result.code,
        "server_text": result.server_text,
        "hint": result.hint,
        "attempts": row.attempts + following.counts,
        "due_at": following.due_at,
        "ended_at": now if following.state in _ENDED else None,
    }
    tried = {
        "ended_at": now,
        "outcome": result.outcome,
        "result_kind": result.kind,
        "code": result.code,
        "server_text": result.server_text,
        "server": result.server,
    }
    with parts.database.write() as connection:
        if deliveries.record(connection, row.id, lease, values, tried):
            _pace(connection, row, place, result, following.due_at, now)
    get_logger().info(
        "delivery tried",
        delivery=row.id,
        digest=row.digest_id,
        destination=row.destination,
        state=following.state,
        code=result.code,
    )
    return following.state


def _pace(
    connection: Connection,
    row: Row[Any],
    place: Destination,
    result: SendResult,
    due_at: float | None,
    now: float,
) -> None:
    """Close the gate of whoever has to wait, and suppress what is no more."""
    if result.outcome == "suppress":
        deliveries.suppress(connection, row.destination, result.hint or result.server_text, now)
    if result.scope == "server" and due_at is not None:
        key = deliveries.SERVER + place.kind
        deliveries.close_gate(
            connection, key, due_at, failed=True, reason=result.hint or result.kind
        )
    elif result.scope == "destination" and due_at is not None:
        deliveries.close_gate(
            connection, row.destination, due_at, failed=True, reason=result.hint or result.kind
        )
    elif place.kind == "slack":
        deliveries.close_gate(connection, row.destination, now + _POST_GAP_S)
