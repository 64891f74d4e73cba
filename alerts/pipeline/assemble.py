"""A slot's pending alerts become one digest, and one delivery for each destination and part.

Everything is read and rendered first; then one transaction makes the digest, its deliveries and
the alerts' new state, or nothing at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row

from alerts.digests import slots
from alerts.digests.below import already_sent, corrected, withdrawn
from alerts.log import get_logger
from alerts.model import Alert, Cadence, Destination, Digest, Subscriber
from alerts.pipeline import (
    before,
    drafting,
    flood,
    lateness,
    quiet_weeks,
    shared,
    urgent,
    welcome,
)
from alerts.pipeline.apply import rules_of, wake
from alerts.pipeline.parts import Parts
from alerts.store import alerts as alert_rows
from alerts.store import (
    claims,
    corrections,
    deliveries,
    follow_ups,
    postponed,
    stops,
    subscribers,
)
from alerts.store.schema import slot as slot_table

#: How long a digest waits for a variable that holds an address before it looks again.
_UNSET_WAIT_S = 300.0


def assemble(parts: Parts, row: Row[Any], lease: str) -> int:
    """Make the digest of a claimed slot, if alerts wait for it; return how many were made."""
    person = parts.in_force.people.get(row.subscriber)
    cadence = person.cadences().get(row.cadence) if person is not None else None
    now = parts.clock.now()
    if person is not None and row.cadence == quiet_weeks.CADENCE:
        is_paused = _paused_until(parts, person) is not None
        quiet_weeks.tell(parts, row, lease, person, is_paused=is_paused)
        return 0
    is_urgent = person is not None and row.cadence == urgent.CADENCE
    if person is None or (cadence is None and not is_urgent):  # removed while it waited
        with parts.database.write() as connection:
            subscribers.end_slot(connection, row, lease, None, None)
        return 0
    if (later := _later(person, row, cadence, now)) is not None:
        with parts.database.write() as connection:
            claims.put_back(connection, slot_table, row, lease, {"due_at": later})
        return 0
    until = _paused_until(parts, person)
    if cadence is None:
        return urgent.tell(parts, row, lease, person, is_paused=until is not None)
    made = 0
    if until is None:
        name = row.name or slots.own_moment(now)
        was_due_at = row.due_at if row.name else None
        rules = person.rules_of(row.cadence)
        made = _make(parts, person, rules, row.cadence, name, was_due_at=was_due_at)
    _go_on(parts, row, lease, person, cadence, until, now, has_told=made > 0)
    return made


def _later(person: Subscriber, row: Row[Any], cadence: Cadence | None, now: float) -> float | None:
    """Return when a slot is looked at again that nothing can be sent for now."""
    if not all(map(is_reachable, person.destinations)):
        get_logger().warning("digest waits: a variable is not set", subscriber=person.id)
        return now + _UNSET_WAIT_S
    return slots.quiet_until(person, row.due_at, now) if cadence is not None else None


def _go_on(  # noqa: PLR0913 - what a slot's next moment hangs on
    parts: Parts,
    row: Row[Any],
    lease: str,
    person: Subscriber,
    cadence: Cadence,
    until: float | None,
    now: float,
    *,
    has_told: bool,
) -> None:
    """Give a slot that was worked on at `now` its next moment; `until`: when a pause ends."""
    # What is paused is looked at again: nothing else would wake it when the pause ends.
    look_at = min(until, now + postponed.PAUSE_LOOK_S) if until is not None else None
    following: tuple[str | None, float | None] = (None, look_at)
    if cadence.kind == "calendar":
        due = slots.due_slot(person, cadence, now, last_name=row.name)
        following = (due.name, due.due_at) if due is not None else (None, None)
    slowed = None
    if cadence.kind == "right away" and until is None:
        with parts.database.read() as connection:
            slowed = flood.step(connection, person, row, now)
        following = (None, slowed.due_at)
    with parts.database.write() as connection:
        is_ours = subscribers.end_slot(connection, row, lease, *following)
        if is_ours and slowed is not None and slowed.flood != row.flood:
            values = {"timezone": person.timezone, "flood": slowed.flood}
            subscribers.set_slot(connection, person.id, row.cadence, values)
            flood.announce(connection, parts, person, row, slowed)
        if is_ours and cadence.kind == "right away" and until is None:
            _wake_again(connection, person, person.rules_of(row.cadence), now)
        if has_told:
            shared.call(connection, parts.in_force, person, row)


def _wake_again(
    connection: Connection, person: Subscriber, rules: frozenset[str], now: float
) -> None:
    """Wake a slot for what came while its digest was made: the poll found it due already."""
    waiting = alert_rows.pending(connection, person.id, with_urgent=False)
    missed = {rule for row in waiting for rule in rules_of(row)} & rules
    if missed:
        wake(connection, person, missed, now)


def assemble_all_now(parts: Parts) -> int:
    """Make a digest of every subscriber's pending alerts, whatever their slots say.

    Not of who is paused: that is their wish, or their admin's.
    """
    with parts.database.read() as connection:
        waiting = alert_rows.subscribers_waiting(connection)
    made = 0
    for key in waiting:
        person = parts.in_force.people.get(key)
        if person is None or _paused_until(parts, person) is not None:
            continue
        if all(map(is_reachable, person.destinations)):
            rules = frozenset(s.rule for s in person.subscriptions)
            moment = slots.own_moment(parts.clock.now())
            made += _make(parts, person, rules, before.SEND_NOW, moment)
    return made


def is_reachable(place: Destination) -> bool:
    """Whether a destination's address is known; it is not while its variable is not set."""
    return place.kind == "email" or place.url is not None


def _paused_until(parts: Parts, person: Subscriber) -> float | None:
    """Return when a subscriber's pause ends, or the first of those of all their destinations.

    None if there is something to be sent to now; what is paused of it waits as deliveries.
    """
    now = parts.clock.now()
    if person.pause_until is not None and person.pause_until > now:
        return person.pause_until
    targets = [place.target for place in person.destinations]
    with parts.database.read() as connection:
        pauses = stops.pauses(connection, now, targets)
    ends = [pauses.get(target) for target in targets]
    known = [end for end in ends if end is not None]
    return min(known) if known and len(known) == len(ends) else None


def _make(
    parts: Parts,
    person: Subscriber,
    rules: frozenset[str],
    cadence: str,
    slot: str,
    *,
    was_due_at: float | None = None,
) -> int:
    """Make one digest of the pending alerts of these rules; 0 if there are none.

    `was_due_at`: the moment of a calendar's slot.
    """
    now = parts.clock.now()
    with parts.database.read() as connection:
        is_all = cadence == before.SEND_NOW
        waiting = alert_rows.pending(connection, person.id, with_urgent=is_all)
        rows = [r for r in waiting if rules & rules_of(r)]
        draft = drafting.Draft(connection, parts.in_force)
        told = before.sent(draft, person, cadence, now) if was_due_at is not None else []
        again = [one.alert for one in told if before.is_changed(one)]
        if not rows and not again:
            return 0
        told = [one for one in told if not before.is_changed(one)]
        owed = [*draft.owed(rows), *again]
        digest = draft.digest(person, owed, digest_id=parts.clock.token(), slot=slot, now=now)
        late = lateness.of_digest(connection, rows, owed, was_due_at, now)
        gone, edited = before.changes(draft, person, owed, now)
        lines = (
            *withdrawn(gone, person.language),
            *corrected(edited, person.language),
            *already_sent(told, person.language),
        )
        digest = replace(digest, late=late, below=lines)
        made = shared.Made(draft, digest, owed, told)
        plans = [made.plan(place) for place in person.destinations]
    welcome.greet(parts, [person], at_once=True)
    outgoing = [plan.outgoing(parts) for plan in plans]
    with parts.database.write() as connection:
        if not _write(connection, parts, digest, cadence, [r.entry_id for r in rows], outgoing):
            return 0
        _note(connection, person, [*owed, *(one.alert for one in (*gone, *edited))], now)
    get_logger().info(
        "digest made",
        digest=digest.id,
        subscriber=person.id,
        entries=[row.entry_id for row in rows],
        deliveries=[row["id"] for out in outgoing for row in out.rows],
    )
    return 1


def _note(connection: Connection, person: Subscriber, told: Sequence[Alert], now: float) -> None:
    """Note how a reader is told these articles: their headlines, and which were withdrawn."""
    known = [one.entry_id for one in told if person.corrections or one.urgent_at is not None]
    corrections.note(connection, person.id, known)
    gone = [one.entry_id for one in told if one.withdrawn_at is not None]
    follow_ups.note_withdrawals(connection, person.id, gone, now)


def _write(
    connection: Connection,
    parts: Parts,
    digest: Digest,
    cadence: str,
    entry_ids: Sequence[int],
    outgoing: Sequence[shared.Outgoing],
) -> bool:
    """Write digest, deliveries and alerts together; False if this slot has its digest already."""
    is_new = deliveries.add_digest(
        connection,
        {
            "id": digest.id,
            "subscriber": digest.subscriber.id,
            "cadence": cadence,
            "slot": digest.slot,
            "created_at": digest.created_at,
            "articles": len(digest.stories),
            "config_version": parts.in_force.config.version,
        },
    )
    if not is_new:
        return False
    for out in outgoing:
        out.write(connection)
    alert_rows.mark_digested(connection, digest.subscriber.id, entry_ids, digest.id)
    return True
