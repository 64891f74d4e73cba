"""Floods: too many stories `right away` come every half hour, then once a day, till it calms down.

Every step is announced to who reads it and told to the admins; none drops a story. Bundles of
urgent stories (`urgent`) are announced from here, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, select

from alerts.digests import letters, slots
from alerts.log import get_logger
from alerts.model import Destination, Subscriber
from alerts.pipeline import drafting, notices
from alerts.pipeline.parts import Parts
from alerts.store import deliveries
from alerts.store import notices as notice_rows
from alerts.store.schema import digest

BUNDLES, DIGESTS = "bundles", "digests"

#: So many stories are a flood in an hour, if they come in more messages than bundles would.
STORIES_AN_HOUR = 60
BUNDLES_AN_HOUR = 2
#: Half-hourly bundles with so many stories in four hours are no help any more.
STORIES_IN_FOUR_HOURS = 200
#: At most so many stories in a bundle, or in a day's digest: it has calmed down.
CALM_BUNDLE = 3
CALM_DAY = 50

_HOUR_S = 3_600.0
_DAILY = slots.parse_when("daily at 7:30 am")


@dataclass(frozen=True, slots=True)
class Step:
    """How a `right away` slot goes on."""

    flood: str | None
    due_at: float | None
    stories: int = 0  # that made it a flood


@dataclass(frozen=True, slots=True)
class _Made:
    messages: int
    stories: int


def step(connection: Connection, person: Subscriber, row: Row[Any], now: float) -> Step:
    """Return how a `right away` slot goes on that was just worked on."""
    hour = _made(connection, row, now - _HOUR_S)
    if row.flood is None:
        is_flood = hour.messages > BUNDLES_AN_HOUR and hour.stories >= STORIES_AN_HOUR
        return _bundled(person, now, hour.stories) if is_flood else Step(None, None)
    last = _made(connection, row, now - 1e-3)
    if last.stories <= (CALM_BUNDLE if row.flood == BUNDLES else CALM_DAY):
        return Step(None, None)
    lately = _made(connection, row, now - 4 * _HOUR_S)
    if row.flood == BUNDLES and lately.stories <= STORIES_IN_FOUR_HOURS:
        return _bundled(person, now, hour.stories)
    due = slots.due_slot(person, _DAILY, now)
    return Step(DIGESTS, due.due_at if due else now + 24 * _HOUR_S, lately.stories)


def _bundled(person: Subscriber, now: float, stories: int) -> Step:
    due_at = slots.right_away_at(person, None, slots.half_hour_after(person, now))
    return Step(BUNDLES, due_at, stories)


_MADE = select(func.count(), func.coalesce(func.sum(digest.c.articles), 0)).where(
    digest.c.subscriber == bindparam("_subscriber"),
    digest.c.cadence == bindparam("_cadence"),
    digest.c.created_at > bindparam("_since"),
)


def _made(connection: Connection, row: Row[Any], since: float) -> _Made:
    bound = {"_subscriber": row.subscriber, "_cadence": row.cadence, "_since": since}
    messages, stories = connection.execute(_MADE, bound).one()
    return _Made(int(messages), int(stories))


def announce(
    connection: Connection, parts: Parts, person: Subscriber, row: Row[Any], new: Step
) -> None:
    """Tell the reader and the admins of a step into a flood, or the admins that it is over."""
    if new.flood == row.flood:
        return
    keys = {kind: f"flood {kind} {person.id}/{row.cadence}" for kind in (BUNDLES, DIGESTS)}
    if new.flood is None or new.due_at is None:
        subject = f"Stories come right away again: {person.name}"
        text = f"It has calmed down for {person.name}."
        notice_rows.end(connection, keys[DIGESTS], parts.clock.now())  # one notice ends both
        notices.over(connection, parts, keys[BUNDLES], subject, text)
        return
    how = "every half hour" if new.flood == BUNDLES else "once a day"
    _say(connection, parts, person, letters.Flood(new.flood, new.stories, new.due_at))
    _tell_admins(connection, parts, person, keys[new.flood], f"{new.stories} stories", how)


def announce_urgent(
    connection: Connection, parts: Parts, person: Subscriber, stories: int, span_s: float, at: float
) -> None:
    """Tell the reader and the admins that further urgent stories come in bundles from `at` on."""
    minutes = max(1, round(span_s / 60))
    _say(connection, parts, person, letters.Flood("urgent", stories, at, minutes))
    told = f"{stories} more urgent stories"
    _tell_admins(connection, parts, person, _urgent_key(person), told, "every half hour")


def end_urgent(connection: Connection, parts: Parts, person: Subscriber) -> None:
    """Tell the admins that urgent stories come one by one again."""
    subject = f"Urgent stories come one by one again: {person.name}"
    text = f"It has calmed down for {person.name}."
    notices.over(connection, parts, _urgent_key(person), subject, text)


def _urgent_key(person: Subscriber) -> str:
    return f"flood urgent {person.id}"


def _tell_admins(
    connection: Connection, parts: Parts, person: Subscriber, key: str, what: str, how: str
) -> None:
    subject = f"Too many stories at once: {person.name}"
    text = (
        f"{what} in a short time for {person.name}: the rest comes {how} until it calms down. "
        "Nothing is dropped, and it goes back to normal by itself.\n\n"
        "If a rule finds more than it should, see what it found: alerts try --rule NAME"
    )
    notices.tell(connection, parts, key, subject, text)


def _say(connection: Connection, parts: Parts, person: Subscriber, flood: letters.Flood) -> None:
    now = parts.clock.now()
    draft = drafting.Draft(connection, parts.in_force)
    about = draft.digest(person, [], digest_id="", slot="", now=now)
    made = []
    for place in person.destinations:
        if place.kind not in parts.transports or not _is_known(place):
            continue
        link = drafting.stop_link(parts, place)
        context = drafting.mail_context(parts.settings, parts.in_force.config, place, link)
        note = letters.flood(about, place, context, flood)
        made.append(notices.note_delivery(parts, place, note, drafting.envelope(parts, link)))
    deliveries.add(connection, made)
    get_logger().info("flood", subscriber=person.id, kind=flood.kind, until=flood.at)


def _is_known(place: Destination) -> bool:
    return place.kind == "email" or place.url is not None
