"""Notices to admins: a trouble is told once when it begins and once when it is over.

Who finds a trouble (health checks, reload, sends) calls `tell` and `over` with its key and words;
here they become deliveries to every admin, sent, retried and shown like any other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from alerts.clock import Clock
from alerts.delivery.transport import DeliveryHead, Envelope, Transport
from alerts.digests.dates import Dates
from alerts.digests.notes import Note, rendered
from alerts.log import get_logger
from alerts.model import Config, Destination, DestinationKind
from alerts.pipeline.parts import Parts
from alerts.settings import Settings
from alerts.store import deliveries, notices, stops


@dataclass(frozen=True, slots=True)
class Trouble:
    """One thing that lasts: what it is about, and the words for it."""

    key: str
    subject: str
    text: str


class Writes(Protocol):
    """What a short message is made with; the working parts are one."""

    @property
    def clock(self) -> Clock: ...  # noqa: D102
    @property
    def settings(self) -> Settings: ...  # noqa: D102
    @property
    def transports(self) -> Mapping[DestinationKind, Transport]: ...  # noqa: D102


def home(config: Config) -> ZoneInfo:
    """Return the zone that admins are told times in: that of most subscribers."""
    zones = Counter(person.timezone for person in config.subscribers)
    return ZoneInfo(zones.most_common(1)[0][0] if zones else "UTC")


def dates(parts: Parts) -> Dates:
    """Return the words for moments in notices."""
    return Dates(home(parts.in_force.config), parts.clock.now())


def tell(connection: Connection, parts: Parts, key: str, subject: str, text: str) -> bool:
    """Tell the admins of a trouble, if that was not done yet."""
    now = parts.clock.now()
    if not notices.begin(connection, key, subject, now):
        return False
    _send(connection, parts, subject, text)
    return True


def over(connection: Connection, parts: Parts, key: str, subject: str, text: str) -> bool:
    """Tell the admins that a trouble is over, if they were told of it."""
    if notices.end(connection, key, parts.clock.now()) is None:
        return False
    _send(connection, parts, subject, text)
    return True


def say(connection: Connection, parts: Parts, subject: str, text: str) -> None:
    """Tell the admins something that has no end of its own (an edit that was accepted)."""
    _send(connection, parts, subject, text)


def _send(connection: Connection, parts: Parts, subject: str, text: str) -> None:
    get_logger().warning("notice", subject=subject)
    rows = [
        note_delivery(parts, place, plain(subject, text)) | {"target": stops.NOTICE + place.target}
        for place in parts.in_force.config.admins
        if place.kind in parts.transports
    ]
    deliveries.add(connection, rows)


def plain(subject: str, text: str) -> Note:
    """Return a note of paragraphs, with an empty line between each two."""
    return Note(subject, tuple(text.split("\n\n")))


def note_delivery(
    parts: Writes, place: Destination, note: Note, envelope: Envelope | None = None
) -> dict[str, Any]:
    """Return the delivery row of a short message of ours, due at once."""
    now, key = parts.clock.now(), parts.clock.token()
    head = DeliveryHead(key, place, now)
    envelope = envelope or Envelope(mail_from=parts.settings.mail_from)
    return {
        "id": key,
        "digest_id": None,
        "subscriber": place.subscriber,
        "destination": place.key,
        "kind": place.kind,
        "place": place.place,
        "target": place.target,
        "part": 1,
        "parts": 1,
        "articles": 0,
        "payload": parts.transports[place.kind].prepare(
            rendered(note, place.kind, key, now), head, envelope
        ),
        "state": "pending",
        "created_at": now,
        "due_at": now,
    }
