"""One try of one claimed delivery: dial, and write what the server said.

The attempt was registered by the claim, before anything is dialled: a process that dies here
leaves it open, and the next start knows that nobody knows whether it was accepted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row

from alerts.delivery import classify, retry
from alerts.errors import StoreError
from alerts.log import get_logger
from alerts.model import Delivery, DeliveryState, SendResult
from alerts.pipeline import giving_up
from alerts.pipeline.apply import wake
from alerts.pipeline.assemble import is_reachable
from alerts.pipeline.parts import Parts
from alerts.store import alerts as alert_rows
from alerts.store import deliveries, stops

#: Between two messages to one chat webhook: Slack takes one a second.
_POST_GAP_S = 1.1

#: Waits between tries to write a result; together far shorter than a lease.
_WRITE_WAITS_S = (0.5, 1.0, 2.0, 5.0, 10.0)

#: What a delivery's states mean for its clock: these end it.
_ENDED = frozenset({"delivered", "written", "failed", "suppressed"})

Sent = DeliveryState

#: What a try comes to whose destination's variable is not set just now.
_UNSET = SendResult(
    "our_fault",
    "unset",
    hint="The variable that holds its address is not set: set it in the environment or in .env.",
)


def send(parts: Parts, row: Row[Any], lease: str) -> Sent:
    """Try a claimed delivery once; return the state it has now."""
    place = parts.in_force.places.get(row.destination)
    if place is None:
        if _may_come_back(parts, row):
            return _record(parts, row, lease, _UNSET)
        return _give_up(parts, row, lease, "no longer in subscribers.yaml")
    result = parts.transports[place.kind].send(
        Delivery(row.id, place, row.payload, row.attempts, row.created_at)
    )
    return _record(parts, row, lease, result)


def _may_come_back(parts: Parts, row: Row[Any]) -> bool:
    """Whether the destination is only nameless now, because a variable is not set."""
    person = parts.in_force.people.get(row.subscriber)
    places = person.destinations if person is not None else ()
    return any(place.kind == row.kind and not is_reachable(place) for place in places)


def _give_up(parts: Parts, row: Row[Any], lease: str, reason: str) -> Sent:
    now = parts.clock.now()
    values = {"state": "suppressed", "hint": reason, "due_at": None, "ended_at": now}
    ended = {"outcome": "suppressed", "ended_at": now, "server_text": reason}
    with parts.database.write() as connection:
        deliveries.record(connection, row.id, lease, values, ended)
    return "suppressed"


def _record(parts: Parts, row: Row[Any], lease: str, result: SendResult) -> Sent:
    now = parts.clock.now()
    result = _named(result, row)
    following = retry.after(
        result,
        row.kind,
        row.attempts,
        row.retried_at or row.created_at,
        now,
        parts.clock.random(),
        was_ambiguous=row.result_kind == "ambiguous",
    )
    values = {
        "state": following.state,
        "result_kind": result.kind,
        "code": result.code,
        "server_text": result.server_text,
        "hint": _hint(result, following.state, row.id),
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
        "next_at": following.due_at,
    }

    def write() -> None:
        with parts.database.write() as connection:
            if deliveries.record(connection, row.id, lease, values, tried):
                _pace(connection, row, result, following.due_at, now)
                giving_up.judge(connection, row, result, now)
                if _is_expired(result, following.state):
                    _fold(connection, parts, row, now)

    _insist(parts, write)
    get_logger().info(
        "delivery tried",
        delivery=row.id,
        digest=row.digest_id,
        destination=row.destination,
        state=following.state,
        code=result.code,
    )
    return following.state


def _insist(parts: Parts, write: Callable[[], None]) -> None:
    """Write again while the database is away: what a server took must not be sent again."""
    for wait_s in _WRITE_WAITS_S:
        try:
            return write()
        except StoreError:
            parts.clock.sleep(wait_s)
    return write()


def _named(result: SendResult, row: Row[Any]) -> SendResult:
    """Put the destination into the commands of a hint."""
    hint = classify.named(result.hint, key=row.destination, place=row.place)
    return replace(result, hint=hint)


def _is_expired(result: SendResult, state: DeliveryState) -> bool:
    """Whether it was given up for its age, not refused for good."""
    return state == "failed" and result.outcome not in ("refused", "suppress")


def _hint(result: SendResult, state: DeliveryState, delivery_id: str) -> str:
    if _is_expired(result, state):
        return "Given up after its last try; its articles come in the next digest, marked late."
    if result.outcome == "refused":
        again = f"To have it tried again: alerts deliveries retry {delivery_id}"
        return f"{result.hint} {again}".strip()
    return result.hint


def _fold(connection: Connection, parts: Parts, row: Row[Any], now: float) -> None:
    """Owe an expired digest's articles again, once, if it arrived nowhere."""
    if row.digest_id is None or deliveries.has_arrived(connection, row.digest_id):
        return
    rules = alert_rows.fold(connection, row.digest_id)
    person = parts.in_force.people.get(row.subscriber)
    if person is not None and rules:
        wake(connection, person, rules, now)


def _pace(
    connection: Connection,
    row: Row[Any],
    result: SendResult,
    due_at: float | None,
    now: float,
) -> None:
    """Close the gate of whoever has to wait, and suppress what is no more."""
    if result.outcome == "suppress":
        kind = stops.BAD_ADDRESS if row.kind == "email" else stops.GONE
        stops.stop(connection, row.target, kind, result.hint or result.server_text, now)
    reason = result.hint or result.kind
    if result.scope == "server" and due_at is not None:
        key = deliveries.SERVER + row.kind
        deliveries.close_gate(connection, key, due_at, now=now, failed=True, reason=reason)
    elif result.scope == "destination" and due_at is not None:
        deliveries.close_gate(
            connection, row.destination, due_at, now=now, failed=True, reason=reason
        )
    else:
        _reopen(connection, row, now)


def _reopen(connection: Connection, row: Row[Any], now: float) -> None:
    """Whoever answered for itself works: what waits behind it may go, at the channel's pace."""
    key = f"{deliveries.SERVER}email" if row.kind == "email" else row.destination
    gate = deliveries.gate_of(connection, key)
    if gate is not None and gate.failures:
        deliveries.open_gate(connection, key, now)
    if row.kind == "slack":
        until = now + _POST_GAP_S
        deliveries.close_gate(connection, row.destination, until, now=now, failed=False)
