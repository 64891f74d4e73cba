"""The weekly note: a subscriber who asked for it is told that a week brought nothing.

It has a slot of its own, as each cadence has: the first of the subscriber's slots after seven days
in which nothing was sent to them. A restart, another pass or a second service makes none twice.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, func, select

from alerts.digests import letters, slots
from alerts.log import get_logger
from alerts.model import Destination, Digest, Subscriber
from alerts.pipeline import drafting, notices
from alerts.pipeline.parts import Parts
from alerts.store import alerts as alert_rows
from alerts.store import deliveries, feeds, outcomes, subscribers
from alerts.store import notices as notice_rows
from alerts.store.schema import entry

#: The cadence of its slots.
CADENCE = subscribers.WEEKLY_NOTE

WEEK_S = 7 * 86_400.0

#: A digest is made after its slot, by hours where passes are rare: the same slot of the next week
#: is a week after it all the same.
_EARLY_S = 12 * 3_600.0

#: For who has no calendar of their own, or one that goes round the clock.
_DAILY = slots.parse_when("daily at 7:30 am")


def is_wanted(person: Subscriber) -> bool:
    """Whether a subscriber asked for it."""
    return person.nothing_new == "weekly note" and bool(person.subscriptions)


def slot_after(person: Subscriber, at: float) -> slots.Slot | None:
    """Return the first of the subscriber's slots later than `at`."""
    own = [c for c in person.cadences().values() if c.kind == "calendar" and c.text != "hourly"]
    found = (slots.due_slot(person, cadence, at) for cadence in own or [_DAILY])
    return min((slot for slot in found if slot is not None), key=lambda s: s.due_at, default=None)


def slot_a_week_after(person: Subscriber, at: float) -> slots.Slot | None:
    """Return the slot at which a note is due if nothing is sent to them after `at`."""
    return slot_after(person, at + WEEK_S - _EARLY_S)


def tell(parts: Parts, row: Row[Any], lease: str, person: Subscriber, *, is_paused: bool) -> None:
    """Make the note of a claimed slot if nothing was sent for a week, and set the next slot."""
    now = parts.clock.now()
    told = None
    with parts.database.read() as connection:
        since = _told_at(connection, person)
        if since is None or is_paused or alert_rows.pending(connection, person.id):
            following = slot_after(person, now)
        elif now - since < WEEK_S - _EARLY_S:
            following = slot_a_week_after(person, since)
        else:
            following = slot_a_week_after(person, now)
            week = _week(connection, person, since, following)
            told = _digest(connection, parts, person, now), week
    outgoing = [_row(parts, place, *told) for place in _places(parts, person)] if told else []
    moment = (following.name, following.due_at) if following is not None else (None, None)
    with parts.database.write() as connection:
        if subscribers.end_slot(connection, row, lease, *moment):
            deliveries.add(connection, outgoing)
    if outgoing:
        get_logger().info("quiet week", subscriber=person.id)


def _told_at(connection: Connection, person: Subscriber) -> float | None:
    """Return when the subscriber was last sent anything, or came."""
    row = subscribers.rows(connection, person.id).get(person.id)
    if row is None:
        return None
    moments = (
        row.first_loaded_at,
        subscribers.last_digest_at(connection, person.id),
        outcomes.last_letter_at(connection, person.id),
    )
    return max(moment for moment in moments if moment is not None)


def _week(
    connection: Connection, person: Subscriber, since: float, following: slots.Slot | None
) -> letters.Week:
    count = select(func.count()).where(entry.c.seen_at >= since, entry.c.is_baseline.is_(False))
    names = {row.url: row.name or row.title or row.host for row in feeds.active(connection)}
    gaps = [
        letters.Gap(names[url], row.closed_at)
        for row in notice_rows.closed_since(connection, since)
        if row.key.startswith("feed ") and (url := row.key.partition(" ")[2]) in names
    ]
    return letters.Week(
        since=slots.told_moment(person, since),
        articles=int(connection.execute(count).scalar_one()),
        gaps=tuple(gaps),
        next_at=following.told_at if following is not None else None,
    )


def _digest(connection: Connection, parts: Parts, person: Subscriber, now: float) -> Digest:
    draft = drafting.Draft(connection, parts.in_force)
    return draft.digest(person, [], digest_id="", slot="", now=now)


def _places(parts: Parts, person: Subscriber) -> list[Destination]:
    """Return where it goes: wherever a digest can go just now."""
    return [
        place
        for place in person.destinations
        if place.kind in parts.transports and (place.kind == "email" or place.url is not None)
    ]


def _row(parts: Parts, place: Destination, digest: Digest, week: letters.Week) -> dict[str, Any]:
    link = drafting.stop_link(parts, place)
    context = drafting.mail_context(parts.settings, parts.in_force.config, place, link)
    note = letters.quiet_week(digest, place, context, week)
    return notices.note_delivery(parts, place, note, drafting.envelope(parts, link))
