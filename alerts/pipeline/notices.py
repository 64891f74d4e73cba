"""Notices to admins: a trouble is told once when it begins and once when it is over.

Who finds a trouble (health checks, reload, sends) calls `tell` and `over` with its key and words;
here they become deliveries to every admin, sent, retried and shown like any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Protocol

from sqlalchemy import Connection

from alerts.clock import Clock, iso
from alerts.delivery.transport import DeliveryHead, Envelope, Transport
from alerts.log import get_logger
from alerts.model import Destination, DestinationKind, Mail, Post, Rendered
from alerts.pipeline.parts import Parts
from alerts.settings import Settings
from alerts.store import deliveries, notices


class Writes(Protocol):
    """What a short message is made with; the working parts are one."""

    @property
    def clock(self) -> Clock: ...  # noqa: D102
    @property
    def settings(self) -> Settings: ...  # noqa: D102
    @property
    def transports(self) -> Mapping[DestinationKind, Transport]: ...  # noqa: D102


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
        note_delivery(parts, place, subject, text)
        for place in parts.in_force.config.admins
        if place.kind in parts.transports
    ]
    deliveries.add(connection, rows)


def note_delivery(parts: Writes, place: Destination, subject: str, text: str) -> dict[str, Any]:
    """Return the delivery row of a short message of ours: a notice, a test, a confirmation."""
    now, key = parts.clock.now(), parts.clock.token()
    head = DeliveryHead(key, place, now)
    envelope = Envelope(mail_from=parts.settings.mail_from)
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
            rendered(place, subject, text, parts, key), head, envelope
        ),
        "state": "pending",
        "created_at": now,
        "due_at": now,
    }


def rendered(place: Destination, subject: str, text: str, parts: Writes, key: str) -> Rendered:
    """Return a plain message in the form of its destination."""
    if place.kind == "email":
        return Mail(subject=subject, text=text, html=_as_html(subject, text.split("\n\n")))
    if place.kind == "slack":
        shown = f"{subject}\n{text}"
        for sign, entity in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
            shown = shown.replace(sign, entity)
        return Post({"text": shown})
    data = {"id": key, "subject": subject, "text": text}
    return Post({"type": "notice", "timestamp": iso(parts.clock.now()), "data": data})


def _as_html(subject: str, paragraphs: Sequence[str]) -> str:
    body = "".join(f"<p>{escape(p).replace(chr(10), '<br>')}</p>" for p in paragraphs)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(subject)}</title></head>"
        '<body style="font:16px/24px sans-serif;max-width:600px;margin:16px">'
        f'<h1 style="font:bold 20px/28px serif">{escape(subject)}</h1>{body}</body></html>'
    )
