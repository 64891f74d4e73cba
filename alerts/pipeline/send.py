"""One try of one claimed delivery: `send` dials, `record` writes what servers said.

The attempt was registered by the claim, before anything is dialled: a process that dies here
leaves it open, and the next start knows that nobody knows whether it was accepted. Results of
tries that end at about the same time are recorded in one transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row

from alerts.delivery import classify, retry
from alerts.delivery.post import host_of
from alerts.errors import StoreError
from alerts.log import get_logger
from alerts.model import Delivery, DeliveryState, SendResult
from alerts.pipeline import giving_up, lateness, urgent
from alerts.pipeline.apply import owe_others, wake
from alerts.pipeline.assemble import is_reachable
from alerts.pipeline.faults import Faults
from alerts.pipeline.parts import Parts
from alerts.store import alerts as alert_rows
from alerts.store import deliveries, follow_ups, outcomes, riders, stops, told

#: Between two messages to one chat webhook: Slack takes one a second.
_POST_GAP_S = 1.1

#: What may be about one recipient, or about all: all, when it happens to two in a row. Then the
#: others wait so long.
_SHARED = frozenset({"policy", "timeout", "network", "protocol"})
_SHARED_S = 300.0

#: By so much the others behind a gate are due before the one that closed it.
_OTHERS_FIRST_S = 1.0

#: Waits between tries to write a result; together far shorter than a lease.
_WRITE_WAITS_S = (0.5, 1.0, 2.0, 5.0, 10.0)

#: What is said of a digest that was given up whose articles came late already.
_LOST = (
    "Given up after its last try. Its articles were late already, and do not come again by"
    " themselves. To have it tried again: alerts deliveries retry {}"
)

#: What a delivery's states mean for its clock: these end it.
_ENDED = frozenset({"delivered", "written", "failed", "suppressed"})

Sent = DeliveryState

#: What a try comes to whose destination's variable is not set just now.
_UNSET = SendResult(
    "our_fault",
    "unset",
    hint="The variable that holds its address is not set: set it in the environment or in .env.",
)


@dataclass(frozen=True, slots=True)
class Tried:
    """A try that ended: what is written about it, and what follows for its destination."""

    row: Row[Any]
    at: float
    recorded: deliveries.Recorded
    result: SendResult | None  # None: nobody was asked

    @property
    def state(self) -> Sent:
        """What the delivery is now."""
        state: Sent = self.recorded.values["state"]
        return state

    @property
    def due_at(self) -> float | None:
        """When it is tried again, if it is."""
        due_at: float | None = self.recorded.values["due_at"]
        return due_at

    @property
    def is_server_trouble(self) -> bool:
        """Whether the mail server itself cannot be used just now, whoever a mail is for."""
        is_mail = self.row.kind == "email" and self.due_at is not None
        return is_mail and self.result is not None and self.result.scope == "server"

    @property
    def circuits(self) -> tuple[str, ...]:
        """The keys of the gates that open again once this destination answers for itself."""
        own = (self.row.destination,)
        return (f"{deliveries.SERVER}email", *own) if self.row.kind == "email" else own


def send(parts: Parts, row: Row[Any], lease: str) -> Tried:
    """Try a claimed delivery once; touches no database."""
    place = parts.in_force.places.get(row.destination)
    if place is None:
        if _may_come_back(parts, row):
            return _judged(parts, row, lease, _UNSET)
        return _given_up(parts, row, lease, "no longer in subscribers.yaml")
    result = parts.transports[place.kind].send(
        Delivery(row.id, place, lateness.payload(parts, row), row.attempts, row.created_at)
    )
    return _judged(parts, row, lease, result)


def _may_come_back(parts: Parts, row: Row[Any]) -> bool:
    """Whether the destination is only nameless now, because a variable is not set."""
    person = parts.in_force.people.get(row.subscriber)
    places = person.destinations if person is not None else ()
    return any(place.kind == row.kind and not is_reachable(place) for place in places)


def _given_up(parts: Parts, row: Row[Any], lease: str, reason: str) -> Tried:
    now = parts.clock.now()
    recorded = deliveries.Recorded(
        row.id,
        lease,
        {
            "state": "suppressed",
            "result_kind": row.result_kind,
            "code": row.code,
            "server_text": row.server_text,
            "hint": reason,
            "attempts": row.attempts,
            "due_at": None,
            "ended_at": now,
        },
        {
            "ended_at": now,
            "outcome": "suppressed",
            "result_kind": None,
            "code": None,
            "server_text": reason,
            "server": None,
            "next_at": None,
        },
    )
    return Tried(row, now, recorded, None)


def _judged(parts: Parts, row: Row[Any], lease: str, result: SendResult) -> Tried:
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
    return Tried(row, now, deliveries.Recorded(row.id, lease, values, tried), result)


def record(parts: Parts, tries: Sequence[Tried]) -> None:
    """Write what came of tries, and what follows for their destinations, in one transaction."""

    def write() -> None:
        with parts.database.write() as connection:
            given_up = [tried.row.id for tried in tries if tried.result is None]
            left = {key: told.left_to(connection, key) for key in given_up}
            ours = deliveries.record(connection, [tried.recorded for tried in tries])
            riders.follow(connection, ours, parts.clock.now())
            circuits = {key for tried in tries for key in tried.circuits}
            failing = deliveries.failing(connection, circuits)
            faults = Faults(connection, parts, tries)
            for key in ours & left.keys():
                owe_others(connection, parts.in_force.people, left[key], parts.clock.now())
            for tried in tries:
                if tried.row.id not in ours:
                    continue
                if tried.result is not None:
                    if _follow(connection, parts, tried, tried.result, failing):
                        faults.lose(tried, tried.result)
                    faults.judge(tried, tried.result)
                elif tried.row.subscriber in parts.in_force.people:  # told at another place now
                    _fold(connection, parts, tried.row, tried.at)

    _insist(parts, write)
    for tried in tries:
        get_logger().info(
            "delivery tried",
            delivery=tried.row.id,
            digest=tried.row.digest_id,
            destination=tried.row.destination,
            state=tried.state,
            code=tried.recorded.values["code"],
        )


def _follow(
    connection: Connection, parts: Parts, tried: Tried, result: SendResult, failing: set[str]
) -> bool:
    """Write what a recorded result means for others than the delivery itself.

    Return whether its articles are lost there: given up, and not owed again.
    """
    _pace(connection, parts, tried, result, failing)
    giving_up.judge(connection, tried.row, result, tried.at)
    if not _is_expired(result, tried.state) or tried.row.digest_id is None:
        return False
    if _fold(connection, parts, tried.row, tried.at):
        return False
    deliveries.explain(connection, tried.row.id, _LOST.format(tried.row.id))
    return True


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


def _fold(connection: Connection, parts: Parts, row: Row[Any], now: float) -> bool:
    """Owe the articles of a digest that was given up again, once, if it arrived nowhere; return
    whether they come again, or came elsewhere.
    """
    is_told = False
    for one in (row, *riders.of(connection, [row.id])):
        if one.digest_id is None or deliveries.has_arrived(connection, one.digest_id):
            is_told = True
            continue
        follow_ups.undo(connection, one.digest_id)
        rules = alert_rows.fold(connection, one.digest_id)
        is_told = is_told or bool(rules) or not alert_rows.is_any_of(connection, one.digest_id)
        person = parts.in_force.people.get(one.subscriber)
        if person is not None and rules:
            wake(connection, person, rules, now)
            urgent.tell_again(connection, person, now)
    return is_told


def _pace(
    connection: Connection, parts: Parts, tried: Tried, result: SendResult, failing: set[str]
) -> None:
    """Close the gate of whoever has to wait, and suppress what is no more.

    `failing` are the circuits that are closed, or half-open: kept up to date here.
    """
    row, now, due_at = tried.row, tried.at, tried.due_at
    if result.outcome == "suppress":
        kind = stops.BAD_ADDRESS if row.kind == "email" else stops.GONE
        stops.stop(connection, stops.bare(row.target), kind, result.hint or result.server_text, now)
    reason = result.hint or result.kind
    if due_at is None and _is_expired(result, tried.state):
        # Nobody answered for itself: others may ask at once; one that hangs is asked less often.
        due_at = now + (_hung_s(connection, row) if result.outcome == "ambiguous" else 0.0)
    if due_at is not None and result.scope in ("server", "destination"):
        is_server = result.scope == "server"
        key = deliveries.SERVER + row.kind if is_server else row.destination
        # Whoever waits behind it comes first: the same one again would find out nothing new.
        until = due_at - _OTHERS_FIRST_S if is_server else due_at
        deliveries.close_gate(connection, key, until, now=now, failed=True, reason=reason)
        failing.add(key)
        if not is_server and _is_for_all(connection, tried, result):
            key = deliveries.SERVER + row.kind
            until = min(due_at, now + _SHARED_S)
            deliveries.close_gate(connection, key, until, now=now, failed=True, reason=reason)
            failing.add(key)
    else:
        _reopen(connection, parts, tried, failing)


def _hung_s(connection: Connection, row: Row[Any]) -> float:
    """Return how long a chat is left alone that did not answer: what is due there must not all be
    tried in vain, for nothing is tried more than twice.
    """
    gate = deliveries.gate_of(connection, row.destination)
    failures = gate.failures if gate is not None else 0
    return retry.POST_WAITS_S[min(failures + 1, len(retry.POST_WAITS_S) - 1)]


def _is_for_all(connection: Connection, tried: Tried, result: SendResult) -> bool:
    """Whether the mail before, to somebody else, came to the same."""
    return (
        tried.row.kind == "email"
        and result.kind in _SHARED
        and outcomes.last_mail_kind(connection, tried.row.destination) == result.kind
    )


def _reopen(connection: Connection, parts: Parts, tried: Tried, failing: set[str]) -> None:
    """Whoever answered for itself works: what waits behind it may go, at the channel's pace, and
    what waits for other webhooks of its host.
    """
    row, now = tried.row, tried.at
    mended = failing.intersection(tried.circuits)
    for circuit in mended:
        deliveries.open_gate(connection, circuit, now, is_mended=False)
        failing.discard(circuit)
    places = parts.in_force.places
    if mended and tried.state == "delivered" and row.kind != "email" and row.destination in places:
        host = host_of(places[row.destination])
        others = [p.key for p in places.values() if not p.is_person and host_of(p) == host]
        deliveries.wake(connection, others, now)
    if row.kind == "slack":
        until = now + _POST_GAP_S
        deliveries.close_gate(connection, row.destination, until, now=now, failed=False)
